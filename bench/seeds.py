"""Five seeds of both LeNet-5 networks, five epochs each: are the accuracies in Keras' range?"""

import network
import records
import sides

SEEDS = (42, 1, 2, 3, 4)
EPOCHS = 5
# What real Keras (3.15 on TensorFlow) and independent programs reach on MNIST's 10,000 test
# images after 5 epochs of batch 128 with Adam(1e-3): accepted with some room for the seed.
RANGES = {"classic": (network.CLASSIC, 0.977, 0.988), "relu_max": (network.RELU_MAX, 0.982, 0.992)}


def main(run, data):
    server, rows, outside = sides.ours(), [], 0
    try:
        for case, (net, low, high) in RANGES.items():
            for seed in SEEDS:
                server.ask("forget")
                server.ask("seed", value=seed)
                answer = server.ask("train", net=net, data=data, epochs=EPOCHS)
                test = server.ask("test", net=net, data=data)
                inside = low <= test["accuracy"] <= high
                outside += not inside
                run.write(bench="seeds", case=case, engine=answer["engine"], dtype="fp32",
                          threads=answer["threads"], batch=answer["batch"], unit="accuracy",
                          value=test["accuracy"], seed=seed, test_loss=test["loss"],
                          train_loss=answer["loss"], train_accuracy=answer["accuracy"],
                          inside=inside)
                rows.append([case, seed, f"{answer['accuracy']:.4f}", f"{answer['loss']:.4f}",
                             f"{test['accuracy']:.4f}", f"{test['loss']:.4f}",
                             f"{low:.3f} - {high:.3f}" + ("" if inside else "  OUTSIDE")])
                print(f"  {case}, seed {seed}: {test['accuracy']:.4f}", flush=True)
    finally:
        server.close()
    records.table(f"{EPOCHS} epochs, batch 128, Adam, 54,000 images",
                  ["network", "seed", "train acc.", "train loss", "test acc.", "test loss",
                   "Keras' range"], rows)
    if outside:
        raise SystemExit(f"{outside} of {len(rows)} accuracies lie outside Keras' range")
