"""Times one peer on one workload in this process, and prints a line of JSON.

A peer is a function `build(workload) -> unit`; unit() makes one step, epoch or call and returns
its score (nats a row; None of a prediction). What it took before the first unit ended (import
apart) is the warm-up: compilation, first touch of memory.
"""
import json
import math
import os
import resource
import sys
import time

BATCH, N_BATCHES, INPUTS, CLASSES = 128, 10, 784, 10
N_ROWS = BATCH * N_BATCHES


class Workload:
    """The sizes of a workload of `credence bench`, by its name without the method."""

    def __init__(self, name):
        self.name = name
        kind, size = name.split("-", 1)
        self.train = kind == "train"
        self.tutorial = size in ("tutorial-bnn", "tutorial-sine", "sine")
        self.n_draws = 3 if self.train and self.tutorial else 1 if self.train else 100
        self.inputs, self.outputs = INPUTS, CLASSES
        self.image = size == "conv"
        if self.image:
            self.hidden, self.rows = [512], BATCH
        elif size in ("1200", "400"):
            self.hidden, self.rows = [int(size)] * 2, BATCH
        elif size == "tutorial-bnn":
            self.hidden, self.rows, self.inputs, self.outputs = [20], 100, 10, 1
        elif size == "tutorial-sine":
            self.hidden, self.rows, self.inputs, self.outputs = [20], 50, 1, 1
        elif size == "sine":
            self.hidden, self.rows, self.inputs, self.outputs = [20], 100, 1, 1
        else:
            self.hidden, self.rows = [1200, 1200], int(size)
            if self.rows >= 10000:
                self.n_draws = 20
        self.widths = [self.inputs, *self.hidden, self.outputs]
        # scale mixture of Blundell et al. (2015), eq. 7, and the noise of the tutorial
        self.sd1, self.sd2, self.weight = (1.0, 0.1, 0.5) if self.tutorial else (1.0, math.exp(-6), 0.5)
        self.noise_sd = 0.1
        self.n_rows = self.rows if self.tutorial else N_ROWS
        self.rate = 1e-3

    def data(self):
        """x and y of all training rows (of the call for a prediction), as credence makes them: the
        class follows from the place of three inputs' sum, the number is its sine."""
        import numpy as np

        rng = np.random.default_rng(1)
        n = self.n_rows if self.train else self.rows
        x = rng.standard_normal((n, self.inputs)).astype(np.float32)
        total = x[:, :3].sum(1).astype(np.float64)
        if self.outputs == 1:
            return x, np.sin(total).astype(np.float32)[:, None]
        place = 0.5 * np.array([math.erfc(-t / math.sqrt(6)) for t in total])
        return x, np.minimum(place * CLASSES, CLASSES - 1).astype(np.int64)


def measure(unit, seconds):
    """Median and quartiles of a unit, as `credence bench` takes them."""
    start = time.perf_counter()
    first_score = unit()
    first = time.perf_counter() - start
    best, elapsed, n_units = math.inf, 0.0, 1
    if first < 20 * seconds or first < 5:  # a compiled first unit says nothing about the next
        while elapsed < 0.1 * seconds:
            start = time.perf_counter()
            unit()
            t = time.perf_counter() - start
            best, elapsed = min(best, t), elapsed + t
        n_units = max(1, math.ceil(1e-3 / best))
    samples, score = [], None
    n_min = 1 if best > seconds else 5
    end = time.perf_counter() + 0.9 * seconds
    while len(samples) < n_min or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(n_units):
            score = unit()
        samples.append((time.perf_counter() - start) / n_units)
    samples.sort()

    def quantile(p):
        at = p * (len(samples) - 1)
        i = int(at)
        return samples[i] + (at - i) * (samples[min(i + 1, len(samples) - 1)] - samples[i])

    return {
        "time_s": quantile(0.5), "time_s_low": quantile(0.25), "time_s_high": quantile(0.75),
        "samples": len(samples), "time_s_first": first,
        "score_first": first_score, "score_last": score,
    }


def main(registry):
    """registry: {peer: (build, works on this workload?)}; words: WORKLOAD PEER SECONDS THREADS."""
    name, peer, seconds, threads = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    start = time.perf_counter()
    workload = Workload(name)
    unit = registry[peer](workload, threads)
    built = time.perf_counter() - start
    result = measure(unit, seconds)
    per_unit = getattr(unit, "n_units", 1)  # a compiled loop makes several in one call
    for key in ("time_s", "time_s_low", "time_s_high"):
        result[key] /= per_unit
    for key in ("score_first", "score_last"):
        if result[key] is not None:
            result[key] = float(result[key])
    result.update(kind="peer", workload=name, peer=peer, threads=threads, time_s_build=built,
                  peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    print(json.dumps(result))


def limit_threads():
    """Before a library is imported: as many cores as threads."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[4])])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = sys.argv[4]
