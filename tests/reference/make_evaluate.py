#!/usr/bin/python3
"""Make tests/reference/evaluate/: a small model, its test data, and what scikit-learn says of them.

Run:  /usr/bin/python3 make_evaluate.py SCRATCHML     (the program, which trains the model)

Data: pictures of 2 x 3 pixels in six classes, in MNIST's layout; no test picture is of class 5.
Only the tensors are taken from the model file: the forward pass below is NumPy's, so the numbers
are those of another program for the same weights.
"""
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np
from sklearn import metrics as sk

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from make_metrics import calibration_error, softmax  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "evaluate"
CLASSES, COLUMNS = 6, 6
random = np.random.default_rng(7)
centres = random.integers(40, 216, size=(CLASSES, COLUMNS))


def write_idx(name, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    (FOLDER / name).write_bytes(header + array.astype(np.uint8).tobytes())


def write_part(name, labels):
    pixels = centres[labels] + random.normal(scale=60, size=(len(labels), COLUMNS))
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    write_idx(f"{name}-images-idx3-ubyte", pixels.reshape(-1, 2, 3))
    write_idx(f"{name}-labels-idx1-ubyte", labels)
    return pixels


def read_tensors(path):
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + at for at in entry["data_offsets"])
            tensors[name] = np.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"])
    return tensors


def predict(tensors, pixels):
    names = sorted({name.rsplit(".", 1)[0] for name in tensors})
    a = pixels / 255
    for i, name in enumerate(names):
        a = a @ tensors[f"{name}.weight"].T.astype(float) + tensors[f"{name}.bias"].astype(float)
        a = a if i == len(names) - 1 else np.maximum(a, 0)
    return softmax(a)


def main():
    FOLDER.mkdir(exist_ok=True)
    write_part("train", np.arange(240) % CLASSES)
    labels = random.integers(CLASSES - 1, size=90)
    pixels = write_part("t10k", labels)
    model = FOLDER / "model.safetensors"
    # a relative path: the receipt names the data
    subprocess.run([pathlib.Path(sys.argv[1]).absolute(), "train", FOLDER.name, "--hidden", "5",
                    "--activation", "relu", "--epochs", "40", "--batch-size", "8", "-q",
                    "-o", f"{FOLDER.name}/{model.name}"], cwd=FOLDER.parent, check=True)
    p = predict(read_tensors(model), pixels)
    said, classes = p.argmax(axis=1), np.arange(CLASSES)
    occurring = [k for k in classes if (labels == k).any()]
    one = labels[:, None] == classes
    expected = {
        "accuracy": sk.accuracy_score(labels, said),
        "loss": sk.log_loss(labels, p, labels=classes),
        "log_loss": sk.log_loss(labels, p, labels=classes),
        "samples": len(labels),
        "top_2": sk.top_k_accuracy_score(labels, p, k=2, labels=classes),
        "top_5": sk.top_k_accuracy_score(labels, p, k=5, labels=classes),
        "roc_auc": np.mean([sk.roc_auc_score(one[:, k], p[:, k]) for k in occurring]),
        "pr_auc": np.mean([sk.average_precision_score(one[:, k], p[:, k]) for k in occurring]),
        "ece_15": calibration_error(labels, p, 15),
        "ece_7": calibration_error(labels, p, 7),
        "confusion": sk.confusion_matrix(labels, said, labels=classes).tolist(),
    }
    for kind in "macro", "weighted":
        found = sk.precision_recall_fscore_support(labels, said, average=kind, zero_division=0)
        expected[kind] = dict(zip(("precision", "recall", "f1"), found[:3]))
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(json.dumps(expected))


main()
