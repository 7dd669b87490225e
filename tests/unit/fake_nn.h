#ifndef XTINYCC_TEST_FAKE_NN_H
#define XTINYCC_TEST_FAKE_NN_H

#define FAKE_API __attribute__((visibility("default")))

typedef struct fake_result {
    double values[5];
} fake_result;

FAKE_API void fake_nn_set_poll(int (*poll)(void));
/* Work until stopped, then return 42. */
FAKE_API int fake_work(void);
FAKE_API fake_result fake_work_result(void);
/* Call back until stopped, then return 43. */
FAKE_API int fake_work_with(int (*callback)(int));

#endif
