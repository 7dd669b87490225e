#include "unit_internal.h"

#include "declare.h"

#include <string.h>

bool unit_has_changed(const writer *w, const char *name)
{
    for (size_t i = 0; i < w->plan->changed_count; i++)
        if (strcmp(w->plan->changed[i].name, name) == 0)
            return true;
    return false;
}

/* The name that the entry declares, for people: "g (In[3])". */
static const char *entry_title(const writer *w, const entry *e)
{
    names names = {.pool = w->pool, .below = w->plan->past_names};
    tokens tokens = scan(w->pool, e->text, strlen(e->text), false);
    declaration d;
    declaration_read(w->pool, &names, &tokens, 0, &d);
    if (d.count == 0 || d.list[0].name == DECLARE_NONE)
        return NULL;
    const token *t = &tokens.list[d.list[0].name];
    return pool_format(w->pool, "%.*s (In[%d])", (int)t->length, t->text, e->cell);
}

static bool source_mentions(const writer *w, const entry *e, const char *name)
{
    if (!strstr(e->source, name))
        return false;
    tokens tokens = scan(w->pool, e->source, strlen(e->source), false);
    for (size_t i = 0; i < tokens.count; i++)
        if (tokens.list[i].kind == TOKEN_NAME && token_is(&tokens.list[i], name) &&
            !(i && (token_is(&tokens.list[i - 1], ".") || token_is(&tokens.list[i - 1], "->"))))
            return true;
    return false;
}

/* The older objects and functions that were made with the old meaning of a name. */
static const char *list_users(const writer *w, size_t item, const char *name, const char *hidden,
                              size_t *count)
{
    text out = {.pool = w->pool};
    *count = 0;
    for (size_t i = 0; i < w->plan->before->count; i++) {
        const entry *e = &w->plan->before->list[i];
        bool later = e->cell >= w->plan->before->list[item].made; /* else it has an older one */
        bool uses = later && e->kind == ENTRY_FUNCTION && source_mentions(w, e, name);
        uses |= (e->kind == ENTRY_FUNCTION || e->kind == ENTRY_OBJECT) &&
                past_mentions(&w->out->past, i, hidden);
        if (i == item || !uses)
            continue;
        const char *title = entry_title(w, e);
        if (!title)
            continue;
        text_format(&out, "%s%s", *count ? ", " : "", title);
        ++*count;
    }
    return text_string(&out);
}

static const char *without_end(pool *pool, const char *declaration)
{
    size_t length = strlen(declaration);
    while (length && (declaration[length - 1] == ';' || declaration[length - 1] == ' '))
        length--;
    const char *start = declaration;
    if (strncmp(start, "extern ", 7) == 0) {
        start += 7;
        length -= 7;
    }
    return pool_copy(pool, start, length);
}

/* `typedef struct node {...} node;` changes two names that people take for one. */
static bool has_note(const writer *w, const char *beginning, const char *users)
{
    for (size_t i = 0; i < w->out->note_count; i++)
        if (strncmp(w->out->notes[i], beginning, strlen(beginning)) == 0 &&
            strstr(w->out->notes[i], users))
            return true;
    return false;
}

static void tell_change(writer *w, size_t item, const name *old, const char *name,
                        const char *hidden)
{
    const entry *e = &w->plan->before->list[item];
    size_t count;
    const char *users = list_users(w, item, name, hidden, &count);
    const char *was = without_end(w->pool, e->text), *verb;
    switch (old->kind) {
    case NAME_FUNCTION:
    case NAME_OBJECT:
        verb = old->kind == NAME_FUNCTION ? "call" : "use";
        if (count)
            unit_note(w, "%s has another type now; %s still %s%s the old one, %s", name, users, verb,
                      count == 1 ? "s" : "", was);
        else
            unit_note(w, "%s has another type now; it was %s", name, was);
        break;
    case NAME_TAG:
    case NAME_TYPE:
        if (count && !has_note(w, pool_format(w->pool, "%s has changed;", name), users))
            unit_note(w, "%s has changed; %s still %s the old one", name, users,
                      count == 1 ? "has" : "have");
        break;
    default:
        break;
    }
}

/* The user's name hides the library's from here on. */
static void take_from_headers(writer *w, name_space space, const name *header, const char *name)
{
    past_take(&w->out->past, space, name);
    bool macro = space == SPACE_MACRO;
    if (header->kind == NAME_TYPE || header->kind == NAME_TAG || header->kind == NAME_CONSTANT)
        unit_note(w, "%s is now yours; %s's %s is out of reach until %%rm %s", name, header->place,
                  name, name);
    else
        unit_note(w, "%s is now yours; %s's %s%s is out of reach until %%rm %s", name,
                  *header->place ? header->place : "the library", name,
                  macro || header->kind == NAME_FUNCTION ? "()" : "", name);
}

/* A macro of a header that a cell has included gives way to what the user declares under its name. */
static void claim_macro(writer *w, const char *name)
{
    const past_macro *macro = past_find_macro(&w->out->past, name);
    token t = {.kind = TOKEN_NAME, .text = name, .length = strlen(name)};
    if (!macro || !macro->header || !*macro->text || is_macro(w->names, &t))
        return;
    past_set_macro(&w->out->past, name, "", w->plan->number, 0);
    text_format(&w->top, "\n#undef %s\n", name);
    text_format(&w->body, "\n#undef %s\n", name);
}

lang_bind unit_claim(writer *w, name_space space, name_kind kind, const token *t)
{
    const char *name = pool_copy(w->pool, t->text, t->length);
    const struct name *old = names_find(w->plan->past_names, space, name, t->length);
    lang_bind bind = LANG_BIND_NEW;
    bool told = false;
    if (old && old->item >= 0) {
        size_t item = (size_t)old->item;
        bool function = kind == NAME_FUNCTION && old->kind == NAME_FUNCTION;
        bool object = kind == NAME_OBJECT && old->kind == NAME_OBJECT;
        bool own = w->plan->before->list[item].kind != ENTRY_INCLUDE;
        if ((function || object) && own && !unit_has_changed(w, name)) {
            bind = function ? LANG_BIND_PATCH : LANG_BIND_SAME;
        } else if (w->out->past.list[item].kind != ENTRY_DROPPED) {
            const char *hidden = past_rename(&w->out->past, item, space, old->kind, name);
            if (own)
                tell_change(w, item, old, name, hidden);
        }
    } else if (old && !past_has_taken(&w->out->past, space, name)) {
        take_from_headers(w, space, old, name);
        told = true;
    }
    if (space == SPACE_ORDINARY)
        claim_macro(w, name);
    const struct name *macro =
        space == SPACE_ORDINARY
            ? names_find(&headers_default()->names, SPACE_MACRO, name, t->length)
            : NULL;
    if (macro && names_find(w->plan->past_names, SPACE_MACRO, name, t->length) == macro &&
        !past_has_taken(&w->out->past, SPACE_MACRO, name)) {
        if (!told)
            take_from_headers(w, SPACE_MACRO, macro, name);
        past_take(&w->out->past, SPACE_MACRO, name);
        names_set(w->names, SPACE_MACRO, name, t->length, NAME_UNKNOWN);
    }
    return bind;
}
