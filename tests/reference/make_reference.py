#!/usr/bin/python3
"""Print the reference numbers of tests/reference/*.json with PyTorch.

Run:  /usr/bin/python3 make_reference.py [FOLDER]     (default: the script's own folder)
Made with Debian 12's python3-torch 1.13.0 and Python 3.11, on the CPU, one thread, float64.

Every input, weight and target is a number that float32 holds exactly, so an engine that works in
float32 starts from the same numbers. A number is printed with as many digits as its double needs
(up to 17). Tensors are flat, in row order: [batch, width], weights [n_out, n_in].
"""
import json
import math
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

KINK_MARGIN = 1e-3  # least distance of a pre-activation or residual from a kink

ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": lambda z: F.elu(z, 1.0),
    "gelu": F.gelu,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": lambda z: F.softplus(z, beta=1, threshold=20),
}
OUTPUTS = {"cross_entropy": lambda z: F.softmax(z, dim=1), "binary_cross_entropy": torch.sigmoid}
LOSSES = {
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "mean_squared_error": F.mse_loss,
    "mean_absolute_error": F.l1_loss,
    "huber": F.huber_loss,
}


# ---------------------------------------------------------------- numbers that float32 holds


def grid(tensor):
    """Round to multiples of 1/1024."""
    return torch.round(tensor * 1024) / 1024


def normal(*shape):
    return grid(torch.randn(*shape))


def one_hot(labels, width):
    return F.one_hot(torch.tensor(labels), width).to(torch.float64)


def distributions(rows, width):
    """Random soft labels on the grid; each row sums to exactly 1."""
    y = torch.floor(F.softmax(torch.randn(rows, width), dim=1) * 1024) / 1024
    y[:, 0] += 1 - y.sum(dim=1)
    return y


def targets_for(loss, rows, width):
    if loss == "cross_entropy":
        return one_hot([s % width for s in range(rows)], width)
    if loss == "binary_cross_entropy":
        return (torch.rand(rows, width) < 0.5).to(torch.float64)
    return normal(rows, width)


def flat(tensor):
    return tensor.detach().reshape(-1).tolist()


# ---------------------------------------------------------------- activations and losses


def activations():
    small = torch.tensor([1e-4, -1e-4], dtype=torch.float32).to(torch.float64)
    far = torch.tensor([0.0, 20.0, -20.0, 90.0, -90.0])
    z = torch.cat([far, small, grid(torch.linspace(-6, 6, 54))])
    cases = []
    for name, function in ACTIVATIONS.items():
        x = z.clone().requires_grad_()
        value = function(x)
        (slope,) = torch.autograd.grad(value.sum(), x)
        cases.append({"name": name, "value": flat(value), "slope": flat(slope)})
    return {"z": flat(z), "activations": cases}


def loss_case(loss, logits, targets, label_smoothing=0.0, labels=None):
    """One case; with labels, PyTorch is given class numbers instead of the dense targets."""
    z = logits.clone().requires_grad_()
    goal = targets if labels is None else torch.tensor(labels)
    smoothing = {"label_smoothing": label_smoothing} if loss == "cross_entropy" else {}
    value = LOSSES[loss](z, goal, **smoothing)
    (gradient,) = torch.autograd.grad(value, z)
    return {
        "loss": loss,
        "label_smoothing": label_smoothing,
        "batch": z.shape[0],
        "width": z.shape[1],
        "logits": flat(z),
        "targets": flat(targets),
        "value": value.item(),
        "gradient": flat(gradient),
        "outputs": flat(OUTPUTS.get(loss, lambda t: t)(z)),
    }


def losses():
    torch.manual_seed(1)
    logits = 2 * normal(5, 4)
    logits[3] = torch.tensor([50.0, -50.0, 50.0, -50.0])
    labels = [2, 0, 3, 1, 1]  # row 3 is as wrong as can be: its true class has logit -50
    hard, soft = one_hot(labels, 4), distributions(5, 4)
    yes_no = (torch.rand(5, 4) < 0.5).to(torch.float64)
    real = normal(5, 4)
    tie = real.clone()
    tie[0, 0] = logits[0, 0]  # residual 0: the slope of |r| is taken as 0
    return {"cases": [
        loss_case("cross_entropy", logits, hard, labels=labels),
        loss_case("cross_entropy", logits, soft),
        loss_case("cross_entropy", logits, hard, 0.1, labels=labels),
        loss_case("cross_entropy", logits, soft, 0.1),
        loss_case("binary_cross_entropy", logits, yes_no),
        loss_case("binary_cross_entropy", logits, grid(torch.rand(5, 4))),
        loss_case("mean_squared_error", logits, real),
        loss_case("mean_absolute_error", logits, tie),
        loss_case("huber", logits, real),
    ]}


