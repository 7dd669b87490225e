# session_lang: what a cell means, from text to an object (lang.h). The only user of libtcc.
find_library(XTINYCC_LIBTCC tcc REQUIRED)
find_path(XTINYCC_LIBTCC_INCLUDE libtcc.h REQUIRED)

add_library(session_lang STATIC
    cell.c cell_fail.c cell_magic.c cell_native.c cell_take.c check.c check_places.c check_declaration.c check_directive.c
    check_literal.c
    check_order.c check_specifiers.c compiler.c complete.c conditional.c declare.c diagnose.c elf_object.c headers.c inspect.c initialiser.c lang.c lang_text.c local.c
    lookup.c macro.c mend.c mend_object.c mend_text.c mixed.c names.c native.c past.c pool.c reach.c refuse.c
    refuse_address.c refuse_code.c refuse_variable.c route.c scan.c similar.c split.c strict.c type_find.c
    unit.c unit_declare.c unit_forward.c unit_names.c unit_prologue.c unit_shadow.c unit_show.c
    unit_sizes.c)
target_include_directories(session_lang PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}
    PRIVATE ${XTINYCC_LIBTCC_INCLUDE})
target_link_libraries(session_lang
    PUBLIC xtinycc_wire xtinycc_flags
    PRIVATE ${XTINYCC_LIBTCC} ${CMAKE_DL_LIBS})

# Between the compiler's parser and its code generator, see strict.c.
target_link_options(session_lang INTERFACE
    LINKER:--wrap=_tcc_error_noabort,--wrap=gen_cvt_itof,--wrap=gen_opi,--wrap=gen_opl)

# The files that the compiler needs at run time: its own headers and helpers, and our shims.
find_path(XTINYCC_TCC_DIR libtcc1.a
    PATHS /usr/lib /usr/local/lib PATH_SUFFIXES tcc ${CMAKE_LIBRARY_ARCHITECTURE}/tcc REQUIRED)
file(GLOB tcc_headers ${XTINYCC_TCC_DIR}/include/*.h)
file(GLOB shims CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/share/xeus-tinycc/include/*.h)
file(COPY ${tcc_headers} ${shims} DESTINATION ${PROJECT_BINARY_DIR}/share/xeus-tinycc/include)
file(COPY ${XTINYCC_TCC_DIR}/libtcc1.a DESTINATION ${PROJECT_BINARY_DIR}/share/xeus-tinycc)
install(DIRECTORY ${PROJECT_BINARY_DIR}/share/xeus-tinycc/
    DESTINATION ${CMAKE_INSTALL_DATADIR}/xeus-tinycc)
# The build tree mirrors the prefix: cells include <notebook.h> from there.
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/runtime/include ${PROJECT_BINARY_DIR}/include SYMBOLIC)
