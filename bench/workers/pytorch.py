"""PyTorch: an epoch selects rows of a tensor by batch (a DataLoader is far slower, indexing a little)
and adds up the losses as numbers. Prediction takes the fastest of the module, its frozen TorchScript and that optimised for
inference, and leaves out the softmax."""

import torch
from torch import nn
from torch.nn import functional
from worker import Job, fastest, serve


def build(job):
    layers = []
    for n_in, n_out in zip(job.widths, job.widths[1:]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for layer, (weight, bias) in zip(net[::2], job.weights()):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
    return net


def make_optimizer(job, parameters):
    if job.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=job.rate)
    momentum = 0.9 if job.optimizer == "momentum" else 0
    return torch.optim.SGD(parameters, lr=job.rate, momentum=momentum)


def mean_squared_error(outputs, targets):
    return functional.mse_loss(outputs.squeeze(1), targets)


def train(job):
    net = build(job)
    optimizer = make_optimizer(job, net.parameters())
    inputs, targets = torch.from_numpy(job.train_x), torch.from_numpy(job.train_y)
    loss_of = mean_squared_error
    if job.task == "classes":
        targets, loss_of = targets.long(), functional.cross_entropy
    orders = iter(torch.from_numpy(job.orders))
    test_x = torch.from_numpy(job.test_x)

    def epoch():
        total = 0.0
        for batch in next(orders).split(job.batch):
            rows, wanted = inputs.index_select(0, batch), targets.index_select(0, batch)
            loss = loss_of(net(rows), wanted)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)

    def score():
        with torch.inference_mode():
            return job.score(net(test_x).numpy())

    serve(torch.__version__, epoch, score)


def predict(job):
    net = build(job).eval()
    samples = torch.from_numpy(job.test_x)
    batches = [torch.from_numpy(batch) for batch in job.test_batches()]
    traced = torch.jit.trace(net, batches[0])
    frozen = torch.jit.freeze(traced)
    optimized = torch.jit.optimize_for_inference(traced)

    def pass_over(function):
        for batch in batches:
            outputs = function(batch)
        return outputs

    with torch.inference_mode():
        function = fastest([net, frozen, optimized], batches[0])
        serve(
            torch.__version__,
            lambda: pass_over(function),
            lambda: job.score(function(samples).numpy()),
        )


job = Job()
torch.set_num_threads(job.threads)
train(job) if job.kind == "train" else predict(job)