# ---------------------------------------------------------------- networks


def new_layers(sizes):
    """[(W, b), …] with W [n_out, n_in] of variance about 1/n_in; no weight is 0."""
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        weight = grid(torch.randn(n_out, n_in) / math.sqrt(n_in))
        bias = grid(0.3 * torch.randn(n_out))
        assert (weight != 0).all()
        layers.append((weight.requires_grad_(), bias.requires_grad_()))
    return layers


def forward(layers, activation, x):
    """The logits, and the smallest distance of a hidden pre-activation from 0."""
    margin, a = math.inf, x
    for weight, bias in layers[:-1]:
        z = a @ weight.T + bias
        margin = min(margin, z.abs().min().item())
        a = ACTIVATIONS[activation](z)
    weight, bias = layers[-1]
    return a @ weight.T + bias, margin


def layer_numbers(layers):
    return [{"weight": flat(weight), "bias": flat(bias)} for weight, bias in layers]


def network_case(seed, sizes, activation, loss, batch=6, l1=0.0, l2=0.0):
    """d_weight and d_bias are gradients of penalised_value = value + l1 |W|_1 + l2/2 |W|^2."""
    torch.manual_seed(seed)
    layers = new_layers(sizes)
    inputs, targets = normal(batch, sizes[0]), targets_for(loss, batch, sizes[-1])

    logits, margin = forward(layers, activation, inputs)
    if activation in ("relu", "leaky_relu"):
        assert margin >= KINK_MARGIN, (seed, margin)
    if loss in ("mean_absolute_error", "huber"):
        residual = (logits - targets).abs() - (1.0 if loss == "huber" else 0.0)
        assert residual.abs().min() >= KINK_MARGIN, seed

    value = LOSSES[loss](logits, targets)
    penalised = value
    for weight, _ in layers:
        penalised = penalised + l1 * weight.abs().sum() + l2 / 2 * (weight * weight).sum()
    penalised.backward()

    numbers = layer_numbers(layers)
    for entry, (weight, bias) in zip(numbers, layers):
        entry.update(d_weight=flat(weight.grad), d_bias=flat(bias.grad))
    return {
        "sizes": sizes, "activation": activation, "loss": loss, "l1": l1, "l2": l2,
        "batch": batch,
        "inputs": flat(inputs), "targets": flat(targets), "layers": numbers,
        "value": value.item(), "penalised_value": penalised.item(),
    }


def networks():
    cases = [
        network_case(10, [5, 4, 3], "relu", "cross_entropy"),
        network_case(11, [6, 5, 4, 2], "tanh", "mean_squared_error"),
        network_case(12, [5, 4, 3], "sigmoid", "binary_cross_entropy"),
        network_case(13, [4, 5, 2], "tanh", "mean_absolute_error"),
        network_case(14, [4, 5, 2], "tanh", "huber"),
        network_case(15, [5, 4, 3], "relu", "cross_entropy", l2=0.1),
        network_case(16, [5, 4, 3], "relu", "cross_entropy", l1=0.01),
        network_case(17, [5, 4, 3], "tanh", "mean_squared_error", l1=0.02, l2=0.3),
        network_case(18, [4, 3], "identity", "cross_entropy"),
        network_case(19, [3, 5, 4, 3, 2], "silu", "cross_entropy", batch=1),
    ]
    for i, activation in enumerate(ACTIVATIONS):
        cases.append(network_case(30 + i, [4, 6, 3], activation, "cross_entropy"))
    return {"cases": cases}


# ---------------------------------------------------------------- optimisers

SIZES, BATCH, STEPS = [4, 3, 2], 5, 10
OPTIMIZER_SEED = 40

