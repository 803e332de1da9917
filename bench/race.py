"""One row, measured: all contenders take turns, so that what disturbs the machine disturbs all."""

import statistics
import sys
import time

from contenders import OURS, Missing, Worker

PAUSE = 0.1  # seconds: pools of threads that spin have gone to sleep by then
SLOWER = 1.3  # a peer's thread count that is slower than its other by so much leaves the race,
MUCH_SLOWER = 1.05  # or by so much where a run takes
LONG = 2.0  # seconds, which the warm-up can judge
SAMPLES = 10000  # predictions in a pass of a row that predicts one by one
PASSES = 10  # in a run of a row that predicts all at once, for that takes milliseconds


def say(text):
    print(text, file=sys.stderr, flush=True)


class Entry:
    """A contender with a number of threads, and what was measured of it."""

    def __init__(self, name, threads):
        self.name, self.threads = name, threads
        self.seconds, self.scores = [], []

    def run(self):
        """Seconds of one unit of work."""
        raise NotImplementedError

    def measure(self):
        """One unit of work that counts."""
        raise NotImplementedError

    def leave(self):
        """Ends what still runs."""

    @property
    def score(self):
        """Over all that counts: the accuracy of a single epoch jumps, above all with batches of one
        sample."""
        return statistics.mean(self.scores)


class WorkerEntry(Entry):
    def __init__(self, worker, kind):
        super().__init__(worker.name, worker.threads)
        self.worker = worker
        self.passes = PASSES if kind == "bulk" else 1
        self.units = SAMPLES if kind == "single" else self.passes

    def run(self):
        return sum(self.worker.ask("run") for _ in range(self.passes)) / self.units

    def measure(self):
        self.seconds.append(self.run())
        self.scores.append(self.worker.ask("score"))

    def leave(self):
        self.worker.quit()


def start_workers(setting, row, names, jobs, missing, versions):
    """Starts all workers at once, then waits for each. jobs(threads) is what a worker is told."""
    waiting, ready = [], []
    for name in names:
        for threads in setting.thread_counts(name):
            try:
                waiting.append(Worker(setting, name, threads, jobs(threads)))
            except Missing as reason:
                missing[name] = str(reason)
    for worker in waiting:
        try:
            versions[worker.name] = worker.version()
            ready.append(WorkerEntry(worker, row.kind))
        except Missing as reason:
            missing[worker.name] = str(reason)
            worker.quit()
    return ready


def warm_up(entries, missing):
    """One run each, which does not count; those that fail are missing. {entry: seconds}"""
    first = {}
    for entry in entries:
        time.sleep(PAUSE)
        try:
            first[entry] = entry.run()
            say(f"  {entry.name}, threads: {entry.threads}: {first[entry]:.3g} s")
        except Missing as reason:
            missing[entry.name] = str(reason)
            entry.leave()
    return first


def without_the_slower(first):
    """Of a peer's thread counts those that are about as fast as its best; all of ours."""
    staying = []
    for entry, seconds in first.items():
        best = min(first[other] for other in first if other.name == entry.name)
        margin = SLOWER if best < LONG else MUCH_SLOWER
        if entry.name == OURS or seconds <= margin * best:
            staying.append(entry)
        else:
            entry.leave()
    return staying


def take_turns(entries, rounds):
    """The order is rotated each round."""
    for r in range(rounds):
        say(f"  round {r + 1} of {rounds}")
        turn = r % len(entries)
        for entry in entries[turn:] + entries[:turn]:
            time.sleep(PAUSE)
            entry.measure()


def race(entries, rounds, missing, every_thread_count=False):
    """Measures the entries; returns those that stayed to the end."""
    try:
        first = warm_up(entries, missing)
        staying = list(first) if every_thread_count else without_the_slower(first)
        if all(entry.name != OURS for entry in staying):
            raise Missing(f"Scratch-ML: {missing.pop(OURS)}")
        take_turns(staying, rounds)
        return staying
    finally:
        for entry in entries:
            entry.leave()
