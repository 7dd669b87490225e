#include "split.h"

#include "macro.h"

#include <string.h>

typedef struct splitter {
    pool *pool;
    names *names;
    const char *place;
    const char *text;
    tokens tokens; /* at AT: an expansion and the cell's rest; before it, what has been taken */
    size_t at;
    size_t unread; /* tokens that expand_rest() has not reached */
    bool ended; /* the last statement was ended as it should */
    items out;
    size_t capacity;
    bool expand_all; /* macros of the cell open or close brackets: nothing can be read without */
} splitter;

static const token *here(const splitter *s)
{
    return &s->tokens.list[s->at];
}

static void group(splitter *s)
{
    s->at = tokens_close(&s->tokens, s->at, &s->ended);
}

static bool opens(const token *t)
{
    return t->kind == TOKEN_PUNCTUATOR && t->length == 1 && strchr("([{", *t->text);
}

/* The first token from AT on that is no directive. */
static size_t over_directives(const splitter *s, size_t at)
{
    while (s->tokens.list[at].kind == TOKEN_DIRECTIVE)
        at++;
    return at;
}

/* Whether only directives follow the token AT. */
static bool only_directives(const splitter *s, size_t at)
{
    return s->tokens.list[over_directives(s, at)].kind == TOKEN_END;
}

/* To the `;` and over it. False if there is none. */
static bool to_semicolon(splitter *s)
{
    while (here(s)->kind != TOKEN_END && !token_is(here(s), ";")) {
        size_t next = over_directives(s, s->at);
        if (next > s->at && s->tokens.list[next].kind == TOKEN_END)
            return false;
        if (next > s->at)
            s->at = next;
        else if (opens(here(s)))
            group(s);
        else
            s->at++;
    }
    if (here(s)->kind == TOKEN_END)
        return false;
    s->at++;
    return true;
}

static void statement(splitter *s, int depth);

/* `if (..) s else s`, `for (..) s`, `while (..) s`, `switch (..) s`. */
static void controlled(splitter *s, int depth)
{
    bool is_if = token_is(here(s), "if");
    s->at++;
    if (!token_is(here(s), "(")) {
        s->ended = to_semicolon(s);
        return;
    }
    group(s);
    statement(s, depth + 1);
    if (is_if && s->ended && token_is(here(s), "else")) {
        s->at++;
        statement(s, depth + 1);
    }
}

static void statement(splitter *s, int depth)
{
    while (here(s)->kind == TOKEN_DIRECTIVE)
        s->at++;
    const token *t = here(s);
    if (t->kind == TOKEN_END || depth > 1000) {
        s->ended = false;
        s->at = depth > 1000 ? s->tokens.count : s->at;
    } else if (token_is(t, "{")) {
        group(s);
    } else if (token_is(t, "if") || token_is(t, "for") || token_is(t, "while") ||
               token_is(t, "switch")) {
        controlled(s, depth);
    } else if (token_is(t, "do")) {
        s->at++;
        statement(s, depth + 1);
        s->ended = s->ended && to_semicolon(s);
    } else if (token_is(t, "case") || token_is(t, "default")) {
        while (here(s)->kind != TOKEN_END && !token_is(here(s), ":"))
            s->at++;
        s->ended = here(s)->kind != TOKEN_END;
        if (s->ended) {
            s->at++;
            statement(s, depth + 1);
        }
    } else if (t->kind == TOKEN_NAME && token_is(t + 1, ":") && !is_keyword(t)) {
        s->at += 2;
        /* A label may stand last, or before a declaration, which is an item of its own. */
        if (!only_directives(s, s->at) && !declaration_begins(s->names, &s->tokens, s->at))
            statement(s, depth + 1);
    } else if (!to_semicolon(s)) {
        s->ended = false;
    }
}

/* Put LIST in place of the tokens from here to END. The items before have copies of theirs, so
   that it may go where they stood; where they are too few, as much room is made as the rest takes:
   so all replacements of a cell together copy no more than a few times its length. */
