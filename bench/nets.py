"""Thirty other networks, each against its own limit; where ours is far from it, the peers too."""

import math

import compare
import network
import peak
import records
import sides
from peers import installed

TAIL = "flatten,dense120-{a},dense84-{a},dense10-softmax"
TANH, RELU = TAIL.format(a="tanh"), TAIL.format(a="relu")
BLOCK = "conv{n}k3same-relu,conv{n}k3same-relu,max2"

# Name, network, batch.
NETS = [
    ("3x3 kernels", f"28x28x1,conv6k3same-tanh,avg2,conv16k3-tanh,avg2,{TANH}", 128),
    ("3x3, ReLU, max", f"28x28x1,conv6k3same-relu,max2,conv16k3-relu,max2,{RELU}", 128),
    ("8 filters", f"28x28x1,conv8k5same-tanh,avg2,conv8k5-tanh,avg2,{TANH}", 128),
    ("12 filters", f"28x28x1,conv12k5same-relu,max2,conv12k5-relu,max2,{RELU}", 128),
    ("32 filters", f"28x28x1,conv32k5same-relu,max2,conv32k5-relu,max2,{RELU}", 128),
    ("32 filters, 3x3", f"28x28x1,conv32k3same-tanh,avg2,conv32k3-tanh,avg2,{TANH}", 128),
    ("64 filters, 3x3", f"28x28x1,conv64k3same-relu,max2,conv64k3-relu,max2,{RELU}", 64),
    ("7x7 kernels", f"28x28x1,conv6k7same-relu,max2,conv16k7-relu,max2,{RELU}", 128),
    ("3 channels", f"32x32x3,conv6k5-tanh,avg2,conv16k5-tanh,avg2,{TANH}", 128),
    ("3 channels, 3x3", f"32x32x3,conv16k3same-relu,max2,conv32k3same-relu,max2,{RELU}", 128),
    ("3 channels, 64x64", f"64x64x3,conv8k5same-relu,max2,conv16k5-relu,max2,{RELU}", 64),
    ("no padding", f"28x28x1,conv6k5-tanh,avg2,conv16k5-tanh,avg2,{TANH}", 128),
    ("no padding, ReLU", f"28x28x1,conv6k5-relu,max2,conv16k5-relu,max2,{RELU}", 128),
    ("dropout", "28x28x1,conv6k5same-relu,max2,drop0.25,conv16k5-relu,max2,flatten,dense120-relu,"
                "drop0.5,dense84-relu,dense10-softmax", 128),
    ("sigmoid", f"28x28x1,conv6k5same-sigmoid,avg2,conv16k5-sigmoid,avg2,"
                f"{TAIL.format(a='sigmoid')}", 128),
    ("stride for pooling", f"28x28x1,conv8k5s2same-relu,conv16k5s2same-relu,{RELU}", 128),
    ("two blocks of 16, 32", f"28x28x1,{BLOCK.format(n=16)},{BLOCK.format(n=32)},{RELU}", 64),
    ("three convolutions", f"28x28x1,conv8k3same-relu,max2,conv16k3same-relu,max2,"
                           f"conv32k3same-relu,{RELU}", 128),
    ("1x1 between", f"28x28x1,conv16k5same-relu,max2,conv8k1-relu,conv16k5-relu,max2,{RELU}", 128),
    ("wide Dense", "28x28x1,conv6k5same-relu,max2,conv16k5-relu,max2,flatten,dense1024-relu,"
                   "dense512-relu,dense10-softmax", 128),
    ("Dense only", "28x28x1,flatten,dense512-relu,dense512-relu,dense10-softmax", 128),
    ("Dense only, 2048", "28x28x1,flatten,dense2048-relu,dense2048-relu,dense10-softmax", 256),
    ("batch 1", network.CLASSIC, 1),
    ("batch 4", network.CLASSIC, 4),
    ("batch 16", network.CLASSIC, 16),
    ("batch 32", network.CLASSIC, 32),
    ("batch 64, ReLU", network.RELU_MAX, 64),
    ("batch 100", network.CLASSIC, 100),
    ("batch 256, ReLU", network.RELU_MAX, 256),
    ("batch 1000", network.CLASSIC, 1000),
]
BOUND = 2.2  # times the limit: above it the row says why, and who wins
GROUP = 16  # images that go through the lane engine together
FEW = 135  # multiply-adds for each value: below, what else is done to it takes a good part of the time
ROUNDS, MOST_ROUNDS = 3, 5
LONG = 2.0  # seconds: measured once
CONTENDERS = ("PyTorch", "Keras, JAX")  # the quickest of the peers in training


