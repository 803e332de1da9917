"""What a row needs before it starts: raw data, weights, and the jobs of its workers."""

import subprocess

from race import say


def run_program(setting, *words):
    command = [str(setting.build / "bench" / words[0]), *map(str, words[1:])]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def limits(setting):
    """The limits of the machine at this moment: see peak.c."""
    lines = run_program(setting, "peak").splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines)}


def prepare_data(setting, name, epochs):
    """Writes the raw arrays of a data set, once, with the orders of at least so many epochs."""
    setting.data.mkdir(parents=True, exist_ok=True)
    order = setting.data / f"{name}.order"
    targets = setting.data / f"{name}.train.targets"
    if not order.exists() or order.stat().st_size < epochs * targets.stat().st_size:
        say(f"  writing the raw data of {name}")
        run_program(setting, "prepare", "data", setting.data, name, epochs)


def settings_text(row, epochs):
    hidden = ",".join(map(str, row.widths[1:-1]))
    return (
        f"hidden={hidden} batch_size={row.batch} optimizer={row.optimizer} "
        f"learning_rate={row.rate} epochs={epochs}"
    )


def prepare_weights(setting, row):
    """Writes the weights that all start from, or the model that all predict with."""
    shape = "-".join(map(str, row.widths))
    kind, epochs = ("start", 0) if row.kind == "train" else ("model", 1)
    file = f"{row.data}.{shape}.{kind}"
    text = settings_text(row, epochs)
    run_program(setting, "prepare", "model", setting.data, row.data, text, file)
    return setting.data / file


def jobs_of(setting, row):
    """A function from a number of threads to the job of a worker, as workers/worker.h reads it."""
    weights = prepare_weights(setting, row)
    job = {
        "kind": row.kind,
        "task": row.task,
        "widths": ",".join(map(str, row.widths)),
        "weights": f"{weights}.weights",
    }
    if row.kind == "train":
        job |= {
            "dir": setting.data,
            "data": row.data,
            "settings": settings_text(row, 1000000),  # until it is told to quit
            "batch": row.batch,
            "optimizer": row.optimizer,
            "rate": row.rate,
            "train": setting.data / f"{row.data}.train",
            "test": setting.data / f"{row.data}.test",
            "order": setting.data / f"{row.data}.order",
        }
    else:
        job |= {"test": weights, "model": f"{weights}.safetensors"}
    return lambda threads: job | {"threads": threads}
