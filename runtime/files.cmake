# Room files: everything that reads and writes files. In libnn: jobs of the helpers, IDX and .gz,
# data sets, the worker's side of model files. In nn-files: HDF5, zip, JSON, curl, SHA-256.
target_sources(nn PRIVATE
    src/data_download.c
    src/data_jobs.c
    src/data_sources.c
    src/dataset.c
    src/gz.c
    src/idx.c
    src/job.c
    src/memory_file.c
    src/synthetic.c)
find_package(ZLIB)
if(ZLIB_FOUND)
    set_source_files_properties(src/gz.c PROPERTIES COMPILE_DEFINITIONS NN_HAVE_ZLIB)
    target_link_libraries(nn PRIVATE ZLIB::ZLIB)
endif()
# The drawn digits are the same bytes everywhere: no fused multiply-add.
set_source_files_properties(src/synthetic.c PROPERTIES COMPILE_OPTIONS -ffp-contract=off)

pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
add_executable(nn-files
    files/archive.c
    files/download.c
    files/hash.c
    files/limits.c
    files/main.c
    files/npz.c
    files/reply.c)
target_link_libraries(nn-files PRIVATE
    xtinycc_flags PkgConfig::LIBZIP PkgConfig::CURL PkgConfig::CRYPTO)
set_target_properties(nn-files PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${XTINYCC_LIBEXEC_OUTPUT})
install(TARGETS nn-files RUNTIME DESTINATION libexec/xeus-tinycc)
