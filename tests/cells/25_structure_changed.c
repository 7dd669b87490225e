struct r{int a;}; struct r r1={4};
// ---
struct r{double b;};
// ---
r1
// ---
struct r r2 = {1.5}; r2
// ---
r1.a
// ---
struct r{double b;};
// ---
r2.b
// ---
typedef int number; number n = 3;
// ---
typedef double number; number d = 0.5; d + n
// ---
enum e {A, B}; enum e x = B;
// ---
enum e {B, A}; A
// ---
x
