"""What every worker in Python shares: its job, raw arrays, and the protocol of worker.h."""

import sys
import time

import numpy as np

STEP = 7919  # prime: r · STEP modulo the rows visits each sample once


class Job:
    """The arguments KEY=VALUE, and the arrays that they name."""

    def __init__(self):
        given = dict(word.split("=", 1) for word in sys.argv[1:])
        self.kind = given["kind"]
        self.task = given["task"]
        self.widths = [int(width) for width in given["widths"].split(",")]
        self.threads = int(given["threads"])
        self.n_layers = len(self.widths) - 1
        self._weights = given["weights"]
        self.test_x, self.test_y = self._rows(given["test"])
        if self.kind == "train":
            self.optimizer = given["optimizer"]
            self.rate = float(given["rate"])
            self.batch = int(given["batch"])
            self.train_x, self.train_y = self._rows(given["train"])
            order = np.fromfile(given["order"], np.uint32)
            self.orders = order.reshape(-1, len(self.train_x)).astype(np.int64)

    def _rows(self, path):
        dtype = np.int32 if self.task == "classes" else np.float32
        inputs = np.fromfile(path + ".inputs", np.float32).reshape(-1, self.widths[0])
        return inputs, np.fromfile(path + ".targets", dtype)

    def weights(self):
        """[(W[n_out, n_in], b[n_out])] of each layer: the start of training, or the model."""
        flat = np.fromfile(self._weights, np.float32)
        layers = []
        for n_in, n_out in zip(self.widths, self.widths[1:]):
            weight, bias, flat = np.split(flat, [n_in * n_out, n_in * n_out + n_out])
            layers.append((weight.reshape(n_out, n_in).copy(), bias.copy()))
        return layers

    def test_batches(self):
        """All test samples at once, or one by one in an order that jumps, as requests come."""
        rows = len(self.test_x)
        if self.kind != "single":
            return [self.test_x]
        return [self.test_x[k : k + 1] for k in (r * STEP % rows for r in range(rows))]
    def score(self, outputs):
        """Accuracy or 100 R² of the outputs [rows, n_out] on the test samples."""
        if self.task == "classes":
            return 100.0 * np.mean(outputs.argmax(axis=1) == self.test_y)
        truth = self.test_y.astype(np.float64)
        errors = truth - outputs.reshape(-1)
        return 100.0 * (1 - np.sum(errors**2) / np.sum((truth - truth.mean()) ** 2))


def fastest(variants, argument):
    """The one of several functions that do the same that is the fastest here."""

    def seconds_a_call(function):
        for _ in range(3):  # TorchScript compiles in its first calls
            function(argument)
        calls, start = 0, time.perf_counter()
        while time.perf_counter() < start + 0.2:
            function(argument)
            calls += 1
        return (time.perf_counter() - start) / calls

    return min(variants, key=seconds_a_call)


def serve(version, run, score, before_run=lambda: None):
    """Obeys the orchestrator until it says "quit". What before_run does is not timed."""
    print("ready", version, flush=True)
    for line in sys.stdin:
        if line.startswith("run"):
            before_run()
            start = time.perf_counter()
            run()
            print(time.perf_counter() - start, flush=True)
        elif line.startswith("score"):
            print(float(score()), flush=True)
        else:
            break
