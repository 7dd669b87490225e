#include "reach.h"

#include <string.h>

/* A declaration in the headers' text and the nodes of the names in it. */
typedef struct chunk {
    size_t start, end;
    size_t first, count; /* in `mentions` */
    size_t declares;     /* how many names */
} chunk;

typedef struct link {
    size_t chunk;
    bool is_tag;
    const struct link *next;
} link;

/* A name, of whatever kind. */
typedef struct node {
    const link *declared; /* the chunks that declare it */
    int macro;            /* index, or -1 */
    bool is_tag;          /* a chunk has named it behind `struct`, `union` or `enum` */
    size_t last_chunk;    /* that mentions it, plus one */
} node;

typedef struct macro_line {
    const char *text; /* from `#define` on */
    size_t length;
} macro_line;

struct reach_index {
    pool *pool;
    names names; /* ordinary space; `item` is the node */
    node *nodes;
    size_t node_count, node_capacity;
    chunk *chunks;
    size_t chunk_count, chunk_capacity;
    size_t *mentions;
    size_t mention_count, mention_capacity;
    macro_line *macros;
    size_t macro_count, macro_capacity;
};

typedef enum mark { MARK_NONE, MARK_REACHED, MARK_LEFT_OUT } mark;

typedef struct piece {
    const char *text;
    size_t size;
} piece;

struct reach {
    pool *pool;
    const reach_index *index;
    reach_hook hook;
    void *context;
    unsigned char *chunks; /* enum mark */
    bool *nodes, *mentioned, *macros;
    size_t *open; /* chunks that are still to be followed */
    size_t open_count, open_capacity;
    piece *texts; /* and texts */
    size_t text_count, text_capacity;
    bool busy, pastes;
};

/* --- The index ------------------------------------------------------------------------------ */

reach_index *reach_create(pool *pool)
{
    reach_index *index = pool_alloc(pool, sizeof *index);
    index->pool = index->names.pool = pool;
    return index;
}

static size_t find_node(const reach_index *index, const char *text, size_t length)
{
    const name *entry = names_find(&index->names, SPACE_ORDINARY, text, length);
    return entry ? (size_t)entry->item : index->node_count;
}

static size_t add_node(reach_index *index, const char *text, size_t length)
{
    size_t at = find_node(index, text, length);
    if (at < index->node_count)
        return at;
    *POOL_PUSH(index->pool, index->nodes, index->node_count, index->node_capacity) =
        (node){.macro = -1};
    names_set(&index->names, SPACE_ORDINARY, text, length, NAME_OBJECT)->item = (int)at;
    return at;
}

static void declare(reach_index *index, const token *t, bool is_tag)
{
    size_t at = add_node(index, t->text, t->length), last = index->chunk_count - 1;
    for (const link *l = index->nodes[at].declared; l && l->chunk == last; l = l->next)
        if (l->is_tag == is_tag)
            return;
    link *link = pool_alloc(index->pool, sizeof *link);
    *link = (struct link){last, is_tag, index->nodes[at].declared};
    index->nodes[at].declared = link;
    index->chunks[last].declares++;
}

/* Enumerators: the names behind `{` and `,`. */
static void declare_enumerators(reach_index *index, const tokens *tokens, size_t open)
{
    size_t close = tokens_close(tokens, open, NULL);
    for (size_t i = open; i + 1 < close; i++) {
        const token *t = &tokens->list[i];
        if (i > open && (token_is(t, "(") || token_is(t, "{") || token_is(t, "[")))
            i = tokens_close(tokens, i, NULL) - 1;
        else if ((i == open || token_is(t, ",")) && t[1].kind == TOKEN_NAME)
            declare(index, t + 1, false);
    }
}

/* A tag is declared by its body and by its first mention, whatever that belongs to. */
static void declare_tag(reach_index *index, const tokens *tokens, size_t keyword)
{
    size_t at = keyword + 1;
    while (token_is(&tokens->list[at], "__attribute__")) {
        at++;
        if (token_is(&tokens->list[at], "("))
            at = tokens_close(tokens, at, NULL);
    }
    const token *tag = &tokens->list[at];
    if (tag->kind == TOKEN_NAME) {
        const token *after = tag + 1;
        size_t n = add_node(index, tag->text, tag->length);
        if (!index->nodes[n].is_tag || token_is(after, "{") || token_is(after, ";"))
            declare(index, tag, true);
        index->nodes[n].is_tag = true;
        at++;
    }
    if (token_is(&tokens->list[keyword], "enum") && token_is(&tokens->list[at], "{"))
        declare_enumerators(index, tokens, at);
}

