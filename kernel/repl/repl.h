/*
 * The terminal front end: `xtinycc repl`, `xtinycc run FILE.c`.
 */
#ifndef XTINYCC_REPL_H
#define XTINYCC_REPL_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Run one of the terminal's commands.
 *
 * argv[0] is "repl", "run" or "export"; "run" takes FILE.c, cells separated by lines "// ---", and prints
 * what they print. Call it first thing in main: it starts the session's processes.
 *
 * Returns the exit status: 0; 1 if a cell failed; 2 for a wrong command line or no session.
 */
int repl_main(int argc, char **argv);

/* `export`: write NOTEBOOK as a C program to FILE, or to stdout if it is NULL. Returns the exit
   status; one line on stderr says what is wrong. */
int export_notebook(const char *notebook, const char *file);

/* `doctor`: print what was found here, a line each, marked ok, note or BAD. Returns the exit status:
   0, or 1 if cells cannot run. */
int doctor(void);

#ifdef __cplusplus
}
#endif
#endif
