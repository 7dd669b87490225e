short three[3] = {1, -2, 3}; three
// ---
double big[100]; big[99] = 2.5; big
// ---
int m[2][3] = {{1, 2, 3}, {4, 5, 6}}; m
// ---
m[1]
// ---
float weights[2][2][2] = {{{1, 2}, {3, 4}}}; weights
// ---
uint8_t bytes[4] = {1, 2, 255}; bytes
// ---
int twenty[20]; twenty
// ---
double made[] = {[1] = 1.5, [2] = 0}; made
// ---
void (*handlers[2])(int) = {0}; handlers
