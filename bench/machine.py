"""What the peers run on: the processor, and the OpenBLAS kernels that are the fastest here."""

import glob
import os
import re
import subprocess
from pathlib import Path

from contenders import PYTHON

# NumPy's product of two 1024 × 1024 matrices with one thread: the best of five, in GFLOP/s.
PROBE = """
import time
import numpy as np
a = np.ones((1024, 1024), np.float32)
def seconds():
    start = time.perf_counter()
    a @ a
    return time.perf_counter() - start
print(2 * 1024**3 / min(seconds() for _ in range(6)) / 1e9)
"""


def processor_name():
    """Model, and family where the model does not tell."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return os.uname().machine
    fields = dict(re.findall(r"^(model name|cpu family)\s*: (.*)$", text, re.M))
    return f"{fields.get('model name', os.uname().machine)}, family {fields.get('cpu family', '?')}"


def has_avx512():
    try:
        return " avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def cores():
    return len(os.sched_getaffinity(0))


def openblas_folder():
    """The OpenBLAS on OpenMP, where it is installed. Beside the one with threads of its own, which
    Debian prefers, PyTorch's threads fight with OpenBLAS's for the cores: LibTorch with two threads
    takes five times as long."""
    folders = glob.glob("/usr/lib/*/openblas-openmp") + glob.glob("/usr/lib*/openblas-openmp")
    return folders[0] if folders else ""


def blas_name(folder):
    """Such as "OpenBLAS 0.3.21 on OpenMP"."""
    for file in glob.glob(f"{folder}/libopenblas*-r*.so"):
        return f"OpenBLAS {re.search('-r([0-9.]+)[.]so', file)[1]} on OpenMP"
    return "the system's"


def probe(environment):
    command = [PYTHON, "-c", PROBE]
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    return round(float(result.stdout), 1) if result.returncode == 0 else 0.0


def probe_openblas(choice, environment_with):
    """(the OPENBLAS_CORETYPE to use, {core type: GFLOP/s}). Some versions take AVX2 kernels on a
    processor that they do not know, though there is AVX-512."""
    candidates = ["default", "SKYLAKEX"] if has_avx512() else ["default"]
    if choice not in ("auto", *candidates):
        candidates.append(choice)
    speeds = {name: probe(environment_with(name)) for name in candidates}
    if choice != "auto":
        return choice, speeds
    best = max(speeds, key=speeds.get)
    return ("default" if speeds["default"] > 0.95 * speeds[best] else best), speeds
