#ifndef NN_FILES_NPZ_H
#define NN_FILES_NPZ_H

/* Job "mnist-npz OFFSET OFFSET OFFSET OFFSET": unpack Keras' mnist.npz (fd 3) into the memory files
   fd 4 to 7 (train images, train labels, test images, test labels), each from its offset on. */
int job_mnist_npz(char **offsets);

#endif
