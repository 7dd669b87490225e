model_t *net = Sequential("net", Input(28, 28, 1), Flatten(), Dense(10, .activation = "softmax"));
tensor_t x = tensor_zeros(6, 28, 28), y = tensor_zeros(6);
// ---
net = Sequential("net", Input(28, 28, 1), Dense(10));
// ---
net = Sequential("net", Input(28, 28, 1), Flatten(), Dense(10, .activation = "Softmax"));
// ---
model_fit(net, x, y);
// ---
model_compile(net, .loss = "sparse_crossentropy");
// ---
model_compile(net, .loss = "sparse_categorical_crossentropy")
// ---
model_fit(net, x, y);
// ---
model_fit(net, reshape(x, -1, 28, 28, 1), y, .epochs = -5);
// ---
reshape(x, -1, 27, 28);
// ---
slice(x, 6, 9);
// ---
layer_weights(model_layer(net, 1));
// ---
model_layer(net, 12);
// ---
model_benchmark(net, reshape(x, -1, 28, 28, 1), .batch_size = 64);
// ---
use_device("gpu:0");
// ---
model_load("nowhere.keras");
// ---
model_save(net, "net.h5");
// ---
tensor_t never;
model_predict(net, never);
// ---
model_predict(0, x);
// ---
confusion_matrix(y, x);
// ---
model_fit(net, reshape(x, -1, 28, 28, 1), y, .verbose = NN_SILENT)->epochs
