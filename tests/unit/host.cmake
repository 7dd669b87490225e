# Tests of the front's side of a session, and of the readers of transcripts.
foreach(test wire_test channel_test)
    xtinycc_unit_test(${test} LIBS xtinycc_wire)
endforeach()
foreach(test utf8_test pieces_test output_test)
    xtinycc_unit_test(${test} LIBS xtinycc_host)
endforeach()
xtinycc_unit_test(expect_test LIBS xtinycc_golden)
