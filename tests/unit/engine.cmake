# The engines. A level that the machine lacks falls back to what it has.
xtinycc_unit_test(lane_test LIBS nn_inside m)
xtinycc_unit_test(pool_test LIBS nn_inside)
foreach(level v2 v3)
    add_test(NAME unit/lane_test_${level} COMMAND lane_test)
    set_tests_properties(unit/lane_test_${level} PROPERTIES
        TIMEOUT 300 ENVIRONMENT XTINYCC_ISA=${level})
endforeach()
