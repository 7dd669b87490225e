#include <unistd.h>
mnist_t digits = synthetic_digits();
tensor_t x = rescale(reshape(digits.x_train, -1, 28, 28, 1), 1 / 255.0f);
tensor_t x_test = rescale(reshape(digits.x_test, -1, 28, 28, 1), 1 / 255.0f);
model_t *net = Sequential("net", Input(28, 28, 1), Conv2D(4, 5, .activation = "relu"),
                          MaxPooling2D(2), Flatten(), Dense(10, .activation = "softmax"));
model_compile(net, .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"});
model_fit(net, x, digits.y_train, .epochs = 3, .verbose = NN_SILENT);
// ---
model_t *fast = model_quantize(net, x);
comparison_t c = model_compare(fast, net, x_test, .y = digits.y_test);
printf("%s against %s: %lld samples\n", c.precision, c.other_precision, (long long)c.samples);
// ---
latency_t lat = model_benchmark(fast, x_test, .warmup = 10, .passes = 1, .y = digits.y_test);
puts(lat.precision);
// ---
model_fit(fast, x, digits.y_train);
// ---
layer_weights(model_layer(fast, 1))[0] = 1;
// ---
model_save(fast, "net.keras");
// ---
char file[64];
snprintf(file, sizeof file, "/tmp/xtinycc_130_%d.nnq", getpid());
model_save(fast, file);
model_t *again = model_load(file);
remove(file);
comparison_t same = model_compare(again, fast, x_test);
// ---
model_quantize(net, x, .precision = "int4");
// ---
model_t *half = model_quantize(net, x, .precision = "bf16", .fp32 = {"dense"});
model_compare(half, net, x_test).same_answers > 0.97
// ---
model_summary(fast);
model_plan(half);
display(c);
