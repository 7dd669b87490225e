#include "csv.h"

#include <stdlib.h>
#include <string.h>

#include "byte_source.h"
#include "error.h"

#define MAX_SIDE  4096 /* pixels of an image, as in IDX files */
#define MAX_VALUE 255
#define PIECE     ((size_t)1 << 16)

typedef struct bytes {
    uint8_t *data;
    size_t size, room;
} bytes;

typedef struct reader {
    const char *name;
    bytes pixels, labels;
    size_t columns; /* of the first row; 0 before its end */
    size_t column;  /* values of this row so far */
    int value;      /* the number being read, -1 before its first digit */
    int line;       /* 1 for the first */
    int skipping;   /* in the line that names the columns */
    int ended;      /* after \r */
} reader;

static nn_status append(const reader *r, bytes *b, uint8_t value)
{
    if (b->size == b->room) {
        size_t room = b->room ? 2 * b->room : PIECE;
        uint8_t *data = b->size < NN_IDX_LIMIT ? realloc(b->data, room) : NULL;
        if (!data)
            return nn__fail(NN_MEMORY_ERROR, "%s: no memory for %zu bytes.", r->name, room);
        b->data = data;
        b->room = room;
    }
    b->data[b->size++] = value;
    return NN_OK;
}

static nn_status not_a_number(const reader *r, unsigned char c)
{
    char what[16] = "nothing";
    if (c > ' ' && c < 127 && c != ',')
        what[0] = '\'', what[1] = (char)c, what[2] = '\'', what[3] = '\0';
    return nn__fail(NN_VALUE_ERROR,
                    "%s, line %d, column %zu: a whole number from 0 to 255 expected, found %s.",
                    r->name, r->line, r->column + 1, what);
}

static nn_status end_value(reader *r, unsigned char c)
{
    if (r->value < 0)
        return not_a_number(r, c);
    bytes *to = r->column == 0 ? &r->labels : &r->pixels;
    if (r->column > (size_t)MAX_SIDE * MAX_SIDE)
        return nn__fail(NN_VALUE_ERROR, "%s, line %d: more than %d x %d pixels.", r->name, r->line,
                        MAX_SIDE, MAX_SIDE);
    nn_status status = append(r, to, (uint8_t)r->value);
    r->value = -1;
    r->column++;
    return status;
}

static size_t side_of(size_t pixels)
{
    size_t side = 0;
    while (side * side < pixels)
        side++;
    return side;
}

static nn_status end_line(reader *r)
{
    nn_status status = NN_OK;
    if (!r->skipping && (r->column > 0 || r->value >= 0)) {
        status = end_value(r, '\n');
        if (status != NN_OK)
            return status;
        size_t pixels = r->column - 1, side = side_of(pixels);
        if (pixels == 0 || side * side != pixels)
            return nn__fail(NN_VALUE_ERROR,
                            "%s, line %d: a label and the pixels of a square image expected, found "
                            "%zu values.",
                            r->name, r->line, r->column);
        if (r->columns == 0)
            r->columns = r->column;
        if (r->column != r->columns)
            return nn__fail(NN_VALUE_ERROR, "%s, line %d: %zu values expected, found %zu.", r->name,
                            r->line, r->columns, r->column);
    }
    r->skipping = r->ended = 0;
    r->column = 0;
    r->line++;
    return NN_OK;
}

static nn_status take(reader *r, unsigned char c)
{
    if (c == '\n')
        return end_line(r);
    if (r->skipping)
        return NN_OK;
    if (r->ended)
        return not_a_number(r, '\r');
    if (c >= '0' && c <= '9') {
        r->value = (r->value < 0 ? 0 : 10 * r->value) + (c - '0');
        return r->value <= MAX_VALUE
                   ? NN_OK
                   : nn__fail(NN_VALUE_ERROR,
                              "%s, line %d, column %zu: a number above 255; pixels and labels are "
                              "0 to 255.",
                              r->name, r->line, r->column + 1);
    }
    if (c == ',')
        return end_value(r, c);
    if (c == '\r') {
        r->ended = 1;
        return NN_OK;
    }
    return not_a_number(r, c);
}

static nn_status read_rows(nn_byte_source *source, reader *r)
{
    unsigned char *piece = malloc(PIECE);
    if (!piece)
        return nn__fail(NN_MEMORY_ERROR, "%s: out of memory.", r->name);
    size_t got = PIECE;
    nn_status status = NN_OK;
    for (int first = 1; status == NN_OK && got == PIECE; first = 0) {
        status = nn__byte_source_read(source, piece, PIECE, &got);
        if (status == NN_OK && first && got > 0)
            r->skipping = piece[0] < '0' || piece[0] > '9';
        for (size_t i = 0; status == NN_OK && i < got; i++)
            status = take(r, piece[i]);
    }
    free(piece);
    if (status == NN_OK)
        status = end_line(r);
    if (status == NN_OK && r->labels.size == 0)
        status = nn__fail(NN_VALUE_ERROR, "%s holds no rows of numbers.", r->name);
    return status;
}

static nn_status make_block(const char *name, const bytes *from, int rank, const int64_t *shape,
                            nn_idx *out)
{
    nn_status status = nn__idx_create(name, rank, shape, out);
    if (status != NN_OK)
        return status;
    memcpy(out->data, from->data, from->size);
    return nn__idx_seal(name, out);
}

nn_status nn__csv_read(int fd, const char *name, nn_idx *images, nn_idx *labels)
{
    *images = *labels = (nn_idx){.fd = -1};
    nn_byte_source *source;
    nn_status status = nn__byte_source_open(fd, name, &source);
    if (status != NN_OK)
        return status;
    reader r = {.name = name, .value = -1, .line = 1};
    status = read_rows(source, &r);
    nn__byte_source_close(source);
    if (status == NN_OK) {
        int64_t side = (int64_t)side_of(r.columns - 1), count = (int64_t)r.labels.size;
        status = make_block(name, &r.pixels, 3, (int64_t[]){count, side, side}, images);
        if (status == NN_OK)
            status = make_block(name, &r.labels, 1, (int64_t[]){count}, labels);
        if (status != NN_OK)
            nn__idx_free(images);
    }
    free(r.pixels.data);
    free(r.labels.data);
    return status;
}
