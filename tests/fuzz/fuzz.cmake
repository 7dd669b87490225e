# Fuzz targets: tests/fuzz/NAME.c with its corpus in tests/fuzz/corpus/NAME. Every build runs the
# corpus under ctest; with the preset `fuzz` (clang) bin/NAME is a libFuzzer program:
#     cmake --preset fuzz && cmake --build --preset fuzz
#     build/fuzz/bin/wire_fuzz -max_total_time=600 tests/fuzz/corpus/wire_fuzz
option(XTINYCC_FUZZ "Build the fuzz targets with libFuzzer (needs clang)" OFF)

if(XTINYCC_FUZZ) # what is fuzzed reports the ways taken through it
    target_compile_options(xtinycc_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(NOT XTINYCC_FUZZ) # a library, so that no C++ target's options reach C
    add_library(fuzz_replay STATIC fuzz/replay.c)
    target_link_libraries(fuzz_replay PRIVATE xtinycc_flags)
endif()

function(xtinycc_fuzz name)
    cmake_parse_arguments(F "CXX" "" "SOURCES;LIBS" ${ARGN})
    set(extension c)
    if(F_CXX)
        set(extension cpp)
    endif()
    add_executable(${name} fuzz/${name}.${extension} ${F_SOURCES})
    target_link_libraries(${name} PRIVATE xtinycc_flags ${F_LIBS})
    if(XTINYCC_FUZZ)
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        set(arguments -runs=0)
    else()
        target_link_libraries(${name} PRIVATE fuzz_replay)
    endif()
    add_test(NAME fuzz/${name}
        COMMAND ${name} ${arguments} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(fuzz/${name} PROPERTIES TIMEOUT 300)
endfunction()

xtinycc_fuzz(wire_fuzz LIBS xtinycc_wire)
if(TARGET xtinycc_front)
    xtinycc_fuzz(message_fuzz CXX LIBS xtinycc_front)
endif()
xtinycc_fuzz(expect_fuzz LIBS xtinycc_golden)
xtinycc_fuzz(object_fuzz LIBS session_loader)
if(TARGET nb-draw)
    xtinycc_fuzz(figure_fuzz LIBS nb_draw_objects)
    xtinycc_fuzz(document_fuzz LIBS nb_draw_objects)
endif()
xtinycc_fuzz(record_fuzz LIBS nn_inside)
include(${CMAKE_CURRENT_SOURCE_DIR}/fuzz/files.cmake)
xtinycc_fuzz(split_fuzz LIBS session_lang)
