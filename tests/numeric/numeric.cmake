# Numbers: gradients against finite differences, and training against runs of real Keras.
function(xtinycc_numeric_test name)
    cmake_parse_arguments(T "" "" "LIBS" ${ARGN})
    add_executable(${name} numeric/${name}.c)
    target_link_libraries(${name} PRIVATE xtinycc_flags ${T_LIBS} PkgConfig::CMOCKA m)
    target_compile_definitions(${name} PRIVATE
        XTINYCC_ORACLE="${CMAKE_CURRENT_SOURCE_DIR}/numeric/oracle")
    add_test(NAME numeric/${name} COMMAND ${name})
    set_tests_properties(numeric/${name} PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
endfunction()

xtinycc_numeric_test(gradient_test LIBS nn_inside)
xtinycc_numeric_test(oracle_test LIBS nn)
xtinycc_numeric_test(quantized_mnist_test LIBS nn)

# The same by vectors alone, where the machine has matrix tiles.
add_test(NAME numeric/oracle_test_v4 COMMAND oracle_test)
set_tests_properties(numeric/oracle_test_v4 PROPERTIES
    TIMEOUT 900 SKIP_RETURN_CODE 77 ENVIRONMENT XTINYCC_ISA=v4)
# And by plain sums of products.
add_test(NAME numeric/oracle_test_direct COMMAND oracle_test)
set_tests_properties(numeric/oracle_test_direct PROPERTIES
    TIMEOUT 900 SKIP_RETURN_CODE 77 ENVIRONMENT XTINYCC_CONV=direct)
