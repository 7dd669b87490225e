"quotes \" and \\ and \n"
// ---
const char *s = "abc"; s
// ---
char word[8] = "hi"; word
// ---
char raw[3] = {'a', 'b', 'c'}; raw
// ---
(char *)0
// ---
(char *)16
// ---
char *names[] = {"Ada", NULL, "Bob"}; names
// ---
"\001\377"
// ---
"äöü €"
// ---
char lines[2][6] = {"one", "two"}; lines
// ---
char longer[2000]; memset(longer, 'x', 1999); strlen(longer)
// ---
wchar_t wide[] = L"ab"; wide
// ---
L"ab"[1] + L'a'
// ---
int L = 3; L + 1