def images_for(limit, net, batch):
    """As many as the limit computes in 0.2 s: whole batches, at least four, few where they are
    small, since then the steps take the time."""
    images = 0.2 / limit.seconds(network.training_macs(net))
    steps = min(max(4, math.ceil(images / batch)), 1500)
    return min(steps * batch, 60000 // batch * batch)


def why(net, batch, plan, threads):
    """What takes the time beside the multiply-adds, from the shapes and the plan."""
    reasons, macs = [], network.training_macs(net)
    layers = network.layers(net)
    if "reference" in {row[1] for row in plan}:
        reasons.append("a layer is left to the reference loops")
    groups = math.ceil(batch / GROUP)
    share = batch / (GROUP * threads * math.ceil(groups / threads))
    if share < 0.95:
        reasons.append(f"{groups} group{'s' if groups > 1 else ''} of {GROUP} images for {threads} "
                       f"threads: {100 * share:.0f} % of the lanes work")
    weights = sum(layer.parameters for layer in layers)
    # Adam reads four numbers of each weight and writes three: about 6 multiply-adds' time.
    share = 6 * weights / (6 * weights + macs * batch)
    if share > 0.15:
        reasons.append(f"Adam on {weights:,} weights after every {batch} images")
    values = sum(math.prod(layer.shape_out) for layer in layers if layer.kind != "flatten")
    if macs < FEW * values:
        reasons.append(f"only {macs / values:.0f} multiply-adds for each value that is activated, "
                       "pooled and kept")
    if 16 * weights > 6e6:
        reasons.append(f"{16e-6 * weights:.0f} MB of weights, gradients and Adam's moments, more than "
                       "the second-level caches hold")
    windows = {(layer.kernel, layer.stride) for layer in layers if layer.kind == "conv"}
    for kernel, stride in sorted(windows):
        if kernel not in (3, 5) or stride > 1:
            steps = f" with strides of {stride}" if stride > 1 else ""
            reasons.append(f"the gradients of {kernel}x{kernel} windows{steps} have no kernels of "
                           "their own")
    return "; ".join(reasons) or "kernels below the limit"


def race(server, sides_, net, batch, images, threads):
    """Seconds of ours and of each contender, in turns; what failed is left out."""
    times = {}
    for _ in range(2):
        for side in [server, *sides_]:
            try:
                answer = side.ask("train", timeout=120, net=net, batch=batch, images=images,
                                  threads=threads)
            except sides.Failed:
                continue
            times.setdefault(side.name, []).append(answer["seconds"])
    return {name: min(values) for name, values in times.items()}


def main(run):
    server, threads = sides.ours(), run.info["threads"]
    limit = peak.Limit(server, threads)
    limit.measure()
    rows = []
    try:
        for name, net, batch in NETS:
            images = images_for(limit, net, batch)
            request = {"net": net, "batch": batch, "images": images, "threads": threads}
            warm = server.ask("train", **request)

            def one_round(_):
                return server.ask("train", **request)
            results, steady = peak.rounds(limit, one_round, 1 if warm["seconds"] > LONG else ROUNDS,
                                          MOST_ROUNDS)
            seconds = records.spread([r["seconds"] for r in results])
            row = {"name": name, "net": net, "batch": batch, "images": images, "steady": steady,
                   "seconds": seconds, "engine": results[-1]["engine"],
                   "plan": server.ask("plan", net=net)["rows"], "race": {}}
            rows.append(row)
            print(f"  {name}: {row_ratio(row, limit):.2f} x", flush=True)
            server.ask("forget")
        far = [row for row in rows if row_ratio(row, limit) > BOUND]
        if far:
            race_far(far, threads)
        report(run, rows, limit, threads)
    finally:
        server.close()


def row_ratio(row, limit):
    return row["seconds"]["value"] / limit.seconds(network.training_macs(row["net"])
                                                   * row["images"])


def race_far(far, threads):
    """The peers on those networks where ours is far from the limit."""
    contenders = []
    server = sides.ours()
    for name in CONTENDERS:
        if not installed.reason_absent(name):
            peer = installed.PEERS[name]
            contenders.append(sides.Side(name, peer.command(threads), peer.environment))
    try:
        for row in far:
            print(f"  {row['name']}: in turns with {', '.join(s.name for s in contenders)}",
                  flush=True)
            images = min(row["images"], 1000 * row["batch"])
            row["race"] = race(server, contenders, row["net"], row["batch"], images, threads)
            if "xeus-tinycc" not in row["race"]:  # it ended: the next row has a new one
                server.close()
                server = sides.ours()
            server.ask("forget")
    finally:
        for side in [server, *contenders]:
            side.close()


def report(run, rows, limit, threads):
    table, notes = [], []
    for row in rows:
        macs = network.training_macs(row["net"])
        ratio, race_ = row_ratio(row, limit), dict(row["race"])
        mine = race_.pop("xeus-tinycc", None)
        peer = min(race_, key=race_.get, default=None) if mine else None
        reason = why(row["net"], row["batch"], row["plan"], threads) if ratio > BOUND else None
        line = run.write(
            bench="nets", case=row["name"], engine=row["engine"], threads=threads,
            batch=row["batch"], dtype="fp32", unit="us/image", limit_ratio=ratio, peer=peer,
            peer_ratio=race_[peer] / mine if peer else None, steady=row["steady"],
            network=row["net"], why=reason, images=row["images"], macs=macs,
            **{key: 1e6 * value / row["images"] if key != "rounds" else value
               for key, value in row["seconds"].items()})
        wins = "" if not peer else (f"ours, {line['peer_ratio']:.1f} x {peer}'s" if
                                    line["peer_ratio"] >= 1 else
                                    f"{peer}, {1 / line['peer_ratio']:.1f} x")
        table.append([row["name"], row["batch"], f"{macs / 1e6:.2f}", records.number(line["value"]),
                      f"{ratio:.2f} x" + ("" if row["steady"] else " ?"), wins])
        if reason:
            notes.append(f"  {row['name']}: {reason}")
    records.table(f"Thirty networks, training, {threads} threads ({limit.gflops:.0f} GFLOP/s), "
                  f"{rows[0]['engine']}",
                  ["network", "batch", "M multiply-adds", "us/image", "x its limit",
                   "who wins"], table)
    print("\n".join(notes))
    if any(not row["steady"] for row in rows):
        print("  ?: the peak varied by more than 3 % in every round; this figure does not count")
