# The engines. A level that the machine lacks falls back to what it has; amx has tiles wherever they
# can compute.
xtinycc_unit_test(lane_test SOURCES unit/lane_draw.c unit/lane_pooled_test.c LIBS nn_inside m)
xtinycc_unit_test(pool_test LIBS nn_inside)
xtinycc_unit_test(tiles_test LIBS nn_inside m)
foreach(level v2 v3 v4 amx)
    add_test(NAME unit/lane_test_${level} COMMAND lane_test)
    set_tests_properties(unit/lane_test_${level} PROPERTIES
        TIMEOUT 300 ENVIRONMENT XTINYCC_ISA=${level})
endforeach()
# Convolutions by Winograd's way wherever it can compute, and by plain sums only.
foreach(level v2 v3 v4)
    add_test(NAME unit/lane_test_winograd_${level} COMMAND lane_test)
    set_tests_properties(unit/lane_test_winograd_${level} PROPERTIES
        TIMEOUT 300 ENVIRONMENT "XTINYCC_CONV=winograd;XTINYCC_ISA=${level}")
endforeach()
add_test(NAME unit/lane_test_direct COMMAND lane_test)
set_tests_properties(unit/lane_test_direct PROPERTIES TIMEOUT 300 ENVIRONMENT XTINYCC_CONV=direct)

# The same with pages that nobody may touch at both ends of every buffer. Sanitizers have their own
# malloc().
if(NOT XTINYCC_SANITIZE)
    add_executable(guarded_lane_test
        unit/lane_test.c unit/lane_draw.c unit/lane_pooled_test.c unit/guarded.c)
    target_link_libraries(guarded_lane_test PRIVATE xtinycc_flags nn_inside m PkgConfig::CMOCKA)
    foreach(function malloc calloc realloc aligned_alloc free nn__scratch_alloc nn__scratch_free)
        target_link_options(guarded_lane_test PRIVATE LINKER:--wrap=${function})
    endforeach()
    foreach(level v4 amx)
        foreach(side start end)
            add_test(NAME unit/guarded_lane_test_${level}_${side} COMMAND guarded_lane_test)
            set_tests_properties(unit/guarded_lane_test_${level}_${side} PROPERTIES
                TIMEOUT 300 ENVIRONMENT "GUARDED=${side};XTINYCC_ISA=${level}")
        endforeach()
    endforeach()
    foreach(side start end)
        add_test(NAME unit/guarded_lane_test_winograd_${side} COMMAND guarded_lane_test)
        set_tests_properties(unit/guarded_lane_test_winograd_${side} PROPERTIES
            TIMEOUT 300 ENVIRONMENT "GUARDED=${side};XTINYCC_ISA=v4;XTINYCC_CONV=winograd")
    endforeach()
endif()
