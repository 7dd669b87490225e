# Room nb. The tests look inside libnn, so they link its objects (nn_inside of nn.cmake).
foreach(test nb_text_test nb_display_test nb_table_test nb_figure_test)
    xtinycc_unit_test(${test} LIBS nn_inside)
    target_include_directories(${test} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit)
endforeach()
if(TARGET nb-draw)
    add_dependencies(nb_figure_test nb-draw)
    xtinycc_unit_test(nb_draw_test LIBS nn_inside nb_draw_objects)
endif()
