# Room files. The sources under test are private to libnn, so the tests compile them in.
set(files_src ${PROJECT_SOURCE_DIR}/runtime/src)
set(files_base ${files_src}/error.c ${files_src}/host.c ${files_src}/large_pages.c
    ${files_src}/memory_file.c)

function(files_unit_test name)
    xtinycc_unit_test(${name} ${ARGN} LIBS Threads::Threads ${CMAKE_DL_LIBS})
    target_include_directories(${name} PRIVATE
        ${files_src} ${PROJECT_SOURCE_DIR}/runtime/include)
endfunction()

# The helper that job_test runs lies where helpers are looked for; it is never installed.
add_executable(nn-job-probe unit/job_probe.c)
target_link_libraries(nn-job-probe PRIVATE xtinycc_flags)
set_target_properties(nn-job-probe PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${XTINYCC_LIBEXEC_OUTPUT})
files_unit_test(job_test SOURCES ${files_src}/job.c ${files_base})
add_dependencies(job_test nn-job-probe)

find_package(ZLIB REQUIRED)
set(files_idx ${files_src}/idx.c ${files_src}/csv.c ${files_src}/gz.c ${files_base})
foreach(name gz_test idx_test csv_test)
    files_unit_test(${name} SOURCES ${files_idx})
    target_compile_definitions(${name} PRIVATE NN_HAVE_ZLIB)
    target_link_libraries(${name} PRIVATE ZLIB::ZLIB)
endforeach()

xtinycc_unit_test(dataset_test LIBS nn ZLIB::ZLIB)
add_dependencies(dataset_test nn-files)

xtinycc_unit_test(keras_file_test LIBS nn)
add_dependencies(keras_file_test nn-files)
