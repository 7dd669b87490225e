# Tests of loading and running a cell's code. Objects are made through libtcc, as in the kernel.
find_library(XTINYCC_LIBTCC tcc REQUIRED)
find_path(XTINYCC_TCC_DIR libtcc1.a
    PATHS /usr/lib /usr/local/lib PATH_SUFFIXES tcc ${CMAKE_LIBRARY_ARCHITECTURE}/tcc REQUIRED)

add_library(test_cell_source STATIC unit/cell_source.c)
target_compile_definitions(test_cell_source PRIVATE XTINYCC_TEST_TCC_DIR="${XTINYCC_TCC_DIR}")
target_link_libraries(test_cell_source PUBLIC session_loader ${XTINYCC_LIBTCC} ${CMAKE_DL_LIBS}
    PkgConfig::CMOCKA)

foreach(test loader_test value_test)
    xtinycc_unit_test(${test} LIBS test_cell_source)
endforeach()

add_library(test_run_child STATIC unit/run_child.c)
target_link_libraries(test_run_child PUBLIC test_cell_source)
add_library(test_fake_nn SHARED unit/fake_nn.c)
target_link_libraries(test_fake_nn PRIVATE xtinycc_flags)
foreach(test fault_test stop_test)
    xtinycc_unit_test(${test} LIBS test_run_child test_fake_nn)
endforeach()