# optimizer: (PyTorch's constructor, learning rate, momentum)
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, 0.1, 0.0),
    "momentum": (torch.optim.SGD, 0.05, 0.9),
    "nesterov": (torch.optim.SGD, 0.05, 0.9),
    "rmsprop": (torch.optim.RMSprop, 0.01, 0.0),
    "adagrad": (torch.optim.Adagrad, 0.01, 0.0),
    "adam": (torch.optim.Adam, 0.01, 0.0),
    "adamw": (torch.optim.AdamW, 0.01, 0.0),
}


def optimizer_start():
    torch.manual_seed(OPTIMIZER_SEED)
    layers, inputs = new_layers(SIZES), 1.5 * normal(BATCH, SIZES[0])
    return layers, inputs, targets_for("cross_entropy", BATCH, SIZES[-1])


def optimizer_case(name, weight_decay=0.0, clip_norm=0.0):
    """Full-batch steps; a step's loss is the one before its update, its layers those after."""
    layers, inputs, targets = optimizer_start()
    parameters = [tensor for layer in layers for tensor in layer]
    constructor, learning_rate, momentum = OPTIMIZERS[name]
    settings = {"lr": learning_rate, "weight_decay": weight_decay}
    if constructor is torch.optim.SGD:
        settings.update(momentum=momentum, nesterov=name == "nesterov")
    optimizer = constructor(parameters, **settings)

    steps, clipped = [], 0
    for _ in range(STEPS):
        optimizer.zero_grad()
        logits, margin = forward(layers, "relu", inputs)
        assert margin >= KINK_MARGIN, (name, margin)
        loss = F.cross_entropy(logits, targets)
        loss.backward()
        if clip_norm:
            clipped += nn.utils.clip_grad_norm_(parameters, clip_norm).item() > clip_norm
        optimizer.step()
        steps.append({"loss": loss.item(), "layers": layer_numbers(layers)})
    assert not clip_norm or clipped > 0  # the case must exercise the clipping
    return {
        "optimizer": name, "learning_rate": learning_rate, "momentum": momentum,
        "weight_decay": weight_decay, "clip_norm": clip_norm, "steps": steps,
    }


def optimizers():
    layers, inputs, targets = optimizer_start()
    plain = [optimizer_case(name) for name in OPTIMIZERS if name != "adamw"]
    decayed = [optimizer_case(name, weight_decay=0.1) for name in OPTIMIZERS if name != "adamw"]
    return {
        "sizes": SIZES, "activation": "relu", "loss": "cross_entropy", "batch": BATCH,
        "inputs": flat(inputs), "targets": flat(targets), "layers": layer_numbers(layers),
        "cases": [
            *plain,
            optimizer_case("adamw", weight_decay=0.01),
            *decayed,
            optimizer_case("sgd", clip_norm=0.5),
            optimizer_case("adam", clip_norm=0.5),
        ],
    }


# ---------------------------------------------------------------- norms

NORM_STEPS, NORM_RATE = 3, 0.125


def short(tensor):
    """Twelve digits: exact for the grid, enough for results, and a smaller file."""
    return [float(f"{value:.12g}") for value in flat(tensor)]


def new_norm(kind, width):
    """A norm whose γ, β and running statistics are not those of the start."""
    module = nn.BatchNorm1d(width) if kind == "batch_norm" else nn.LayerNorm(width)
    with torch.no_grad():
        module.weight.copy_(grid(1 + 0.3 * torch.randn(width)))
        module.bias.copy_(grid(0.3 * torch.randn(width)))
        if kind == "batch_norm":
            module.running_mean.copy_(grid(0.2 * torch.randn(width)))
            module.running_var.copy_(grid(0.5 + torch.rand(width)))
    return module


def new_module(token, n_in):
    """The module of "dense 4", a norm or an activation, and its width."""
    kind, *units = token.split()
    if kind == "dense":
        module = nn.Linear(n_in, int(units[0]))
        with torch.no_grad():
            module.weight.copy_(grid(torch.randn(int(units[0]), n_in) / math.sqrt(n_in)))
            module.bias.copy_(grid(0.3 * torch.randn(int(units[0]))))
        return module, int(units[0])
    if kind in ("batch_norm", "layer_norm"):
        return new_norm(kind, n_in), n_in
    if kind == "dropout":  # rate 0: it stands in the way and does nothing
        return nn.Identity(), n_in
    return {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU, "sigmoid": nn.Sigmoid,
            "silu": nn.SiLU}[kind](), n_in


