#ifndef NN_FILES_KERAS_SAVE_H
#define NN_FILES_KERAS_SAVE_H

/* Job "keras-save PATH FLAGS": write the model whose text stands on fd 0 and whose tensors stand in
   fd 3. FLAGS are letters: "2" for the optimizer's state as TF-Keras 2.15 has it, "n" not to
   overwrite, "-" for none. The file appears whole, read back and compared, or not at all; the
   answer is "BYTES SHA-256 PATH". */
int job_keras_save(const char *path, const char *flags);

#endif
