#!/usr/bin/python3
"""Print tests/reference/metrics.json: metrics by scikit-learn 1.2.1 (NumPy 1.24).

Run:  /usr/bin/python3 make_metrics.py [FOLDER]     (default: the script's own folder)

Scores are float32, and scikit-learn gets them as float32. It has no calibration error: that is ten
lines of NumPy below. null stands for "has no value" (NaN).
"""
import json
import pathlib
import sys
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.simplefilter("ignore")  # undefined ratios are 0, which is what the cases are about
random = np.random.default_rng(20261123)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


def shortest(array):
    """The digits that a float32 needs, not those of its double."""
    return [float(str(value)) for value in np.asarray(array, dtype=np.float32).ravel()]


def calibration_error(labels, p, bins):
    confidence = p.max(axis=1).astype(np.float64)
    right = p.argmax(axis=1) == labels
    edges = np.arange(bins + 1) / bins
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        inside |= (low == 0) & (confidence == 0)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def averages(truth, said):
    found = {}
    for kind in "macro", "weighted":
        precision, recall, f1, _ = sk.precision_recall_fscore_support(
            truth, said, average=kind, zero_division=0)
        found |= {f"{kind}_precision": precision, f"{kind}_recall": recall, f"{kind}_f1": f1}
    return found | {"f1": found["macro_f1"]}


def areas(truth, scores, columns):
    """One against the rest: truth[n, k] of 0 and 1; columns that can have an area, averaged."""
    roc = [sk.roc_auc_score(truth[:, k], scores[:, k]) for k in columns
           if 0 < truth[:, k].sum() < len(truth)]
    pr = [sk.average_precision_score(truth[:, k], scores[:, k]) for k in columns
          if truth[:, k].sum() > 0]
    return {"roc_auc": np.mean(roc) if roc else None, "pr_auc": np.mean(pr) if pr else 0.0}


def classification(name, labels, p):
    labels, p = np.asarray(labels), np.asarray(p, dtype=np.float32)
    n, k = p.shape
    said, classes = p.argmax(axis=1), np.arange(k)
    expected = {"accuracy": sk.accuracy_score(labels, said)}
    expected["log_loss"] = sk.log_loss(labels, p, labels=classes)
    expected["loss"] = expected["log_loss"]
    if k > 2:  # of two classes scikit-learn takes one score a row
        for top in 1, 2, 3:
            expected[f"top_{top}"] = sk.top_k_accuracy_score(labels, p, k=top, labels=classes)
    expected |= averages(labels, said)
    expected |= areas(labels[:, None] == classes, p, classes if k > 2 else [1])
    expected["ece"] = calibration_error(labels, p, 15)
    return {"name": name, "task": "classification", "n": n, "outputs": k,
            "labels": labels.tolist(), "predicted": shortest(p), "expected": expected,
            "ece_by_bins": {str(b): calibration_error(labels, p, b) for b in (1, 10, 16, 100)}}


def multilabel(name, truth, p):
    truth, p = np.asarray(truth), np.asarray(p, dtype=np.float32)
    n, k = p.shape
    said = (p >= 0.5).astype(int)
    # accuracy_score and the averages would take one column for a binary problem
    right = (truth == said).all(axis=1).mean() if k == 1 else sk.accuracy_score(truth, said)
    expected = {"accuracy": right}
    expected["log_loss"] = np.mean([
        sk.log_loss(truth[:, j], np.stack([1 - p[:, j], p[:, j]], axis=1), labels=[0, 1])
        for j in range(k)])
    if k > 1:
        expected |= averages(truth, said)
    expected |= areas(truth, p, range(k))
    return {"name": name, "task": "multilabel", "n": n, "outputs": k,
            "targets": truth.ravel().tolist(), "predicted": shortest(p),
            "expected": expected}


def regression(name, truth, p):
    truth, p = np.asarray(truth, dtype=np.float32), np.asarray(p, dtype=np.float32)
    n, k = p.shape
    wide, wide_p = truth.astype(np.float64), p.astype(np.float64)
    mse = sk.mean_squared_error(wide, wide_p)
    expected = {"mse": mse, "loss": mse, "rmse": np.sqrt(mse),
                "mae": sk.mean_absolute_error(wide, wide_p),
                "r2": sk.r2_score(wide, wide_p) if n > 1 else None}
    return {"name": name, "task": "regression", "n": n, "outputs": k,
            "targets": shortest(truth), "predicted": shortest(p),
            "expected": expected}


def classes_at_random(name, n, k, sharpness=1.0, only=None, steps=None):
    labels = random.choice(only if only is not None else k, size=n)
    z = random.normal(size=(n, k))
    z[np.arange(n), labels] += sharpness
    if steps:  # few distinct scores: ties everywhere
        z = np.round(z * steps) / steps
    return classification(name, labels, softmax(z))


