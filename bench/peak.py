"""The limit of a run: the highest multiply-add peak measured before, between and after."""

SPREAD = 0.03  # peaks further apart void what was measured between them


class Limit:
    """Peaks of one number of threads, taken in turn with what is compared to them."""

    def __init__(self, side, threads):
        self.side, self.threads, self.peaks = side, threads, []

    def measure(self):
        self.peaks.append(self.side.ask("peak", threads=self.threads)["gflops"])
        return self.peaks[-1]

    @property
    def gflops(self):
        return max(self.peaks)

    def seconds(self, macs):
        """The time that so many multiply-adds take at the peak (2 operations each)."""
        return 2e-9 * macs / self.gflops

    def steady(self, *peaks):
        return all(peak >= (1 - SPREAD) * self.gflops for peak in peaks)


def rounds(limit, measure, wanted, most):
    """Call measure(k) between two peaks until `wanted` rounds are steady, at most `most` times.

    Returns the results of the steady rounds and 1; or, when there is none, of all rounds and 0.
    """
    measured, before = [], limit.measure()
    for k in range(most):
        result = measure(k)
        after = limit.measure()
        measured.append((result, before, after))
        before = after
        # The highest peak may be the last one: what came before is judged again.
        kept = [r for r, *around in measured if limit.steady(*around)]
        if len(kept) >= wanted:
            return kept, 1
    return (kept, int(len(kept) >= wanted)) if kept else ([r for r, *_ in measured], 0)
