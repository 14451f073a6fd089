"""JAX, the ELBO by hand, several steps in one compiled loop: WORKLOAD PEER SECONDS THREADS.

Noise comes from XLA's own generator ("rbg"): the default one takes longer on processors.
"""
import math

import harness

harness.limit_threads()

import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_default_prng_impl", "rbg")

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def initial(w, key):
    layers = []
    for a, b in zip(w.widths, w.widths[1:]):
        key, k = jax.random.split(key)
        sd = math.log(0.05 / math.sqrt(a))
        layers.append({"mean": jax.random.normal(k, (a, b)) / math.sqrt(a),
                       "log_sd": jnp.full((a, b), sd, jnp.float32),
                       "bias": jnp.zeros(b), "bias_log_sd": jnp.full(b, sd, jnp.float32)})
    return layers


def log_lik(w, out, y):
    if w.outputs == 1:
        z = (y - out) / w.noise_sd
        return -jnp.mean(0.5 * z * z + math.log(w.noise_sd) + HALF_LOG_2PI)
    return jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1))


def log_mixture(w, v):
    a = math.log(w.weight / w.sd1) - v * v * (0.5 / w.sd1**2)
    b = math.log((1 - w.weight) / w.sd2) - v * v * (0.5 / w.sd2**2)
    return jnp.sum(jnp.logaddexp(a, b)) - v.size * HALF_LOG_2PI


def draw(mean, log_sd, key):
    return mean + jnp.exp(log_sd) * jax.random.normal(key, mean.shape)


def weights_loss(w, layers, x, y, key):
    h, kl = x, 0.0
    for i, layer in enumerate(layers):
        key, k1, k2 = jax.random.split(key, 3)
        weight = draw(layer["mean"], layer["log_sd"], k1)
        bias = draw(layer["bias"], layer["bias_log_sd"], k2)
        entropy = (jnp.sum(layer["log_sd"]) + jnp.sum(layer["bias_log_sd"])
                   + (weight.size + bias.size) * (0.5 + HALF_LOG_2PI))
        kl = kl - entropy - log_mixture(w, weight) - log_mixture(w, bias)
        h = h @ weight + bias
        if i + 1 < len(layers):
            h = jax.nn.relu(h)
    return kl / w.n_rows - log_lik(w, h, y)


def local_layer(layer, h, key, first_of=0):
    mean = h @ layer["mean"] + layer["bias"]
    var = (h * h) @ jnp.exp(2 * layer["log_sd"]) + jnp.exp(2 * layer["bias_log_sd"])
    shape = (first_of, *mean.shape) if first_of else mean.shape
    return mean + jnp.sqrt(var) * jax.random.normal(key, shape)


def normal_kl(mean, log_sd):
    return jnp.sum(0.5 * (jnp.exp(2 * log_sd) + mean * mean) - log_sd - 0.5)


def local_loss(w, layers, x, y, key):
    h, kl = x, 0.0
    for i, layer in enumerate(layers):
        key, k = jax.random.split(key)
        kl = kl + normal_kl(layer["mean"], layer["log_sd"])
        kl = kl + normal_kl(layer["bias"], layer["bias_log_sd"])
        h = local_layer(layer, h, k)
        if i + 1 < len(layers):
            h = jax.nn.relu(h)
    return kl / w.n_rows - log_lik(w, h, y)


def adam(w, params, m, v, grad, t):
    m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, grad)
    v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, grad)
    c1, c2 = 1 - 0.9**t, 1 - 0.999**t
    params = jax.tree.map(
        lambda p, a, b: p - w.rate * (a / c1) / (jnp.sqrt(b / c2) + 1e-8), params, m, v)
    return params, m, v


