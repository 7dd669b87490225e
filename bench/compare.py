"""Training and single answers of LeNet-5, ours and the peers', in turns within one run."""

import os

import network
import peak
import records
import sides
from peers import installed

CASES = {"classic": network.CLASSIC, "relu_max": network.RELU_MAX}
TITLES = {"classic": "LeNet-5, tanh and average pooling",
          "relu_max": "LeNet-5, ReLU and max pooling"}
IMAGES, BATCH = 54000, 128
ROUNDS, MOST_ROUNDS = 3, 6
PLAIN = "xeus-tinycc, plain"  # the same time for every image: no zeros are passed over
QUANTISED = {"xeus-tinycc, int8": "int8", "xeus-tinycc, bf16": "bf16"}
CONTENDER = 1.3  # a peer that is so much slower than the fastest one is measured once only


def start_peers(threads, only_answers=False):
    """Sides by name, and the reasons of those that are not there."""
    there, absent = {}, {}
    for name, peer in installed.PEERS.items():
        if only_answers and not peer.answers or not only_answers and not peer.trains:
            continue
        reason = installed.reason_absent(name)
        if reason:
            absent[name] = reason
            continue
        log = open(records.OUT / f"peer-{name}.log", "w")
        side = sides.Side(name, peer.command(threads), peer.environment, log)
        try:
            side.ask("info")
            there[name] = side
        except sides.Failed as failure:
            absent[name] = str(failure)
    return there, absent


class Turns:
    """Asks several sides in turn; slow peers only once. Values by (name of the side, threads)."""

    def __init__(self, peers):
        self.peers, self.once, self.failed = dict(peers), {}, {}

    def ask_peers(self, measure):
        """Name and what measure(side) gave, of the peers that are still in the race."""
        values = {}
        for name, side in list(self.peers.items()):
            print(f"    {name}", flush=True)
            try:
                values[name] = measure(side)
            except sides.Failed as failure:
                self.failed[name] = str(failure)
                del self.peers[name]
        best = min((v["value"] for v in values.values()), default=0)
        for name, value in values.items():
            if value["value"] > CONTENDER * best:
                self.once[name] = value
                del self.peers[name]
        return values


def gather(results):
    """From a dictionary for each round to a list of values for each name."""
    lists = {}
    for result in results:
        for name, value in result.items():
            lists.setdefault(name, []).append(value)
    return lists


def train_case(run, case, server, cell, peers, data):
    threads = run.info["threads"]
    net, limits = CASES[case], {n: peak.Limit(server, n) for n in sorted({1, threads})}
    macs = network.training_macs(net) * IMAGES
    request = {"net": net, "data": data, "images": IMAGES, "batch": BATCH}
    turns, answers = Turns(peers), {}

    def our_epoch(side, count):
        answer = side.ask("train", threads=count, **request)
        answers[(side.name, count)] = answer
        return {"value": answer["seconds"], **answer}

    def one_round(k):
        print(f"  {TITLES[case]}, training, round {k + 1}", flush=True)
        result = {(server.name, n): our_epoch(server, n) for n in limits}
        if cell:
            result[(cell.name, threads)] = our_epoch(cell, threads)
        if 1 in limits and threads != 1:
            limits[1].measure()

        def peer_epoch(side):
            answer = side.ask("train", timeout=600, **request)
            return {"value": answer["seconds"], **answer}
        for name, value in turns.ask_peers(peer_epoch).items():
            result[(name, threads)] = value
        return result

    for n in limits:  # warms up, and is not counted
        our_epoch(server, n)
    if cell:
        our_epoch(cell, threads)
    results, steady = peak.rounds(limits[threads], one_round, ROUNDS, MOST_ROUNDS)
    accuracies = {server.name: server.ask("test", net=net, data=data)["accuracy"]}
    for name, side in peers.items():
        if name not in turns.failed:
            accuracies[name] = side.ask("test", net=net, data=data)["accuracy"]
    measured = gather(results)
    for name, value in turns.once.items():
        measured.setdefault((name, threads), [value])
    write_lines(run, "train", case, measured, steady, unit="s/epoch",
                limits={n: limit.seconds(macs) for n, limit in limits.items()},
                held={n: limit.held for n, limit in limits.items()}, batch=BATCH,
                accuracies=accuracies, failed=turns.failed, own=(server.name, "xeus-tinycc, cell"))
    for n, limit in limits.items():
        run.write(bench="peak", case="multiply-add", engine="fma", threads=n, dtype="fp32",
                  value=limit.gflops, unit="GFLOP/s", least=min(limit.peaks), held=limit.held,
                  steady=steady)


