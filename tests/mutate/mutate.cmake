# Damaged cells. The long run, by hand:
#     build/dev/bin/mutate -n 10000 tests/cells/*.c
if(TARGET xtinycc-worker)
    add_executable(mutate ${CMAKE_CURRENT_LIST_DIR}/mutate.c)
    target_link_libraries(mutate PRIVATE xtinycc_flags xtinycc_repl)
    file(GLOB transcripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/../cells/*.c)
    add_test(NAME mutate/cells COMMAND mutate -n 200 -t 12 ${transcripts})
    set_tests_properties(mutate/cells PROPERTIES TIMEOUT 600 ENVIRONMENT "XTINYCC_CC=none")
endif()
