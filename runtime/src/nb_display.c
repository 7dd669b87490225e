#include "nb/display.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "error.h"
#include "nb_show.h"
#include "nb_text.h"

static const nb_part *find_part(const nb_bundle *bundle, const char *mime)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->parts[i].mime, mime) == 0)
            return &bundle->parts[i];
    return NULL;
}

void nb__print(const char *text)
{
    const nb_host *host = nb_host_get();
    if (host->print) {
        host->print(host->self, text, strlen(text));
        return;
    }
    fputs(text, stdout);
    fflush(stdout);
}

int nb__silent(void)
{
    const nb_host *host = nb_host_get();
    return host->silent && host->silent(host->self);
}

/* What a program without a notebook shows: the text form, on a line of its own. */
static void print_plain(const nb_part *plain)
{
    fwrite(plain->data, 1, plain->size, stdout);
    if (plain->size == 0 || ((const char *)plain->data)[plain->size - 1] != '\n')
        putchar('\n');
    fflush(stdout);
}

nn_status nb_display_id(const nb_bundle *bundle, unsigned id, int update)
{
    const nb_part *plain = find_part(bundle, "text/plain");
    if (!plain)
        return nn__fail(NN_VALUE_ERROR, "display: the bundle has no text/plain form; consoles and "
                                        "screen readers see only that one: add it");
    if (find_part(bundle, "image/svg+xml") && !find_part(bundle, "application/pdf"))
        return nn__fail(NN_VALUE_ERROR, "display: the bundle has image/svg+xml without "
                                        "application/pdf; add the PDF, or send image/png");
    if (nb__silent())
        return NN_OK;
    const nb_host *host = nb_host_get();
    if (host->display)
        host->display(host->self, bundle, id, update);
    else if (!update)
        print_plain(plain);
    return NN_OK;
}

nn_status nb_display(const nb_bundle *bundle)
{
    return nb_display_id(bundle, 0, 0);
}

unsigned nb_display_new_id(void)
{
    static atomic_uint last;
    unsigned id;
    do
        id = atomic_fetch_add(&last, 1) + 1;
    while (id == 0);
    return id;
}

nn_status nb__show_forms(const char *html, const char *latex, const char *plain, unsigned id,
                         int update)
{
    nb_part parts[3];
    size_t count = 0;
    if (html)
        parts[count++] = (nb_part){.mime = "text/html", .data = html, .size = strlen(html)};
    if (latex)
        parts[count++] = (nb_part){.mime = "text/latex", .data = latex, .size = strlen(latex)};
    parts[count++] = (nb_part){.mime = "text/plain", .data = plain, .size = strlen(plain)};
    return nb_display_id(&(nb_bundle){parts, count}, id, update);
}

nn_status nb_display_text(const char *text)
{
    return nb__show_forms(NULL, NULL, text ? text : "NULL", 0, 0);
}

void nb_clear_output(int wait)
{
    const nb_host *host = nb_host_get();
    if (host->clear_output && !nb__silent())
        host->clear_output(host->self, wait);
}

/* An SVG as an HTML image: it shows in untrusted notebooks, and LaTeX conversion takes the text. */
static nn_status show_svg(const void *data, size_t size, const char *text, const nb_mime_opts *opts)
{
    nb__text html = {0};
    nb__put(&html, "<img alt=\"");
    nb__put_html(&html, text);
    nb__put(&html, "\"");
    if (opts->width > 0)
        nb__putf(&html, " width=\"%d\"", opts->width);
    if (opts->height > 0)
        nb__putf(&html, " height=\"%d\"", opts->height);
    nb__put(&html, " src=\"data:image/svg+xml;base64,");
    nb__put_base64(&html, data, size);
    nb__put(&html, "\">");
    nn_status status = html.failed
                           ? nn__fail(NN_MEMORY_ERROR, "display_mime: no memory for %zu bytes", size)
                           : nb__show_forms(nb__text_string(&html), NULL, text, 0, 0);
    nb__text_free(&html);
    return status;
}

nn_status nb_display_mime(const char *type, const void *data, size_t size, const nb_mime_opts *opts)
{
    nb_mime_opts none = {0};
    if (!opts)
        opts = &none;
    if (!type || !strchr(type, '/') || strpbrk(type, " \t\r\n"))
        return nn__fail(NN_VALUE_ERROR,
                        "display_mime: \"%s\" is not a MIME type such as \"image/png\"",
                        type ? type : "NULL");
    if (!data && size)
        return nn__fail(NN_VALUE_ERROR, "display_mime: data is NULL, but size is %zu", size);
    if (strcmp(type, "text/plain") == 0) {
        nb_part part = {.mime = "text/plain", .data = data, .size = size};
        return nb_display(&(nb_bundle){&part, 1});
    }
    char count[NB__NUMBER];
    nb__text text = {0};
    if (opts->text) {
        nb__put(&text, opts->text);
    } else {
        nb__put_ascii(&text, type);
        nb__putf(&text, ", %s bytes", nb__count_text(count, (int64_t)size));
    }
    const char *plain = nb__text_string(&text);
    nn_status status;
    if (text.failed) {
        status = nn__fail(NN_MEMORY_ERROR, "display_mime: no memory");
    } else if (strcmp(type, "image/svg+xml") == 0) {
        status = show_svg(data, size, plain, opts);
    } else {
        nb_part parts[2] = {{.mime = type, .data = data, .size = size, .width = opts->width,
                             .height = opts->height},
                            {.mime = "text/plain", .data = plain, .size = strlen(plain)}};
        status = nb_display(&(nb_bundle){parts, 2});
    }
    nb__text_free(&text);
    return status;
}
