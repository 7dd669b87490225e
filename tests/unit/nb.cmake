# Room nb. The tests look inside libnn, so they link its objects (nn_inside of nn.cmake).
foreach(test nb_text_test nb_display_test nb_table_test nb_figure_test nb_json_test
        nb_record_test nb_repeat_test nb_report_test nb_types_test nb_exchange_test)
    xtinycc_unit_test(${test} LIBS nn_inside)
    target_include_directories(${test} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit)
endforeach()
# Progress is installed when the library is loaded.
xtinycc_unit_test(nb_progress_test LIBS nn)
target_include_directories(nb_progress_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit)
if(TARGET nb-draw)
    add_dependencies(nb_figure_test nb-draw)
    add_dependencies(nb_report_test nb-draw)
    xtinycc_unit_test(nb_draw_test LIBS nn_inside nb_draw_objects)
    xtinycc_unit_test(nb_pages_test LIBS nn_inside nb_draw_objects)
endif()
