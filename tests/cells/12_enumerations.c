enum color {RED, GREEN}; enum color c = GREEN; c
// ---
RED
// ---
enum {FIRST = 10, SECOND} e = SECOND; e
// ---
(enum color)7
