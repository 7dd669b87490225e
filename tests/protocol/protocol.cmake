# Unit tests of the Jupyter front end, and the front end over a test double of host.h, which the
# pytest files of this folder use beside the installed kernel.
if(NOT TARGET xtinycc_front)
    return()
endif()

# xtinycc_front_test(codec_test) builds tests/unit/jupyter/codec_test.cpp.
function(xtinycc_front_test name)
    add_executable(front_${name} unit/jupyter/${name}.cpp)
    target_link_libraries(front_${name} PRIVATE xtinycc_front PkgConfig::CMOCKA)
    add_test(NAME unit/jupyter/${name} COMMAND front_${name})
    set_tests_properties(unit/jupyter/${name} PROPERTIES TIMEOUT 300)
endfunction()

foreach(name codec_test connection_test requests_test history_test display_test outbox_test)
    xtinycc_front_test(${name})
endforeach()

add_executable(xtinycc-fake
    protocol/fake_host.cpp ${PROJECT_SOURCE_DIR}/kernel/jupyter/main.cpp)
target_compile_definitions(xtinycc-fake PRIVATE XTINYCC_WITHOUT_REPL)
target_link_libraries(xtinycc-fake PRIVATE xtinycc_front)
set_target_properties(xtinycc-fake PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
