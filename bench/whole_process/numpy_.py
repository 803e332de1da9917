"""One epoch on MNIST in NumPy, from the files to the accuracy: numpy_.py FOLDER SEED

Pictures stay bytes and become float32 batch by batch, and the parameters are one array: that takes a
third of the memory and time of scaling all pictures at once and a step for each array.
"""

import sys

import numpy as np

BATCH, HIDDEN, SCALE = 128, 128, np.float32(1 / 255)


def read_set(name):
    path = f"{sys.argv[1]}/{name}"
    images = np.fromfile(f"{path}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 784)
    return images, np.fromfile(f"{path}-labels-idx1-ubyte", np.uint8, offset=8)


def views(flat):
    """w1, b1, w2, b2 in one array."""
    ends = np.cumsum([784 * HIDDEN, HIDDEN, HIDDEN * 10])
    w1, b1, w2, b2 = np.split(flat, ends)
    return w1.reshape(784, HIDDEN), b1, w2.reshape(HIDDEN, 10), b2


def forward(x):
    hidden = x @ w1
    hidden += b1
    np.maximum(hidden, 0, out=hidden)
    z = hidden @ w2
    z += b2
    return hidden, z


def differentiate(x, y):
    hidden, delta = forward(x)
    delta -= delta.max(axis=1, keepdims=True)
    np.exp(delta, out=delta)
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta *= np.float32(1 / len(y))
    before = delta @ w2.T
    before *= hidden > 0
    np.matmul(x.T, before, out=d_w1)
    before.sum(axis=0, out=d_b1)
    np.matmul(hidden.T, delta, out=d_w2)
    delta.sum(axis=0, out=d_b2)


def adam(step, rate=0.001, beta1=0.9, beta2=0.999):
    m[:] *= np.float32(beta1)
    np.multiply(gradient, np.float32(1 - beta1), out=a)
    m[:] += a
    v[:] *= np.float32(beta2)
    np.multiply(gradient, gradient, out=a)
    a[:] *= np.float32(1 - beta2)
    v[:] += a
    np.sqrt(v, out=a)
    a[:] += np.float32(1e-8)
    np.divide(m, a, out=a)
    a[:] *= np.float32(rate * np.sqrt(1 - beta2**step) / (1 - beta1**step))
    parameters[:] -= a


train_x, train_y = read_set("train")
test_x, test_y = read_set("t10k")
random = np.random.default_rng(int(sys.argv[2]))
size = 784 * HIDDEN + HIDDEN + HIDDEN * 10 + 10
parameters, gradient, m, v, a = (np.zeros(size, np.float32) for _ in range(5))
w1, b1, w2, b2 = views(parameters)
d_w1, d_b1, d_w2, d_b2 = views(gradient)
w1[:] = random.standard_normal(w1.shape, np.float32) * np.float32(np.sqrt(2 / 784))
w2[:] = random.uniform(-1, 1, w2.shape) * np.sqrt(6 / (HIDDEN + 10))

order = random.permutation(len(train_x))
for step, first in enumerate(range(0, len(order), BATCH), 1):
    batch = order[first : first + BATCH]
    differentiate(np.multiply(train_x[batch], SCALE, dtype=np.float32), train_y[batch])
    adam(step)

right = 0
for first in range(0, len(test_x), 1000):
    z = forward(np.multiply(test_x[first : first + 1000], SCALE, dtype=np.float32))[1]
    right += (z.argmax(axis=1) == test_y[first : first + 1000]).sum()
print(f"test accuracy {100 * right / len(test_x):.2f}%")
