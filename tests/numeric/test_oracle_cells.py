"""The two Keras runs of oracle/README.md, repeated step by step by cells of the real kernel."""
import pathlib

import numpy
import pytest

HERE = pathlib.Path(__file__).resolve().parent

PREPARE = r"""
#include <assert.h>
#define ORACLE "@ORACLE@/"
const int parameters = 61706, steps = 200, batch = 128;

void read_floats(const char *name, float *to, int count)
{
    FILE *file = fopen(name, "rb");
    assert(file && fread(to, sizeof *to, count, file) == (size_t)count);
    fclose(file);
}

void write_floats(const char *name, const float *from, int count)
{
    FILE *file = fopen(name, "wb");
    assert(file && fwrite(from, sizeof *from, count, file) == (size_t)count);
    fclose(file);
}

mnist_t mnist = mnist_load_data();
tensor_t x = rescale(reshape(mnist.x_train, -1, 28, 28, 1), 1 / 255.0f), y = mnist.y_train;
tensor_t x_test = rescale(reshape(mnist.x_test, -1, 28, 28, 1), 1 / 255.0f), y_test = mnist.y_test;
"""

MODEL = r"""
model_t *net = Sequential("net", Input(28, 28, 1),
    Conv2D(6, 5, .activation = "@ACTIVATION@", .padding = "same"), @POOL@(2),
    Conv2D(16, 5, .activation = "@ACTIVATION@"), @POOL@(2), Flatten(),
    Dense(120, .activation = "@ACTIVATION@"), Dense(84, .activation = "@ACTIVATION@"),
    Dense(10, .activation = "softmax"));
model_compile(net, .optimizer = @OPTIMIZER@, .loss = "sparse_categorical_crossentropy",
    .metrics = {"accuracy"});

// Move all parameters, in Keras' order, between the model and one flat array.
void move_parameters(float *flat, int into_model)
{
    for (int i = 1; i < nn_model_layer_count(net); i++) {
        layer_t *layer = model_layer(net, i);
        if (!nn_layer_param_count(layer))
            continue;
        tensor_t parts[2] = {nn_layer_weights_tensor(layer), nn_layer_bias_tensor(layer)};
        for (int k = 0; k < 2; k++) {
            size_t bytes = nn_tensor_size(parts[k]) * sizeof *flat;
            if (into_model)
                memcpy(parts[k].data, flat, bytes);
            else
                memcpy(flat, parts[k].data, bytes);
            flat += nn_tensor_size(parts[k]);
        }
    }
}

float flat[61706];
read_floats(ORACLE "initial.f32", flat, parameters);
move_parameters(flat, 1);
"""

TRAIN = r"""
float loss[200], accuracy[200];
for (int step = 0; step < steps; step++) {
    int row = step % (steps / 2) * batch;
    metrics_t m = model_train_on_batch(net, slice(x, row, row + batch), slice(y, row, row + batch));
    loss[step] = m.loss;
    accuracy[step] = m.accuracy;
}
move_parameters(flat, 0);
write_floats("weights.f32", flat, parameters);
write_floats("loss.f32", loss, steps);
write_floats("accuracy.f32", accuracy, steps);
"""

TEST = r"""
tensor_t answers = model_predict(net, x_test);
write_floats("softmax.f32", tensor_data(answers), 100000);
model_evaluate(net, x_test, y_test).loss
"""

RUNS = {
    "tanh_avg_adam": dict(activation="tanh", pool="AveragePooling2D",
                          optimizer="Adam(.learning_rate = 1e-3f)",
                          loss=2e-6, weights=5e-6, test=1e-6, softmax=2e-6),
    "relu_max_sgd": dict(activation="relu", pool="MaxPooling2D",
                         optimizer="SGD(.learning_rate = 2e-3f, .momentum = 0.9f)",
                         loss=1e-5, weights=1e-4, test=1e-5, softmax=1e-4),
}


def farthest(got, wanted):
    return float(numpy.abs(got.astype("f8") - wanted.astype("f8")).max())


@pytest.mark.parametrize("run", RUNS)
def test_keras_run_through_cells(session, tmp_path, run):
    demand = RUNS[run]
    oracle = HERE / "oracle" / run
    wanted = lambda name, kind="<f4": numpy.fromfile(oracle / name, kind)
    got = lambda name: numpy.fromfile(tmp_path / name, "<f4")

    session.run(PREPARE.replace("@ORACLE@", str(oracle)))
    session.run(MODEL.replace("@ACTIVATION@", demand["activation"])
                .replace("@POOL@", demand["pool"]).replace("@OPTIMIZER@", demand["optimizer"]))
    session.run(TRAIN)
    test_loss = float(session.run(TEST).value)

    assert farthest(got("loss.f32")[:50], wanted("step_loss.f32")[:50]) <= 2e-6
    assert farthest(got("loss.f32"), wanted("step_loss.f32")) <= demand["loss"]
    assert (numpy.rint(got("accuracy.f32") * 128)
            == numpy.rint(wanted("step_accuracy.f32") * 128)).all()
    assert farthest(got("weights.f32"), wanted("trained.f32")) <= demand["weights"]
    # The value as shown has six digits at least.
    assert abs(test_loss - wanted("test_loss.f64", "<f8")[1]) <= max(demand["test"], 1e-6)
    softmax = got("softmax.f32").reshape(-1, 10)
    assert farthest(softmax[:16].ravel(), wanted("softmax.f32")) <= demand["softmax"]
    assert (softmax.argmax(1) != wanted("answers.u8", "u1")).sum() <= 2
