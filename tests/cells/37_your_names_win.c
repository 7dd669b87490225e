int index = 3;
// ---
index
// ---
index + 1
// ---
int index = 4;
// ---
index
// ---
%rm index
// ---
index("abc",'b')
// ---
%rm index
// ---
struct r {int a;} r; typedef int T; T t = 3;
#define N 5
// ---
%rm r T N
// ---
N
// ---
t
// ---
struct r {double b;} r = {.5}; r
// ---
int slice(int a) { return a + 1; } slice(2)
// ---
%rm slice
// ---
tensor_t x = slice(tensor_zeros(4, 2), 1, 3); (int)x.shape[0]
