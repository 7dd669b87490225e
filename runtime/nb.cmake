# What a notebook shows: displays, tables, figures, progress, records.
target_sources(nn PRIVATE
    src/nb_text.c
    src/nb_display.c
    src/nb_exchange.c
    src/nb_table.c
    src/nb_table_markup.c
    src/nb_table_plain.c
    src/nb_values.c
    src/nb_types.c
    src/nb_progress.c
    src/nb_json.c
    src/nb_record.c
    src/nb_record_file.c
    src/nb_device_rows.c
    src/nb_device_table.c
    src/nb_best_score.c
    src/nb_repeat.c
    src/nb_document.c
    src/nb_report.c
    src/nb_report_steps.c
    src/nb_report_discussion.c
    src/nb_models.c
    src/nb_figure.c
    src/nb_plot_history.c
    src/nb_plot_hist.c
    src/nb_plot_matrix.c
    src/nb_imshow.c)

# nb-draw is the only program that links cairo and pango. Without them everything else still works:
# figures then show their text form and say what is missing.
pkg_check_modules(NB_DRAW IMPORTED_TARGET cairo>=1.16 pangocairo>=1.44)
if(NB_DRAW_FOUND)
    add_library(nb_draw_objects STATIC # all but main(): tests draw in their own process
        draw/fields.c draw/figure_read.c draw/canvas.c draw/scale.c draw/frame.c draw/curves.c
        draw/bars.c draw/images.c draw/matrix.c draw/document_read.c draw/document_draw.c
        draw/document_table.c draw/flow.c draw/paragraph.c draw/fonts.c)
    target_include_directories(nb_draw_objects PUBLIC include src draw)
    target_link_libraries(nb_draw_objects PUBLIC xtinycc_flags PkgConfig::NB_DRAW m)
    add_executable(nb-draw draw/main.c)
    target_link_libraries(nb-draw PRIVATE nb_draw_objects)
    set_target_properties(nb-draw PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${XTINYCC_LIBEXEC_OUTPUT}
        INSTALL_RPATH "$ORIGIN/lib")
    if(XTINYCC_BUNDLE) # cairo and pango lie there, and look there for their own libraries
        target_link_options(nb-draw PRIVATE LINKER:--disable-new-dtags)
    endif()
    install(TARGETS nb-draw RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/xeus-tinycc)
else()
    message(STATUS "cairo or pango not found: nb-draw is not built, figures will be text")
endif()
