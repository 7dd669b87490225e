# Public headers: each alone in every compiler that may meet it, and cells as users write them,
# compiled by each C compiler against the library as it was built. Structs passed by value cross
# from one compiler's code to another's there.
set(headers_dir ${CMAKE_CURRENT_SOURCE_DIR}/headers)
set(headers_include ${PROJECT_SOURCE_DIR}/runtime/include)
set(headers_tcc -std=c11 -Wall -Werror)
set(headers_gcc -std=c11 -Wall -Wextra -Werror)
set(headers_clang ${headers_gcc})
set(headers_g++ -std=c++17 -Wall -Wextra -Werror)

# NAME runs as an ordinary program; cells_fail must end with a message and status 1.
function(xtinycc_cells_test compiler name)
    set(program ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/headers_${compiler}_${name})
    add_custom_command(OUTPUT ${program}
        COMMAND ${headers_${compiler}_path} ${headers_${compiler}} -I ${headers_include}
            ${headers_dir}/${name}.c -o ${program} -L $<TARGET_FILE_DIR:nn> -lnn -lm
            -Wl,-rpath,$<TARGET_FILE_DIR:nn>
        DEPENDS ${headers_dir}/${name}.c ${headers_files} nn VERBATIM)
    add_custom_target(build_headers_${compiler}_${name} ALL DEPENDS ${program})
    # A folder of its own: the programs write files.
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/headers_${compiler}_${name})
    add_test(NAME headers/${compiler}_${name} COMMAND ${program}
        WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/headers_${compiler}_${name})
    set_tests_properties(headers/${compiler}_${name} PROPERTIES TIMEOUT 300)
endfunction()

file(GLOB_RECURSE headers_files CONFIGURE_DEPENDS ${headers_include}/*.h)
foreach(compiler tcc gcc clang g++)
    find_program(headers_${compiler}_path ${compiler})
    if(NOT headers_${compiler}_path)
        message(STATUS "No ${compiler}: the public headers are not tested with it")
        continue()
    endif()
    add_test(NAME headers/${compiler} COMMAND ${headers_dir}/check.sh ${headers_include}
        ${headers_${compiler}_path} ${headers_${compiler}})
    # A sanitized library cannot serve a program that was built without the sanitizer.
    if(NOT compiler STREQUAL "g++" AND NOT XTINYCC_SANITIZE)
        xtinycc_cells_test(${compiler} nn_cells)
        xtinycc_cells_test(${compiler} nb_cells)
        xtinycc_cells_test(${compiler} cells_fail)
        set_tests_properties(headers/${compiler}_cells_fail PROPERTIES PASS_REGULAR_EXPRESSION
            "^ValueError: Sequential: layer \"dense\" .Dense. got shape .None, 28, 28, 1.")
    endif()
endforeach()
