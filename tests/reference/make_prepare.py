#!/usr/bin/python3
"""Print tests/reference/prepare.json: tables, and what scikit-learn makes of their rows.

Run:  /usr/bin/python3 make_prepare.py > prepare.json
Made with Debian 12's python3-sklearn 1.2.1 and numpy 1.24.2.

A cell is a number that float32 holds, null where it has no value, or for a categorical column the
number of its category in the column's list, which is in the order of the first row that has it.
Missing cells are filled in raw units, then scalers are fitted: SimpleImputer before the scaler.
"""
import json
import warnings

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

warnings.simplefilter("ignore")
RANDOM = np.random.default_rng(20240229)
WORDS = ["red", "blue", "green", "Grün", "", "10", "9", "a,b", "yellow", "zebra"]
NUMBERS = ["10", "9", "-3", "2.5", "100"]


def grid(x):
    return np.round(x * 1024) / 1024


def numeric_column(n, kind, missing):
    x = {
        "normal": lambda: grid(RANDOM.normal(3, 10, n)),
        "large": lambda: np.float32(RANDOM.normal(1e6, 5, n)).astype(float),
        "small": lambda: np.float32(RANDOM.normal(0, 1e-6, n)).astype(float),
        "whole": lambda: RANDOM.integers(-2, 4, n).astype(float),
        "constant": lambda: np.full(n, float(np.float32(0.1))),
        "zero": lambda: np.zeros(n),
    }[kind]()
    x[RANDOM.random(n) < missing] = np.nan
    return x


def category_column(n, pool, missing):
    names = RANDOM.permutation(pool)[: RANDOM.integers(1, len(pool) + 1)]
    x = RANDOM.choice(names, n).astype(object)
    keep = RANDOM.integers(n)
    gone = RANDOM.random(n) < missing
    gone[keep] = False
    x[gone] = np.nan
    return x


def scaler_of(name):
    return {"standard": StandardScaler, "min_max": MinMaxScaler}.get(name, lambda: None)()


def numeric(train, rows, scaling, filling):
    strategy = {"zero": "constant", "auto": "mean"}.get(filling, filling)
    imputer = SimpleImputer(strategy=strategy, fill_value=0.0, keep_empty_features=True).fit(train)
    scaler = scaler_of(scaling)
    filled = imputer.transform(rows)
    return filled if scaler is None else scaler.fit(imputer.transform(train)).transform(filled)


def categorical(train, rows, scaling, encoding, by_value):
    def keyed(x):  # numbers are sorted by value, as scikit-learn does with a column of numbers
        return x.astype(float) if by_value else x

    imputer = SimpleImputer(strategy="most_frequent").fit(keyed(train))
    filled, known = imputer.transform(keyed(rows)), imputer.transform(keyed(train))
    if encoding == "one_hot":
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(known)
        return encoder.transform(filled)
    encoder = OrdinalEncoder().fit(known)
    out = encoder.transform(filled)
    scaler = scaler_of(scaling)
    return out if scaler is None else scaler.fit(encoder.transform(known)).transform(out)


def codes(column, names):
    return [None if x != x else names.index(x) for x in column]


def table(i):
    n = 1 if i % 10 == 0 else int(RANDOM.integers(2, 40)) if i % 10 != 9 else 9000
    missing = [0.0, 0.2, 0.5][i % 3] if n > 1 else 0.0
    scaling = ["standard", "min_max", "none"][i // 2 % 3]
    encoding = ["one_hot", "ordinal"][i % 2]
    filling = ["auto", "mean", "median", "most_frequent", "zero"][i % 5]
    kinds = RANDOM.permutation(["normal", "large", "small", "whole", "constant", "zero"])[: 1 + i % 4]
    if n == 9000:
        kinds = ["normal"]
    columns, cells, parts = [], [], []
    for kind in kinds:
        x = numeric_column(n, kind, missing)
        if i == 13 and kind == kinds[0]:
            x[:] = np.nan
        columns.append({"kind": "numeric"})
        cells.append([None if v != v else v for v in x])
        parts.append(numeric(x[:, None], x[:, None], scaling, filling))
    for k in range(0 if n == 9000 else i % 3):
        by_value = (i + k) % 4 == 0
        x = category_column(n, NUMBERS if by_value else WORDS, missing)
        names = list(dict.fromkeys(v for v in x if v == v))
        columns.append({"kind": "categorical", "categories": names})
        cells.append(codes(x, names))
        parts.append(categorical(x[:, None], x[:, None], scaling, encoding, by_value))
    expected = np.concatenate(parts, axis=1)
    shown = 3 if n == 9000 else n  # of a long table the first rows tell what the fit was
    return {
        "scaling": scaling,
        "encoding": encoding,
        "missing": filling,
        "rows": n,
        "columns": columns,
        "cells": [list(c) for c in zip(*cells)],
        "width": expected.shape[1],
        "expected": expected[:shown].tolist(),
    }


def long_table(case):
    """A long column is said by its rule: cell r is ((r * 7919) mod 1009) / 16, every 11th missing."""
    n = case["rows"]
    x = np.array([(r * 7919 % 1009) / 16 if r % 11 else np.nan for r in range(n)])
    case["cells"] = "rule"
    case["expected"] = numeric(x[:, None], x[:, None], case["scaling"], case["missing"])[:3].tolist()
    return case


def main():
    cases = [table(i) for i in range(33)]
    cases = [long_table(c) if c["rows"] == 9000 else c for c in cases]
    print(json.dumps({"cases": cases}, ensure_ascii=False, allow_nan=False))


main()