static void replace(splitter *s, size_t end, const token *list, size_t count)
{
    if (count > end) {
        size_t rest = s->tokens.count - end, room = count + rest;
        token *larger = pool_alloc(s->pool, (room + rest + 1) * sizeof *larger);
        memcpy(larger + room, &s->tokens.list[end], (rest + 1) * sizeof *larger);
        s->tokens.list = larger;
        s->tokens.count = room + rest;
        end = room;
    }
    s->at = end - count;
    if (count)
        memcpy(&s->tokens.list[s->at], list, count * sizeof *list);
}

/* If a macro stands here, replace the call by what it stands for. */
static void expand_here(splitter *s)
{
    const token t = *here(s);
    if (t.kind != TOKEN_NAME || t.expanded || !is_macro(s->names, &t))
        return;
    token *list;
    size_t count;
    const token *end = s->tokens.list + s->tokens.count;
    const token *after = macro_expand(s->pool, s->names, here(s), end, &list, &count);
    if (!after)
        return;
    replace(s, (size_t)(after - s->tokens.list), list, count);
    if (count) {
        s->tokens.list[s->at].line_start = t.line_start;
        s->tokens.list[s->at].spaced = t.spaced;
    }
}

/* Whether a macro other than in brackets, bodies and initialisers hides what is declared. */
static bool declarators_use_macros(const splitter *s, const declaration *d)
{
    for (size_t i = d->specifiers; i < d->specifiers_end; i++) {
        if (i == d->tag_body)
            i = d->tag_body_end - 1;
        else if (is_macro(s->names, &s->tokens.list[i]))
            return true;
    }
    for (size_t i = 0; i < d->count; i++)
        for (size_t k = d->list[i].first; k < d->list[i].end; k++) {
            if (token_is(&s->tokens.list[k], "["))
                k = tokens_close(&s->tokens, k, NULL) - 1;
            else if (is_macro(s->names, &s->tokens.list[k]))
                return true;
        }
    const token *behind = &s->tokens.list[declaration_tail(d)];
    return behind->kind == TOKEN_NAME && is_macro(s->names, behind);
}

/* Expand every macro from here to END. */
static void expand_to(splitter *s, size_t end)
{
    token *list;
    size_t count;
    macro_expand_all(s->pool, s->names, here(s), &s->tokens.list[end], &list, &count);
    replace(s, end, list, count);
}

/* A name that the cell defines is no macro of a header from here on, unless, as `errno`, the macro
   itself stands for an object. */
static void hide_macro(splitter *s, const token *t)
{
    const name *macro = names_find_token(s->names, SPACE_MACRO, t);
    if (!macro || name_is_users(macro) || macro_is_object(s->pool, macro))
        return;
    names_set(s->names, SPACE_MACRO, t->text, t->length, NAME_UNKNOWN);
}

static void hide_macros(splitter *s, const declaration *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const declarator *one = &d->list[i];
        bool only_declared = (one->is_function && !d->is_definition && !d->is_typedef) ||
                             (d->is_extern && one->initialiser == DECLARE_NONE);
        const token *after = &s->tokens.list[one->end];
        bool ends = token_is(after, ",") || token_is(after, ";") || token_is(after, "=") ||
                    d->is_definition; /* else, as in `double complex z`, it is no name */
        if (one->name != DECLARE_NONE && ends && !only_declared)
            hide_macro(s, &s->tokens.list[one->name]);
    }
    if (d->tag_body == DECLARE_NONE)
        return;
    declaration type = *d; /* its enumerators: `enum { false, true }` */
    names made = {.pool = s->pool};
    name origin = {.place = "", .item = -1};
    type.count = 0;
    declaration_enter(&made, &s->tokens, &type, &origin);
    for (size_t i = d->tag_body; i < d->tag_body_end; i++)
        if (names_find_token(&made, SPACE_ORDINARY, &s->tokens.list[i]))
            hide_macro(s, &s->tokens.list[i]);
}

