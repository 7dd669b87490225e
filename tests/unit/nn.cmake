# Room nn. Tests that look inside libnn link its objects, whose private symbols the shared library
# hides; tests of the public interface link libnn itself.
add_library(nn_inside STATIC $<TARGET_OBJECTS:nn>)
foreach(level v2 v3 v4 amx)
    if(TARGET nn_lane_${level})
        target_sources(nn_inside PRIVATE $<TARGET_OBJECTS:nn_lane_${level}>)
    endif()
endforeach()
get_property(quant_sets GLOBAL PROPERTY NN_QUANT_SETS)
foreach(set ${quant_sets})
    target_sources(nn_inside PRIVATE $<TARGET_OBJECTS:${set}>)
endforeach()
set_target_properties(nn_inside PROPERTIES LINKER_LANGUAGE C)
target_include_directories(nn_inside PUBLIC
    ${PROJECT_SOURCE_DIR}/runtime/include ${PROJECT_SOURCE_DIR}/runtime/src)
target_link_libraries(nn_inside PUBLIC xtinycc_flags Threads::Threads ${CMAKE_DL_LIBS} m)
get_target_property(nn_libraries nn LINK_LIBRARIES)
target_link_libraries(nn_inside PUBLIC ${nn_libraries})

# A library that a BLAS built with OpenMP looks like.
add_library(needs_openmp SHARED unit/needs_openmp.c)
target_link_options(needs_openmp PRIVATE LINKER:--no-as-needed)
target_link_libraries(needs_openmp PRIVATE -l:libgomp.so.1)
xtinycc_unit_test(blas_test LIBS nn_inside)
target_compile_definitions(blas_test PRIVATE NEEDS_OPENMP="$<TARGET_FILE:needs_openmp>")
add_dependencies(blas_test needs_openmp)

foreach(name tensor_test layer_test model_test compile_test train_test run_test metrics_test)
    xtinycc_unit_test(${name} LIBS nn m)
endforeach()
