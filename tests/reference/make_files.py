#!/usr/bin/python3
"""Writes small files as NumPy, Pillow and scikit-learn write them, and what is in them.

    /usr/bin/python3 tests/reference/make_files.py

writes tests/reference/files/ and tests/reference/files.json. Debian 12: numpy 1.24, Pillow 9.4,
scikit-learn 1.2. The tests read the committed files and need none of them.
"""

import binascii
import io
import json
import pathlib
import shutil
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

HERE = pathlib.Path(__file__).parent
FILES = HERE / "files"
random = np.random.default_rng(4)
cases, refused = [], []


def float32s(array):
    """The nearest float32 of each value, as a double that JSON holds exactly."""
    return [float(x) for x in np.asarray(array).astype(np.float32).ravel()]


def case(file, features, labels=None, targets=None, classes=None, tolerance=0.0, **options):
    """What opening a file with these options must give; features [rows, columns] or pictures."""
    features = np.asarray(features)
    entry = {"file": file, "options": options, "rows": features.shape[0],
             "columns": int(np.prod(features.shape[1:])), "values": float32s(features),
             "tolerance": tolerance,
             "height": features.shape[1] if features.ndim == 3 else 0,
             "width": features.shape[2] if features.ndim == 3 else 0}
    if labels is not None:
        entry["labels"] = [int(x) for x in labels]
        entry["classes"] = [str(x) for x in classes]
    if targets is not None:
        entry["targets"] = float32s(targets)
    cases.append(entry)


def refuse(file, *texts, **options):
    refused.append({"file": file, "options": options, "texts": list(texts)})


