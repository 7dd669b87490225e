#define LIMIT_TEXT BUFSIZ
#define HOLDER struct tm
HOLDER when = {.tm_year = 100}; when.tm_year + (LIMIT_TEXT > 0)
// ---
typedef struct inner { int64_t a; } inner; typedef inner middle; typedef middle outer[2];
// ---
outer pair = {{1}, {2}}; pair[1].a
// ---
enum shade { DARK = 1, LIGHT = DARK + 1 };
// ---
int weights[LIGHT] = {3, 4}; weights[LIGHT - 1]
// ---
struct tree { struct tree *left; struct leaf *leaf; }; struct leaf { enum shade shade; };
// ---
struct leaf one = {LIGHT}; struct tree root = {0, &one}; *root.leaf
// ---
#define TYPE_OF_FILE FILE
#define OPEN_FILES(T) T *
OPEN_FILES(TYPE_OF_FILE) log_file = stderr; log_file == stderr
// ---
#define JOIN(a, b) a ## b
#define GLUE(a, b) JOIN(a, b)
GLUE(str, len)("four")
// ---
int GLUE(num, ber) = GLUE(INT, _MAX) - INT_MAX + 7; number
// ---
#define TEXT(a) #a
#define SPELL(a) TEXT(a)
printf("%s", SPELL(GLUE(BUF, SIZ)));
// ---
#ifdef EXIT_FAILURE
int has = 1;
#else
int has = 0;
#endif
#if defined(SEEK_SET) && !defined(NO_SUCH_NAME) && SEEK_SET == 0
has += 10;
#endif
has
// ---
#define EOF 77
EOF
// ---
EOF + getpid_is_not_called_here
// ---
#undef EOF
int EOF = 5; EOF
// ---
#define TWICE(a) ((a) + (a))
int f(void) { return TWICE(4); }
#undef TWICE
int TWICE(int a) { return a; }
f() + TWICE(1)
// ---
int div = 6; double y1 = div / 4.0; y1
// ---
double log(double a) { return a + 1; } log(1.0) + exp(0.0)
// ---
int64_t big = INT64_C(5000000000); printf("%" PRId64, big);
// ---
va_list unused; int sum(int n, ...) { va_list l; int s = 0; va_start(l, n); while (n--) s += va_arg(l, int); va_end(l); return s; } sum(3, 1, 2, 3)
// ---
int by_length(const void *a, const void *b) { return (int)strlen(*(char **)a) - (int)strlen(*(char **)b); }
char *words[] = {"three", "a", "of"}; qsort(words, 3, sizeof *words, by_length); words[0]
// ---
offsetof(struct tm, tm_year) > 0 && isdigit('7') && !isnan(1.0)
// ---
tensor_t t = tensor_zeros(2, 3); (int)t.shape[1]
// ---
struct tm2 { time_t at; clock_t c; size_t n; bool b; wchar_t w; uint8_t u; }; sizeof(struct tm2) >= 24
// ---
printf("%s %s", TEXT(BUFSIZ), SPELL(BUFSIZ));
// ---
errno = 0; strtol("99999999999999999999", NULL, 10); errno == ERANGE
