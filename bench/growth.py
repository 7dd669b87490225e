"""Time per image as things grow: images, batch, width of the convolutions, threads. No cliffs?"""

import itertools

import network
import peak
import records
import sides

IMAGES = (1_000, 10_000, 100_000, 1_000_000)
BATCHES = tuple(2 ** n for n in range(11))
WIDTHS = (6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64)
ROUNDS = 3
CLIFF = 1.25  # times the neighbour before it: worse than that is a cliff


def wide(width):
    return (f"28x28x1,conv{width}k5same-tanh,avg2,conv{width}k5-tanh,avg2,flatten,dense120-tanh,"
            "dense84-tanh,dense10-softmax")


def points(threads):
    """Series, its values on the axis, and the request of each."""
    classic = {"net": network.CLASSIC, "threads": threads, "batch": 128}
    yield "images", {n: {**classic, "images": n} for n in IMAGES}
    yield "batch", {n: {**classic, "images": 8192 if n >= 16 else 2048, "batch": n}
                    for n in BATCHES}
    yield "answers", {n: {"net": network.CLASSIC, "batch": n, "threads": threads if n > 1 else 1,
                          "images": 8192, "warmup": 20} for n in BATCHES}
    yield "width", {n: {**classic, "net": wide(n), "images": max(1280, 51200 // n // 128 * 128)}
                    for n in WIDTHS}
    yield "threads", {n: {**classic, "images": 27000, "threads": n}
                      for n in range(1, threads + 1)}


TITLES = {"images": "images in the set", "batch": "images a step", "answers": "images a call",
          "width": "filters of both convolutions", "threads": "threads"}
PER_THREADS = {"images", "batch", "width", "threads"}


def measure(server, series, request):
    if series == "answers":
        answer = server.ask("latency", **request)
        return answer["median_us"] / request["batch"], answer["engine"]
    answer = server.ask("train", **request)
    return 1e6 * answer["seconds"] / request["images"], answer["engine"]


def cliffs(series, values, ratios):
    """Points that are much worse than the one before them. Wider networks have more to compute, so
    there the ratio to the limit counts."""
    of = ratios if series == "width" else values
    for (_, before), (at, here) in itertools.pairwise(of.items()):
        if here > CLIFF * before:
            yield f"{TITLES[series]}: {here / before:.2f} x worse at {at:,} than before"


def main(run):
    server, threads = sides.ours(), run.info["threads"]
    limits = {n: peak.Limit(server, n) for n in range(1, threads + 1)}
    found = []
    try:
        for series, requests in points(threads):
            print(f"  {TITLES[series]}", flush=True)
            measured = {at: [] for at in requests}
            engines = {}
            for k in range(ROUNDS):
                for limit in limits.values():
                    limit.measure()
                for at, request in requests.items():
                    if request["images"] > 100_000 and k:
                        continue  # long enough to be steady by itself
                    value, engines[at] = measure(server, series, request)
                    measured[at].append(value)
            found += report(run, series, requests, measured, engines, limits)
            server.ask("forget")
    finally:
        server.close()
    print("  cliffs (more than %.2f times the neighbour's): %s" % (CLIFF, found or "none"))


def report(run, series, requests, measured, engines, limits):
    rows, values, ratios = [], {}, {}
    for at, request in requests.items():
        macs = (network.forward_macs if series == "answers" else network.training_macs)(request["net"])
        limit = 1e6 * limits[request["threads"]].seconds(macs)
        value = min(measured[at])  # what no neighbour disturbed
        values[at], ratios[at] = value, value / limit
        run.write(bench="growth", case=series, at=at, engine=engines[at],
                  threads=request["threads"], batch=request["batch"], dtype="fp32", value=value,
                  greatest=max(measured[at]), rounds=len(measured[at]), unit="us/image",
                  limit_ratio=value / limit, images=request["images"])
        rows.append([f"{at:,}", request["batch"], request["threads"], engines[at],
                     records.number(value), f"{value / limit:.2f} x"])
    what = "answers" if series == "answers" else "training"
    records.table(f"Growth: {TITLES[series]} ({what})",
                  [series, "batch", "threads", "engine", "us/image", "x limit"], rows)
    return list(cliffs(series, values, ratios))
