"""One epoch on MNIST in scikit-learn, from the files to the accuracy: scikit.py FOLDER SEED"""

import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier


def read_set(name):
    folder = sys.argv[1]
    images = np.fromfile(f"{folder}/{name}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 784)
    labels = np.fromfile(f"{folder}/{name}-labels-idx1-ubyte", np.uint8)[8:]
    return images / np.float32(255), labels


train_x, train_y = read_set("train")
test_x, test_y = read_set("t10k")

warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is what is asked for
model = MLPClassifier((128,), alpha=0, batch_size=128, max_iter=1, random_state=int(sys.argv[2]))
model.fit(train_x, train_y)
print(f"test accuracy {100 * model.score(test_x, test_y):.2f}%")
