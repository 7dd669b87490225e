# Tests of the session's processes, and of the export.
if(TARGET xtinycc-worker)
    xtinycc_unit_test(life_test LIBS xtinycc_host ARGS $<TARGET_FILE:xtinycc-worker>)
    add_library(dying_compiler MODULE ${CMAKE_CURRENT_LIST_DIR}/dying_compiler.c)
    target_compile_definitions(life_test PRIVATE DYING_COMPILER="$<TARGET_FILE:dying_compiler>")
    add_dependencies(life_test xtinycc-worker dying_compiler)
    xtinycc_unit_test(cancel_test LIBS session_engine)
    xtinycc_unit_test(export_test LIBS session_engine
        ARGS ${PROJECT_BINARY_DIR}/share/xeus-tinycc ${PROJECT_BINARY_DIR}/include)
endif()
