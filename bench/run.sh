#!/bin/sh
# What `./dev bench` runs: bench/run.sh [PART]...
#   peak       multiply-adds that the cores can do
#   train      epochs of LeNet-5, by the program and by notebook cells
#   latency    one image a call
#   peers      both, in turns with Keras, PyTorch and ONNX Runtime (installed at the first time)
#   nets       thirty other networks, each against its own limit
#   growth     more images, larger batches, wider layers, more threads
#   seeds      five seeds' accuracies against Keras' range (a minute)
#   kernel     start and cells, beside ipykernel
#   picture    docs/bench.svg and docs/growth.svg from the last runs
#   flood      100,000 lines and 50 MB of output, beside ipykernel
#   soak       20,000 cells with faults and Stops, half an hour or more
# Without a name: peers, nets, growth, kernel and picture, in ten to twenty minutes.
# Prints tables and appends JSON lines to out/bench/. Figures depend on the machine: compare the
# ratios of one run, never seconds of two.
set -eu
cd "$(dirname "$0")/.."
bin=build/release/bin
out=out/bench
mkdir -p "$out"
cmake --build --preset release --target bench >/dev/null

measure() { .venv/bin/python bench/bench.py "$@"; }

[ $# -gt 0 ] || set -- peers nets growth kernel picture
for part in "$@"; do
    printf '\n== %s\n' "$part"
    case $part in
        peak) "$bin/bench_peak" --json "$out/peak.jsonl" ;;
        train|latency|seeds) sh packaging/fetch_mnist.sh; measure "$part" ;;
        peers)
            sh packaging/fetch_mnist.sh
            python3 bench/peers/installed.py
            measure compare ;;
        nets|growth|picture) measure "$part" ;;
        kernel) .venv/bin/python bench/kernel.py --json "$out/kernel.jsonl" ;;
        flood) .venv/bin/python bench/flood.py --json "$out/flood.jsonl" ;;
        soak) .venv/bin/python bench/soak.py --cells "${CELLS:-20000}" --json "$out/soak.jsonl" ;;
        *) echo "bench: unknown part: $part; the head of bench/run.sh lists them" >&2; exit 2 ;;
    esac
done