void reach_add(reach_index *index, const tokens *tokens, const declaration *d, size_t first,
               size_t end, const char *base)
{
    const token *last = &tokens->list[end - 1];
    chunk *added = POOL_PUSH(index->pool, index->chunks, index->chunk_count,
                             index->chunk_capacity);
    *added = (chunk){.start = (size_t)(tokens->list[first].text - base),
                     .end = (size_t)(last->text + last->length - base),
                     .first = index->mention_count};
    for (size_t i = 0; i < d->count; i++)
        if (d->list[i].name != DECLARE_NONE)
            declare(index, &tokens->list[d->list[i].name], false);
    for (size_t i = first; i < end; i++) {
        const token *t = &tokens->list[i];
        if (is_tag_keyword(t))
            declare_tag(index, tokens, i);
        if (t->kind != TOKEN_NAME || is_keyword(t))
            continue;
        size_t n = add_node(index, t->text, t->length);
        if (index->nodes[n].last_chunk == index->chunk_count)
            continue;
        index->nodes[n].last_chunk = index->chunk_count;
        *POOL_PUSH(index->pool, index->mentions, index->mention_count, index->mention_capacity) = n;
    }
    added = &index->chunks[index->chunk_count - 1];
    added->count = index->mention_count - added->first;
}

static size_t name_length(const char *text, const char *end)
{
    const char *at = text;
    while (at < end && *at != ' ' && *at != '(')
        at++;
    return (size_t)(at - text);
}

void reach_add_macros(reach_index *index, const char *lines)
{
    static const char define[] = "#define ";
    for (const char *line = lines, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        if (strncmp(line, define, strlen(define)) != 0)
            continue;
        const char *name = line + strlen(define);
        size_t n = add_node(index, name, name_length(name, line + length));
        index->nodes[n].macro = (int)index->macro_count;
        *POOL_PUSH(index->pool, index->macros, index->macro_count, index->macro_capacity) =
            (macro_line){line, length};
    }
}

/* --- One unit ------------------------------------------------------------------------------- */

reach *reach_begin(pool *pool, const reach_index *index, reach_hook hook, void *context)
{
    reach *r = pool_alloc(pool, sizeof *r);
    *r = (reach){.pool = pool, .index = index, .hook = hook, .context = context};
    r->chunks = pool_alloc(pool, index->chunk_count + 1);
    r->nodes = pool_alloc(pool, (index->node_count + 1) * sizeof *r->nodes);
    r->mentioned = pool_alloc(pool, (index->node_count + 1) * sizeof *r->mentioned);
    r->macros = pool_alloc(pool, (index->macro_count + 1) * sizeof *r->macros);
    return r;
}

bool reach_leave_out(reach *r, const char *name)
{
    size_t n = find_node(r->index, name, strlen(name));
    if (n == r->index->node_count)
        return true;
    for (const link *l = r->index->nodes[n].declared; l; l = l->next)
        if (!l->is_tag && r->index->chunks[l->chunk].declares > 1)
            return false;
    for (const link *l = r->index->nodes[n].declared; l; l = l->next)
        if (!l->is_tag)
            r->chunks[l->chunk] = MARK_LEFT_OUT;
    return true;
}

static void push_text(reach *r, const char *text, size_t size)
{
    *POOL_PUSH(r->pool, r->texts, r->text_count, r->text_capacity) = (piece){text, size};
}

/* The declarations of a name are needed. */
static void need(reach *r, size_t n)
{
    if (r->nodes[n])
        return;
    r->nodes[n] = true;
    for (const link *l = r->index->nodes[n].declared; l; l = l->next)
        if (r->chunks[l->chunk] == MARK_NONE) {
            r->chunks[l->chunk] = MARK_REACHED;
            *POOL_PUSH(r->pool, r->open, r->open_count, r->open_capacity) = l->chunk;
        }
}

