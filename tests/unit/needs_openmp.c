/* Nothing is called in here: blas_test looks at what the library needs. */
int needs_openmp;
int needs_openmp;
