"""Log densities of priors and likelihoods from scipy, for tests/prob (numbers pasted there).

Run: python3 prob_golden.py   (scipy 1.17)
"""
import numpy as np
from scipy import stats, special, integrate

print("priors: sum of log p over w")
w = np.array([-2.5, -0.3, 0.0, 0.07, 1.2])
mix = lambda s1, s2, p: np.logaddexp(np.log(p) + stats.norm.logpdf(w, 0, s1),
                                     np.log1p(-p) + stats.norm.logpdf(w, 0, s2)).sum()
print("normal 0.7      ", repr(stats.norm.logpdf(w, 0, 0.7).sum()))
print("mixture 1 .1 .5 ", repr(mix(1, 0.1, 0.5)))
print("blundell        ", repr(mix(1, np.exp(-6), 0.5)))
print("laplace 0.7     ", repr(stats.laplace.logpdf(w, 0, 0.7 / np.sqrt(2)).sum()))
print("student-t 0.7 3 ", repr(stats.t.logpdf(w, 3, 0, 0.7).sum()))

print("KL(N(m, s) || prior), one weight, by quadrature")
m, s = 0.4, 0.3
for name, prior in [("normal 0.7", stats.norm(0, 0.7)), ("laplace 0.7", stats.laplace(0, 0.7 / np.sqrt(2)))]:
    q = stats.norm(m, s)
    f = lambda x: q.pdf(x) * (q.logpdf(x) - prior.logpdf(x))
    v = sum(integrate.quad(f, a, b, epsabs=1e-14)[0] for a, b in [(m - 12 * s, 0), (0, m), (m, m + 12 * s)])
    print(name.ljust(16), repr(v))

print("likelihoods: log p of one row")
y = 0.8
print("gaussian sd .5, m .3    ", repr(stats.norm.logpdf(y, 0.3, 0.5)))
print("heteroscedastic .3, -1.2", repr(stats.norm.logpdf(y, 0.3, np.exp(-0.6))))
a = np.array([0.2, -1.0, 0.5]); mu = np.array([0.0, 1.0, -2.0]); l = np.array([-0.5, 0.1, 0.7])
print("mixture 3               ", repr(special.logsumexp(special.log_softmax(a) + stats.norm.logpdf(y, mu, np.exp(l)))))
print("student-t 4 .5, m .3    ", repr(stats.t.logpdf(y, 4, 0.3, 0.5)))
print("bernoulli y 1, l -0.7   ", repr(special.log_expit(-0.7)))
print("categorical y 2         ", repr(special.log_softmax(a)[2]))
print("poisson y 3, l 0.4      ", repr(stats.poisson.logpmf(3, np.exp(0.4))))
print("poisson y 40, l 3.4     ", repr(stats.poisson.logpmf(40, np.exp(3.4))))

print("E sigmoid(l), l ~ N(0.7, 4), and the expected entropy")
g = lambda f: integrate.quad(lambda x: f(x) * stats.norm.pdf(x, 0.7, 2), -24, 26, epsabs=1e-13)[0]
print(repr(g(special.expit)), repr(g(lambda x: special.entr(special.expit(x)) + special.entr(special.expit(-x)))))
print("E softmax(l), l ~ N((.5, -1, 0), (1, 4, .25)), and the expected entropy: Gauss-Hermite, 80 nodes each")
x, c = np.polynomial.hermite_e.hermegauss(80)
c = c / c.sum()
grid = np.stack(np.meshgrid(0.5 + x, -1 + 2 * x, 0.5 * x, indexing="ij"), -1)
weight = c[:, None, None] * c[None, :, None] * c[None, None, :]
p = special.softmax(grid, -1)
print([repr(v) for v in (weight[..., None] * p).sum((0, 1, 2))], repr((weight * special.entr(p).sum(-1)).sum()))
v = np.array([1.5, -2.0, 0.3]); vv = np.array([0.2, 0.1, 0.4]); ns = np.array([0.3, 0.5, 0.2])
e1 = (weight * (p * v).sum(-1)).sum()
e2 = (weight * ((p * v).sum(-1) ** 2 + (p ** 2 * vv).sum(-1))).sum()
e3 = (weight * (p * (ns + vv + v ** 2)).sum(-1)).sum()
print("mixture with these logits: mean, epistemic, aleatoric", repr(e1), repr(e2 - e1 ** 2), repr(e3 - e2))
