#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 4000

static _Thread_local char message[MESSAGE_SIZE];
static _Thread_local nn_status last_status;

/* snprintf cuts by bytes: step back to the start of a cut UTF-8 character. */
static void trim_partial_character(char *text, size_t size)
{
    size_t start = size;
    while (start > 0 && (text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (size - (start - 1) < need)
        text[start - 1] = '\0';
}

static void set_error(nn_status status, const char *format, va_list args)
{
    last_status = status;
    int size = vsnprintf(message, sizeof message, format, args);
    if (size >= (int)sizeof message)
        trim_partial_character(message, strlen(message));
}

nn_status nn__fail(nn_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_error(status, format, args);
    va_end(args);
    return status;
}

void *nn__fail_null(nn_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_error(status, format, args);
    va_end(args);
    return NULL;
}

const char *nn_error_message(void)
{
    return message;
}

nn_status nn_error_status(void)
{
    return last_status;
}

const char *nn_status_name(nn_status status)
{
    switch (status) {
    case NN_OK:
        return "OK";
    case NN_VALUE_ERROR:
        return "ValueError";
    case NN_FILE_NOT_FOUND:
        return "FileNotFoundError";
    case NN_OS_ERROR:
        return "OSError";
    case NN_MEMORY_ERROR:
        return "MemoryError";
    case NN_INTERRUPTED:
        return "KeyboardInterrupt";
    }
    return "KernelError";
}
