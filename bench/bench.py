"""What `./dev bench` measures with our program and the peers; bench/run.sh calls it.

usage: bench.py PART...

    train     epochs of LeNet-5, by the program and by notebook cells
    latency   one image a call
    compare   both, with Keras, PyTorch and ONNX Runtime in turn: the peers
    nets      thirty other networks
    growth    time per image for more images, larger batches, wider layers, more threads
    seeds     five seeds' accuracies against Keras' range
    picture   docs/bench.svg and docs/growth.svg, from the last runs in out/bench

Prints tables and appends lines of JSON to out/bench. Compare the ratios of one run, never the
seconds of two.
"""

import sys

import compare
import growth
import nets
import picture
import records
import seeds
import sides


def main(parts):
    known = {
        "train": lambda run: compare.main(run, False, ["train"]),
        "latency": lambda run: compare.main(run, False, ["latency"]),
        "compare": lambda run: compare.main(run, True, ["train", "latency"]),
        "nets": nets.main,
        "growth": growth.main,
        "seeds": lambda run: seeds.main(run, compare.data_folder()),
        "picture": picture.main,
    }
    unknown = [part for part in parts if part not in known]
    if unknown or not parts:
        sys.exit(__doc__)
    server = sides.ours()
    run = records.Run(server.ask("info"))
    server.close()
    info = run.info
    print(f"xeus-tinycc {info['version']} ({info['compiler']}, {info['isa']}) on {info['cpu']}, "
          f"{info['cores']} cores, load average {info['load_average']:.2f}")
    for part in parts:
        known[part](run)


if __name__ == "__main__":
    main(sys.argv[1:])
