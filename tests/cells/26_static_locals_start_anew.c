int c(void){static int n; return ++n;}
// ---
c();c()
// ---
int c(void){static int n; return ++n;}
// ---
c()
// ---
static int hidden = 3; static int get(void) { return hidden; }
// ---
get()
