struct t { int index, time; double log; } a = {1, 2, 3}; a
// ---
double log2of(double index) { double time = index; return log(time) / log(2); } log2of(8)
// ---
a.index + a.time
