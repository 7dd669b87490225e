# Tests of the session's processes, and of the export.
if(TARGET xtinycc-worker)
    xtinycc_unit_test(life_test LIBS xtinycc_host ARGS $<TARGET_FILE:xtinycc-worker>)
    add_dependencies(life_test xtinycc-worker)
    xtinycc_unit_test(cancel_test LIBS session_engine)
    xtinycc_unit_test(export_test LIBS session_engine
        ARGS ${PROJECT_BINARY_DIR}/share/xeus-tinycc ${PROJECT_BINARY_DIR}/include)
endif()
