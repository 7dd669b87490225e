# Quantised networks. quant_test also gets kernels whose instructions this machine may lack, with the
# one multiplication written in plain C: their loops, tails and memory are tested everywhere.
set(quant_emulated)
foreach(form QUADS-16 QUADS-8 PAIRS-16 HALVES-16)
    string(REPLACE "-" ";" parts ${form})
    list(GET parts 0 arithmetic)
    list(GET parts 1 lanes)
    string(TOLOWER emulated_${arithmetic}_${lanes} name)
    add_library(quant_${name} OBJECT ${PROJECT_SOURCE_DIR}/runtime/src/quant/quant_kernels.c)
    target_include_directories(quant_${name} PRIVATE
        ${PROJECT_SOURCE_DIR}/runtime/include ${PROJECT_SOURCE_DIR}/runtime/src)
    target_link_libraries(quant_${name} PRIVATE xtinycc_flags)
    target_compile_definitions(quant_${name} PRIVATE QUANT_EMULATED QUANT_SET=${name}
        "QUANT_NAME=\"none\"" "QUANT_LABEL=\"${name}\"" QUANT_FORM=QUANT_${arithmetic}
        QUANT_LANES=${lanes})
    target_compile_options(quant_${name} PRIVATE
        -O2 -ffp-contract=off -fno-trapping-math -fno-math-errno -Wno-psabi)
    list(APPEND quant_emulated $<TARGET_OBJECTS:quant_${name}>)
endforeach()
xtinycc_unit_test(quant_test LIBS nn_inside m)
target_sources(quant_test PRIVATE ${quant_emulated})
target_link_options(quant_test PRIVATE -Wl,--wrap=aligned_alloc,--wrap=posix_memalign,--wrap=free)
add_test(NAME unit/quant_test_start COMMAND quant_test)
set_tests_properties(unit/quant_test_start PROPERTIES TIMEOUT 300 ENVIRONMENT GUARDED=start)
xtinycc_unit_test(quantize_test LIBS nn_inside m)