def training(w, loss_of, n_steps):
    """n_steps steps in one compiled loop."""
    x, y = (jnp.asarray(a) for a in w.data())
    n_batches = w.n_rows // w.rows
    xs, ys = x.reshape(n_batches, w.rows, -1), y.reshape(n_batches, w.rows, *y.shape[1:])

    def loss(params, xb, yb, key):
        if w.n_draws == 1:
            return loss_of(w, params, xb, yb, key)
        keys = jax.random.split(key, w.n_draws)
        return jnp.mean(jax.vmap(lambda k: loss_of(w, params, xb, yb, k))(keys))

    def step(carry, i):
        params, m, v, key = carry
        key, k = jax.random.split(key)
        value, grad = jax.value_and_grad(loss)(params, xs[i % n_batches], ys[i % n_batches], k)
        params, m, v = adam(w, params, m, v, grad, i.astype(jnp.float32) + 1)
        return (params, m, v, key), value

    def many(carry, first):
        return lax.scan(step, carry, first + jnp.arange(n_steps))

    params = initial(w, jax.random.key(1))
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = [(params, zeros, jax.tree.map(jnp.zeros_like, params), jax.random.key(2)), 0]
    program = []

    def unit():
        # Compiled once, in the first unit: called plainly, jit compiles anew for what its first two
        # calls return, which has other attributes than what they were given, and those seconds were
        # taken for a step's.
        if not program:
            program.append(jax.jit(many, donate_argnums=0).lower(state[0], jnp.int32(0)).compile())
        state[0], values = program[0](state[0], jnp.int32(state[1]))
        state[1] += n_steps
        return -float(values[-1] if state[1] > n_steps else values[0])

    unit.n_units, unit.state = n_steps, state
    return unit


def train(loss_of):
    def build(w, threads):
        return training(w, loss_of, 1000 if w.tutorial else 1)

    return build


def answers(w, outputs):
    if w.outputs == 1:
        return outputs.mean(0), outputs.std(0)
    p = jax.nn.softmax(outputs).mean(0)
    return p, -(p * jnp.log(p)).sum(-1)


def predicting(w, outputs_of):
    """outputs_of(layers, x, key) -> (draws, rows, outputs), compiled as a whole."""
    x = jnp.asarray(w.data()[0])
    layers = initial(w, jax.random.key(1))
    call = jax.jit(lambda layers, x, key: answers(w, outputs_of(layers, x, key)))
    count = [0]

    def unit():
        count[0] += 1
        jax.block_until_ready(call(layers, x, jax.random.key(count[0])))

    return unit


def predict_weights(w, threads):
    def one(layers, x, key):
        h = x
        for i, layer in enumerate(layers):
            key, k1, k2 = jax.random.split(key, 3)
            h = h @ draw(layer["mean"], layer["log_sd"], k1) + draw(layer["bias"], layer["bias_log_sd"], k2)
            if i + 1 < len(layers):
                h = jax.nn.relu(h)
        return h

    def outputs(layers, x, key):
        keys = jax.random.split(key, w.n_draws)
        if w.tutorial:  # all draws in one batched product
            return jax.vmap(lambda k: one(layers, x, k))(keys)
        return lax.map(lambda k: one(layers, x, k), keys)

    return predicting(w, outputs)


def predict_local(w, threads):
    def outputs(layers, x, key):
        n = w.n_draws
        for i, layer in enumerate(layers):
            key, k = jax.random.split(key)
            if i == 0:
                h = local_layer(layer, x, k, first_of=n).reshape(-1, layer["bias"].size)
            else:
                h = local_layer(layer, h, k)
            if i + 1 < len(layers):
                h = jax.nn.relu(h)
        return h.reshape(n, -1, w.outputs)

    return predicting(w, outputs)


def predict_dropout(w, threads):
    def outputs(layers, x, key):
        n = w.n_draws
        h = jax.nn.relu(x @ layers[0]["mean"] + layers[0]["bias"])
        h = jnp.broadcast_to(h, (n, *h.shape)).reshape(-1, h.shape[-1])
        for i, layer in enumerate(layers[1:]):
            key, k = jax.random.split(key)
            h = jnp.where(jax.random.bernoulli(k, 0.5, h.shape), 2 * h, 0.0) @ layer["mean"] + layer["bias"]
            if i + 2 < len(layers):
                h = jax.nn.relu(h)
        return h.reshape(n, -1, w.outputs)

    return predicting(w, outputs)


harness.main({
    "jax-weights": train(weights_loss),
    "jax-local": train(local_loss),
    "predict-jax-weights": predict_weights,
    "predict-jax-local": predict_local,
    "predict-jax-dropout": predict_dropout,
})
