char s[] = "abc"; sizeof s
// ---
s[1]='X'; s
// ---
sizeof s
// ---
const char *t = "two\n" "lines"; t
// ---
"/* no comment */ // none"