/* Where the body or the value begins of a declaration that macros make unreadable. */
static size_t end_of_head(const splitter *s)
{
    size_t at = s->at;
    while (at < s->tokens.count && !token_is(&s->tokens.list[at], "{") &&
           !token_is(&s->tokens.list[at], "=") && !token_is(&s->tokens.list[at], ";"))
        at++;
    return at;
}

static void read_declaration(splitter *s, item *item)
{
    declaration *d = pool_alloc(s->pool, sizeof *d);
    declaration_read(s->pool, s->names, &s->tokens, s->at, d);
    hide_macros(s, d);
    bool hidden = !d->is_definition && declarators_use_macros(s, d);
    /* One that is not complete has been read to the end, and may be much shorter expanded. */
    if (hidden && (d->complete || macro_spend(s->pool, d->end - s->at))) {
        expand_to(s, d->complete ? d->end : end_of_head(s));
        item->first = s->at;
        declaration_read(s->pool, s->names, &s->tokens, s->at, d);
    }
    item->kind = d->is_definition ? ITEM_FUNCTION : ITEM_DECLARATION;
    item->declaration = d;
    s->at = d->end;
    s->ended = d->complete;
    name origin = {.place = s->place, .item = -1};
    declaration_enter(s->names, &s->tokens, d, &origin);
    hide_macros(s, d);
}

static void set_problem(splitter *s, split_status status, const char *problem, const token *t)
{
    if (s->out.status != SPLIT_OK)
        return;
    s->out.status = status;
    s->out.problem = problem;
    s->out.problem_line = t->line;
    s->out.problem_token = t;
}

static void classify(splitter *s, item *item)
{
    const token *t = here(s);
    s->ended = true;
    if (t->kind == TOKEN_DIRECTIVE || t->kind == TOKEN_MAGIC) {
        item->kind = t->kind == TOKEN_MAGIC ? ITEM_MAGIC : ITEM_DIRECTIVE;
        macro_directive(s->names, t);
        s->at++;
    } else if (token_is(t, "_Static_assert") || token_is(t, "static_assert")) {
        item->kind = ITEM_ASSERT;
        s->ended = to_semicolon(s);
    } else if (t->kind == TOKEN_NAME && token_is(t + 1, ":") && !is_keyword(t)) {
        item->kind = ITEM_STATEMENT; /* a label: what follows is an item of its own */
        s->at += 2;
    } else if (token_is(t, "else")) {
        item->kind = ITEM_STATEMENT;
        set_problem(s, SPLIT_INVALID, "'else' without an 'if' before it", t);
        s->at++;
    } else if (declaration_begins(s->names, &s->tokens, s->at)) {
        read_declaration(s, item);
    } else {
        item->kind = ITEM_STATEMENT;
        bool expression = t->kind != TOKEN_NAME || !is_statement_keyword(t);
        expression &= !token_is(t, "{");
        statement(s, 0);
        if (!s->ended && expression && only_directives(s, s->at)) {
            item->kind = ITEM_EXPRESSION;
            s->ended = true;
        }
    }
}

/* Macros that are defined or undefined inside an item. */
static void inner_directives(splitter *s, const item *item)
{
    if (item->kind == ITEM_DIRECTIVE)
        return;
    for (size_t i = item->first; i < item->end; i++)
        if (item->tokens.list[i].kind == TOKEN_DIRECTIVE)
            macro_directive(s->names, &item->tokens.list[i]);
}

/* Whether the cell uses a macro that opens or closes brackets, one of its own or of an earlier
   cell. */
static bool uses_bracket_macros(const splitter *s)
{
    names own = {.pool = s->pool, .below = s->names};
    for (size_t i = 0; i < s->tokens.count; i++) {
        const token *t = &s->tokens.list[i];
        if (t->kind == TOKEN_DIRECTIVE)
            macro_directive(&own, t);
        const name *macro = t->kind == TOKEN_NAME ? names_find_token(&own, SPACE_MACRO, t) : NULL;
        if (macro && name_is_users(macro) && macro_is_uneven(s->pool, macro))
            return true;
    }
    return false;
}

