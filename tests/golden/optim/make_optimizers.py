"""Writes torch_2.14_sgd.safetensors, torch_2.14_adamw.safetensors and lightly_1.6.0_lars.safetensors beside this file: what
the optimizers make of given gradients in 20 steps. Needs torch, lightly==1.6.0 and safetensors from pip.

tests/optim/runs.hpp makes the same parameters and gradients; the tests of the optimizers list the same cases.
"""
from pathlib import Path

import torch
from lightly.utils.lars import LARS
from safetensors.torch import save_file

SHAPES = [(5, 3, 3, 3), (7, 6), (4, 3), (5,)]
STEPS = 20


def formula(shape, i_squared, i, offset):
    """Whole numbers over 1024, which float32 holds exactly."""
    n = torch.arange(1, torch.Size(shape).numel() + 1)
    return (((i_squared * n * n + i * n + offset) % 2003 - 1001) / 1024).view(shape)


def start(k):
    return formula(SHAPES[k], 1, 7919, 101 * k) * (k != 2)  # the third parameter is 0


def gradient(k, step):
    if k == 1 and step in (0, 7):
        return None
    return formula(SHAPES[k], 3, 5051, 977 * step + 101 * k) * ((k, step) != (0, 3))


# With "groups" the last parameter has no decay and twice the learning rate.
SGD = {
    "plain": dict(lr=0.06),
    "decay": dict(lr=0.06, weight_decay=5e-4),
    "momentum": dict(lr=0.06, momentum=0.9),
    "momentum_decay": dict(lr=0.06, momentum=0.9, weight_decay=5e-4),
    "dampening": dict(lr=0.1, momentum=0.7, dampening=0.3, weight_decay=0.01),
    "nesterov": dict(lr=0.06, momentum=0.9, nesterov=True),
    "nesterov_decay": dict(lr=0.03, momentum=0.8, weight_decay=1e-3, nesterov=True),
    "groups": dict(lr=0.06, momentum=0.9, weight_decay=5e-4),
}
ADAMW = {
    "defaults": dict(),
    "no_decay": dict(lr=3e-3, weight_decay=0.0),
    "values": dict(lr=5e-3, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.3),
    "amsgrad": dict(lr=2e-3, amsgrad=True, betas=(0.9, 0.7)),
    "groups": dict(lr=1e-3, betas=(0.9, 0.95), weight_decay=0.05),
    "fused": dict(lr=5e-3, betas=(0.8, 0.95), weight_decay=0.3, fused=True),
    "fused_amsgrad_groups": dict(lr=2e-3, amsgrad=True, betas=(0.9, 0.7), fused=True),
}
LARS_ = {
    "no_decay": dict(lr=0.1),
    "decay": dict(lr=2.0, weight_decay=1e-3),
    "momentum": dict(lr=2.0, momentum=0.9, weight_decay=1e-6),
    "dampening": dict(lr=3.0, momentum=0.7, dampening=0.3, weight_decay=0.01),
    "nesterov": dict(lr=2.0, momentum=0.8, weight_decay=1e-3, nesterov=True),
    "values": dict(lr=0.5, momentum=0.9, weight_decay=1e-3, trust_coefficient=0.02, eps=0.5),
    "groups": dict(lr=0.3, momentum=0.9, weight_decay=1e-6),
}


def run(kind, name, keywords, dtype):
    parameters = [start(k).to(dtype).requires_grad_() for k in range(len(SHAPES))]
    groups = [{"params": parameters}]
    if "groups" in name:
        groups = [{"params": parameters[:3]}, {"params": parameters[3:], "weight_decay": 0.0, "lr": 2 * keywords["lr"]}]
    optimizer = kind(groups, **keywords)
    for step in range(STEPS):
        for k, parameter in enumerate(parameters):
            values = gradient(k, step)
            parameter.grad = None if values is None else values.to(dtype)
        if step in (5, 12):
            for group in optimizer.param_groups:
                group["lr"] *= {5: 0.5, 12: 3.0}[step]
        optimizer.step()
    prefix = f"{dtype}.{name}.".removeprefix("torch.")
    for k, parameter in enumerate(parameters):
        yield f"{prefix}parameter.{k}", parameter.detach()
        for what, values in optimizer.state[parameter].items():
            yield f"{prefix}{what}.{k}", values


torch.set_num_threads(1)
for file, kind, cases in [("torch_2.14_sgd", torch.optim.SGD, SGD), ("torch_2.14_adamw", torch.optim.AdamW, ADAMW),
                          ("lightly_1.6.0_lars", LARS, LARS_)]:
    tensors = {}
    for dtype in (torch.float32, torch.float64):
        for name, keywords in cases.items():
            tensors.update(run(kind, name, keywords, dtype))
    save_file(tensors, Path(__file__).parent / f"{file}.safetensors")
