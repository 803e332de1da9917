#!/usr/bin/python3
"""Print the reference numbers of splits.json and profile.json with scikit-learn and NumPy.

Run:  /usr/bin/python3 make_data_reference.py [FOLDER]     (default: the script's own folder)
Made with Debian 12's python3-sklearn 1.2.1, python3-numpy 1.24.2 and Python 3.11.

splits.json
  stratified: labels, and how many rows of each class each fold of StratifiedKFold scores
  plain:      rows, and how many of them each fold of KFold scores
  shares:     rows of each class, and how many of each a part of `part` rows gets
              (sklearn.utils._approximate_mode, cases without equal remainders)
profile.json
  tables of float32 (null: missing), their columns' facts by NumPy's float64, and the number of
  different rows by np.unique
"""
import json
import pathlib
import sys
import warnings

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import _approximate_mode

warnings.filterwarnings("ignore", message="The least populated class")
RANDOM = np.random.default_rng(20)


def stratified_case(rows, shares, folds, sort):
    classes = len(shares)
    labels = RANDOM.choice(classes, size=rows, p=shares)
    labels[:classes] = RANDOM.permutation(classes)  # every class occurs, in any order
    labels = np.sort(labels)[::-1] if sort else labels
    scored = [part for _, part in StratifiedKFold(folds).split(labels, labels)]
    table = [np.bincount(labels[part], minlength=classes).tolist() for part in scored]
    return {"classes": classes, "folds": folds, "labels": labels.tolist(), "table": table}


def plain_case(rows, folds):
    sizes = [len(part) for _, part in KFold(folds).split(np.zeros(rows))]
    return {"rows": rows, "folds": folds, "sizes": sizes}


def shares_case(counts, part):
    counts = np.array(counts)
    quota = counts * part / counts.sum()
    left = np.round(quota - np.floor(quota), 9)
    assert len(set(left)) == len(left), "equal remainders: scikit-learn draws lots"
    sizes = _approximate_mode(counts, part, np.random.RandomState(0))
    return {"counts": counts.tolist(), "part": part, "sizes": sizes.tolist()}


def table_case(rows, columns, missing, repeated, zeros):
    x = np.round(RANDOM.normal(3, 50, size=(rows, columns)) * 64) / 64
    x[:, 0] = np.arange(rows) % 7  # whole numbers
    x[RANDOM.random(x.shape) < zeros] = 0
    x[RANDOM.random(x.shape) < missing] = np.nan
    for _ in range(repeated):
        x[RANDOM.integers(rows)] = x[RANDOM.integers(rows)]
    x = x.astype(np.float32).astype(np.float64)
    return x


def profile_case(x):
    facts = []
    for column in x.T:
        values = column[~np.isnan(column)]
        facts.append({
            "missing": int(np.isnan(column).sum()),
            "is_integer": bool(len(values) > 0 and np.all(values == np.floor(values))),
            "numbers": [values.min(), values.max(), values.mean(), values.std()],
        })
    marked = np.where(np.isnan(x), 1e30, x) + 0.0  # -0 becomes 0
    return {
        "rows": len(x), "columns": x.shape[1],
        "cells": [None if np.isnan(v) else v for v in x.ravel().tolist()],
        "facts": facts,
        "different": len(np.unique(marked, axis=0)),
        "missing": int(np.isnan(x).sum()),
        "density": float((marked != 0).mean()),
        "range": [float(np.nanmin(x)), float(np.nanmax(x))],
    }


def splits():
    return {
        "stratified": [
            stratified_case(30, [0.5, 0.3, 0.2], 3, False),
            stratified_case(47, [0.5, 0.3, 0.2], 5, False),
            stratified_case(101, [0.7, 0.2, 0.05, 0.05], 4, False),
            stratified_case(60, [0.9, 0.1], 10, False),
            stratified_case(83, [0.25, 0.25, 0.25, 0.25], 7, True),
            stratified_case(40, [0.4, 0.3, 0.1, 0.1, 0.1], 2, True),
            stratified_case(25, [1.0], 6, False),
            stratified_case(97, [0.1] * 10, 9, False),
        ],
        "plain": [plain_case(n, k) for n, k in [(10, 2), (10, 3), (11, 5), (100, 7), (7, 7)]],
        "shares": [
            shares_case([50, 30, 20], 37),
            shares_case([13, 51, 36], 25),
            shares_case([71, 9, 6, 14], 10),
            shares_case([120, 55, 17, 8], 65),
            shares_case([100], 20),
        ],
    }


def profiles():
    x = table_case(24, 5, 0, 4, 0.3)
    x[3, 2], x[4] = -0.0, x[3]
    x[4, 2] = 0.0  # row 4 equals row 3, but for the sign of a zero
    tables = [x, table_case(40, 3, 0.2, 8, 0.1), table_case(17, 9, 0.05, 3, 0.8)]
    return {"tables": [profile_case(x) for x in tables]}


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name, content in [("splits.json", splits()), ("profile.json", profiles())]:
        (folder / name).write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()
