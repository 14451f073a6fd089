"""Prints the reference numbers of test_special.c, with 50 digits of working (needs mpmath)."""
from mpmath import (mp, mpf, beta, betainc, digamma, erfc, findroot, gammainc, hyp2f1, log,
                    loggamma, sqrt)

mp.dps = 50


def student_t_tail(t, df):
    x = df / (df + t * t)
    return x ** (df / 2) * hyp2f1(df / 2, 0.5, df / 2 + 1, x) / (df * beta(df / 2, 0.5))


def show(name, *numbers):
    print(name, *[mp.nstr(mpf(x), 17) for x in numbers])


def rows(text):
    return [[mpf(x) for x in row.split()] for row in text.split(",")]


for x, in rows("1e-5, 0.1, 1, 1.5, 7.25, 123.5, 1e6, -0.5, -3.7"):
    show("digamma", x, digamma(x))
for a, b in rows("0.5 0.5, 2.5 3.5, 0.5 50, 12.25 30, 0.5 1e7, 1e5 3e6, 1e-3 1e3"):
    show("log_beta", a, b, loggamma(a) + loggamma(b) - loggamma(a + b))
for x, in rows("0.05, 1, 19.9, 20, 35, 1e4, 1e9"):
    show("log_gamma_half_step", x, loggamma(x + 0.5) - loggamma(x))
for a, x in rows("0.5 0.1, 0.5 30, 3 2, 10 30, 30 10, 100 90, 1000 1100, 1e5 100500, "
                 "1e-3 1e-2"):
    show("gamma", a, x, gammainc(a, 0, x, True), gammainc(a, x, mp.inf, True))
for x, a, b in rows("0.25 2 3, 0.9 0.5 0.5, 0.01 10 2, 0.5 200 210, 0.999 50 1.5, "
                    "1e-10 0.5 7"):
    show("beta", x, a, b, betainc(a, b, 0, x, True))
for z, in rows("-40, -31, -29, -1, 2, 8, -100"):
    show("normal_log_cdf", z, log(erfc(-z / sqrt(2)) / 2))
for p in (1e-300, 1e-20, 1e-8, 0.001, 0.025, 0.07, 0.08, 0.3, 0.49999):
    start = -1 if p > 1e-3 else -sqrt(-2 * log(p))
    show("normal_quantile", p, findroot(lambda z: log(erfc(-z / sqrt(2)) / 2) - log(p), start))
for t, df in rows("1 3, 2.5 2.5, 10 4, 40 5, 1e6 3, 3 0.5, 0.001 10, 2 1000, 30 200, "
                  "5 20000, 30 20000, 5 1e7"):
    show("student_t_cdf", -t, df, student_t_tail(t, df))
