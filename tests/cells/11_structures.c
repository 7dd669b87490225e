struct p {int x; double y;} q = {.y = 2.5}; q
// ---
struct p *r = &q; r->x = 4; q.x
// ---
struct { int a, b; } u = {1, 2}; u.a + u.b
// ---
u
// ---
union { int i; float f; } w; w.f = 1; w.i
// ---
struct list { int n; int items[]; } l = {2, {7, 8}}; l.items[1]
