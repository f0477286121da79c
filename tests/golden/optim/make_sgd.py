"""Writes torch_2.14_sgd_float32.safetensors beside this file: needs torch and safetensors from pip.

Gradients are given, so that only the optimizer's own arithmetic is compared. The third parameter has no gradient in the
first step; the learning rate changes after the third.
"""
from pathlib import Path

import torch
from safetensors.torch import save_file

SHAPES = [(5, 3, 3, 3), (5,), (7, 6)]
STEPS = 5
# sgd_test.cpp lists the same.
CONFIGS = {
    "plain": dict(lr=0.06),
    "decay": dict(lr=0.06, weight_decay=5e-4),
    "momentum": dict(lr=0.06, momentum=0.9),
    "momentum_decay": dict(lr=0.06, momentum=0.9, weight_decay=5e-4),
    "dampening": dict(lr=0.1, momentum=0.7, dampening=0.3, weight_decay=0.01),
    "nesterov": dict(lr=0.06, momentum=0.9, nesterov=True),
    "nesterov_decay": dict(lr=0.03, momentum=0.8, weight_decay=1e-3, nesterov=True),
}

torch.manual_seed(0)
tensors = {}
for i, shape in enumerate(SHAPES):
    tensors[f"start.{i}"] = torch.randn(shape)
    for step in range(STEPS):
        tensors[f"gradient.{step}.{i}"] = torch.randn(shape)
for name, keywords in CONFIGS.items():
    parameters = [tensors[f"start.{i}"].clone().requires_grad_() for i in range(len(SHAPES))]
    optimizer = torch.optim.SGD(parameters, **keywords)
    for step in range(STEPS):
        for i, parameter in enumerate(parameters):
            parameter.grad = None if (i, step) == (2, 0) else tensors[f"gradient.{step}.{i}"].clone()
        if step == 3:
            optimizer.param_groups[0]["lr"] *= 0.5
        optimizer.step()
    for i, parameter in enumerate(parameters):
        tensors[f"{name}.{i}"] = parameter.detach().clone()
        buffer = optimizer.state[parameter].get("momentum_buffer")
        if buffer is not None:
            tensors[f"{name}.momentum_buffer.{i}"] = buffer
save_file(tensors, Path(__file__).parent / "torch_2.14_sgd_float32.safetensors")
