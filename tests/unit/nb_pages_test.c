/* Documents: what libnn writes is what nb-draw reads; pages, breaks, and what is too long. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "document_draw.h"
#include "document_read.h"
#include "nb/table.h"
#include "nb_document.h"

/* Write WORDS words, ten of them a sentence. */
static char *prose(int words)
{
    nb__text t = {0};
    for (int i = 0; i < words; i++)
        nb__put(&t, i % 10 == 9 ? "conclusion. " : "measured ");
    return nb__text_take(&t);
}

static void begin(nb__document *d, int most_pages)
{
    nb__document_begin(d, "A title", "Ada <Lovelace>", "2026-11-26T00:00:00Z", 595.276, 841.89,
                       most_pages);
}

static nb_table *small_table(void)
{
    nb_table *t = nb_table_new("ignored");
    nb_table_column(t, "Device", NB_LEFT);
    nb_table_column(t, "Latency", NB_RIGHT);
    nb_table_cell(t, "CPU & <b>");
    nb_table_cell(t, "3.90 us");
    nb_table_emphasize(t);
    nb_table_cell(t, "GPU");
    nb_table_cell(t, "not measured");
    nb_table_note(t, "0.98 +- 0.01, 5x5");
    return t;
}

/* Pages of a document whose discussion has so many words. WHY receives the reason of 0. */
static int pages_of(int words, int most_pages, char *why, size_t size)
{
    nb__document d;
    char *text = prose(words);
    begin(&d, most_pages);
    nb__document_section(&d, "Steps", NULL);
    nb__document_item(&d, "Setup", "what was done");
    nb__document_section(&d, "Discussion", ".discussion");
    nb__document_text(&d, text);
    nb__document_section(&d, "Notes", ".notes");
    nb__document_text(&d, "a few words");
    nb__document_end(&d);
    assert_int_equal(d.status, NN_OK);
    const char *reason = NULL;
    document *read = document_read(d.job.data, d.job.size, &reason);
    assert_non_null(read);
    canvas *page = canvas_new(CANVAS_PDF, read->width, read->height, 0);
    int pages = document_draw(page, read, why, size);
    canvas_free(page);
    document_free(read);
    nb__document_free(&d);
    free(text);
    return pages;
}

static void a_document_survives_the_way_to_the_helper(void **state)
{
    (void)state;
    nb__document d;
    begin(&d, 2);
    nb__document_subtitle(&d, "Ada");
    nb__document_foot(&d, "foot");
    nb__document_section(&d, "Results", ".notes");
    nb__document_item(&d, "Setup", "tabs\tand\nlines");
    nb_table *t = small_table();
    nb__document_table(&d, t);
    nb_table_free(t);
    nb__document_text(&d, "\n one\ntwo \n\n\n three \n");
    nb__document_end(&d);
    const char *reason = NULL;
    document *read = document_read(d.job.data, d.job.size, &reason);
    assert_null(reason);
    assert_non_null(read);
    static const block_kind kinds[] = {BLOCK_TITLE, BLOCK_SUBTITLE, BLOCK_SECTION, BLOCK_ITEM,
                                       BLOCK_TABLE, BLOCK_NOTE, BLOCK_TEXT, BLOCK_TEXT};
    assert_int_equal(read->count, 8);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(read->blocks[i].kind, kinds[i]);
    assert_string_equal(read->author, "Ada <Lovelace>");
    assert_string_equal(read->blocks[2].source, ".notes");
    assert_string_equal(read->blocks[3].text, "Setup\ttabs and lines");
    const document_table *table = read->blocks[4].table;
    assert_int_equal(table->columns, 2);
    assert_int_equal(table->cells, 4);
    assert_string_equal(table->cell[1], "3.90 \xC2\xB5s");
    assert_true(table->right[1] && !table->right[0] && table->strong[0] && !table->strong[1]);
    assert_string_equal(read->blocks[5].text, "0.98 \xC2\xB1 0.01, 5\xC3\x97" "5");
    assert_string_equal(read->blocks[6].text, "one two");
    assert_string_equal(read->blocks[7].text, "three");
    document_free(read);
    for (size_t size = 0; size < d.job.size; size++) /* cut anywhere: refused, or shorter */
        document_free(document_read(d.job.data, size, &reason));
    assert_null(document_read(d.job.data, d.job.size - 1, &reason));
    nb__document_free(&d);
}

static void html_is_escaped_and_whole(void **state)
{
    (void)state;
    nb__document d;
    begin(&d, 2);
    nb_table *t = small_table();
    nb__document_table(&d, t);
    nb_table_free(t);
    nb__document_text(&d, "<script>alert(1)</script>");
    nb__document_end(&d);
    const char *html = nb__text_string(&d.html);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "<b>"));
    assert_non_null(strstr(html, "Ada &lt;Lovelace&gt;"));
    assert_non_null(strstr(html, "CPU &amp; &lt;b&gt;"));
    assert_non_null(strstr(html, "</html>"));
    nb__document_free(&d);
}

static void more_words_take_more_pages(void **state)
{
    (void)state;
    char why[400] = "";
    assert_int_equal(pages_of(100, 2, why, sizeof why), 1);
    assert_int_equal(pages_of(900, 2, why, sizeof why), 2);
    assert_string_equal(why, "");
    assert_int_equal(pages_of(900, 1, why, sizeof why), 0);
}

/* The message names the section and its option, and whoever follows it gets a document. */
static void what_is_too_long_is_named(void **state)
{
    (void)state;
    for (int words = 2000; words <= 4000; words += 500) {
        char why[400] = "", *number;
        assert_int_equal(pages_of(words, 2, why, sizeof why), 0);
        assert_non_null(strstr(why, "at most 2 are allowed"));
        assert_non_null(strstr(why, ".discussion (section \"Discussion\""));
        number = strstr(why, "cut about ");
        assert_non_null(number);
        int cut = atoi(number + strlen("cut about "));
        assert_in_range(cut, 1, words);
        if (pages_of(words - cut, 2, why, sizeof why) == 0)
            fail_msg("of %d words %d were cut, and it is too long still", words, cut);
    }
}

static void strange_tables_do_no_harm(void **state)
{
    (void)state;
    nb__document d;
    begin(&d, 2);
    nb_table *t = nb_table_new(NULL);
    for (int c = 0; c < 16; c++)
        nb_table_column(t, "Heading-that-is-far-too-wide-for-a-column", NB_RIGHT);
    for (int c = 0; c < 48; c++)
        nb_table_cell(t, "%s", c % 3 ? "1234567890123456789012345" : "");
    nb__document_table(&d, t);
    nb_table_free(t);
    nb__document_text(&d, "\xFF\xFE not UTF-8 \x01");
    nb__document_end(&d);
    const char *reason = NULL;
    char why[400];
    document *read = document_read(d.job.data, d.job.size, &reason);
    assert_non_null(read);
    canvas *page = canvas_new(CANVAS_PDF, read->width, read->height, 0);
    assert_in_range(document_draw(page, read, why, sizeof why), 1, 2);
    canvas_free(page);
    document_free(read);
    nb__document_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_survives_the_way_to_the_helper),
        cmocka_unit_test(html_is_escaped_and_whole),
        cmocka_unit_test(more_words_take_more_pages),
        cmocka_unit_test(what_is_too_long_is_named),
        cmocka_unit_test(strange_tables_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
