"""The rows of the whole process: one epoch on MNIST from the shell, with everything that a process
does from its start to its end: imports, reading the files, training, testing."""

import os
import re
import subprocess
import tempfile
import time

from contenders import BENCH, OURS, PYTHON, SCRIPTS, Missing
from prepare import run_program
from race import Entry


def our_command(setting, threads, seed):
    model = setting.data / "whole-process.safetensors"
    command = [setting.build / "scratchml", "train", "mnist", "--epochs", "1"]
    command += ["--hidden", "128", "--batch-size", "128", "--optimizer", "adam"]
    command += ["--seed", seed, "--output", model]
    return command if threads == setting.cores else command + ["--threads", threads]


def peer_command(setting, name, seed):
    folder = run_program(setting, "prepare", "folder").strip() + "/mnist"
    if name in SCRIPTS:
        return [PYTHON, BENCH / "whole_process" / SCRIPTS[name], folder, seed]
    program = setting.build / "bench" / f"{name}_mnist"
    if not program.exists():
        raise Missing("its program was not built")
    return [program, folder, seed]


class ProcessEntry(Entry):
    """Each run is a process, with a seed of its own."""

    def __init__(self, setting, name, threads):
        super().__init__(name, threads)
        self.setting = setting
        self.bytes = []

    def _process(self, seed):
        """(seconds, most bytes in memory, accuracy in per cent)"""
        if self.name == OURS:
            command = our_command(self.setting, self.threads, seed)
        else:
            command = peer_command(self.setting, self.name, seed)
        with tempfile.TemporaryFile("w+") as output:
            seconds, usage, code = timed(command, self.setting.environment(self.threads), output)
            output.seek(0)
            text = output.read()
        accuracy = re.search(r"test accuracy ([\d.]+)%", text)
        if code != 0 or accuracy is None:
            lines = text.strip().splitlines() or ["it printed nothing"]
            raise Missing(f"its process failed: {lines[-1]}")
        return seconds, usage.ru_maxrss * 1024, float(accuracy[1])

    def run(self):
        return self._process(0)[0]

    def measure(self):
        seconds, size, accuracy = self._process(len(self.seconds) + 1)
        self.seconds.append(seconds)
        self.bytes.append(size)
        self.scores.append(accuracy)


def timed(command, environment, output):
    """Seconds, resources and exit code of one process."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    with subprocess.Popen(
        words, stdout=output, stderr=subprocess.STDOUT, env=environment
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    return seconds, usage, process.returncode


def process_entries(setting, names):
    return [
        ProcessEntry(setting, name, threads)
        for name in names
        for threads in setting.thread_counts(name)
    ]
