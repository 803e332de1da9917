"""One epoch on MNIST in NumPy, from the files to the accuracy: numpy_.py FOLDER SEED"""

import sys

import numpy as np


def read_set(name):
    folder = sys.argv[1]
    images = np.fromfile(f"{folder}/{name}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 784)
    labels = np.fromfile(f"{folder}/{name}-labels-idx1-ubyte", np.uint8)[8:]
    return images / np.float32(255), labels


def gradients(x, y):
    hidden = np.maximum(x @ w1 + b1, 0)
    z = hidden @ w2 + b2
    delta = np.exp(z - z.max(axis=1, keepdims=True))
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(y)), y] -= 1
    delta /= len(y)
    before = (delta @ w2.T) * (hidden > 0)
    return x.T @ before, before.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)


train_x, train_y = read_set("train")
test_x, test_y = read_set("t10k")

random = np.random.default_rng(int(sys.argv[2]))
w1 = random.standard_normal((784, 128), np.float32) * np.float32(np.sqrt(2 / 784))
w2 = random.uniform(-1, 1, (128, 10)).astype(np.float32) * np.float32(np.sqrt(6 / 138))
b1, b2 = np.zeros(128, np.float32), np.zeros(10, np.float32)
parameters = [w1, b1, w2, b2]
means = [np.zeros_like(p) for p in parameters]
squares = [np.zeros_like(p) for p in parameters]
order = random.permutation(len(train_x))
for step, at in enumerate(range(0, len(order), 128), start=1):
    batch = order[at : at + 128]
    rate = np.float32(0.001 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step))
    new = gradients(train_x[batch], train_y[batch])
    for p, m, v, g in zip(parameters, means, squares, new):
        m += np.float32(0.1) * (g - m)
        v += np.float32(0.001) * (g * g - v)
        p -= rate * m / (np.sqrt(v) + np.float32(1e-8))

z = np.maximum(test_x @ w1 + b1, 0) @ w2 + b2
print(f"test accuracy {100 * np.mean(z.argmax(axis=1) == test_y):.2f}%")
