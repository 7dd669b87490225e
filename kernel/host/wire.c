#include "wire.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(wire_buf *buf, size_t more)
{
    if (buf->bad)
        return false;
    if (more > WIRE_BODY_MAX || buf->size + more > WIRE_BODY_MAX) {
        buf->bad = true;
        return false;
    }
    if (buf->size + more <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : 256;
    while (capacity < buf->size + more)
        capacity *= 2;
    char *data = realloc(buf->data, capacity);
    if (!data) {
        buf->bad = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void wire_buf_free(wire_buf *buf)
{
    free(buf->data);
    *buf = (wire_buf){0};
}

void wire_put_raw(wire_buf *buf, const void *data, size_t size)
{
    if (size == 0 || !reserve(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
}

void wire_put_u32(wire_buf *buf, uint32_t value)
{
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    wire_put_raw(buf, bytes, sizeof bytes);
}

void wire_put_u64(wire_buf *buf, uint64_t value)
{
    wire_put_u32(buf, (uint32_t)value);
    wire_put_u32(buf, (uint32_t)(value >> 32));
}

void wire_put_bytes(wire_buf *buf, const void *data, size_t size)
{
    if (size > WIRE_BODY_MAX) {
        buf->bad = true;
        return;
    }
    wire_put_u32(buf, (uint32_t)size);
    wire_put_raw(buf, data, size);
    wire_put_raw(buf, "", 1);
}

void wire_put_string(wire_buf *buf, const char *text)
{
    wire_put_bytes(buf, text ? text : "", text ? strlen(text) : 0);
}

wire_reader wire_read(const void *data, size_t size)
{
    return (wire_reader){.data = data, .size = size};
}

/* The next SIZE bytes, or NULL and `bad`. */
static const char *take(wire_reader *r, size_t size)
{
    if (r->bad || size > r->size - r->at) {
        r->bad = true;
        return NULL;
    }
    const char *at = r->data + r->at;
    r->at += size;
    return at;
}

uint32_t wire_get_u32(wire_reader *r)
{
    const unsigned char *bytes = (const unsigned char *)take(r, 4);
    if (!bytes)
        return 0;
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value |= (uint32_t)bytes[i] << (8 * i);
    return value;
}

uint64_t wire_get_u64(wire_reader *r)
{
    uint64_t low = wire_get_u32(r);
    return low | (uint64_t)wire_get_u32(r) << 32;
}

const char *wire_get_bytes(wire_reader *r, size_t *size)
{
    if (size)
        *size = 0;
    size_t length = wire_get_u32(r);
    const char *text = take(r, length);
    const char *end = text ? take(r, 1) : NULL;
    if (!end || *end != '\0') {
        r->bad = true;
        return "";
    }
    if (size)
        *size = length;
    return text;
}

const char *wire_get_string(wire_reader *r)
{
    size_t size;
    const char *text = wire_get_bytes(r, &size);
    if (strlen(text) != size) {
        r->bad = true;
        return "";
    }
    return text;
}
