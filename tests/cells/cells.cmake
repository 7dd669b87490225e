# Golden transcripts: NN_name.c with NN_name.expect, each a test of its own, run through the host
# by xtinycc-cells. (tests/protocol runs the same files through the Jupyter kernel.) Refusals are
# those of a machine without a system compiler, but for the transcripts called NN_native_*.
if(TARGET xtinycc-worker)
    file(GLOB transcripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
    foreach(transcript ${transcripts})
        get_filename_component(name ${transcript} NAME_WE)
        add_test(NAME cells/${name} COMMAND xtinycc-cells ${transcript})
        set_tests_properties(cells/${name} PROPERTIES TIMEOUT 120)
        if(NOT name MATCHES "_native")
            set_tests_properties(cells/${name} PROPERTIES ENVIRONMENT "XTINYCC_CC=none")
        endif()
    endforeach()
endif()
