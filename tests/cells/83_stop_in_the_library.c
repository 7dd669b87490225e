model_t *m = Sequential("net", Input(2, 2, 1), Flatten(), Dense(4, .activation = "tanh"),
                        Dense(2, .activation = "softmax"));
model_compile(m, .optimizer = SGD(), .loss = "sparse_categorical_crossentropy");
tensor_t x = tensor_zeros(500, 2, 2, 1);
tensor_t y = tensor_zeros(500);
int before = 1, after = 0;
// ---
history_t *h = model_fit(m, x, y, .epochs = 100000, .verbose = NN_SILENT);
after = 1;
// ---
h != NULL && h == model_history(m)
// ---
after
// ---
history_t *train(void) {
    history_t *local = NULL;
    before = 2;
    local = model_fit(m, x, y, .epochs = 100000, .verbose = NN_SILENT);
    after = 2;
    return local;
}
train();
// ---
before + after
// ---
metrics_t got = model_evaluate(m, x, y);
for (;;)
    got = model_evaluate(m, x, y);
// ---
got.samples == 500 && got.loss > 0
// ---
model_evaluate(m, x, y).loss > 0
