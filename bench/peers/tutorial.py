"""The tutorial's two programs on a peer, as whole processes: data, training, predictions with 100
draws at 100 points, without the picture. Usage: tutorial.py PEER bnn|sine EPOCHS
"""
import math
import os
import sys

import numpy as np

peer, which, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(1)


def rows(n, inputs, noise):
    x = rng.standard_normal((n, inputs)) if inputs > 1 else np.linspace(-3, 3, n)[:, None]
    y = np.sin(x[:, :3].sum(1, keepdims=True)) + noise * rng.standard_normal((n, 1))
    return x.astype(np.float32), y.astype(np.float32)


inputs, n = (10, 100) if which == "bnn" else (1, 50)
x, y = rows(n, inputs, 0.1)
grid, _ = rows(100, inputs, 0.0)

sys.argv = [sys.argv[0], f"train-tutorial-{which}", peer, "0", str(len(os.sched_getaffinity(0)))]
import harness  # noqa: E402

w = harness.Workload(sys.argv[1])
harness.main = lambda registry: globals().update(registry=registry)
w.data = lambda: (x, y)

if peer.startswith("jax"):
    import jax_peers as peers

    import jax
    import jax.numpy as jnp

    unit = peers.training(w, peers.weights_loss, epochs)
    score = unit()
    layers = unit.state[0][0]

    def one(key):
        h = jnp.asarray(grid)
        for i, layer in enumerate(layers):
            key, a, b = jax.random.split(key, 3)
            h = h @ peers.draw(layer["mean"], layer["log_sd"], a) + peers.draw(
                layer["bias"], layer["bias_log_sd"], b)
            if i + 1 < len(layers):
                h = jax.nn.relu(h)
        return h

    outputs = np.asarray(jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(3), 100)))
else:
    import torch_peers as peers

    import torch

    unit = registry[peer](w, 2)
    for _ in range(epochs):
        score = unit()
    net = unit.model
    with torch.no_grad():
        if peer == "tutorial":  # one point at a time, as it does
            points = torch.from_numpy(grid)
            outputs = np.array([[float(net(points[i:i + 1])) for i in range(100)] for _ in range(100)])
        else:
            draws = 1 if peer == "deterministic" else 100
            passes = [net(torch.from_numpy(grid)) for _ in range(draws)]
            outputs = np.array([(p[0] if isinstance(p, tuple) else p).numpy() for p in passes])
outputs = outputs.reshape(len(outputs), -1)
print(f"score {score:.3f}")
for i in range(0, 100, 25):
    print(f"row {i:2d}: mean {outputs[:, i].mean():6.3f}, sd {math.hypot(outputs[:, i].std(), 0.1):.3f}")
