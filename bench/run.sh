#!/bin/sh
# What `./dev bench` runs: bench/run.sh [peak|train|latency|kernel|soak]...; without a name, all but
# the soak, which runs for an hour.
# Prints tables and appends JSON lines to out/bench/. Figures depend on the machine: compare the
# ratios of one run, never seconds of two.
set -eu
cd "$(dirname "$0")/.."
bin=build/release/bin
out=out/bench
data=${XTINYCC_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/xeus-tinycc/mnist}
mkdir -p "$out"
cmake --build --preset release --target bench >/dev/null

bench_peak() { "$bin/bench_peak" --json "$out/peak.jsonl"; }
bench_train() { sh packaging/fetch_mnist.sh; "$bin/bench_train" "$data" --json "$out/train.jsonl"; }
bench_latency() { sh packaging/fetch_mnist.sh; "$bin/bench_latency" "$data" --json "$out/latency.jsonl"; }
bench_kernel() { .venv/bin/python bench/kernel.py --json "$out/kernel.jsonl"; }
bench_soak() {
    .venv/bin/python bench/soak.py --cells "${CELLS:-20000}" --json "$out/soak.jsonl"
}

[ $# -gt 0 ] || set -- peak train latency kernel
for what in "$@"; do
    case $what in
        peak|train|latency|kernel|soak) printf '\n== %s\n' "$what"; "bench_$what" ;;
        *) echo "bench: unknown part: $what (known: peak train latency kernel soak)" >&2; exit 2 ;;
    esac
done
