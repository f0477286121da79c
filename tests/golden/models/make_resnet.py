"""Writes resnet_lightly_1.1.0, simclr_lightly_1.1.0 and resnet_torchvision_0.29 (.safetensors) beside this file.

usage: make_resnet.py <unpacked lightly-1.1.0>; needs torch, torchvision and safetensors from pip. Weights and images are
formulas (fill, fill_wide, image), written a second time in formulas.hpp of the tests, so that only results are stored. The ResNets'
results are float64, because float32 rounds differently on every processor and 152 layers make 5e-4 of it.
"""
import sys
import types
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file

# lightly's own __init__ talks to its server: only the package's path is wanted.
package = types.ModuleType("lightly")
package.__path__ = [str(Path(sys.argv[1]) / "lightly")]
package.__version__ = "1.1.0"
package._is_prefetch_generator_available = lambda: False
sys.modules["lightly"] = package
from lightly.models import ResNetGenerator, SimCLR  # noqa: E402

FOLDER = Path(__file__).parent
NAMES = ["resnet-9", "resnet-18", "resnet-34", "resnet-50", "resnet-101", "resnet-152"]


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


def documented_backbone(resnet):
    return torch.nn.Sequential(*list(resnet.children())[:-1], torch.nn.AdaptiveAvgPool2d(1))


def keys(module):
    return "\n".join(module.state_dict().keys())


tensors, metadata = {}, {}
for name in NAMES:
    torch.manual_seed(7)
    net = ResNetGenerator(name, width=0.0625)
    metadata[f"{name}.keys"] = keys(net)
    metadata[f"{name}.backbone_keys"] = keys(documented_backbone(net))
    tensors[f"{name}.initial_sums"] = torch.stack([p.detach().double().sum() for p in net.parameters()])
    tensors[f"{name}.initial_conv1"] = net.conv1.weight.detach().clone()
    fill(net.double().named_parameters())
    x = image(2, 3, 32, 32).double()
    with torch.no_grad():
        tensors[f"{name}.eval"] = net.eval()(x)
        tensors[f"{name}.train"] = net.train()(x)
        for buffer in ("running_mean", "running_var", "num_batches_tracked"):
            tensors[f"{name}.layer4.0.bn1.{buffer}"] = net.state_dict()[f"layer4.0.bn1.{buffer}"].clone()
        tensors[f"{name}.backbone"] = documented_backbone(net.eval())(x)
        tensors[f"{name}.25px"] = net(image(1, 3, 25, 27).double())
save_file(tensors, FOLDER / "resnet_lightly_1.1.0.safetensors", metadata)

resnet = ResNetGenerator("resnet-9", width=0.0625)
model = SimCLR(documented_backbone(resnet), num_ftrs=32, out_dim=16)
fill(model.named_parameters())
x0, x1 = image(4, 3, 32, 32), image(8, 3, 32, 32)[4:]
(out0, f0), (out1, f1) = model(x0, x1, return_features=True)
(out0.square().mean() + out1.square().mean() * 2).backward()
tensors = {"out0": out0, "f0": f0, "out1": out1, "f1": f1, "running_mean": model.backbone[1].running_mean,
           "conv1.grad": model.backbone[0].weight.grad,
           "head.grad": model.projection_head[0].weight.grad}
model.eval()
tensors["eval"] = model(x0)
save_file({k: v.detach().contiguous() for k, v in tensors.items()}, FOLDER / "simclr_lightly_1.1.0.safetensors",
          {"keys": keys(model)})

tensors, metadata = {}, {}
for name in ("resnet18", "resnet50"):
    net = getattr(torchvision.models, name)(num_classes=5).double().eval()
    fill_wide(net.state_dict())
    x = image(2, 3, 64, 64).double()
    with torch.no_grad():
        tensors[f"{name}.logits"] = net(x)
        tensors[f"{name}.features"] = torch.nn.Sequential(*list(net.children())[:-1])(x)
    metadata[f"{name}.keys"] = keys(net)
    metadata[f"{name}.backbone_keys"] = keys(torch.nn.Sequential(*list(net.children())[:-1]))
save_file(tensors, FOLDER / "resnet_torchvision_0.29.safetensors", metadata)
for file in FOLDER.glob("*.safetensors"):
    file.chmod(0o644)
