# Tensors, layers, models, training, engines.
target_sources(nn PRIVATE
    src/memory.c
    src/random.c
    src/shape.c
    src/tensor.c)
include(src/engine/engine.cmake OPTIONAL)   # the fast engine, with its flags per source
