"""What passed cells leave in memory."""

import re

import processes


def own_kb(pid):
    """Memory that is no file's."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return int(re.search(r"^Anonymous:\s+(\d+)", f.read(), re.M)[1])


def test_cells_that_define_nothing_leave_nothing(start_tcp):
    """Hundreds of cells of all kinds that define nothing new, or what they defined before."""
    kernel = start_tcp()
    client = kernel.connect()
    kinds = ["count++;", "count", 'printf("%d\\n", count);', "half * 2", "pair",
             "for (int i = 0; i < 3; i++) count += i;", "int list[500] = {1, 2, 3};", "list",
             "int twice(int v) { return 2 * v + count; }", "twice(count)", "undeclared",
             "count = 1 / (count - count);", "%who", '"text"[1]', "strlen(name)"]
    assert client.run('int count; double half = 0.5; struct { int a, b; } pair; char name[] = "n";'
                      " int twice(int v) { return 2 * v; }").status == "ok"

    def run(rounds):
        for _ in range(rounds):
            for code in kinds:
                client.run(code)
        return own_kb(processes.worker_of(kernel.process.pid).pid)

    before, after = run(10), run(20)
    assert after - before < 150, f"{before} to {after} KB over {20 * len(kinds)} cells"
