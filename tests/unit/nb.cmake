# Tests of nb_* need private functions of libnn, whose symbols are hidden: they compile the sources
# under test themselves.
set(NB_SRC ${PROJECT_SOURCE_DIR}/runtime/src)
add_library(nb_display_objects OBJECT
    ${NB_SRC}/nb_text.c ${NB_SRC}/nb_display.c ${NB_SRC}/nb_table.c ${NB_SRC}/nb_table_markup.c
    ${NB_SRC}/nb_table_plain.c ${NB_SRC}/error.c ${NB_SRC}/host.c)
target_link_libraries(nb_display_objects PUBLIC xtinycc_flags)
target_include_directories(nb_display_objects PUBLIC
    ${PROJECT_SOURCE_DIR}/runtime/include ${NB_SRC} ${CMAKE_CURRENT_SOURCE_DIR}/unit)

xtinycc_unit_test(nb_text_test LIBS nb_display_objects m)
xtinycc_unit_test(nb_display_test LIBS nb_display_objects m)
xtinycc_unit_test(nb_table_test LIBS nb_display_objects m)
