"""PyTorch, and the Bayesian libraries upon it: WORKLOAD PEER SECONDS THREADS.

Settings that make it fast, for every peer but the tutorial's style: denormals flushed, fused Adam.
"""
import math

import harness

harness.limit_threads()

import torch
from torch import nn
from torch.nn import functional as F

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def setup(threads):
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)


def log_lik(w, out, y):
    """Mean over the rows, in nats."""
    if w.outputs == 1:
        z = (y - out) / w.noise_sd
        return -(0.5 * z * z + math.log(w.noise_sd) + HALF_LOG_2PI).mean()
    return -F.cross_entropy(out, y)


def batches(w):
    x, y = (torch.from_numpy(a) for a in w.data())
    if w.image:
        x = x.view(-1, 1, 28, 28).contiguous(memory_format=torch.channels_last)
    if w.tutorial:
        return [(x, y)]
    return [(x[i:i + w.rows], y[i:i + w.rows]) for i in range(0, w.n_rows, w.rows)]


def training(w, model, optimiser, loss_of):
    """unit(): a step of loss_of(model, x, y), minus the objective a row."""
    rows, at = batches(w), [0]

    def unit():
        x, y = rows[at[0] % len(rows)]
        at[0] += 1
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(model, x, y)
        loss.backward()
        optimiser.step()
        return -loss.item()

    unit.model = model
    return unit


def fused_adam(w, model):
    return torch.optim.Adam(model.parameters(), lr=w.rate, fused=True)


# --- deterministic ---


def conv_net(conv, linear):
    """5 x 5 x 32, pool, 5 x 5 x 64, pool, 512, 10, of any kind of layer."""
    return nn.Sequential(conv(1, 32), nn.ReLU(), nn.MaxPool2d(2), conv(32, 64), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), linear(64 * 49, 512), nn.ReLU(), linear(512, 10))


def plain_net(w, dropout=0.0):
    if w.image:
        return conv_net(lambda a, b: nn.Conv2d(a, b, 5, padding=2), nn.Linear).to(
            memory_format=torch.channels_last)
    layers = []
    for a, b in zip(w.widths[:-2], w.widths[1:-1]):
        layers += [nn.Linear(a, b), nn.ReLU()] + ([nn.Dropout(dropout)] if dropout else [])
    return nn.Sequential(*layers, nn.Linear(*w.widths[-2:]))


def deterministic(w, threads, compiled=False, dropout=0.0):
    setup(threads)
    model = plain_net(w, dropout)
    optimiser = fused_adam(w, model)

    def loss(model, x, y):
        return -log_lik(w, model(x), y)

    return training(w, model, optimiser, torch.compile(loss) if compiled else loss)


# --- Bayes by Backprop as tutorials write it ---


class TutorialLinear(nn.Module):
    def __init__(self, w, n_in, n_out):
        super().__init__()
        self.w = w
        self.weight_mu = nn.Parameter(torch.empty(n_out, n_in).normal_(0, 1 / math.sqrt(n_in)))
        self.weight_rho = nn.Parameter(torch.full((n_out, n_in), -5.0))
        self.bias_mu = nn.Parameter(torch.zeros(n_out))
        self.bias_rho = nn.Parameter(torch.full((n_out,), -5.0))
        self.log_prior = self.log_posterior = 0.0

    def prior(self, value):
        wide = torch.distributions.Normal(0.0, self.w.sd1)
        narrow = torch.distributions.Normal(0.0, self.w.sd2)
        density = (self.w.weight * torch.exp(wide.log_prob(value))
                   + (1 - self.w.weight) * torch.exp(narrow.log_prob(value)))
        return torch.log(density + 1e-30).sum()

    def draw(self, mu, rho):
        sigma = torch.log1p(torch.exp(rho))
        value = mu + sigma * torch.randn_like(mu)
        self.log_prior = self.log_prior + self.prior(value)
        self.log_posterior = self.log_posterior + (
            torch.distributions.Normal(mu, sigma).log_prob(value).sum())
        return value

    def forward(self, x):
        self.log_prior = self.log_posterior = 0.0
        weight = self.draw(self.weight_mu, self.weight_rho)
        return F.linear(x, weight, self.draw(self.bias_mu, self.bias_rho))


