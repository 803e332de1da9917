"""scikit-learn: MLPClassifier and MLPRegressor, an epoch a call of partial_fit. The samples are put
in order before the clock starts, since partial_fit takes no order: that is in its favour."""

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor
from worker import Job, serve

SOLVERS = {"adam": ("adam", 0.0), "sgd": ("sgd", 0.0), "momentum": ("sgd", 0.9)}


def build(job):
    solver, momentum = SOLVERS[job.optimizer] if job.kind == "train" else ("sgd", 0.0)
    make = MLPClassifier if job.task == "classes" else MLPRegressor
    return make(
        hidden_layer_sizes=job.widths[1:-1],
        solver=solver,
        momentum=momentum,
        nesterovs_momentum=False,
        alpha=0,
        batch_size=job.batch if job.kind == "train" else 1,
        learning_rate_init=job.rate if job.kind == "train" else 0.1,
        shuffle=False,
    )


def first_call(job, model):
    """Lets it make its arrays, then gives it the weights that everybody starts from."""
    rows = np.zeros((1, job.widths[0]), np.float32)
    if job.task == "classes":
        model.partial_fit(rows, [0], classes=range(job.widths[-1]))
    else:
        model.partial_fit(rows, [0.0])
    del model._optimizer
    for coefs, intercepts, (weight, bias) in zip(model.coefs_, model.intercepts_, job.weights()):
        coefs[...] = weight.T
        intercepts[...] = bias


def outputs_of(job, model, rows):
    return model.predict_proba(rows) if job.task == "classes" else model.predict(rows)


def train(job):
    model = build(job)
    first_call(job, model)
    orders = iter(job.orders)
    ordered = {}

    def sort():
        order = next(orders)
        ordered.update(x=job.train_x[order], y=job.train_y[order])

    serve(
        sklearn.__version__,
        lambda: model.partial_fit(ordered["x"], ordered["y"]),
        lambda: job.score(outputs_of(job, model, job.test_x)),
        before_run=sort,
    )


def predict(job):
    model = build(job)
    first_call(job, model)
    batches = job.test_batches()

    def pass_over():
        for batch in batches:
            model.predict_proba(batch)

    serve(sklearn.__version__, pass_over, lambda: job.score(outputs_of(job, model, job.test_x)))


job = Job()
train(job) if job.kind == "train" else predict(job)
