# shellcheck shell=bash
# For the package tests: a scratch folder with a small data set in it.
set -euo pipefail

: "${SCRATCHML_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${SCRATCHML_BUILD:=$SCRATCHML_SOURCE/build}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

step() { printf -- '-- %s\n' "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

# The four IDX files of a data set that a network learns at once: digit d is a bright bar in row
# 2 d + 4 of an otherwise dark 28 × 28 picture.
write_digits() {
    mkdir -p "$1"
    python3 - "$1" <<'PYTHON'
import struct, sys
def write(name, count, offset):
    labels = bytes((i * 7 + offset) % 10 for i in range(count))
    with open(f"{sys.argv[1]}/{name}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">II", 0x801, count) + labels)
    with open(f"{sys.argv[1]}/{name}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">IIII", 0x803, count, 28, 28))
        for i, digit in enumerate(labels):
            picture = bytearray(784)
            row = 2 * digit + 4
            for column in range(4 + i % 5, 20 + i % 5):
                picture[row * 28 + column] = 200 + i % 56
            f.write(picture)
write("train", 1000, 0)
write("t10k", 200, 3)
PYTHON
}
