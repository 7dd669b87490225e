# Quantised networks. The kernels are compiled once for each instruction set and for each form of
# their arithmetic; quant_levels.c finds out at run time which of them this machine can run.
target_sources(nn PRIVATE
    src/compare.c
    src/quantize.c
    src/quant/quant_engine.c
    src/quant/quant_layout.c
    src/quant/quant_file.c
    src/quant/quant_levels.c
    src/quant/quant_make.c
    src/quant/quant_plan.c
    src/quant/quant_reference.c)

# Kernels and reference give the same bits: neither fuses multiplication and addition. -O3 also in
# debug builds: loops over accumulators must vanish.
set(nn_quant_flags -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -Wno-psabi)
if(XTINYCC_SANITIZE)
    list(TRANSFORM nn_quant_flags REPLACE "-O3" "-O1")
endif()
set_source_files_properties(src/quant/quant_reference.c PROPERTIES
    COMPILE_OPTIONS "-ffp-contract=off")

# The closing softmax, by vectors; without fused multiply-add it is the same bits everywhere.
set_source_files_properties(src/quant/quant_engine.c PROPERTIES
    COMPILE_OPTIONS "-O3;-fno-math-errno;-fno-trapping-math;-ffp-contract=off")

# SET: the table's name in C; NAME and LABEL: what users read; FORM, LANES: quant_vec.h.
function(nn_quant_kernels set name label form lanes)
    add_library(nn_quant_${set} OBJECT src/quant/quant_kernels.c)
    set_target_properties(nn_quant_${set} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(nn_quant_${set} PRIVATE include src)
    target_link_libraries(nn_quant_${set} PRIVATE xtinycc_flags)
    target_compile_definitions(nn_quant_${set} PRIVATE
        QUANT_SET=${set} "QUANT_NAME=\"${name}\"" "QUANT_LABEL=\"${label}\""
        QUANT_FORM=QUANT_${form} QUANT_LANES=${lanes})
    target_compile_options(nn_quant_${set} PRIVATE ${nn_quant_flags} ${ARGN})
    target_sources(nn PRIVATE $<TARGET_OBJECTS:nn_quant_${set}>)
    set_property(GLOBAL APPEND PROPERTY NN_QUANT_SETS nn_quant_${set})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(v4 -march=x86-64-v4 -mprefer-vector-width=512)
    nn_quant_kernels(int8_v2 v2 "int8 v2" PAIRS 4 -march=x86-64-v2)
    nn_quant_kernels(int8_v3 v3 "int8 v3" PAIRS 8 -march=x86-64-v3)
    nn_quant_kernels(int8_v4 v4 "int8 v4" PAIRS 16 ${v4})
    nn_quant_kernels(int8_avxvnni avxvnni "int8 AVX-VNNI" QUADS 8 -march=x86-64-v3 -mavxvnni)
    nn_quant_kernels(int8_vnni vnni "int8 AVX512-VNNI" QUADS 16 ${v4} -mavx512vnni)
    nn_quant_kernels(bf16_v2 v2 "bf16 v2 (emulated)" HALVES 4 -march=x86-64-v2)
    nn_quant_kernels(bf16_v3 v3 "bf16 v3 (emulated)" HALVES 8 -march=x86-64-v3)
    nn_quant_kernels(bf16_v4 v4 "bf16 v4 (emulated)" HALVES 16 ${v4})
    nn_quant_kernels(bf16_bf16 bf16 "bf16 AVX512-BF16" HALVES 16 ${v4} -mavx512bf16)
else() # four lanes, in the processor's own 128-bit vectors
    nn_quant_kernels(int8_v2 v2 "int8 v2" PAIRS 4)
    nn_quant_kernels(bf16_v2 v2 "bf16 v2 (emulated)" HALVES 4)
endif()