def one_hot_scores():
    """Probabilities of exactly 0 and 1, some of them wrong: the log-loss is cut."""
    labels = np.array([0, 1, 2, 2, 1, 0, 1])
    p = np.eye(3)[[0, 1, 2, 0, 1, 1, 1]]
    return classification("probabilities of 0 and 1", labels, p)


def bin_edges():
    """Confidences on the edges of bins: 1/2, 3/4, 5/8, 1."""
    top = np.array([0.5, 0.75, 0.625, 1.0, 0.5, 0.75, 0.875, 0.5625])
    p = np.stack([top, 1 - top], axis=1)
    return classification("confidences on edges of bins", [0, 0, 1, 0, 1, 1, 0, 0], p)


def all_classifications():
    for n in (1, 2, 3, 10, 50):
        for k in (2, 3, 10):
            yield classes_at_random(f"random {n} x {k}", n, k)
    for k in (2, 3, 4, 10):
        yield classes_at_random(f"rounded scores, {k} classes", 40, k, steps=1)
        yield classes_at_random(f"half steps, {k} classes", 40, k, steps=2)
        yield classification(f"all scores equal, {k} classes", random.integers(k, size=20),
                             np.full((20, k), 1 / k))
        yield classes_at_random(f"single class, {k} classes", 15, k, only=[k - 1])
    yield classes_at_random("class 0 only, of two", 15, 2, only=[0])
    yield classes_at_random("classes without truth", 40, 8, only=[1, 4, 5])
    yield classes_at_random("classes without prediction", 40, 6, only=[0, 2], sharpness=6)
    yield classes_at_random("sharp", 60, 5, sharpness=8)
    yield classes_at_random("always wrong", 30, 4, sharpness=-30)
    yield classes_at_random("extreme logits", 30, 4, sharpness=200)
    yield one_hot_scores()
    yield bin_edges()
    yield classification("rows that do not sum to 1", [0, 1, 2, 1],
                         [[.5, .2, .1], [.3, .9, .2], [.1, .1, .4], [.6, .1, .6]])
    yield classes_at_random("two classes, 300 rows", 300, 2)


def all_multilabels():
    for n, k in ((1, 3), (2, 2), (25, 1), (25, 4), (60, 3)):
        truth = random.integers(2, size=(n, k))
        yield multilabel(f"labels {n} x {k}", truth,
                         1 / (1 + np.exp(-random.normal(size=(n, k)) - truth)))
    truth = random.integers(2, size=(20, 3))
    scores = np.round(random.random((20, 3)) * 4) / 4
    yield multilabel("labels with ties", truth, scores)
    truth = truth.copy()
    truth[:, 0], truth[:, 1] = 0, 1
    yield multilabel("a label never set, one always", truth, scores)
    yield multilabel("no label set at all", np.zeros((6, 2), dtype=int), random.random((6, 2)))


def all_regressions():
    for n, k in ((1, 1), (2, 1), (30, 1), (30, 3)):
        truth = random.normal(size=(n, k))
        yield regression(f"values {n} x {k}", truth, truth + 0.3 * random.normal(size=(n, k)))
    # constants of few bits, whose mean is exact: scikit-learn tells by SST = 0 that truth is constant
    yield regression("constant truth", np.full((10, 1), 0.5), random.normal(size=(10, 1)))
    yield regression("constant truth, two rows", np.full((2, 1), -3.0), random.normal(size=(2, 1)))
    yield regression("constant truth, exact", np.full((10, 1), 2.5), np.full((10, 1), 2.5))
    yield regression("constant truth, missed", np.full((10, 1), 2.5), np.full((10, 1), 2.0))
    truth = random.normal(size=(20, 2))
    truth[:, 1] = 4.0
    yield regression("one constant target of two", truth, truth + 0.25)
    truth = 1e6 + random.integers(10, size=(50, 1))
    yield regression("a mean far from 0", truth, truth + random.normal(size=(50, 1)))
    truth = random.normal(size=(20, 1))
    yield regression("worse than the mean", truth, -3 * truth)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, float) and np.isnan(value):
        return None
    return float(value) if isinstance(value, np.floating) else value


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__)
    folder = folder if folder.is_dir() else folder.parent
    cases = [plain(case) for make in (all_classifications, all_multilabels, all_regressions)
             for case in make()]
    with open(folder / "metrics.json", "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(len(cases), "cases,", sum(len(case["expected"]) for case in cases), "numbers")


if __name__ == "__main__":
    main()
