"""The limit of a run: the highest multiply-add peak measured before, between and after.

A peak is that of the quickest of many slices of a millisecond. What the cores held over all slices
is less where neighbours or the power supply make the clock go up and down, which no program can
make good: it is told beside the limit.
"""

SPREAD = 0.03  # peaks further apart void what was measured between them


class Limit:
    """Peaks of one number of threads, taken in turn with what is compared to them."""

    def __init__(self, side, threads):
        self.side, self.threads, self.peaks, self.rates = side, threads, [], []

    def measure(self):
        answer = self.side.ask("peak", threads=self.threads)
        self.peaks.append(answer["gflops"])
        self.rates.append(answer["held"])
        return self.peaks[-1]

    @property
    def gflops(self):
        return max(self.peaks)

    @property
    def held(self):
        """The share of the limit that the cores held on average while it was measured."""
        return sum(self.rates) / len(self.rates) / self.gflops

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