/* Put the expansion in place of all that stands here, up to the next directive. */
static void expand_rest(splitter *s)
{
    if (s->tokens.count - s->at > s->unread)
        return;
    size_t end = s->at;
    while (end < s->tokens.count && s->tokens.list[end].kind != TOKEN_DIRECTIVE)
        end++;
    s->unread = s->tokens.count - end;
    if (end > s->at)
        expand_to(s, end);
}

/* Closers without opener, openers without closer. */
static void check_brackets(splitter *s, const tokens *cell)
{
    char *stack = pool_alloc(s->pool, cell->count + 1);
    const token **where = pool_alloc(s->pool, (cell->count + 1) * sizeof *where);
    size_t depth = 0;
    for (size_t i = 0; i < cell->count; i++) {
        const token *t = &cell->list[i];
        if (t->kind != TOKEN_PUNCTUATOR || t->length != 1)
            continue;
        const char *open = strchr("([{", *t->text), *close = strchr(")]}", *t->text);
        if (open) {
            where[depth] = t;
            stack[depth++] = ")]}"[open - "([{"];
        } else if (close && depth > 0 && stack[depth - 1] == *t->text) {
            depth--;
        } else if (close) {
            set_problem(s, SPLIT_INVALID,
                        pool_format(s->pool, depth ? "'%c' does not match the '%c' before it"
                                                   : "'%c' without its opening bracket",
                                    *t->text, depth ? *where[depth - 1]->text : 0),
                        t);
            return;
        }
    }
    s->out.open_braces = depth;
    if (depth > 0)
        set_problem(s, SPLIT_INCOMPLETE,
                    pool_format(s->pool, "'%c' is never closed", *where[depth - 1]->text),
                    where[depth - 1]);
}

/* What web pages and text programs put in place of C's characters: quotes, dashes, blanks. Such a
   character would make a name, or be part of one. */
static void check_characters(splitter *s, const tokens *cell)
{
    static const struct {
        const char *bytes, *code, *ours;
    } strays[] = {
        {"\u201c", "U+201C", "\""}, {"\u201d", "U+201D", "\""}, {"\u201e", "U+201E", "\""},
        {"\u2018", "U+2018", "'"},  {"\u2019", "U+2019", "'"},  {"\u2010", "U+2010", "-"},
        {"\u2011", "U+2011", "-"},  {"\u2013", "U+2013", "-"},  {"\u2014", "U+2014", "-"},
        {"\u2212", "U+2212", "-"},  {"\u00d7", "U+00D7", "*"},  {"\u00a0", "U+00A0", "a blank"},
        {"\u200b", "U+200B", "nothing"}, {"\u2026", "U+2026", "..."}, {"\u2264", "U+2264", "<="},
        {"\u2265", "U+2265", ">="}, {"\u2260", "U+2260", "!="},
    };
    for (size_t i = 0; i < cell->count; i++) {
        token t = cell->list[i];
        if (t.kind != TOKEN_NAME)
            continue;
        for (size_t k = 0; k < sizeof strays / sizeof *strays; k++) {
            size_t length = strlen(strays[k].bytes);
            const char *at = memmem(t.text, t.length, strays[k].bytes, length);
            if (!at)
                continue;
            token *there = pool_alloc(s->pool, sizeof *there);
            *there = t;
            there->text = at;
            there->length = 1; /* as wide as it is shown */
            set_problem(s, SPLIT_INVALID,
                        pool_format(s->pool, "the character %s is not C's; write %s in its place",
                                    strays[k].code, strays[k].ours), there);
        }
    }
}

