#include "export_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headers.h"

void export_refuse(program *p, const export_cell *cell, int line, const char *format, ...)
{
    char message[512];
    va_list arguments;
    if (p->problem)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    p->problem = pool_format(p->pool, "In[%d]:%d: %s", cell->number, line, message);
}

int export_program(const char *title, const export_cell *cells, size_t count, wire_buf *out,
                   char *error, size_t error_size)
{
    pool memory = {0};
    volatile int result = -1;
    if (setjmp(memory.out_of_memory)) {
        snprintf(error, error_size, "out of memory");
    } else {
        program p = {.pool = &memory,
                     .names = {.below = &headers_default()->names, .pool = &memory},
                     .mentioned = {.pool = &memory}};
        text written = {.pool = &memory};
        export_plan(&p, cells, count);
        if (!p.problem)
            export_write(&p, title, &written);
        if (p.problem) {
            snprintf(error, error_size, "%s", p.problem);
        } else {
            wire_put_raw(out, written.data, written.size);
            result = out->bad ? -1 : 0;
        }
    }
    pool_free(&memory);
    return result;
}

static int read_all(wire_buf *in)
{
    char data[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, data, sizeof data)) != 0) {
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            wire_put_raw(in, data, (size_t)n);
    }
    return in->bad ? -1 : 0;
}

static int export_request(wire_reader *r)
{
    char error[600] = "";
    uint32_t count = wire_get_u32(r);
    const char *title = wire_get_string(r);
    export_cell *cells = count <= r->size ? calloc(count + 1u, sizeof *cells) : NULL;
    for (uint32_t i = 0; cells && i < count; i++) {
        cells[i].heading = wire_get_string(r);
        cells[i].number = (int)wire_get_u32(r);
        cells[i].text = wire_get_bytes(r, &cells[i].size);
    }
    wire_buf out = {0};
    int result = -1;
    if (!cells || r->bad)
        snprintf(error, sizeof error, "damaged request");
    else
        result = export_program(title, cells, count, &out, error, sizeof error);
    if (result == 0 && fwrite(out.data, 1, out.size, stdout) != out.size)
        result = -1;
    if (result < 0)
        fprintf(stderr, "xtinycc export: %s\n", error);
    wire_buf_free(&out);
    free(cells);
    return result < 0 || fflush(stdout) != 0 ? 1 : 0;
}

int export_main(const lang_options *options)
{
    char error[512];
    wire_buf in = {0};
    int status = 1;
    if (lang_prepare(options, error, sizeof error) < 0)
        fprintf(stderr, "xtinycc export: %s\n", error);
    else if (read_all(&in) < 0)
        fprintf(stderr, "xtinycc export: the cells cannot be read\n");
    else {
        wire_reader r = wire_read(in.data, in.size);
        status = export_request(&r);
    }
    wire_buf_free(&in);
    return status;
}
