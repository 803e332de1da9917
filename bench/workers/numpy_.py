"""NumPy written by hand: the same algorithm in float32, with outputs that are allocated once and
the parameters of all layers in one array, so that an optimiser is a few calls.
Prediction leaves out the softmax."""

import numpy as np
from worker import Job, serve


class Network:
    """Dense layers with ReLU between them. W is kept [n_in, n_out], as forward reads it."""

    def __init__(self, job):
        layers = job.weights()
        self.flat = np.concatenate([np.append(w.T.reshape(-1), b) for w, b in layers])
        self.gradient = np.empty_like(self.flat)
        self.weights, self.biases = self._views(job.widths, self.flat)
        self.d_weights, self.d_biases = self._views(job.widths, self.gradient)
        self.widths = job.widths
        self.buffers = {}

    @staticmethod
    def _views(widths, flat):
        weights, biases, at = [], [], 0
        for n_in, n_out in zip(widths, widths[1:]):
            weights.append(flat[at : at + n_in * n_out].reshape(n_in, n_out))
            at += n_in * n_out
            biases.append(flat[at : at + n_out])
            at += n_out
        return weights, biases

    def _buffers(self, rows):
        """Activations and deltas for batches of so many rows."""
        if rows not in self.buffers:
            shapes = [(rows, width) for width in self.widths[1:]]
            self.buffers[rows] = [[np.empty(s, np.float32) for s in shapes] for _ in range(2)]
        return self.buffers[rows]

    def forward(self, x):
        activations, _ = self._buffers(len(x))
        last = len(self.weights) - 1
        for i, (w, b, a) in enumerate(zip(self.weights, self.biases, activations)):
            np.matmul(x, w, out=a)
            a += b
            if i < last:
                np.maximum(a, 0, out=a)
            x = a
        return x

    def backward(self, x):
        """The delta of the outputs is in place; fills the gradient."""
        activations, deltas = self._buffers(len(x))
        for i in reversed(range(len(self.weights))):
            before = activations[i - 1] if i > 0 else x
            np.matmul(before.T, deltas[i], out=self.d_weights[i])
            deltas[i].sum(axis=0, out=self.d_biases[i])
            if i > 0:
                np.matmul(deltas[i], self.weights[i].T, out=deltas[i - 1])
                deltas[i - 1] *= before > 0

    def delta(self, rows):
        return self._buffers(rows)[1][-1]


def cross_entropy(z, labels, delta):
    """The loss, and delta = (softmax z - y) / m."""
    rows = np.arange(len(z))
    z = z - z.max(axis=1, keepdims=True)
    np.exp(z, out=delta)
    sums = delta.sum(axis=1, keepdims=True)
    loss = (np.log(sums[:, 0]) - z[rows, labels]).sum()
    delta /= sums
    delta[rows, labels] -= 1
    delta /= len(z)
    return loss


def squared_error(z, targets, delta):
    """The loss, and delta = 2 (z - y) / m."""
    np.subtract(z, targets[:, None], out=delta)
    loss = np.vdot(delta, delta)
    delta *= np.float32(2 / len(z))
    return loss


def sgd(net, rate):
    step = np.empty_like(net.flat)

    def update():
        np.multiply(net.gradient, rate, out=step)
        np.subtract(net.flat, step, out=net.flat)

    return update


def momentum(net, rate, mu=np.float32(0.9)):
    velocity, step = np.zeros_like(net.flat), np.empty_like(net.flat)

    def update():
        np.multiply(velocity, mu, out=velocity)
        np.add(velocity, net.gradient, out=velocity)
        np.multiply(velocity, rate, out=step)
        np.subtract(net.flat, step, out=net.flat)

    return update


def adam(net, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v, a, b = (np.zeros_like(net.flat) for _ in range(4))
    steps = 0

    def update():
        nonlocal steps
        steps += 1
        g = net.gradient
        np.multiply(m, np.float32(beta1), out=m)
        np.multiply(g, np.float32(1 - beta1), out=a)
        np.add(m, a, out=m)
        np.multiply(v, np.float32(beta2), out=v)
        np.multiply(g, g, out=a)
        np.multiply(a, np.float32(1 - beta2), out=a)
        np.add(v, a, out=v)
        np.sqrt(v, out=a)
        np.multiply(a, np.float32(1 / np.sqrt(1 - beta2**steps)), out=a)
        np.add(a, np.float32(epsilon), out=a)
        np.multiply(m, np.float32(rate / (1 - beta1**steps)), out=b)
        np.divide(b, a, out=b)
        np.subtract(net.flat, b, out=net.flat)

    return update


def train(job):
    net = Network(job)
    update = {"sgd": sgd, "momentum": momentum, "adam": adam}[job.optimizer]
    update = update(net, np.float32(job.rate))
    loss_of = cross_entropy if job.task == "classes" else squared_error
    orders = iter(job.orders)

    def epoch():
        order, total = next(orders), 0.0
        for at in range(0, len(order), job.batch):
            batch = order[at : at + job.batch]
            x = job.train_x[batch]
            total += loss_of(net.forward(x), job.train_y[batch], net.delta(len(x)))
            net.backward(x)
            update()

    serve(np.__version__, epoch, lambda: job.score(net.forward(job.test_x)))


def forward_one(net, x):
    """One sample as a vector: np.dot has less to do before its product than matmul."""
    activations, _ = net._buffers(1)
    last = len(net.weights) - 1
    for i, (w, b, a) in enumerate(zip(net.weights, net.biases, activations)):
        a = a[0]
        np.dot(x, w, out=a)
        np.add(a, b, out=a)
        if i < last:
            np.maximum(a, 0, out=a)
        x = a
    return x


def predict(job):
    net = Network(job)
    batches = job.test_batches()
    if job.kind == "single":
        batches = [batch[0] for batch in batches]

    def pass_over():
        for batch in batches:
            forward_one(net, batch) if job.kind == "single" else net.forward(batch)

    serve(np.__version__, pass_over, lambda: job.score(net.forward(job.test_x)))


job = Job()
train(job) if job.kind == "train" else predict(job)