def tensors(module, gradients=False):
    """Of each layer with parameters, in order: its tensors by name, or their gradients."""
    found = []
    for layer in module:
        if gradients and list(layer.parameters()):
            found.append({name: short(p.grad) for name, p in layer.named_parameters()})
        elif list(layer.parameters()):
            found.append({name: short(t) for name, t in layer.state_dict().items()
                          if name != "num_batches_tracked"})
    return found


def differentiated(module, inputs, targets, loss):
    module.zero_grad()
    logits = module(inputs)
    value = LOSSES[loss](logits, targets)
    value.backward()
    return {"value": value.item(), "logits": short(logits), "gradients": tensors(module, True)}


def norm_case(seed, layers, batch, loss="cross_entropy", n_in=5, shift=0.0):
    """Gradients in training, the tensors after three steps of SGD more, and then gradients outside
    training: the running statistics have moved four times. A batch of one is normalised with the running statistics, which stay: eval() here."""
    torch.manual_seed(seed)
    modules, width = [], n_in
    for token in layers:
        module, width = new_module(token, width)
        modules.append(module)
    network = nn.Sequential(*modules)
    inputs, targets = normal(batch, n_in) + shift, targets_for(loss, batch, width)
    case = {"network": layers, "loss": loss, "batch": batch, "n_in": n_in, "width": width,
            "inputs": flat(inputs), "targets": flat(targets), "start": tensors(network)}
    network.train(batch > 1)
    case["training"] = differentiated(network, inputs, targets, loss)
    optimizer = torch.optim.SGD(network.parameters(), lr=NORM_RATE)
    for _ in range(NORM_STEPS):
        differentiated(network, inputs, targets, loss)
        optimizer.step()
    case["end"] = tensors(network)
    network.eval()
    case["evaluation"] = differentiated(network, inputs, targets, loss)
    return case


def norms():
    one, wide = "dense 6", ["dense 37", "NORM", "sigmoid", "dropout", "dense 9", "NORM", "tanh",
                            "dense 3"]
    cases, seed = [], 60
    for kind in ("batch_norm", "layer_norm"):
        narrow = "dense 1" if kind == "batch_norm" else "dense 3"  # layer norm of 1 unit is β
        for layers, batch, options in (
            ([one, "NORM", "tanh", "dense 3"], 1, {}),
            ([one, "NORM", "tanh", "dense 3"], 2, {}),
            ([one, "NORM", "relu", "dense 3"], 7, {}),
            ([one, "NORM", "gelu", "dense 3"], 33, {"shift": 8.0}),
            (["dense 4", "NORM", "tanh", "dense 2"], 300, {"n_in": 3}),
            (["NORM", "dense 5", "tanh", "dense 3"], 9, {"n_in": 11}),
            (["tanh", "NORM", "gelu", "dense 3"], 10, {}),
            (["dense 9", "tanh", "dense 17", "NORM", "dense 2"], 33,
             {"loss": "mean_squared_error"}),
            ([narrow, "NORM", "dense 3"], 12, {}),
            (wide, 64, {}),
        ):
            seed += 1
            named = [kind if token == "NORM" else token for token in layers]
            cases.append(norm_case(seed, named, batch, **options))
    cases.append(norm_case(99, ["layer_norm", "batch_norm", "dense 3"], 20))
    return {"steps": NORM_STEPS, "learning_rate": NORM_RATE, "cases": cases}


# ---------------------------------------------------------------- schedules

RATE = 0.1
EPOCHS, STEPS = 12, 5  # steps of an epoch


