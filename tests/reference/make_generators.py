#!/usr/bin/env python3
"""Writes generators.json: first rows of the generated data sets, drawn by a second implementation.

Philox4x32-10 (Salmon et al. 2011) and the formulas of docs/data.md in plain Python; needs nothing
but the standard library. The random numbers are checked against Random123's known answer first.
"""
import json
import math
import pathlib
import sys

MASK = 0xFFFFFFFF
GENERATE = 4  # purpose of the counter


def philox(counter, key):
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


class Random:
    def __init__(self, seed, epoch, lane):
        self.key = (seed & MASK, seed >> 32)
        self.fixed = [epoch, GENERATE + 16 * lane]
        self.index, self.words = 0, []

    def word(self):
        if not self.words:
            self.words = philox([self.index & MASK, self.index >> 32] + self.fixed, self.key)
            self.index += 1
        return self.words.pop(0)

    def uniform(self):
        high, low = self.word() >> 5, self.word() >> 6
        return (high * 2.0**26 + low) / 2.0**53

    def normal(self):
        radius = math.sqrt(-2.0 * math.log(1.0 - self.uniform()))
        return radius * math.cos(2.0 * math.pi * self.uniform())


def near(random, x, y, deviation):
    return [x + deviation * random.normal(), y + deviation * random.normal()]


def spirals(random, r):
    t = random.uniform()
    angle = 2 * math.pi * (r % 3) / 3 + 4 * t
    return near(random, 2 * t * math.cos(angle), 2 * t * math.sin(angle), 0.08), r % 3


def moons(random, r):
    t = math.pi * random.uniform()
    x, y = math.cos(t), math.sin(t)
    return near(random, *((x, y) if r % 2 == 0 else (1 - x, 0.5 - y)), 0.15), r % 2


def circles(random, r):
    angle, radius = 2 * math.pi * random.uniform(), (1.0, 0.5)[r % 2]
    return near(random, radius * math.cos(angle), radius * math.sin(angle), 0.1), r % 2


def blobs(random, r):
    return near(random, *[(4, 0), (0, 4), (-4, 0), (0, -4)][r % 4], 1.0), r % 4


def xor(random, r):
    side = -1 if random.uniform() < 0.5 else 1
    x, y = (0.1 + 0.9 * random.uniform() for _ in range(2))
    return near(random, side * x, (side if r % 2 == 0 else -side) * y, 0.05), r % 2


def separable(random, r):
    while True:
        x, y = 2 * random.uniform() - 1, 2 * random.uniform() - 1
        distance = 0.6 * x + 0.8 * y - 0.2
        if (distance if r % 2 else -distance) >= 0.1:
            return [x, y], r % 2


def linear(random, _):
    x = [random.normal() for _ in range(10)]
    w = [v / 7 for v in (4, -3, 3, -2, 2, -2, 1, -1, 1, 0)]
    return x, sum(a * b for a, b in zip(w, x)) + 0.1 * random.normal()


def regression(random, _):
    u = [random.uniform() for _ in range(10)]
    f = 10 * math.sin(math.pi * u[0] * u[1]) + 20 * (u[2] - 0.5) ** 2 + 10 * u[3] + 5 * u[4]
    return [math.sqrt(12) * (v - 0.5) for v in u], (f + random.normal() - 14.4) / 5


LANES = {spirals: 1, regression: 2, moons: 3, circles: 4, blobs: 5, xor: 6, separable: 7, linear: 8}


def rows(draw, seed, part, n):
    random = Random(seed, ("train", "test").index(part), LANES[draw])
    return [dict(zip(("x", "y"), draw(random, r))) for r in range(n)]


def main():
    assert philox([0] * 4, (0, 0)) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    cases = [
        {"name": draw.__name__, "seed": seed, "split": part, "rows": rows(draw, seed, part, 8)}
        for draw in LANES
        for seed, part in ((42, "train"), (42, "test"), (2**32 + 7, "train"))
    ]
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (folder / "generators.json").write_text("[\n" + lines + "\n]\n")


if __name__ == "__main__":
    main()
