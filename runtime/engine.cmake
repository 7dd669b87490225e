# The lane engine. Its kernels are compiled once for each instruction set, under suffixed names;
# isa.c finds out at run time which of them this machine can run.
target_sources(nn PRIVATE
    src/engine/blas_choice.c
    src/engine/blas_engine.c
    src/engine/direct.c
    src/engine/direct_plan.c
    src/engine/isa.c
    src/engine/lane_backward.c
    src/engine/lane_engine.c
    src/engine/lane_forward.c
    src/engine/lane_group.c
    src/engine/lane_loss.c
    src/engine/lane_memory.c
    src/engine/lane_plan.c
    src/engine/pool.c
    src/engine/scratch.c)

# -ffast-math would reorder sums and spill the accumulators; the flags below are what vector code
# needs of it. -ffp-contract=fast makes one instruction of a multiplication and an addition, which
# -std=c11 forbids and half the speed hangs on. -O3 also in debug builds: loops must unroll.
set(nn_lane_flags -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast -Wno-psabi)
if(XTINYCC_SANITIZE) # checks between unrolled loops: -O3 takes the compiler a minute a file
    list(TRANSFORM nn_lane_flags REPLACE "-O3" "-O1")
endif()
set_source_files_properties(
    src/engine/blas_engine.c src/engine/lane_backward.c src/engine/lane_engine.c
    src/engine/lane_forward.c src/engine/lane_group.c src/engine/lane_loss.c PROPERTIES
    COMPILE_OPTIONS "-O3;-fno-math-errno;-fno-trapping-math")

# NAME: v2, ...; SOURCE: of the kernels; LEVEL: LANE_ISA, see lane_vec.h.
function(nn_lane_kernels name source level)
    add_library(nn_lane_${name} OBJECT src/engine/${source})
    set_target_properties(nn_lane_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(nn_lane_${name} PRIVATE include src)
    target_link_libraries(nn_lane_${name} PRIVATE xtinycc_flags)
    target_compile_definitions(nn_lane_${name} PRIVATE LANE_ISA=${level})
    target_compile_options(nn_lane_${name} PRIVATE ${nn_lane_flags} ${ARGN})
    target_sources(nn PRIVATE $<TARGET_OBJECTS:nn_lane_${name}>)
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(v4 -march=x86-64-v4 -mprefer-vector-width=512)
    nn_lane_kernels(v2 lane_kernels.c 2 -march=x86-64-v2)
    nn_lane_kernels(v3 lane_kernels.c 3 -march=x86-64-v3)
    nn_lane_kernels(v4 lane_kernels.c 4 ${v4})
    nn_lane_kernels(amx lane_tiles.c 4 ${v4} -mamx-tile -mamx-bf16)
else()
    nn_lane_kernels(v2 lane_kernels.c 2) # four lanes, in the processor's own 128-bit vectors
endif()
