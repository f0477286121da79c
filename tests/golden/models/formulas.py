"""Weights and images as formulas, written a second time in tests/models/formulas.hpp, so that only results are stored."""
import torch


def fill(named_parameters):
    for name, tensor in named_parameters:
        values = 0.1 * torch.sin(torch.arange(1, tensor.numel() + 1, dtype=torch.float64))
        if tensor.dim() == 1 and name.endswith("weight"):
            values += 1
        tensor.data.copy_(values.view(tensor.shape))


def image(*shape):
    n = torch.Size(shape).numel()
    return torch.sin(0.37 * torch.arange(1, n + 1, dtype=torch.float64)).view(shape).float()


def shapes(module):
    return "\n".join(f"{key} {list(value.shape)}" for key, value in module.state_dict().items())


def initial_sums(module):
    return torch.stack([p.detach().double().sum() for p in module.parameters()])
