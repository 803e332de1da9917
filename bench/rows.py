"""The rows of the comparison: what is done, and the ratio to the fastest peer that is aimed at.

Everybody starts from the same weights, sees the same samples in the same order, and has the mean
cross-entropy (classes) or the mean squared error (regression) as its loss.
"""

from dataclasses import dataclass

TITLES = {
    "scratchml": "Scratch-ML",
    "pytorch": "PyTorch",
    "libtorch": "LibTorch",
    "sklearn": "sklearn",
    "numpy": "NumPy",
    "fann": "FANN",
}
PEERS = tuple(TITLES)[1:]

NOTES = {
    ("fann", "train"): "FANN has no ReLU and no softmax: it trains sigmoid units on the squared "
    "error, from weights of its own.",
    ("fann", "bulk"): "FANN predicts the 10,000 samples one by one: it takes no more at once.",
}


@dataclass(frozen=True)
class Row:
    number: int
    kind: str  # train, single, bulk, process, memory
    data: str  # mnist, fashion-mnist, regression-100
    widths: tuple  # inputs, hidden, outputs
    target: float  # the fastest peer's median over ours
    batch: int = 128
    optimizer: str = "adam"
    rate: float = 0.001
    limit: float = 0.0  # ours may take at most so many seconds a unit; 0: no limit
    peers: tuple = PEERS[:-1]

    @property
    def task(self):
        return "regression" if self.data == "regression-100" else "classes"

    @property
    def name(self):
        shape = "-".join(map(str, self.widths))
        optimizer = {"sgd": "SGD", "adam": "Adam", "momentum": "momentum"}[self.optimizer]
        return {
            "train": f"{shape} b{self.batch} {optimizer}",
            "single": f"{shape} predict 1",
            "bulk": f"{shape} predict 10,000",
            "process": "whole process: time",
            "memory": "whole process: memory",
        }[self.kind]

    @property
    def words(self):
        """What else a row can be chosen by."""
        return self.kind, self.data, self.optimizer

    @property
    def unit(self):
        return {
            "train": "seconds per epoch",
            "single": "seconds per sample",
            "bulk": "seconds per 10,000 samples",
            "process": "seconds",
            "memory": "bytes",
        }[self.kind]

    @property
    def flops(self):
        """Operations a unit: a weight and sample have 6 in training, but 4 in the first layer,
        whose inputs need no gradient; 2 in prediction. 0 for a whole process."""
        products = [n_in * n_out for n_in, n_out in zip(self.widths, self.widths[1:])]
        training = 4 * products[0] + 6 * sum(products[1:])
        samples = 200000 if self.task == "regression" else 60000
        return {
            "train": samples * training,
            "single": 2 * sum(products),
            "bulk": 10000 * 2 * sum(products),
        }.get(self.kind, 0)


MNIST_128 = (784, 128, 10)

ROWS = (
    Row(1, "train", "mnist", MNIST_128, 4.0, 128, "sgd", 0.1),
    Row(2, "train", "mnist", (784, 100, 100, 10), 30.0, 1, "sgd", 0.01, peers=PEERS),
    Row(3, "train", "mnist", (784, 100, 100, 10), 6.0, 16, "momentum", 0.01),
    Row(4, "train", "mnist", (784, 512, 512, 10), 2.0, 128, "adam", 0.001),
    Row(5, "train", "mnist", (784, 1024, 1024, 10), 1.8, 256, "sgd", 0.1),
    Row(6, "train", "regression-100", (100, 256, 256, 1), 2.0, 256, "adam", 0.001),
    Row(7, "train", "fashion-mnist", (784, 256, 10), 3.0, 128, "adam", 0.001),
    Row(8, "single", "mnist", MNIST_128, 8.0, limit=2.5e-6, peers=PEERS),
    Row(9, "bulk", "mnist", MNIST_128, 3.0, peers=PEERS),
    Row(10, "process", "mnist", MNIST_128, 8.0),
    Row(11, "memory", "mnist", MNIST_128, 4.0),
)
