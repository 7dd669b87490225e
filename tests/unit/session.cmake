# Tests of the session's processes.
if(TARGET xtinycc-worker)
    xtinycc_unit_test(life_test LIBS xtinycc_host ARGS $<TARGET_FILE:xtinycc-worker>)
    add_dependencies(life_test xtinycc-worker)
endif()
