model_t *net = Sequential("net", Input(3), Dense(2));
devices()
// ---
model_summary(net)
// ---
net
// ---
tensor_zeros(2, 3)
// ---
tensor_t t = tensor_zeros(2, 3);
t
// ---
model_compile(net, .loss = "mean_squared_error");
model_settings(net)
// ---
history_t *h = model_fit(net, tensor_zeros(4, 3), tensor_zeros(4, 2), .verbose = NN_SILENT);
h
// ---
model_evaluate(net, tensor_zeros(4, 3), tensor_zeros(4, 2))
// ---
model_plan(net)
// ---
int net = 3;
net
