# Tests of what a cell means. The compiler's files are those of the build tree.
foreach(test macro_test reach_test scan_test split_test similar_test past_test lang_test
        request_memory_test)
    xtinycc_unit_test(${test} LIBS session_lang)
    target_compile_definitions(${test} PRIVATE
        XTINYCC_TEST_SHARE="${PROJECT_BINARY_DIR}/share/xeus-tinycc"
        XTINYCC_TEST_INCLUDE="${PROJECT_BINARY_DIR}/include")
endforeach()
