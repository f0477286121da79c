"""Writes moco_lightly_1.1.0, simsiam_lightly_1.1.0 and simsiam_lightly_1.5.26 (.safetensors) beside this file.

usage: make_moco_simsiam.py <unpacked lightly-1.1.0> <unpacked lightly-1.5.26>; needs torch, torchvision and safetensors from pip.
All in float64, because float32 rounds differently on every processor; weights and images are formulas.
"""
import copy
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

from formulas import fill, image, initial_sums, shapes

FOLDER = Path(__file__).parent


def load(source, version):
    """The package without its own __init__, which talks to its server."""
    for name in [n for n in sys.modules if n.split(".")[0] == "lightly"]:
        del sys.modules[name]
    package = types.ModuleType("lightly")
    package.__path__ = [str(Path(source) / "lightly")]
    package.__version__ = version
    package._is_prefetch_generator_available = lambda: False
    package._torchvision_vit_available = False
    sys.modules["lightly"] = package


def small_backbone():
    resnet = ResNetGenerator("resnet-9", width=0.0625)
    return torch.nn.Sequential(*list(resnet.children())[:-1], torch.nn.AdaptiveAvgPool2d(1))


def write(name, tensors, metadata):
    file = FOLDER / f"{name}.safetensors"
    save_file({key: value.detach().clone().contiguous() for key, value in tensors.items()}, file, metadata)
    file.chmod(0o644)


x0, x1 = image(4, 3, 32, 32).double(), image(8, 3, 32, 32)[4:].double()
weights = image(4, 16).double()

load(sys.argv[1], "1.1.0")
from lightly.models import MoCo, ResNetGenerator, SimSiam  # noqa: E402

torch.manual_seed(7)
model = MoCo(small_backbone(), num_ftrs=32, out_dim=16, m=0.9)
metadata = {"shapes": shapes(model)}
tensors = {"initial_sums": initial_sums(model)}
fill(model.double().named_parameters())
optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.5)
for step in ("first", "second"):
    (out0, f0), (out1, f1) = model(x0, x1, return_features=True)
    optimizer.zero_grad()
    (out0.square().sum() + (out0 * out1).sum()).backward()
    for key, value in {"out0": out0, "f0": f0, "out1": out1, "f1": f1}.items():
        tensors[f"{step}.{key}"] = value
    for key in ("backbone.0.weight", "backbone.5.0.bn1.weight", "projection_head.0.weight", "projection_head.2.bias"):
        tensors[f"{step}.{key}.grad"] = model.get_parameter(key).grad.clone()
    optimizer.step()
    for key in ("momentum_backbone.0.weight", "momentum_backbone.1.running_mean", "momentum_backbone.1.num_batches_tracked",
                "momentum_projection_head.0.weight"):
        tensors[f"{step}.{key}"] = model.state_dict()[key].clone()
model.batch_shuffle = True
torch.manual_seed(3)
tensors["shuffled.out1"] = copy.deepcopy(model)(x0, x1)[1]
torch.manual_seed(3)
rows, tensors["shuffle"] = model._batch_shuffle(torch.arange(9))
model.eval()
tensors["eval.out0"], tensors["eval.out1"] = model(x0, x1)  # updates the momentum encoder
tensors["eval.momentum_backbone.0.weight"] = model.state_dict()["momentum_backbone.0.weight"].clone()
write("moco_lightly_1.1.0", tensors, metadata)


def record(model, prefix, tensors, metadata):
    metadata[f"{prefix}.shapes"] = shapes(model)
    tensors[f"{prefix}.initial_sums"] = initial_sums(model)
    fill(model.double().named_parameters())
    ((z0, p0), f0), ((z1, p1), f1) = model(x0, x1, return_features=True)
    ((p0 + z0) * weights + p1 * weights.flip(0)).sum().backward()
    for key, value in {"z0": z0, "p0": p0, "f0": f0, "z1": z1, "p1": p1, "f1": f1}.items():
        tensors[f"{prefix}.{key}"] = value
    for key, parameter in model.named_parameters():
        if key == "backbone.0.weight" or ("mlp" in key and parameter.dim() == 2):
            tensors[f"{prefix}.{key}.grad"] = parameter.grad
    tensors[f"{prefix}.eval.z0"], tensors[f"{prefix}.eval.p0"] = model.eval()(x0)


sizes = dict(num_ftrs=32, proj_hidden_dim=24, pred_hidden_dim=8, out_dim=16)
tensors, metadata = {}, {}
for num_mlp_layers in (3, 2):
    torch.manual_seed(7)
    record(SimSiam(small_backbone(), **sizes, num_mlp_layers=num_mlp_layers), f"{num_mlp_layers}", tensors, metadata)
write("simsiam_lightly_1.1.0", tensors, metadata)

load(sys.argv[2], "1.5.26")
from lightly.models.simsiam import SimSiam  # noqa: E402, F811

tensors, metadata = {}, {}
torch.manual_seed(7)
record(SimSiam(small_backbone(), **sizes), "modules", tensors, metadata)
write("simsiam_lightly_1.5.26", tensors, metadata)
