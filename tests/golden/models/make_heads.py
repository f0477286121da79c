"""Writes heads_lightly_1.6.0.safetensors beside this file.

usage: make_heads.py <unpacked lightly-1.5.26>; needs lightly==1.6.0, torch, torchvision and safetensors from pip. Results are
float64, weights and features are formulas. Names and shapes are the same in lightly 1.5.26, which is checked here.
"""
import importlib.util
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from formulas import fill, image, initial_sums, shapes
from lightly.models.modules import heads

spec = importlib.util.spec_from_file_location("older", Path(sys.argv[1]) / "lightly/models/modules/heads.py")
older = importlib.util.module_from_spec(spec)
spec.loader.exec_module(older)


def cases(module):
    return {
        "simclr": lambda: module.SimCLRProjectionHead(6, 5, 4),
        "simclr_3_layers": lambda: module.SimCLRProjectionHead(6, 5, 4, num_layers=3, batch_norm=False),
        "moco_v2": lambda: module.MoCoProjectionHead(6, 5, 4),
        "moco_v3": lambda: module.MoCoProjectionHead(6, 5, 4, num_layers=3, batch_norm=True),
        "simsiam_projection": lambda: module.SimSiamProjectionHead(6, 5, 4),
        "simsiam_prediction": lambda: module.SimSiamPredictionHead(6, 5, 4),
        "blocks": lambda: module.ProjectionHead([(6, 5, nn.BatchNorm1d(5), nn.GELU(), True), (5, 7, None, nn.ReLU()),
                                                 (7, 4, nn.BatchNorm1d(4, affine=False), None), (4, 3, None, None, False)]),
    }


names = {"simclr": "SimCLRProjectionHead", "moco": "MoCoProjectionHead", "simsiam_projection": "SimSiamProjectionHead",
         "simsiam_prediction": "SimSiamPredictionHead"}
tensors, metadata = {}, {}
for name, factory in names.items():  # the defaults
    with torch.device("meta"):
        metadata[f"{name}.default_shapes"] = shapes(getattr(heads, factory)())
for name, make in cases(heads).items():
    torch.manual_seed(7)
    head = make()
    metadata[f"{name}.shapes"] = shapes(head)
    assert shapes(cases(older)[name]()) == shapes(head)
    tensors[f"{name}.initial_sums"] = initial_sums(head)
    fill(head.double().named_parameters())
    x = 3 * image(8, 6).double()
    x.requires_grad_()
    out = head(x)
    (out * image(*out.shape)).sum().backward()
    tensors[f"{name}.train"] = out
    tensors[f"{name}.input.grad"] = x.grad
    tensors[f"{name}.layers.0.weight.grad"] = head.layers[0].weight.grad
    tensors[f"{name}.eval"] = head.eval()(x)
file = Path(__file__).parent / "heads_lightly_1.6.0.safetensors"
save_file({key: value.detach().contiguous() for key, value in tensors.items()}, file, metadata)
file.chmod(0o644)
