"""Which tests stand for which row of the design: the checklist's 1 to 100 and the faults F1 to F30.

Names are of tests in this folder, or FILE::TEST elsewhere below tests/. A row of its own number in
a test's name needs no entry. test_rows.py sees that no row is without a test.
"""

CHECKLIST = {
    1: "test_kernel_json", 3: "test_missing_file test_file_that_is_no_object",
    4: "test_ports_as_strings_and_unknown_keys", 5: "test_port_in_use_is_named",
    6: "test_ports_as_strings_and_unknown_keys",
    7: "test_long_ipc_path test_ipc_path_beyond_the_limit", 8: "test_wrong_value_is_named",
    9: "test_listens_on_the_given_address_only",
    10: "test_starting_is_said_once_and_each_subscriber_welcomed", 11: "test_kernel_info",
    12: "test_kernel_info_while_busy", 13: "test_kernel_info", 14: "test_kernel_info",
    15: "test_kernel_info", 16: "test_kernel_info",
    17: "test_starting_is_said_once_and_each_subscriber_welcomed",
    18: "test_registration_file_is_refused", 19: "test_kernel_json", 20: "test_wrong_key",
    21: "test_signature_of_a_wrong_form", 22: "test_too_few_frames", 23: "test_no_delimiter",
    24: "test_signed_but_not_an_object", 25: "test_replay_is_not_executed",
    26: "test_unknown_request", 27: "test_content_of_a_wrong_type",
    28: "test_fields_beyond_the_protocol_are_ignored",
    29: "test_session_is_new_after_a_restart test_order_and_counts",
    31: "test_bytes_that_are_not_utf8_from_c",
    32: "test_bytes_that_are_not_utf8_from_c", 33: "test_control_characters_survive test_one_long_line",
    34: "test_ten_megabytes_of_code", 35: "test_order_and_counts",
    36: "test_output_precedes_the_idle_of_its_cell", 37: "test_output_precedes_the_idle_of_its_cell",
    38: "test_a_hundred_queued_cells", 39: "test_late_output_carries_its_own_cell",
    41: "test_order_and_counts",
    42: "test_store_history_false_leaves_the_count", 43: "test_silent_publishes_nothing",
    44: "test_silent_publishes_nothing", 45: "test_silent_publishes_nothing",
    46: "test_user_expressions", 47: "test_user_expressions", 48: "test_error",
    49: "test_exception_in_the_kernel_is_an_error_of_the_cell", 50: "test_queued_cells_are_aborted",
    51: "test_queued_cells_are_aborted", 52: "test_stop_on_error_false_lets_the_queue_go_on",
    53: "test_what_is_sent_after_an_error_runs", 55: "test_displays",
    56: "test_displays test_display_numbers_used_again_are_other_displays", 57: "test_displays",
    58: "test_streams_of_children test_output_is_live", 59: "test_one_long_line",
    60: "test_deaths_go_back_to_the_state_before", 61: "test_compiler_ends",
    89: "test_any_cursor", 90: "test_any_cursor",
    91: "test_is_complete test_is_complete_gives_the_indent", 92: "test_history",
    93: "test_history_search test_history_search_takes_no_time_to_fail", 94: "test_comms",
    95: "test_comms", 96: "test_comms", 97: "test_unknown_request",
    98: "test_two_clients_see_the_same_output",
}

FAULTS = {
    "F1": "test_death", "F2": "test_death", "F4": "test_death", "F5": "test_death test_harmless",
    "F6": "test_67_one_stop_is_enough test_67_second_stop_goes_back",
    "F7": "test_67_training_stops_with_what_it_has", "F8": "test_68_storm_of_stops_is_one",
    "F9": "test_65_71_stop_while_idle_is_void", "F10": "test_death",
    "F11": "test_memory", "F12": "test_worker_killed_from_outside_in_a_cell",
    "F14": "test_99_lines_all_received test_99_cut_is_told_and_all_is_in_a_file",
    "F22": "test_harmless", "F29": "test_death",
}

# Rows without a test, at most five, none that JupyterLab or nbclient needs; each with the reason.
MISSING = {
    "F24": "a device context in the session's process: no machine of ours has a device in tests",
}