def quickest_way(answer):
    """The quickest of the ways in which this peer answers, and all of them."""
    ways = {name: way for name, way in answer["ways"].items() if "median_us" in way}
    if not ways:
        raise sides.Failed("; ".join(way["error"] for way in answer["ways"].values()))
    best = min(ways, key=lambda name: ways[name]["median_us"])
    return {"value": ways[best]["median_us"], "way": best, **ways[best], "ways": answer["ways"],
            "accuracy": answer["accuracy"]}


def latency_case(run, case, server, peers_by_threads, data, weights):
    net, limit = CASES[case], peak.Limit(server, 1)
    flat = {f"{name}/{threads}": side for threads, peers in peers_by_threads.items()
            for name, side in peers.items()}
    turns = Turns(flat)

    def one_round(k):
        print(f"  {TITLES[case]}, one image a call, round {k + 1}", flush=True)
        answer = server.ask("latency", net=net, data=data, weights=weights)
        plain = server.ask("latency", net=net, data=data, weights=weights, engine="plain")
        result = {(server.name, 1): {"value": answer["median_us"], **answer},
                  (PLAIN, 1): {"value": plain["median_us"], **plain}}
        for name, precision in QUANTISED.items():
            small = server.ask("latency", net=net, data=data, weights=weights, precision=precision)
            if "emulated" not in small["engine"]:
                result[(name, 1)] = {"value": small["median_us"], **small}

        def one_peer(side):
            return quickest_way(side.ask("latency", timeout=600, net=net, data=data,
                                         weights=weights, seconds=0.5))
        for name, value in turns.ask_peers(one_peer).items():
            peer, threads = name.rsplit("/", 1)
            result[(peer, int(threads))] = value
        return result

    results, steady = peak.rounds(limit, one_round, ROUNDS, MOST_ROUNDS)
    measured = gather(results)
    for name, value in turns.once.items():
        peer, threads = name.rsplit("/", 1)
        measured.setdefault((peer, int(threads)), [value])
    failed = {name.rsplit("/", 1)[0]: why for name, why in turns.failed.items()}
    write_lines(run, "latency", case, measured, steady, unit="us",
                limits={1: 1e6 * limit.seconds(network.forward_macs(net))},
                held={1: limit.held}, batch=1,
                accuracies={}, failed=failed, own=(server.name, PLAIN, *QUANTISED))


def write_lines(run, bench, case, measured, steady, unit, limits, held, batch, accuracies, failed,
                own):
    """A line for each name and number of threads, and the table of them."""
    summary = {key: records.spread([v["value"] for v in values])
               for key, values in measured.items()}
    peers = {key: s["value"] for key, s in summary.items() if key[0] not in own}
    fastest = min(peers, key=peers.get, default=None)
    best_own = min((s["value"] for (name, _), s in summary.items() if name == own[0]))
    lines = []
    for (name, threads), values in measured.items():
        s, last = summary[(name, threads)], values[-1]
        mine = name in own
        limit = limits.get(threads) if name not in QUANTISED else None
        ratio = None
        if fastest:
            ratio = peers[fastest] / s["value"] if mine else s["value"] / best_own
        lines.append(run.write(
            bench=bench, case=case, threads=threads, batch=batch, dtype=last.get("dtype", "fp32"),
            engine=f"{name}: {last['engine']}" if mine else name, **s, unit=unit, steady=steady,
            limit_ratio=s["value"] / limit if limit else None,
            held_ratio=s["value"] / limit * held[threads] if limit else None,
            peer=fastest[0] if fastest and mine else None, peer_ratio=ratio,
            way=last.get("way"), p99_us=last.get("p99_us"), mean_us=last.get("mean_us"),
            ways={n: w.get("median_us", w.get("error")) for n, w in last.get("ways", {}).items()}
            or None,
            accuracy=last.get("accuracy") if bench == "latency" else accuracies.get(name)))
    print_lines(bench, case, lines, limits, held, failed, steady)