def numbers(dtype, shape):
    """Values of a type, its largest and smallest among them where float32 has room for them."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(dtype)
    if dtype.kind == "f":
        array = random.normal(size=shape).astype(dtype)
        array.flat[:3] = [np.finfo(dtype).tiny if dtype.itemsize < 8 else 1e-40, -0.0, 65504.0]
        return array
    info = np.iinfo(dtype)
    array = random.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("="))
    array.flat[:2] = [info.min, info.max]
    return array.astype(dtype)


def npy():
    for name in "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split():
        array = numbers("<" + name, (3, 4))
        np.save(FILES / f"{name}.npy", array)
        case(f"{name}.npy", array.astype(np.float32))
        big = np.asfortranarray(numbers(">" + name, (5, 3)))
        np.save(FILES / f"{name}_big_fortran.npy", big)
        case(f"{name}_big_fortran.npy", big.astype(np.float32))
    subnormal = np.array([[0.0, -0.0, 6e-8, -6e-5, 65504.0, 0.333]], "<f2")
    np.save(FILES / "half.npy", subnormal)
    case("half.npy", subnormal)
    array = numbers("<f4", (2, 3))
    for version in [(1, 0), (2, 0), (3, 0)]:
        with open(FILES / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, array, version=version)
        case(f"version{version[0]}.npy", array)
    pictures = random.integers(0, 256, (4, 3, 5), dtype="u1")
    np.save(FILES / "pictures.npy", pictures)
    case("pictures.npy", pictures / np.float32(255))
    np.save(FILES / "labels.npy", np.array([7, -1, 7, 3]))
    case("pictures.npy", pictures / np.float32(255), target="labels.npy", labels=[2, 0, 2, 1],
         classes=[-1, 3, 7])
    case("pictures.npy", pictures / np.float32(255), target="labels.npy", task="regression",
         targets=[7, -1, 7, 3])
    np.save(FILES / "fortran_pictures.npy", np.asfortranarray(pictures))
    case("fortran_pictures.npy", pictures / np.float32(255))
    floats = numbers("<f8", (4, 3, 5))
    np.save(FILES / "channel_last.npy", np.asfortranarray(floats[..., None]))
    case("channel_last.npy", floats)
    np.save(FILES / "channel_first.npy", floats[:, None])
    case("channel_first.npy", floats)
    np.save(FILES / "one_hot.npy", np.eye(4, dtype="i8")[[2, 0, 1, 2]])
    case("pictures.npy", pictures / np.float32(255), target="one_hot.npy",
         targets=np.eye(4)[[2, 0, 1, 2]])


def npy_refused():
    def save(name, array, *texts):
        np.save(FILES / f"{name}.npy", array, allow_pickle=True)
        refuse(f"{name}.npy", f"{name}.npy: ", *texts)

    save("objects", np.array([[None, "x"]], object), "Python objects", "pickle")
    save("complex", np.zeros((2, 2), "c8"), "complex numbers", "'<c8'")
    save("bytes", np.array([[b"ab"]]), "holds text", "'|S2'")
    save("text", np.array([["ab"]]), "holds text", "'<U2'")
    save("records", np.zeros(3, [("a", "f4"), ("b", "i4")]), "structured", "plain array")
    save("raw", np.zeros((2, 2), "V3"), "raw bytes")
    save("dates", np.zeros((2, 2), "M8[s]"), "dates or times")
    save("long_double", np.zeros((2, 2), "f16"), "long doubles", "float64")
    save("rank0", np.array(3.0), "single number")
    save("rank1", np.zeros(3, "f4"), "one dimension (3 values)", "reshape(1, -1)")
    save("rank5", np.zeros((1, 1, 1, 1, 1), "f4"), "more than 4 dimensions")
    save("colours", np.zeros((2, 4, 4, 3), "u1"), "(4, 4, 3)", "gray")
    save("empty", np.zeros((0, 3), "f4"), "dimension 1 of the NPY array is 0")
    save("nan", np.array([[1.0, np.nan]]), "row 0, column 1", "nan")
    refuse("pictures.npy", "12 targets for the 4 rows", target="twelve.npy")
    np.save(FILES / "twelve.npy", np.zeros(12, "i4"))
    refuse("pictures.npy", "target 'y'", "labels.npy", target="y")
    refuse("pictures.npy", "3 × 5, expected 6 × 6", height=6, width=6)


def npz():
    train = random.integers(0, 256, (6, 2, 3), dtype="u1")
    test = random.integers(0, 256, (3, 2, 3), dtype="u1")
    split = {"x_train": train, "y_train": np.array([5, 1, 5, 9, 1, 1]),
             "x_test": test, "y_test": np.array([9, 1, 1], "u1")}
    for name, save in [("split", np.savez), ("split_packed", np.savez_compressed)]:
        save(FILES / f"{name}.npz", **split)
        case(f"{name}.npz", train / np.float32(255), labels=[1, 0, 1, 2, 0, 0], classes=[1, 5, 9])
        case(f"{name}.npz", test / np.float32(255), split="test", labels=[2, 0, 0],
             classes=[1, 5, 9])
    table, y = numbers("<f8", (4, 2)), np.array([0.5, 1.0, -2.0, 3.0])
    np.savez(FILES / "table.npz", X=table, y=y)
    case("table.npz", table, targets=y)
    np.savez(FILES / "named.npz", features=table, labels=np.array([True, False, True, True]),
             other=np.array([0, 1, 2, 0]))
    case("named.npz", table, labels=[1, 0, 1, 1], classes=[0, 1])
    case("named.npz", table, target="other", labels=[0, 1, 2, 0], classes=[0, 1, 2])
    np.savez(FILES / "target.npz", data=table, target=np.array([[1, 0], [1, 1], [0, 0], [0, 1]]))
    case("target.npz", table, targets=[[1, 0], [1, 1], [0, 0], [0, 1]])
    np.savez(FILES / "lone.npz", whatever=table)
    case("lone.npz", table)
    # Every size in 64 bits, as an archive beyond 4 GiB has them.
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 1
    np.savez_compressed(FILES / "zip64.npz", X=table, y=y)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = (1 << 31) - 1, (1 << 16) - 1
    assert b"PK\6\6" in (FILES / "zip64.npz").read_bytes()
    case("zip64.npz", table, targets=y)
    # The training part says what the targets are, whatever the type of the test part's.
    halves = {"x_train": table, "x_test": table[:2]}
    np.savez(FILES / "typed.npz", **halves, y_train=np.array([3, 1, 3, 2]), y_test=np.array([2.0, 3.0]))
    case("typed.npz", table[:2], split="test", labels=[1, 2], classes=[1, 2, 3])
    np.savez(FILES / "floats.npz", **halves, y_train=np.array([3, 1, 3, 2.0]), y_test=np.array([2, 3]))
    case("floats.npz", table[:2], split="test", targets=[2, 3])
    hot, yes = np.array([[1, 0], [0, 1], [0, 1], [1, 0]]), np.array([[1, 1], [0, 1], [0, 1], [1, 0]])
    np.savez(FILES / "hot.npz", **halves, y_train=yes, y_test=hot[:2])
    case("hot.npz", table[:2], split="test", targets=hot[:2])
    np.savez(FILES / "wide.npz", **halves, y_train=hot, y_test=np.array([[1, 0, 0], [0, 1, 0]]))
    np.savez(FILES / "uneven.npz", x_train=table, x_test=table[:2, :1], y_train=hot, y_test=hot[:2])
    np.savez_compressed(FILES / "uneven_packed.npz", x_train=table, x_test=table[:2, :1])
    for name in ["uneven", "uneven_packed"]:
        refuse(f"{name}.npz", "'x_test' has rows of 1, 'x_train' has rows of 2 numbers", split="test")
    refuse("wide.npz", "wide.npz: y_test.npy: 3 targets a row, but", "y_train.npy has 2", split="test")
    refuse("split.npz", "no array nothing", "'x_train'", target="nothing")
    with zipfile.ZipFile(FILES / "document.npz", "w") as archive:
        archive.writestr(zipfile.ZipInfo("word/document.xml"), "<x/>")
        archive.writestr(zipfile.ZipInfo("b.txt"), "b")
    refuse("document.npz", "no array x_train, X, x, data or features", "word/document")
    with zipfile.ZipFile(FILES / "bzip2.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr(zipfile.ZipInfo("X.npy"), (FILES / "f4.npy").read_bytes(),
                         zipfile.ZIP_BZIP2)
    refuse("bzip2.npz", "'X.npy'", "method")


def png(rows, depth, colour, interlaced=False, extra=b""):
    """PNG bytes by hand: rows [height, width, channels] of samples. Pillow writes neither
    interlaced ones nor 16 bits of colour."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", binascii.crc32(kind + data)))

    def lines(part):
        for row in part:
            samples = row.ravel()
            if depth == 16:
                yield b"\0" + samples.astype(">u2").tobytes()
            else:
                bits = "".join(format(int(s), f"0{depth}b") for s in samples)
                bits += "0" * (-len(bits) % 8)
                yield b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")

    adam7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
             (1, 0, 2, 1)]
    parts = ([rows[y::dy, x::dx] for y, x, dy, dx in adam7] if interlaced else [rows])
    data = b"".join(line for part in parts if part.size for line in lines(part))
    header = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], depth, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra +
            chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def picture(height, width, channels):
    """A smooth one, so that JPEG keeps it, with a hard edge."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    smooth = 128 + 80 * np.sin(x / 3.0 + c) + 45 * np.cos(y / 4.0 - c)
    return np.where(x > y, smooth, 255 - smooth / 2).round().clip(0, 255).astype("u1")


def on_white(image):
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image.convert("RGBA"))


def gray(image):
    return np.asarray(image.convert("L"))[None] / np.float32(255)


def mean_of_areas(image, height, width):
    """Area average by repeating pixels until both sizes divide, rounded to nearest."""
    big = np.kron(image.astype("f8"), np.ones((height, width)))
    sums = big.reshape(height, image.shape[0], width, image.shape[1]).mean(axis=(1, 3))
    return np.floor(sums + 0.5)


def save_pictures():
    rgb = Image.fromarray(picture(9, 7, 3))
    flat = Image.fromarray(picture(9, 7, 1)[..., 0])
    alpha = Image.fromarray(picture(9, 7, 4))
    for name, image, expected in [
            ("gray", flat, flat), ("rgb", rgb, rgb), ("alpha", alpha, on_white(alpha)),
            ("gray_alpha", alpha.convert("LA"), on_white(alpha.convert("LA"))),
            ("palette", rgb.convert("P"), rgb.convert("P").convert("RGB")),
            ("bits", flat.convert("1"), flat.convert("1"))]:
        image.save(FILES / f"{name}.png")
        blended = "alpha" in name
        case(f"{name}.png", gray(expected), tolerance=1.01 / 255 if blended else 0.0)
    transparent = Image.fromarray(np.arange(12, dtype="u1").reshape(3, 4), "P")
    transparent.putpalette(list(range(0, 240, 5)))
    transparent.save(FILES / "transparent.png", transparency=5)
    expected = gray(on_white(Image.open(FILES / "transparent.png").convert("RGBA")))
    case("transparent.png", expected, tolerance=1.01 / 255)

    def by_hand(name, *arguments, expected=None, **more):
        (FILES / f"{name}.png").write_bytes(png(*arguments, **more))
        if expected is None:
            expected = gray(Image.open(FILES / f"{name}.png"))
        case(f"{name}.png", expected)

    by_hand("interlaced", picture(11, 13, 3), 8, 2, interlaced=True)
    by_hand("interlaced_bits", picture(9, 10, 1) >> 7, 1, 0, interlaced=True)
    two = picture(5, 7, 1) >> 6
    by_hand("two_bits", two, 2, 0, expected=two[None, ..., 0] * 85 / np.float32(255))
    deep = picture(6, 5, 1).astype("u2") * 257 - 100
    by_hand("deep", deep, 16, 0,
            expected=(deep[None, ..., 0] * 255.0 / 65535.0).round() / np.float32(255))
    for height, width in [(3, 3), (4, 5), (9, 7), (20, 3), (1, 1)]:
        small = mean_of_areas(np.asarray(flat), height, width)[None] / np.float32(255)
        case("gray.png", small, height=height, width=width)
    (FILES / "cut.png").write_bytes((FILES / "rgb.png").read_bytes()[:-30])
    refuse("cut.png", "cut.png: offset ", "PNG picture cannot be read")
    (FILES / "huge.png").write_bytes(
        png(np.zeros((1, 1, 1), "u1"), 8, 0).replace(b"IHDR\0\0\0\1\0\0\0\1", b"IHDR\0\0\x3f\xff" * 2))
    refuse("huge.png", "huge.png: ")


def save_jpegs():
    # Half the contrast: Pillow clips colours beyond 0…255 before it takes their luma, and we do not
    # see colours at all.
    rgb = Image.fromarray(picture(19, 23, 3) // 2 + 64)
    flat = Image.fromarray(picture(19, 23, 1)[..., 0] // 2 + 64)
    for name, image, how in [("gray", flat, {}), ("rgb", rgb, {}), ("444", rgb, {"subsampling": 0}),
                             ("progressive", rgb, {"progressive": True}),
                             ("restart", rgb, {"quality": 95})]:
        image.save(FILES / f"{name}.jpg", **{"quality": 90, **how})
        case(f"{name}.jpg", gray(Image.open(FILES / f"{name}.jpg")), tolerance=2.01 / 255)
    rgb.convert("CMYK").save(FILES / "cmyk.jpg")
    refuse("cmyk.jpg", "CMYK", "gray or RGB")
    (FILES / "cut.jpg").write_bytes((FILES / "gray.jpg").read_bytes()[:-40])
    refuse("cut.jpg", "cut.jpg: offset ", "JPEG picture cannot be read")


def folders():
    expected = {"train": [], "test": []}
    for split, label, names in [("train", "ant", "ab"), ("train", "bee", "cde"),
                                ("test", "bee", "x"), ("test", "ant", "")]:
        folder = FILES / "insects" / split / label
        folder.mkdir(parents=True)
        for name in names:
            pixels = random.integers(0, 256, (4, 3), dtype="u1")
            Image.fromarray(pixels).save(folder / f"{name}.png")
            expected[split].append(pixels)
    (FILES / "insects" / "test" / "ant" / ".keep").touch()
    for split, labels in [("train", [0, 0, 1, 1, 1]), ("test", [1])]:
        case("insects", np.array(expected[split]) / np.float32(255), split=split, labels=labels,
             classes=["ant", "bee"])
    case("insects/train/bee", np.array(expected["train"][2:]) / np.float32(255))
    case("insects/train", np.array([mean_of_areas(p, 2, 2) for p in expected["train"]]) /
         np.float32(255), labels=[0, 0, 1, 1, 1], classes=["ant", "bee"], height=2, width=2)
    for label, side in [("10", 2), ("9", 3)]:
        folder = FILES / "uneven" / label
        folder.mkdir(parents=True)
        Image.fromarray(np.full((side, side), 7, "u1")).save(folder / "a.png")
    refuse("uneven", "uneven/10/a.png: a picture of 2 × 2", "uneven/9/a.png has 3 × 3", "--size")
    case("uneven", np.full((2, 4, 4), 7) / np.float32(255), labels=[0, 1], classes=["9", "10"],
         height=4, width=4)
    (FILES / "mixed" / "a").mkdir(parents=True)
    (FILES / "mixed" / "a" / "notes.txt").write_text("no picture\n")
    refuse("mixed", "mixed/a/notes.txt: neither a PNG nor a JPEG")


def libsvm():
    tables = []
    dense = np.where(random.random((7, 12)) < 0.3, random.normal(size=(7, 12)), 0.0)
    dense[2] = 0.0
    dense[0, 0], dense[0, 11] = 1.0, -0.25
    for name, y, base in [("classes", [3, -1, 3, 3, 8, -1, 8], True),
                          ("from_one", [1, 0, 1, 1, 0, 0, 1], False),
                          ("numbers", random.normal(size=7), False)]:
        file = FILES / f"{name}.svm"
        dump_svmlight_file(dense, y, file, zero_based=base, comment="made by scikit-learn")
        rows, labels = load_svmlight_file(str(file), zero_based=base)
        rows.sort_indices()
        entry = {"file": file.name, "row_starts": rows.indptr.tolist(), "columns": rows.shape[1],
                 "column_indices": rows.indices.tolist(), "values": float32s(rows.data)}
        if name == "numbers":
            entry["targets"] = float32s(labels)
        else:
            classes, numbered = np.unique(labels, return_inverse=True)
            entry["labels"] = numbered.tolist()
            entry["classes"] = [str(int(c)) for c in classes]
        tables.append(entry)
    return tables


def main():
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir()
    for write in [npy, npy_refused, npz, save_pictures, save_jpegs, folders]:
        write()
    result = {"cases": cases, "refused": refused, "libsvm": libsvm()}
    lines = [f' "{key}": [\n' + ",\n".join("  " + json.dumps(e, ensure_ascii=False) for e in value) +
             "\n ]" for key, value in result.items()]
    (HERE / "files.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