static void mention(reach *r, const token *t)
{
    if (is_keyword(t))
        return;
    size_t n = find_node(r->index, t->text, t->length);
    if (n < r->index->node_count) {
        if (r->mentioned[n])
            return;
        r->mentioned[n] = true;
        need(r, n);
        int macro = r->index->nodes[n].macro;
        if (macro >= 0 && !r->macros[macro]) {
            const macro_line *line = &r->index->macros[macro];
            r->macros[macro] = true;
            push_text(r, line->text, line->length);
        }
    }
    r->hook(r->context, r, t);
}

/* `c ## UL` makes a number and `, ## __VA_ARGS__` nothing; any other `##` may make a name. */
static bool may_paste_a_name(const token *operator, bool first)
{
    const token *after = operator + 1, *before = operator - 1;
    if (first || (token_is(before, ",") && token_is(after, "__VA_ARGS__")))
        return false;
    for (size_t i = 0; i < after->length; i++)
        if (!strchr("uUlL", after->text[i]))
            return true;
    return after->length == 0;
}

/* A directive's names are behind its word. `#line` has none. */
static void follow_directive(reach *r, const token *directive)
{
    char word[16];
    size_t length;
    directive_word(directive, word, sizeof word);
    const char *rest = directive_rest(directive, &length);
    if (strcmp(word, "line") != 0)
        push_text(r, rest, length);
}

static void follow_tokens(reach *r, const token *first, const token *end)
{
    for (const token *t = first; t < end; t++) {
        if (t->kind == TOKEN_NAME)
            mention(r, t);
        else if (t->kind == TOKEN_DIRECTIVE)
            follow_directive(r, t);
        else if (token_is(t, "##"))
            r->pastes |= may_paste_a_name(t, t == first);
    }
}

static void follow_text(reach *r, const piece *piece)
{
    tokens tokens = scan(r->pool, piece->text, piece->size, false);
    follow_tokens(r, tokens.list, tokens.list + tokens.count);
}

static void follow_chunk(reach *r, size_t at)
{
    const chunk *chunk = &r->index->chunks[at];
    for (size_t i = 0; i < chunk->count; i++)
        need(r, r->index->mentions[chunk->first + i]);
}

/* What is left to be followed. When the hook has called, whoever follows goes on with it. */
static void follow_rest(reach *r)
{
    if (r->busy)
        return;
    r->busy = true;
    while (r->text_count > 0 || r->open_count > 0) {
        if (r->open_count > 0) {
            follow_chunk(r, r->open[--r->open_count]);
        } else {
            piece next = r->texts[--r->text_count];
            follow_text(r, &next);
        }
    }
    r->busy = false;
}

void reach_text(reach *r, const char *text, size_t size)
{
    push_text(r, text, size);
    follow_rest(r);
}

void reach_tokens(reach *r, const token *first, const token *end)
{
    follow_tokens(r, first, end);
    follow_rest(r);
}

bool reach_pastes(const reach *r)
{
    return r->pastes;
}

bool reach_has(const reach *r, const char *name)
{
    size_t n = find_node(r->index, name, strlen(name));
    return n < r->index->node_count && r->nodes[n];
}

bool reach_has_macro(const reach *r, const char *name)
{
    size_t n = find_node(r->index, name, strlen(name));
    return n < r->index->node_count && r->index->nodes[n].macro >= 0 &&
           r->macros[r->index->nodes[n].macro];
}

void reach_put_declarations(const reach *r, const char *base, text *out)
{
    for (size_t i = 0; i < r->index->chunk_count; i++) {
        const chunk *chunk = &r->index->chunks[i];
        if (r->chunks[i] != MARK_REACHED)
            continue;
        text_add(out, base + chunk->start, chunk->end - chunk->start);
        text_puts(out, "\n");
    }
}

void reach_put_macros(const reach *r, text *out)
{
    for (size_t i = 0; i < r->index->macro_count; i++)
        if (r->macros[i]) {
            text_add(out, r->index->macros[i].text, r->index->macros[i].length);
            text_puts(out, "\n");
        }
}
