int x = 1;
// ---
memset(&x, 7, 1<<20);
// ---
x
// ---
int list[4];
int forever(const void *a, const void *b) { for (;;); }
// ---
x = 8; qsort(list, 4, sizeof list[0], forever); x = 9;
// ---
x
// ---
double log2of(double v) { return log(v) / log(2); }
// ---
double log = 2;
// ---
double random = 3, clock = 4, model = 5, time = 6, remove = 7;
// ---
log2of(8) + log + random + clock + model + time + remove
// ---
int getline(void) { return 7; } getline()
// ---
int slice(int a) { return a + 1; } slice(2)
// ---
tensor_t xs = tensor_zeros(8, 4), ys = tensor_zeros(8);
model_t *net = Sequential("net", Input(4), Dense(2, .activation = "softmax"));
model_compile(net, .loss = "sparse_categorical_crossentropy");
model_fit(net, xs, ys, .verbose = NN_SILENT)->epochs
// ---
model_t *m = Sequential("m", Input(4), Dense(2));
// ---
model_t *old = m;
// ---
model_t *m = Sequential("m", Input(4), Dense(2));
// ---
m != old && model_predict(old, xs).shape[1] == 2
// ---
int sq(int n) { return n*n; }
// ---
sq??
// ---
?sqrt
