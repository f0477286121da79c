"""Writes resnet_torchvision_0.29.safetensors beside this file.

usage: make_torchvision_resnet.py; needs torch, torchvision 0.29 and safetensors from pip. Weights and images are those of formulas.py;
results are float64, as in make_resnet.py. Prints how far torchvision's own float32 is from them.
"""
from pathlib import Path

import torch
import torchvision
from formulas import fill_wide, image, keys
from safetensors.torch import save_file

# Images per batch: the deep networks take one, so that a test of all ten stays short.
BATCHES = {"resnet18": 2, "resnet34": 2, "resnet50": 2, "resnet101": 1, "resnet152": 1, "wide_resnet50_2": 1,
           "wide_resnet101_2": 1, "resnext50_32x4d": 1, "resnext101_32x8d": 1, "resnext101_64x4d": 1}
SEEDED = ("resnet18", "resnext50_32x4d", "wide_resnet50_2")


def largest_error(actual, expected):
    return (actual.double() - expected).abs().max().item()


tensors, metadata = {}, {}
for name, batch in BATCHES.items():
    torch.manual_seed(7)
    net = getattr(torchvision.models, name)(num_classes=5).eval()
    if name in SEEDED:
        tensors[f"{name}.initial_sums"] = torch.stack([p.detach().double().sum() for p in net.parameters()])
        tensors[f"{name}.initial_conv1"] = net.conv1.weight.detach()[0].clone()
        tensors[f"{name}.initial_fc"] = net.fc.bias.detach().clone()
    backbone = torch.nn.Sequential(*list(net.children())[:-1])
    state = net.state_dict()
    metadata[f"{name}.state"] = "\n".join(" ".join([key, *map(str, value.shape)]) for key, value in state.items())
    x = image(batch, 3, 64, 64)
    with torch.no_grad():
        fill_wide(state)
        narrow = net(x), backbone(x)
        fill_wide(net.double().state_dict())
        tensors[f"{name}.logits"], tensors[f"{name}.features"] = net(x.double()), backbone(x.double())
    if name in ("resnet18", "resnet50"):
        metadata[f"{name}.backbone_keys"] = keys(backbone)
    print(f"{name}: float32 logits within {largest_error(narrow[0], tensors[name + '.logits']):.1e}, features within "
          f"{largest_error(narrow[1], tensors[name + '.features']):.1e}, largest logit {tensors[name + '.logits'].abs().max():.2f}")
file = Path(__file__).parent / "resnet_torchvision_0.29.safetensors"
save_file(tensors, file, metadata)
file.chmod(0o644)