def print_lines(bench, case, lines, limits, held, failed, steady):
    what = f"training, batch {BATCH}, {IMAGES:,} images" if bench == "train" else "one image a call"
    rows = []
    for line in sorted(lines, key=lambda line: line["value"]):
        name = line["engine"] + (f" ({line['way']})" if line["way"] else "")
        rows.append([name, line["threads"], records.number(line["value"]),
                     f"{records.number(line['least'])} - {records.number(line['greatest'])}",
                     line["rounds"], records.times(line["limit_ratio"]),
                     records.times(line["peer_ratio"]) if line["peer"] else "",
                     "" if line["accuracy"] is None else f"{line['accuracy']:.4f}"])
    records.table(f"{TITLES[case]}: {what}",
                  ["engine", "threads", lines[0]["unit"], "least - greatest", "rounds", "x limit",
                   "fastest peer's", "accuracy"], rows)
    for threads, limit in limits.items():
        print(f"  limit of {threads} thread{'s' if threads > 1 else ''}: "
              f"{records.number(limit)} {lines[0]['unit']}; on average the machine held "
              f"{100 * held[threads]:.0f} % of that peak")
    plain = {line["dtype"]: line["value"] for line in lines if line["engine"].startswith("xeus-tinycc")
             and not line["engine"].startswith(PLAIN)}
    for dtype in plain.keys() - {"fp32"}:
        print(f"  {dtype} takes {plain[dtype] / plain['fp32']:.2f} of float32's time")
    for name, why in failed.items():
        print(f"  {name}: {why}")
    if not steady:
        print(f"  The machine was not steady: in {MOST_ROUNDS} rounds the peak varied by more than "
              f"{100 * peak.SPREAD:.0f} %. These figures do not count.")


def data_folder():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("XTINYCC_DATA") or f"{cache}/xeus-tinycc/mnist"


def main(run, with_peers, parts):
    """parts: "train", "latency" or both."""
    data = data_folder()
    records.OUT.mkdir(parents=True, exist_ok=True)
    server, threads = sides.ours(), run.info["threads"]
    trainers, absent, answerers = {}, {}, {}
    cell = None
    try:
        if with_peers:
            trainers, absent = start_peers(threads)
        if "train" in parts:
            try:
                cell = sides.Cell()
            except Exception as failure:  # no kernel here: the program is measured all the same
                absent["xeus-tinycc, cell"] = f"{type(failure).__name__}: {failure}"
            for case in CASES:
                train_case(run, case, server, cell, trainers, data)
            if cell:
                cell.close()
                cell = None
        if "latency" in parts:
            if with_peers:
                for n in sorted({1, threads}):
                    answerers[n], more = start_peers(n, only_answers=True)
                    absent |= more
            for case, net in CASES.items():
                weights = records.OUT / f"weights-{case}.f32"
                if "train" not in parts:
                    for _ in range(2):
                        server.ask("train", net=net, data=data, images=IMAGES, batch=BATCH)
                server.ask("save", net=net, file=weights)
                latency_case(run, case, server, answerers, data, weights)
        for name, reason in absent.items():
            print(f"  {name} was not measured: {reason}")
            run.write(bench="peers", engine=name, reason=reason)
    finally:
        for side in [server, cell, *trainers.values(),
                     *(s for peers in answerers.values() for s in peers.values())]:
            if side:
                side.close()
