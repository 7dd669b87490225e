printf("hi")
// ---
puts("hi")
// ---
void nothing(void) {} nothing()
