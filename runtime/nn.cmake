# Tensors, layers, models, training, engines.
target_sources(nn PRIVATE
    src/bench.c
    src/blas.c
    src/check.c
    src/compile.c
    src/device.c
    src/elf_needed.c
    src/large_pages.c
    src/layer.c
    src/loss.c
    src/memory.c
    src/metrics.c
    src/model.c
    src/names.c
    src/optimizer.c
    src/random.c
    src/run.c
    src/shape.c
    src/summary.c
    src/tensor.c
    src/train.c
    src/engine/engine.c
    src/engine/reference.c)
# Plain loops, but worth the vectoriser: the reference also serves where no fast kernel exists.
set_source_files_properties(src/engine/reference.c src/optimizer.c PROPERTIES
    COMPILE_OPTIONS "-O3;-fno-math-errno;-fno-trapping-math")
include(src/engine/engine.cmake OPTIONAL)   # the fast engine, with its flags per source
