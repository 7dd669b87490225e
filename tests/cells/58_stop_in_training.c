enum { IMAGES = 2000 };
tensor_t x = tensor_zeros(IMAGES, 28, 28, 1), y = tensor_zeros(IMAGES);
float *pixels = tensor_data(x), *labels = tensor_data(y);
for (int i = 0; i < IMAGES; i++) {
    labels[i] = i % 2;
    for (int k = 0; k < 784; k++)
        pixels[i * 784 + k] = (k % 28 < 14) == i % 2;
}
model_t *m = Sequential("stopped", Input(28, 28, 1), Conv2D(6, 5, .padding = "same"), Flatten(),
                        Dense(2, .activation = "softmax"));
model_compile(m, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy");
history_t *h = NULL;
int after = 0;
// ---
h = model_fit(m, x, y, .epochs = 100000, .batch_size = 20, .verbose = NN_SILENT); after = 1;
// ---
after
// ---
h != NULL && h == model_history(m)
// ---
h->interrupted && h->epochs < h->epochs_asked
// ---
h = model_fit(m, x, y, .epochs = 1, .batch_size = 1000, .verbose = NN_SILENT);
h->epochs
// ---
h->interrupted
