double y1 = 2;
// ---
y1
// ---
double y0 = 2;
// ---
y0
// ---
double gamma = 2;
// ---
gamma
// ---
double time = 2;
// ---
time
// ---
double log = 2;
// ---
log
// ---
double remove = 2;
// ---
remove
// ---
double clock = 2;
// ---
clock
// ---
double random = 2;
// ---
random
// ---
double div = 2;
// ---
div
// ---
double getline = 2;
// ---
getline
// ---
double qsort = 2;
// ---
qsort
// ---
double model = 2;
// ---
model
// ---
double slice = 2;
// ---
slice