class TutorialNet(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.w = w
        self.layers = nn.ModuleList(
            TutorialLinear(w, a, b) for a, b in zip(w.widths, w.widths[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

    def loss(self, x, y):
        total = 0.0
        for _ in range(self.w.n_draws):
            out = self(x)
            kl = sum(layer.log_posterior - layer.log_prior for layer in self.layers)
            total = total + kl / self.w.n_rows - log_lik(self.w, out, y)
        return total / self.w.n_draws


def tutorial(w, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = TutorialNet(w)
    return training(w, model, torch.optim.Adam(model.parameters(), lr=w.rate),
                    lambda model, x, y: model.loss(x, y))


# --- by hand, everything that a careful user would do, compiled ---


class HandNet(nn.Module):
    """Means and log sds of all layers; softmax and noise outside."""

    def __init__(self, w):
        super().__init__()
        self.w = w
        shapes = list(zip(w.widths, w.widths[1:]))
        self.mean = nn.ParameterList(torch.randn(a, b) / math.sqrt(a) for a, b in shapes)
        self.log_sd = nn.ParameterList(
            torch.full((a, b), math.log(0.05 / math.sqrt(a))) for a, b in shapes)
        self.bias = nn.ParameterList(torch.zeros(b) for _, b in shapes)
        self.bias_log_sd = nn.ParameterList(
            torch.full((b,), math.log(0.05 / math.sqrt(a))) for a, b in shapes)

    def log_mixture(self, v):
        w = self.w
        a = math.log(w.weight / w.sd1) - v * v * (0.5 / w.sd1**2)
        b = math.log((1 - w.weight) / w.sd2) - v * v * (0.5 / w.sd2**2)
        top = torch.maximum(a, b)
        return (top + torch.log1p(torch.exp(-(a - b).abs()))).sum() - v.numel() * HALF_LOG_2PI

    def weights_loss(self, x, y):
        """A draw of the weights; the entropy exact, the mixture at the draw."""
        total = 0.0
        for _ in range(self.w.n_draws):
            h, kl = x, 0.0
            for i, (m, s, b, t) in enumerate(zip(self.mean, self.log_sd, self.bias, self.bias_log_sd)):
                weight, bias = m + s.exp() * torch.randn_like(m), b + t.exp() * torch.randn_like(b)
                entropy = s.sum() + t.sum() + (s.numel() + t.numel()) * (0.5 + HALF_LOG_2PI)
                kl = kl - entropy - self.log_mixture(weight) - self.log_mixture(bias)
                h = torch.addmm(bias, h, weight)
                if i + 1 < len(self.mean):
                    h = torch.relu(h)
            total = total + kl / self.w.n_rows - log_lik(self.w, h, y)
        return total / self.w.n_draws

    def local_outputs(self, x, kl=None, repeat=1):
        """Local reparameterisation; of `repeat` draws of the rows, which share the first products."""
        h = x
        for i, (m, s, b, t) in enumerate(zip(self.mean, self.log_sd, self.bias, self.bias_log_sd)):
            var, bias_var = (2 * s).exp(), (2 * t).exp()
            if kl is not None:
                kl = kl + (0.5 * (var + m * m) - s - 0.5).sum() + (0.5 * (bias_var + b * b) - t - 0.5).sum()
            mean = torch.addmm(b, h, m)
            sd = torch.addmm(bias_var, h * h, var).sqrt()
            if i == 0 and repeat > 1:
                noise = torch.randn(repeat, *mean.shape)
                h = (mean + sd * noise).flatten(0, 1)
            else:
                h = mean + sd * torch.randn_like(mean)
            if i + 1 < len(self.mean):
                h = torch.relu(h)
        return h, kl

    def local_loss(self, x, y):
        total = 0.0
        for _ in range(self.w.n_draws):
            h, kl = self.local_outputs(x, 0.0)
            total = total + kl / self.w.n_rows - log_lik(self.w, h, y)
        return total / self.w.n_draws

    def weights_outputs(self, x):
        h = x
        for i, (m, s, b, t) in enumerate(zip(self.mean, self.log_sd, self.bias, self.bias_log_sd)):
            h = torch.addmm(b + t.exp() * torch.randn_like(b), h, m + s.exp() * torch.randn_like(m))
            if i + 1 < len(self.mean):
                h = torch.relu(h)
        return h


def by_hand(w, threads, local):
    setup(threads)
    model = HandNet(w)
    loss = torch.compile(model.local_loss if local else model.weights_loss)
    return training(w, model, fused_adam(w, model), lambda model, x, y: loss(x, y))


# --- libraries ---


def torchbnn_net(w):
    import torchbnn as bnn

    if w.image:
        net = conv_net(lambda a, b: bnn.BayesConv2d(prior_mu=0, prior_sigma=0.1, in_channels=a,
                                                    out_channels=b, kernel_size=5, padding=2),
                       lambda a, b: bnn.BayesLinear(prior_mu=0, prior_sigma=0.1, in_features=a, out_features=b))
        return net, bnn.BKLLoss(reduction="sum")
    layers = []
    for i, (a, b) in enumerate(zip(w.widths, w.widths[1:])):
        layers.append(bnn.BayesLinear(prior_mu=0, prior_sigma=0.1, in_features=a, out_features=b))
        if i + 2 < len(w.widths):
            layers.append(nn.ReLU())
    return nn.Sequential(*layers), bnn.BKLLoss(reduction="sum")


def torchbnn(w, threads):
    setup(threads)
    model, kl = torchbnn_net(w)

    def loss(model, x, y):
        total = 0.0
        for _ in range(w.n_draws):
            total = total - log_lik(w, model(x), y)
        return total / w.n_draws + kl(model).squeeze() / w.n_rows

    return training(w, model, fused_adam(w, model), loss)


def bayesian_torch_net(w):
    from bayesian_torch.layers import Conv2dReparameterization, LinearReparameterization

    prior = {"prior_variance": 1.0, "posterior_rho_init": -5.0}

    class Net(nn.Module):
        """Its layers return the KL beside the output."""

        def __init__(self):
            super().__init__()
            if w.image:
                self.layers = conv_net(
                    lambda a, b: Conv2dReparameterization(a, b, 5, padding=2, **prior),
                    lambda a, b: LinearReparameterization(a, b, **prior))
                return
            self.layers = nn.Sequential()
            for i, (a, b) in enumerate(zip(w.widths, w.widths[1:])):
                self.layers.append(LinearReparameterization(a, b, **prior))
                if i + 2 < len(w.widths):
                    self.layers.append(nn.ReLU())

        def forward(self, x):
            kl = 0.0
            for layer in self.layers:
                x = layer(x)
                if isinstance(x, tuple):
                    x, kl = x[0], kl + x[1]
            return x, kl

    return Net()


def bayesian_torch(w, threads):
    setup(threads)
    model = bayesian_torch_net(w)

    def loss(model, x, y):
        total = 0.0
        for _ in range(w.n_draws):
            out, kl = model(x)
            total = total + kl / w.n_rows - log_lik(w, out, y)
        return total / w.n_draws

    return training(w, model, fused_adam(w, model), loss)


def blitz_net(w):
    from blitz.modules import BayesianConv2d, BayesianLinear

    prior = {"prior_sigma_1": w.sd1, "prior_sigma_2": w.sd2, "prior_pi": w.weight, "posterior_rho_init": -5.0}
    if w.image:
        return conv_net(lambda a, b: BayesianConv2d(a, b, kernel_size=(5, 5), padding=2, **prior),
                        lambda a, b: BayesianLinear(a, b, **prior))
    layers = []
    for i, (a, b) in enumerate(zip(w.widths, w.widths[1:])):
        layers.append(BayesianLinear(a, b, **prior))
        if i + 2 < len(w.widths):
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def blitz(w, threads):
    setup(threads)
    model = blitz_net(w)
    bayesian = [layer for layer in model if hasattr(layer, "log_variational_posterior")]

    def loss(model, x, y):
        total = 0.0
        for _ in range(w.n_draws):
            out = model(x)
            kl = sum(layer.log_variational_posterior - layer.log_prior for layer in bayesian)
            total = total + kl / w.n_rows - log_lik(w, out, y)
        return total / w.n_draws

    return training(w, model, fused_adam(w, model), loss)


# --- predictions: mean probabilities (or outputs) over the draws ---


def answers(w, outputs):
    """outputs (draws, rows, outputs) -> mean and predictive entropy, or mean and sd."""
    if w.outputs == 1:
        return outputs.mean(0), outputs.std(0)
    p = outputs.softmax(-1).mean(0)
    return p, -(p * p.clamp_min(1e-30).log()).sum(-1)


def predicting(w, draw_all, compiled=False):
    x = torch.from_numpy(w.data()[0])
    if w.image:
        x = x.view(-1, 1, 28, 28).contiguous(memory_format=torch.channels_last)
    call = torch.compile(draw_all) if compiled else draw_all

    def unit():
        with torch.inference_mode():
            call(x)

    return unit


def one_by_one(w, net):
    """The usual way: a pass a draw."""
    return predicting(w, lambda x: answers(w, torch.stack([net(x) for _ in range(w.n_draws)])))


def predict_mean(w, threads, compiled=False):
    setup(threads)
    net = plain_net(w)
    return predicting(w, lambda x: answers(w, net(x)[None]), compiled)


def predict_dropout(w, threads):
    setup(threads)
    return one_by_one(w, plain_net(w, 0.5).train())


def predict_dropout_hand(w, threads):
    """All draws are rows of one product, which share the first."""
    setup(threads)
    net = plain_net(w).requires_grad_(False)
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]

    def draw_all(x):
        h = torch.relu(linear[0](x)).expand(w.n_draws, -1, -1)
        for layer in linear[1:]:
            h = torch.where(torch.rand(h.shape) < 0.5, 0.0, h * 2)
            h = layer(h)
            if layer is not linear[-1]:
                h = torch.relu(h)
        return answers(w, h)

    return predicting(w, draw_all, compiled=True)


def predict_torchbnn(w, threads):
    setup(threads)
    return one_by_one(w, torchbnn_net(w)[0])


def predict_bayesian_torch(w, threads):
    setup(threads)
    net = bayesian_torch_net(w)
    return one_by_one(w, lambda x: net(x)[0])


def predict_tutorial(w, threads):
    torch.set_num_threads(threads)
    net = TutorialNet(w)
    if not w.tutorial:
        return one_by_one(w, net)
    # the tutorial asks for one point at a time
    x = torch.from_numpy(w.data()[0])

    def unit():
        with torch.no_grad():
            for i in range(len(x)):
                answers(w, torch.stack([net(x[i:i + 1]) for _ in range(w.n_draws)]))

    return unit


def predict_weights_hand(w, threads):
    setup(threads)
    net = HandNet(w).requires_grad_(False)
    if w.tutorial:  # all draws in one batched product
        def draw_all(x):
            h = x.expand(w.n_draws, -1, -1)
            for i, (m, s, b, t) in enumerate(zip(net.mean, net.log_sd, net.bias, net.bias_log_sd)):
                weight = m + s.exp() * torch.randn(w.n_draws, *m.shape)
                bias = b + t.exp() * torch.randn(w.n_draws, 1, *b.shape)
                h = torch.baddbmm(bias, h, weight)
                if i + 1 < len(net.mean):
                    h = torch.relu(h)
            return answers(w, h)

        return predicting(w, draw_all, compiled=True)
    draw = torch.compile(net.weights_outputs)
    return predicting(w, lambda x: answers(w, torch.stack([draw(x) for _ in range(w.n_draws)])))


def predict_local_hand(w, threads):
    setup(threads)
    net = HandNet(w).requires_grad_(False)
    n = w.n_draws if w.rows <= 128 else 1

    def draw_all(x):
        h, _ = net.local_outputs(x, repeat=n)
        return h.view(n, -1, w.outputs)

    if w.rows <= 128:
        return predicting(w, lambda x: answers(w, draw_all(x)), compiled=True)
    draw = torch.compile(draw_all)
    return predicting(w, lambda x: answers(w, torch.cat([draw(x) for _ in range(w.n_draws)])))


harness.main({
    "deterministic": deterministic,
    "deterministic-compiled": lambda w, t: deterministic(w, t, compiled=True),
    "dropout": lambda w, t: deterministic(w, t, dropout=0.5),
    "tutorial": tutorial,
    "torchbnn": torchbnn,
    "bayesian-torch": bayesian_torch,
    "blitz": blitz,
    "torch-weights": lambda w, t: by_hand(w, t, local=False),
    "torch-local": lambda w, t: by_hand(w, t, local=True),
    "predict-mean": predict_mean,
    "predict-mean-compiled": lambda w, t: predict_mean(w, t, compiled=True),
    "predict-dropout": predict_dropout,
    "predict-dropout-hand": predict_dropout_hand,
    "predict-torchbnn": predict_torchbnn,
    "predict-bayesian-torch": predict_bayesian_torch,
    "predict-tutorial": predict_tutorial,
    "predict-torch-weights": predict_weights_hand,
    "predict-torch-local": predict_local_hand,
})
