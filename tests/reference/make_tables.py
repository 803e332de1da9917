#!/usr/bin/env python3
"""Makes tests/reference/tables: a table with everything that a table can have, and what
scikit-learn makes of it. Made with scikit-learn 1.2.1; tests need neither it nor Python.

plants.csv: numbers with decimal commas, quoted categories with the delimiter in them, missing cells
of both kinds; the target `kind` has three classes that overlap, `yield` is a number.
plants.json: the columns as SimpleImputer and StandardScaler see them, and what an unpenalised
LogisticRegression and a LinearRegression on them predict for the first ten rows."""

import json
import pathlib

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS = 90
here = pathlib.Path(__file__).parent / "tables"
random = np.random.default_rng(11)
kinds = ["fern", "moss", "reed; tall"]
soils = ["clay", "loam; wet", "sand"]


def comma(value):
    return f"{value:.2f}".replace(".", ",")


numbers, soil, kind, harvest, lines = [], [], [], [], []
for i in range(ROWS):
    k = i % 3
    s = int(random.integers(3))
    height = round(float(20 + 3 * k + random.normal(0, 4)), 2)
    width = round(float(5 - k + random.normal(0, 1.5)), 2)
    y = round(float(2 + 0.3 * height - 0.5 * width + 0.7 * s + random.normal(0, 0.5)), 2)
    no_width, no_soil = random.random() < 0.08, random.random() < 0.05
    numbers.append([height, np.nan if no_width else width])
    soil.append([None if no_soil else soils[s]])
    kind.append(kinds[k])
    harvest.append(y)
    lines.append(
        ";".join(
            [
                str(1000 + i),
                comma(height),
                ["", "NA"][i % 2] if no_width else comma(width),
                "" if no_soil else f'"{soils[s]}"',
                comma(y),
                f'"{kinds[k]}"',
            ]
        )
    )
(here / "plants.csv").write_text("id;height;width;soil;yield;kind\n" + "\n".join(lines) + "\n")

table = np.concatenate([np.array(numbers, dtype=object), np.array(soil, dtype=object)], axis=1)
prepare = ColumnTransformer(
    [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), [0, 1]),
        (
            "soil",
            make_pipeline(
                SimpleImputer(missing_values=None, strategy="most_frequent"), OneHotEncoder()
            ),
            [2],
        ),
    ],
    sparse_threshold=0,
)
x = prepare.fit_transform(table).astype(float)
scaler = prepare.named_transformers_["numbers"][-1]
classifier = LogisticRegression(penalty=None, tol=1e-12, max_iter=100000).fit(x, kind)
line = LinearRegression().fit(x, harvest)
(here / "plants.json").write_text(
    json.dumps(
        {
            "mean": scaler.mean_.tolist(),
            "factor": (1 / scaler.scale_).tolist(),
            "soil": prepare.named_transformers_["soil"][-1].categories_[0].tolist(),
            "fill": prepare.named_transformers_["soil"][0].statistics_[0],
            "classes": classifier.classes_.tolist(),
            "labels": classifier.predict(x[:10]).tolist(),
            "probabilities": classifier.predict_proba(x[:10]).tolist(),
            "accuracy": classifier.score(x, kind),
            "yields": line.predict(x[:10]).tolist(),
            "r2": line.score(x, harvest),
        },
        indent=1,
    )
    + "\n"
)
