"""The contenders: what starts each one, what it finds in its environment, and a worker process
that obeys the protocol of workers/worker.h."""

import contextlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's own, which sees Debian's packages
OURS = "scratchml"
# Of the same names in workers/ and whole_process/.
SCRIPTS = {"pytorch": "pytorch.py", "sklearn": "scikit.py", "numpy": "numpy_.py"}


class Missing(Exception):
    """A contender cannot take part; the text says why."""


@dataclass(frozen=True)
class Setting:
    """Where programs and data are, and which OpenBLAS the peers get."""

    build: Path
    cores: int
    openblas_folder: str  # of libblas.so.3; "": the system's choice
    openblas_core: str  # OPENBLAS_CORETYPE; "default": OpenBLAS's choice

    @property
    def data(self):
        return self.build / "bench" / "data"

    def environment(self, threads):
        """What a process finds that may use so many threads."""
        foreign = ("OPENBLAS_", "OMP_", "GOMP_", "ATEN_")  # settings of whoever started this
        variables = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        if self.openblas_core != "default":
            variables["OPENBLAS_CORETYPE"] = self.openblas_core
        if self.openblas_folder:
            variables["LD_LIBRARY_PATH"] = self.openblas_folder
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            variables[name] = str(threads)
        return variables

    def worker_environment(self, name, threads):
        """For peers, malloc keeps what is freed: PyTorch's temporary arrays would be mapped anew for
        each batch, which costs it a quarter of its time."""
        variables = self.environment(threads)
        if name != OURS:
            for limit in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
                variables[limit] = str(4 << 30)
        return variables

    def thread_counts(self, name):
        """FANN knows no threads; the others run with one and with all."""
        return (1,) if name == "fann" else tuple(sorted({1, self.cores}))


def command_of(setting, name):
    if name in SCRIPTS:
        return [PYTHON, str(BENCH / "workers" / SCRIPTS[name])]
    program = setting.build / "bench" / name
    if not program.exists():
        raise Missing("its program was not built")
    return [str(program)]


class Worker:
    """A contender in a process of its own that works when it is asked."""

    def __init__(self, setting, name, threads, job):
        command = command_of(setting, name)
        self.name, self.threads = name, threads
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command + [f"{key}={value}" for key, value in job.items()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=setting.worker_environment(name, threads),
            text=True,
        )

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            reason = self.errors.read().strip().splitlines() or ["it said nothing"]
            raise Missing(f"its worker ended: {reason[-1]}")
        return line.strip()

    def version(self):
        """Waits until it is ready."""
        return self._line().split(" ", 1)[1]

    def ask(self, command):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it ended: _line says why
        return float(self._line())

    def quit(self):
        if self.process.stdin.closed:
            return
        with contextlib.suppress(BrokenPipeError):  # it ended before
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
