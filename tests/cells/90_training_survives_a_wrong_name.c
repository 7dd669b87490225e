tensor_t xs = tensor_zeros(64, 4);
tensor_t ys = nn_tensor_zeros(NN_UINT8, 1, (int64_t[]){64});
for (int i = 0; i < 64; i++) {
    ((uint8_t *)ys.data)[i] = i % 2;
    for (int k = 0; k < 4; k++)
        ((float *)xs.data)[4 * i + k] = i % 2 ? k : -k;
}
model_t *net = Sequential("net", Input(4), Dense(8, .activation = "tanh"),
                          Dense(2, .activation = "softmax"));
model_compile(net, .optimizer = Adam(.learning_rate = 0.05f),
              .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"});
// ---
history_t *h = model_fit(net, xs, ys, .epochs = 20, .verbose = NN_SILENT);
plot_history(h, "acc");
// ---
h->epochs
// ---
model_evaluate(net, xs, ys).accuracy
// ---
h == model_history(net)
