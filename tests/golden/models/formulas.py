"""Weights and images as formulas, written a second time in tests/models/formulas.hpp, so that golden files hold only results."""
import torch


def fill(named_parameters):
    for name, tensor in named_parameters:
        values = 0.1 * torch.sin(torch.arange(1, tensor.numel() + 1, dtype=torch.float64))
        if tensor.dim() == 1 and name.endswith("weight"):
            values += 1
        tensor.data.copy_(values.view(tensor.shape))


def fill_wide(state):
    """As fill, for wide networks: rough and of He's scale, so that features neither die nor grow; exact in integers."""
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        i = torch.arange(1, tensor.numel() + 1)
        values = ((i * i + 7919 * i) % 10007).double() / 10007 - 0.5
        if tensor.dim() == 1:
            values = 0.1 * values + (name.endswith("weight") or name.endswith("running_var"))
        else:
            values *= (24 / tensor[0].numel()) ** 0.5
        tensor.copy_(values.view(tensor.shape))


def image(*shape):
    n = torch.Size(shape).numel()
    return torch.sin(0.37 * torch.arange(1, n + 1, dtype=torch.float64)).view(shape).float()


def keys(module):
    return "\n".join(module.state_dict().keys())


def shapes(module):
    return "\n".join(f"{key} {list(value.shape)}" for key, value in module.state_dict().items())


def initial_sums(module):
    return torch.stack([p.detach().double().sum() for p in module.parameters()])
