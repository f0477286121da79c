"""Writes resnet_lightly_1.1.0, split_batch_norm_lightly_1.1.0 and simclr_lightly_1.1.0 (.safetensors) beside this file.

usage: make_resnet.py <unpacked lightly-1.1.0>; needs torch, torchvision and safetensors from pip. Weights and images are those of
formulas.py. The ResNets' results are float64, because float32 rounds differently on every processor and 152 layers make 5e-4 of it.
"""
import sys
import types
from pathlib import Path

import torch
from formulas import fill, image, keys
from safetensors.torch import save_file

# lightly's own __init__ talks to its server: only the package's path is wanted.
package = types.ModuleType("lightly")
package.__path__ = [str(Path(sys.argv[1]) / "lightly")]
package.__version__ = "1.1.0"
package._is_prefetch_generator_available = lambda: False
sys.modules["lightly"] = package
from lightly.models import ResNetGenerator, SimCLR  # noqa: E402
from lightly.models.batchnorm import SplitBatchNorm  # noqa: E402

FOLDER = Path(__file__).parent
NAMES = ["resnet-9", "resnet-18", "resnet-34", "resnet-50", "resnet-101", "resnet-152"]


def documented_backbone(resnet):
    return torch.nn.Sequential(*list(resnet.children())[:-1], torch.nn.AdaptiveAvgPool2d(1))


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

norm = SplitBatchNorm(5, 4).double()
fill(norm.named_parameters())
first, second, gradient = image(24, 5, 3, 4).double().chunk(3)
second.requires_grad_()
tensors = {"train_first": norm(first)}
out = norm(second)
(out * gradient).sum().backward()
tensors |= {"train_second": out, "input.grad": second.grad, "weight.grad": norm.weight.grad, "bias.grad": norm.bias.grad}
tensors |= {f"trained.{name}": buffer.clone() for name, buffer in norm.named_buffers()}
norm.eval()
tensors |= {f"eval.{name}": buffer.clone() for name, buffer in norm.named_buffers()}
tensors["eval_first"] = norm(first)
net = ResNetGenerator("resnet-9", width=0.0625, num_splits=2).double()
fill(net.named_parameters())
metadata = {"norm.keys": keys(norm), "resnet-9.keys": keys(net)}
with torch.no_grad():
    tensors["resnet-9.train"] = net(image(4, 3, 32, 32).double())
    for name in ("bn1.running_mean", "layer4.0.bn2.running_var", "layer4.0.shortcut.1.running_mean"):
        tensors[f"resnet-9.{name}"] = net.state_dict()[name].clone()
    tensors["resnet-9.eval"] = net.eval()(image(4, 3, 32, 32).double())
save_file({k: v.detach().contiguous() for k, v in tensors.items()}, FOLDER / "split_batch_norm_lightly_1.1.0.safetensors",
          metadata)

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

for file in FOLDER.glob("*_1.1.0.safetensors"):
    file.chmod(0o644)
