"""What the measurements of a row come to, and the table."""

import statistics

from contenders import OURS
from rows import NOTES, PEERS, TITLES

TOLERANCE = 0.5  # points of accuracy, or of 100 R², between a peer and us
AGREEMENT = 99.9  # per cent of the classes that a peer must predict as we do


def counts(row, entry, ours):
    if row.kind in ("single", "bulk"):
        return entry.score >= AGREEMENT
    return abs(entry.score - ours.score) <= TOLERANCE


def describe(row, entry, ours):
    values = entry.bytes if row.kind == "memory" else entry.seconds
    return {
        "contender": entry.name,
        "threads": entry.threads,
        "values": [float(f"{value:.6g}") for value in values],
        "median": float(f"{statistics.median(values):.6g}"),
        "score": round(entry.score, 3),
        "counts": counts(row, entry, ours),
        "note": NOTES.get((entry.name, row.kind), ""),
    }


def figure_of(result, name):
    """The better entry of a contender, of those that count where one does; None without any. Ours
    is the default: all cores."""
    own = [entry for entry in result["entries"] if entry["contender"] == name]
    if name == OURS:
        return max(own, key=lambda entry: entry["threads"])
    return min(own, key=lambda entry: (not entry["counts"], entry["median"]), default=None)


def conclude(row, entries, limits):
    """A row of results.json: see compare.py."""
    ours = max((e for e in entries if e.name == OURS), key=lambda e: e.threads)
    result = {
        "row": row.number,
        "name": row.name,
        "kind": row.kind,
        "data": row.data,
        "widths": row.widths,
        "unit": row.unit,
        "target": row.target,
        "entries": [describe(row, entry, ours) for entry in entries],
    }
    if row.limit > 0:
        result["limit"] = row.limit
    if row.kind not in ("single", "bulk"):
        result |= {"batch": row.batch, "optimizer": row.optimizer, "learning_rate": row.rate}
    own = figure_of(result, OURS)["median"]
    if row.flops > 0:
        peak = limits["gflops_one" if row.kind == "single" else "gflops_all"]
        result |= {
            "gflops": round(row.flops / own / 1e9, 1),
            "peak_gflops": peak,
            "share_of_peak": round(row.flops / own / 1e9 / peak, 3),
        }
    figures = {name: figure_of(result, name) for name in PEERS}
    valid = {name: f["median"] for name, f in figures.items() if f is not None and f["counts"]}
    if "pytorch" in valid:
        fastest = min(valid, key=valid.get)
        ratio = valid[fastest] / own
        met = ratio >= row.target and (row.limit == 0 or own <= row.limit)
        result |= {"fastest_peer": fastest, "ratio": round(ratio, 2), "target_met": met}
    return result


def three_digits(value):
    return f"{value:#.3g}".rstrip(".") if value < 1000 else f"{value:.0f}"


def amount(value, unit):
    if unit == "bytes":
        return f"{three_digits(value / 2**20)} MB"
    for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= scale:
            break
    return f"{three_digits(value / scale)} {name}"


def cell(result, name):
    figure = figure_of(result, name)
    if figure is None:
        return "–"
    return amount(figure["median"], result["unit"]) + ("" if figure["counts"] else "*")


LINE = "{:>2} {:27}" + 5 * "{:>9}" + "{:>8}{:>6}{:>4}{:>5} {}"


def table_head():
    titles = [TITLES[name] for name in PEERS]
    return LINE.format("", "", "ours", *titles, "ratio", "aim", "peak", "").rstrip()


def table_line(result):
    cells = [cell(result, name) for name in (OURS, *PEERS)]
    share = f"{100 * result['share_of_peak']:.0f}%" if "share_of_peak" in result else "–"
    ratio = three_digits(result["ratio"]) if "ratio" in result else "–"
    mark = {True: "✓", False: "✗"}.get(result.get("target_met"), "?")
    goal = f"{result['target']:g}"
    return LINE.format(result["row"], result["name"], *cells, ratio, goal, share, mark)


LEGEND = """\
ours: all cores, the default. Peers: the better of one thread and all. Medians. b: batch.
ratio: the fastest peer that counts, over ours; aim: what it is to be; ✓: it is (and row 8 takes no
more than 2.5 µs). peak: our share of the FMA peak of all cores (row 8: of one); products with zeros
that are skipped count as done, so it can exceed 100%. –: takes no part. *: does not count, for its
score is not ours."""


def head(record):
    machine, blas = record["machine"], record["openblas"]
    peers = ", ".join(f"{TITLES[name]} {text}" for name, text in record["peers"].items())
    speeds = ", ".join(f"{name} {speed:g}" for name, speed in blas["probe_gflops"].items())
    return "\n".join(
        (
            f"Scratch-ML {record['scratchml']}, {record['date']}",
            f"{machine['processor']}; cores: {machine['cores']}; FMA peak "
            f"{machine['gflops_one']:g} GFLOP/s one core, {machine['gflops_all']:g} all; "
            f"memory {machine['gbytes_all']:g} GB/s",
            f"Peers: {peers}",
            f"Their BLAS: {blas['library']}, kernels: {blas['core']}",
            f"  (1024³ in NumPy with one thread, GFLOP/s: {speeds})",
        )
    )


def foot(record):
    lines = [LEGEND]
    notes = {entry["note"] for result in record["rows"] for entry in result["entries"]}
    lines += sorted(notes - {""})
    for result in record["rows"]:
        for entry in result["entries"]:
            if not entry["counts"]:
                lines.append(
                    f"* row {result['row']}, {TITLES[entry['contender']]}: score "
                    f"{entry['score']:.2f}, ours {figure_of(result, OURS)['score']:.2f}"
                )
    for name, why in record["missing"].items():
        lines.append(f"{TITLES.get(name, name)} is missing: {why}")
    return "\n".join(lines)
