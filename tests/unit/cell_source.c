#include "cell_source.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <libtcc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *cell_helpers(void)
{
    return XTINYCC_TEST_TCC_DIR "/libtcc1.a";
}

static void show_error(void *context, const char *message)
{
    (void)context;
    fprintf(stderr, "%s\n", message);
}

/* In the child: leave the object in the descriptor. */
static int compile_to(int fd, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    TCCState *state = tcc_new();
    tcc_set_error_func(state, NULL, show_error);
    tcc_set_lib_path(state, XTINYCC_TEST_TCC_DIR);
    tcc_set_options(state, "-g");
    tcc_set_output_type(state, TCC_OUTPUT_OBJ);
    tcc_define_symbol(state, "_GNU_SOURCE", "1");
    return tcc_compile_string(state, text) == 0 && tcc_output_file(state, path) == 0 ? 0 : 1;
}

static size_t count_words(const char *words)
{
    size_t count = 0;
    for (const char *at = words; *at; at++)
        count += *at != ' ' && (at == words || at[-1] == ' ');
    return count;
}

static void add_words(lang_unit *unit, const char *words, bool is_function, lang_bind bind)
{
    char *copy = strdup(words), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        unit->symbols[unit->symbol_count++] = (lang_symbol){strdup(word), is_function, bind};
    free(copy);
}

lang_unit cell_compile(const char *text, const char *same, const char *patch)
{
    int fd = memfd_create("object", MFD_CLOEXEC);
    assert_true(fd >= 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(compile_to(fd, text));
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        fail_msg("does not compile: %s", text);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    void *object = malloc((size_t)info.st_size);
    assert_int_equal(pread(fd, object, (size_t)info.st_size, 0), info.st_size);
    close(fd);
    lang_unit unit = {.ok = true, .object = object, .object_size = (size_t)info.st_size,
                      .entry = "__cell", .main = ""};
    unit.symbols = calloc(count_words(same) + count_words(patch) + 1, sizeof *unit.symbols);
    add_words(&unit, same, false, LANG_BIND_SAME);
    add_words(&unit, patch, true, LANG_BIND_PATCH);
    return unit;
}

void cell_free(lang_unit *unit)
{
    for (size_t i = 0; i < unit->symbol_count; i++)
        free((char *)unit->symbols[i].name);
    free(unit->symbols);
    free((void *)unit->object);
}

int cell_load(loader_t *loader, const char *text, int number, const char *same, const char *patch)
{
    lang_unit unit = cell_compile(text, same, patch);
    char error[512] = "";
    int image = -1;
    if (loader_load(loader, &unit, number, &image, error, sizeof error) != 0)
        fail_msg("%s", error);
    cell_free(&unit);
    return image;
}

int cell_run(loader_t *loader, const char *text, int number)
{
    int image = cell_load(loader, text, number, "", "");
    void *entry = loader_image_symbol(loader, image, "__cell");
    assert_non_null(entry);
    ((void (*)(void))entry)();
    return image;
}
