# Room files: everything that reads and writes files. In libnn: jobs of the helpers, IDX and .gz,
# data sets, the worker's side of model files. In nn-files: HDF5, zip, JSON, curl, SHA-256.
target_sources(nn PRIVATE
    src/data_download.c
    src/data_jobs.c
    src/data_sources.c
    src/dataset.c
    src/gz.c
    src/idx.c
    src/csv.c
    src/job.c
    src/keras_file.c
    src/memory_file.c
    src/model_infer.c
    src/model_text.c
    src/out_path.c
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
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
find_package(HDF5 REQUIRED COMPONENTS C)
xtinycc_static(LIBZIP zip z)
xtinycc_static(CURL curl ssl crypto z)
xtinycc_static(CRYPTO crypto)
xtinycc_static(JANSSON jansson)
if(XTINYCC_BUNDLE) # Debian's archive has drivers that read from the net by libcurl
    xtinycc_archives(HDF5_C_LIBRARIES hdf5_serial sz aec curl ssl crypto z)
    list(APPEND HDF5_C_LIBRARIES m ${CMAKE_DL_LIBS})
endif()

# Everything of nn-files but main() and the network: unit tests and fuzz targets use it too.
add_library(nn_files_core STATIC
    files/archive.c
    files/archive_write.c
    files/hash.c
    files/hdf5_safe.c
    files/keras_config_read.c
    files/keras_config_write.c
    files/keras_json.c
    files/keras_load.c
    files/keras_save.c
    files/keras_weights_read.c
    files/keras_weights_write.c
    files/npz.c
    files/reply.c
    files/sandbox.c
    src/model_infer.c
    src/model_text.c)
target_include_directories(nn_files_core PUBLIC files src include PRIVATE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(nn_files_core
    PUBLIC xtinycc_flags
    PRIVATE PkgConfig::LIBZIP PkgConfig::CRYPTO PkgConfig::JANSSON ${HDF5_C_LIBRARIES})

add_executable(nn-files files/download.c files/main.c)
target_link_libraries(nn-files PRIVATE nn_files_core PkgConfig::CURL)
if(XTINYCC_BUNDLE)
    target_compile_definitions(nn-files PRIVATE XTINYCC_BUNDLE)
    target_link_libraries(nn-files PRIVATE xtinycc_shim)
endif()
set_target_properties(nn-files PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${XTINYCC_LIBEXEC_OUTPUT})
install(TARGETS nn-files RUNTIME DESTINATION libexec/xeus-tinycc)