/* Where an item lies in the cell: its first and last token that were written there. */
static void locate(splitter *s, const tokens *cell, size_t *next, item *item)
{
    size_t rest = s->tokens.count - s->at; /* tokens after it, all the cell's own ... */
    size_t first = *next;
    size_t end = cell->count > rest ? cell->count - rest : first;
    if (end < first || here(s)->expanded)
        end = first; /* ... unless it ends within an expansion */
    const token *begin = &cell->list[first];
    item->offset = (size_t)(begin->text - s->text);
    item->offset_end = item->offset;
    if (end > first)
        item->offset_end = (size_t)(cell->list[end - 1].text + cell->list[end - 1].length - s->text);
    *next = end;
}

/* Give the item tokens of its own: those from its first to here. */
static void take(splitter *s, item *item)
{
    size_t count = s->at - item->first;
    tokens own = {.list = pool_alloc(s->pool, (count + 2) * sizeof *own.list), .count = count,
                  .problem = ""};
    memcpy(own.list, &s->tokens.list[item->first], count * sizeof *own.list);
    own.list[count] = own.list[count + 1] =
        (token){.kind = TOKEN_END, .text = "", .line = here(s)->line, .line_start = true};
    for (size_t i = 0; i < count; i++)
        item->expanded |= own.list[i].expanded;
    if (item->declaration)
        declaration_move(item->declaration, item->first);
    item->tokens = own;
    item->first = 0;
    item->end = count;
}

items split(pool *pool, names *names, const char *text, size_t size, const char *place)
{
    splitter s = {.pool = pool, .names = names, .place = place, .text = text,
                  .out = {.problem = ""}};
    const tokens cell = scan(pool, text, size, true);
    s.tokens = cell;
    s.tokens.list = pool_alloc(pool, (cell.count + 1) * sizeof *cell.list);
    memcpy(s.tokens.list, cell.list, (cell.count + 1) * sizeof *cell.list);
    s.unread = cell.count;
    if (*cell.problem) {
        const token *at = &cell.list[cell.count]; /* the end, unless a quote is open */
        for (size_t i = 0; i < cell.count; i++)
            if (cell.list[i].line == cell.problem_line &&
                (cell.list[i].kind == TOKEN_STRING || cell.list[i].kind == TOKEN_CHARACTER))
                at = &cell.list[i];
        set_problem(&s, strstr(cell.problem, "comment") ? SPLIT_INCOMPLETE : SPLIT_INVALID,
                    cell.problem, at);
        s.out.problem_line = cell.problem_line;
    }
    check_characters(&s, &cell);
    macro_allow(pool, MACRO_SPLIT_WORK);
    s.expand_all = uses_bracket_macros(&s);
    if (!s.expand_all)
        check_brackets(&s, &cell);
    size_t next = 0;
    while (here(&s)->kind != TOKEN_END && s.out.status != SPLIT_INVALID) {
        if (token_is(here(&s), ";")) { /* an empty statement */
            bool own = !here(&s)->expanded;
            s.at++;
            next += own;
            continue;
        }
        const token start = *here(&s);
        item item = {.line = start.line};
        if (s.expand_all)
            expand_rest(&s);
        else
            expand_here(&s);
        if (here(&s)->kind == TOKEN_END)
            break;
        item.first = s.at;
        classify(&s, &item);
        s.at += s.at == item.first; /* cannot happen; never loop */
        locate(&s, &cell, &next, &item);
        take(&s, &item);
        inner_directives(&s, &item);
        if (!s.ended) {
            token *begin = pool_alloc(pool, sizeof *begin);
            *begin = start;
            set_problem(&s, SPLIT_INCOMPLETE,
                        item.kind == ITEM_DECLARATION ? "';' expected at the end of the declaration"
                                                      : "the statement is not complete",
                        begin);
        }
        *POOL_PUSH(pool, s.out.list, s.out.count, s.capacity) = item;
    }
    s.out.steps = MACRO_SPLIT_WORK - macro_left(pool);
    macro_allow(pool, MACRO_WORK);
    return s.out;
}