def schedule_case(name, make=None, by_step=None, warmup=0, losses=None, **settings):
    """The rate of every step; make gives a scheduler that moves after an epoch, by_step one that
    moves after a step."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=RATE)
    epoch_scheduler = make(optimizer) if make else None
    step_schedulers = [by_step(optimizer)] if by_step else []
    if warmup > 1:
        step_schedulers.append(torch.optim.lr_scheduler.LinearLR(
            optimizer, start_factor=1 / warmup, end_factor=1, total_iters=warmup - 1))
    rates = []
    for epoch in range(EPOCHS):
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            for scheduler in step_schedulers:
                scheduler.step()
        if losses:
            epoch_scheduler.step(losses[epoch])
        elif epoch_scheduler:
            epoch_scheduler.step()
    case = {"schedule": name, "warmup": warmup, "step_epochs": 1, "gamma": 1.0, "minimum": 0.0,
            "patience": 0, "losses": losses or [], **settings}
    return {**case, "rates": rates}


def schedules():
    s = torch.optim.lr_scheduler
    losses = [1.0, 0.9, 0.89995, 0.8, 0.81, 0.82, 0.83, 0.7, 0.71, 0.72, 0.73, 0.74]

    def plateau(gamma, patience, minimum):
        return schedule_case(
            "plateau", lambda o: s.ReduceLROnPlateau(o, factor=gamma, patience=patience,
                                                     min_lr=minimum),
            losses=losses, gamma=gamma, patience=patience, minimum=minimum)

    return {
        "learning_rate": RATE, "epochs": EPOCHS, "steps": STEPS,
        "cases": [
            schedule_case("constant"),
            schedule_case("constant", warmup=7),
            schedule_case("step", lambda o: s.StepLR(o, 5, 0.1), step_epochs=5, gamma=0.1),
            schedule_case("step", lambda o: s.StepLR(o, 3, 0.5), warmup=9, step_epochs=3, gamma=0.5),
            schedule_case("exponential", lambda o: s.ExponentialLR(o, 0.9), gamma=0.9),
            schedule_case("exponential", lambda o: s.ExponentialLR(o, 0.8), warmup=20, gamma=0.8),
            schedule_case("cosine", by_step=lambda o: s.CosineAnnealingLR(o, EPOCHS * STEPS)),
            schedule_case("cosine", by_step=lambda o: s.CosineAnnealingLR(o, EPOCHS * STEPS, 0.01),
                          minimum=0.01),
            schedule_case("cosine", by_step=lambda o: s.CosineAnnealingLR(o, EPOCHS * STEPS),
                          warmup=10),
            plateau(0.5, 1, 0.0),
            plateau(0.1, 0, 0.002),
            plateau(0.3, 2, 0.0),
        ],
    }


# ---------------------------------------------------------------- weights


def weights():
    """A linear model: loss and gradients with weights of classes and of rows."""
    torch.manual_seed(7)
    inputs, classes, batch = 5, 4, 9
    layer = nn.Linear(inputs, classes)
    with torch.no_grad():
        layer.weight.copy_(normal(classes, inputs))
        layer.bias.copy_(normal(classes))
    x = normal(batch, inputs)
    labels = torch.tensor([0, 1, 2, 3, 3, 3, 1, 3, 0])
    by_class = torch.tensor([0.5, 2.0, 1.25, 0.25])
    counts = torch.bincount(labels)
    balanced = batch / (classes * counts)  # scikit-learn's compute_class_weight
    by_row = torch.tensor([1.0, 0.5, 0.0, 2.0, 0.25, 1.5, 3.0, 1.0, 0.75])

    def case(class_weight, of_class, of_row):
        layer.zero_grad()
        losses = F.cross_entropy(layer(x), labels, weight=of_class, reduction="none")
        row = of_class[labels] if of_class is not None else torch.ones(batch)
        value = (losses * of_row).sum() / (row * of_row).sum()
        if of_class is not None and bool((of_row == 1).all()):
            assert torch.isclose(value, F.cross_entropy(layer(x), labels, weight=of_class))
        value.backward()
        return {"class_weight": class_weight, "row_weights": flat(of_row), "value": value.item(),
                "d_weight": flat(layer.weight.grad), "d_bias": flat(layer.bias.grad)}

    ones = torch.ones(batch)
    return {
        "inputs": flat(x), "labels": labels.tolist(), "weight": flat(layer.weight.detach()),
        "bias": flat(layer.bias.detach()), "columns": inputs, "classes": classes,
        "cases": [
            case("0.5,2,1.25,0.25", by_class, ones),
            case("balanced", balanced, ones),
            case("none", None, by_row),
            case("0.5,2,1.25,0.25", by_class, by_row),
        ],
    }


# ---------------------------------------------------------------- traces


def row_losses(loss, logits, targets, smoothing):
    """C_s of each row."""
    if loss == "cross_entropy":
        return F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
    return LOSSES[loss](logits, targets, reduction="none").mean(dim=1)


def trace_case(seed, layers, loss, batch, training=False, weighted=False, smoothing=0.0, n_in=5):
    """Every layer's output and the derivative of the sum of w_s C_s by it, down to the inputs;
    d_weight and d_bias are of the weighted mean."""
    torch.manual_seed(seed)
    modules, width = [], n_in
    for token in layers:
        module, width = new_module(token, width)
        modules.append(module)
    network = nn.Sequential(*modules)
    inputs, targets = normal(batch, n_in), targets_for(loss, batch, width)
    row_weights = grid(0.25 + torch.rand(batch)) if weighted else torch.ones(batch)
    case = {"network": layers, "loss": loss, "label_smoothing": smoothing, "is_training": training,
            "batch": batch, "n_in": n_in, "width": width, "inputs": flat(inputs),
            "targets": flat(targets), "row_weights": flat(row_weights),
            "start": tensors(network)}
    assert_float32_exact(case["row_weights"])
    network.train(training)
    a = inputs.clone().requires_grad_()
    outputs = [a]
    for token, module in zip(layers, modules):
        if token == "relu":
            assert a.abs().min() >= KINK_MARGIN, seed
        a = module(a)
        a.retain_grad()
        outputs.append(a)
    losses = row_weights * row_losses(loss, a, targets, smoothing)
    losses.sum().backward()
    total = row_weights.sum()
    case["trace"] = {
        "losses": short(losses), "value": (losses.sum() / total).item(),
        "input_gradient": short(outputs[0].grad),
        "layers": [{"output": short(a), "delta": short(a.grad)} for a in outputs[1:]],
        "gradients": [{name: short(p.grad / total) for name, p in layer.named_parameters()}
                      for layer in modules if list(layer.parameters())],
    }
    return case


def traces():
    norm = ["dense 6", "batch_norm", "gelu", "dense 3"]
    return {"cases": [
        trace_case(110, ["dense 6", "relu", "dense 4", "tanh", "dense 3"], "cross_entropy", 5),
        trace_case(111, ["dense 19", "silu", "dense 3"], "cross_entropy", 1),
        trace_case(112, norm, "cross_entropy", 7, training=True),
        trace_case(113, norm, "cross_entropy", 7),
        trace_case(114, ["tanh", "dense 5", "layer_norm", "sigmoid", "dense 2"],
                   "mean_squared_error", 4),
        trace_case(115, ["batch_norm", "dense 5", "relu", "dense 3"], "binary_cross_entropy", 6,
                   training=True),
        trace_case(116, ["dense 6", "layer_norm", "tanh", "batch_norm", "dense 4"],
                   "cross_entropy", 8, training=True, weighted=True, smoothing=0.125),
    ]}


# ---------------------------------------------------------------- files


def assert_float32_exact(values):
    for value in values:
        assert torch.tensor(value, dtype=torch.float32).item() == value, value


def check_inputs(node):
    """Walk the data; what an engine reads as input must be exact in float32."""
    if isinstance(node, dict):
        for key, child in node.items():
            if key in ("z", "logits", "inputs", "targets"):
                assert_float32_exact(child)
            if key not in ("steps", "training", "end", "evaluation", "trace"):  # results
                check_inputs(child)
        if "weight" in node:
            assert_float32_exact(node["weight"] + node["bias"])
    elif isinstance(node, list):
        for child in node:
            check_inputs(child)


def text(data):
    """JSON with one case a line."""
    lines = []
    for key, value in data.items():
        if key in ("cases", "activations"):
            rows = ",\n".join(json.dumps(row, allow_nan=False) for row in value)
            lines.append(f'"{key}": [\n{rows}\n]')
        else:
            lines.append(f'"{key}": {json.dumps(value, allow_nan=False)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__)
    folder = folder if folder.is_dir() else folder.parent
    for make in (activations, losses, networks, optimizers, norms, schedules, weights, traces):
        data = make()
        check_inputs(data)
        (folder / f"{make.__name__}.json").write_text(text(data), encoding="ascii")


if __name__ == "__main__":
    main()
