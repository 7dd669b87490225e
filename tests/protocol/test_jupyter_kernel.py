"""The conformance suite of the Jupyter project, every attribute filled in.

Only its pager test does not apply: the kernel has no pager payloads, which the protocol deprecates.
"""

import jupyter_kernel_test


class XtinyccTests(jupyter_kernel_test.KernelTests):
    kernel_name = "xtinycc"
    language_name = "c"
    file_extension = ".c"

    code_hello_world = 'printf("hello, world\\n");'
    code_stderr = 'fprintf(stderr, "to stderr\\n");'
    completion_samples = [
        {"text": "fprint", "matches": ["fprintf"]},
        {"text": "model_tr", "matches": ["model_train_on_batch"]},
    ]
    complete_code_samples = ["int x = 1;", "1 + 1", "int f(int a)\n{\n    return a;\n}",
                             "#include <math.h>", "for (int i = 0; i < 3; i++) f(i);", ""]
    incomplete_code_samples = ["int f(int a) {", "struct point {\n    int x;", "/* not closed",
                               "if (1) {", "printf(\"%d\\n\","]
    invalid_code_samples = ["}", "\"not closed"]
    code_generate_error = "int x = ;"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "2.5 + 2.5", "result": "5.0"},
        {"code": "\"text\"", "result": "\"text\""},
    ]
    code_display_data = [
        {"code": "#include <nb/display.h>\nnb_display_text(\"shown\");", "mime": "text/plain"},
        {"code": "#include <nb/display.h>\nnb_display_mime(\"text/html\", \"<b>shown</b>\", 12, NULL);",
         "mime": "text/html"},
    ]
    code_history_pattern = "6 [*]*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "printf"
    code_clear_output = "#include <nb/display.h>\nnb_clear_output(0);"
