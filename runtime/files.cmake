# Room files: everything that reads and writes files. In libnn: jobs of the helpers, IDX and .gz,
# data sets, the worker's side of model files. In nn-files: HDF5, zip, JSON, curl, SHA-256.
target_sources(nn PRIVATE
    src/job.c
    src/memory_file.c)
