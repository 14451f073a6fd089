"""Prints the reference numbers of test_diagnostics.c and test_uniform.c (needs arviz, scipy).

The chains are made by the same integer recurrence as in the test."""
import arviz
import numpy as np
from scipy import stats

for n_draws, offset in ((200, 0.0), (200, 0.3), (101, 0.0)):
    draws = np.zeros((4, n_draws))
    state = 12345
    for chain in range(4):
        x = 0.0
        for i in range(n_draws):
            state = (1103515245 * state + 12345) % 2**31
            x = 0.6 * x + state / 2**31
            draws[chain, i] = x + offset * chain
    of = [arviz.rhat(draws), arviz.ess(draws, method="bulk"), arviz.ess(draws, method="tail"),
          arviz.ess(draws, method="mean"), arviz.mcse(draws, method="mean"),
          arviz.rhat(draws, method="identity"), arviz.ess(draws, method="identity")]
    print(n_draws, offset, *[f"{float(v):.12g}" for v in of])

for n in (5, 40, 400):
    x = (np.arange(n) + 0.2) ** 1.15 / (n + 0.5) ** 1.15
    print("ks", n, *[f"{v:.12g}" for v in stats.ks_1samp(x, stats.uniform.cdf, method="exact")])
