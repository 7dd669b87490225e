# session_loader: loading a cell's object, its debug information, its values, and running it.
add_library(session_loader STATIC
    arena.c debug.c elf_object.c fault.c helpers.c interpose.c line_table.c linking.c loader.c memory_read.c
    run.c sanitizer.c shown.c stab_type.c stabs.c stop.c symbol_table.c trace.c value.c value_number.c value_print.c
    value_text.c)
target_include_directories(session_loader PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
# Fortified longjmp refuses to leave a stack that it does not know.
target_compile_options(session_loader PRIVATE -U_FORTIFY_SOURCE)
target_link_libraries(session_loader
    PUBLIC xtinycc_wire xtinycc_flags
    PRIVATE Threads::Threads ${CMAKE_DL_LIBS} m)
