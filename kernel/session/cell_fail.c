/* What a cell that does not compile answers. */
#include "cell_internal.h"

void cell_fail(compilation *c, const char *ename, diagnosis diagnosis)
{
    c->answer->ename = ename;
    c->answer->evalue = diagnosis.evalue;
    c->answer->traceback =
        pool_format(c->pool, "\033[31m%s\033[0m\n%s", ename, diagnosis.traceback);
}

void cell_fail_plain(compilation *c, const char *text, int line, int column, int width)
{
    cell_fail(c, "CompileError",
              diagnose_plain(c->pool, text, c->request->text, c->request->size, c->request->number,
                             line, column, width));
}

void cell_fail_compiler(compilation *c, const char *messages, int signal)
{
    compiler_messages list = diagnose_read(c->pool, messages);
    const compiler_message *error = diagnose_error(&list);
    if (error)
        cell_fail(c, "CompileError",
                  diagnose(c->pool, error, c->request->text, c->request->size, c->request->number,
                           &c->names));
    else
        cell_fail_plain(
            c,
            signal ? pool_format(c->pool, "the compiler crashed on this cell (signal %d)", signal)
                   : "the compiler refuses this cell without saying why",
            1, 1, 1);
}

bool cell_fail_refusal(compilation *c, const unit *unit)
{
    if (!unit->refusal)
        return false;
    cell_fail_plain(c, unit->refusal, unit->refusal_line, 0, 1);
    if (unit->refusal_is_value)
        c->answer->ename = "ValueError";
    return true;
}

int cell_column(const compilation *c, const token *t)
{
    if (!t || t->text < c->text || t->text >= c->text + c->size)
        return 0;
    int column = 1;
    for (const char *start = t->text; start > c->text && start[-1] != '\n'; start--)
        column += ((unsigned char)start[-1] & 0xC0) != 0x80;
    return column;
}
