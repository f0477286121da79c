"""Exchanges weights with lightly_weights_tool both ways: weights.py <lightly_weights_tool> <folder to work in>.

Needs torch, torchvision, timm, safetensors and lightly 1.5; says what is missing and ends with status 77.
"""
import subprocess
import sys
import warnings
from pathlib import Path

from exchange import Exchange

test = Exchange("python_weights")
test.require("torch", "torchvision", "timm", "safetensors")

import timm  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

warnings.simplefilter("ignore", DeprecationWarning)
try:
    from lightly.models.moco import MoCo
    from lightly.models.resnet import ResNetGenerator
    from lightly.models.simclr import SimCLR
except ImportError as error:
    test.skip_lightly(error)

TOOL, FOLDER = sys.argv[1], Path(sys.argv[2])


def small_backbone():
    resnet = ResNetGenerator("resnet-9", width=0.25)
    return torch.nn.Sequential(*list(resnet.children())[:-1], torch.nn.AdaptiveAvgPool2d(1))


# Name of the files, a fresh model, and what it gives for a batch.
MODELS = {
    "simclr": (lambda: SimCLR(small_backbone(), num_ftrs=128, out_dim=32),
               lambda model, x: dict(zip(("out", "features"), model(x, return_features=True)))),
    "moco": (lambda: MoCo(small_backbone(), num_ftrs=128, out_dim=32),
             lambda model, x: dict(zip(("out", "features"), model(x, return_features=True)))),
}
RESNETS = {
    "torchvision": lambda: torchvision.models.resnet18(num_classes=10),
    "timm": lambda: timm.create_model("resnet18", num_classes=10),
}


def logits(model, x):
    return {"out": model(x)}


class Callback:
    """A class that the C++ side does not know."""


def check_same(what, actual, expected):
    for name, tensor in actual.items():
        difference = (tensor - expected[name]).abs().max().item()
        scale = expected[name].abs().max().item()
        print(f"{what}: {name} {tuple(tensor.shape)}: largest difference {difference:.3g} of {scale:.3g}")
        assert difference <= 2e-5 * scale, f"{what}: {name} differs"


@torch.no_grad()
def check_cpp_weights(what, file, model, forward):
    """Strict, into a model with other weights; then it must give what C++ gave."""
    expected = load_file(FOLDER / f"{file}.outputs.safetensors")
    model.load_state_dict(load_file(FOLDER / f"{file}.safetensors"))
    check_same(f"C++ -> {what}", forward(model.eval(), expected["x"]), expected)


def write_python_weights(file, model, forward, x):
    """In the formats of Python; what the model gives goes beside them."""
    model.train()
    with torch.no_grad():
        model(x * 2 + 1)  # moves the running statistics
        outputs = {"x": x, **forward(model.eval(), x)}
    save_file({name: tensor.contiguous() for name, tensor in outputs.items()},
              FOLDER / f"{file}.outputs.safetensors")
    state = model.state_dict()
    optimizer = torch.optim.Adam(model.parameters())
    torch.save({"epoch": 7, "state_dict": {f"model.{name}": tensor for name, tensor in state.items()},
                "optimizer_states": [optimizer.state_dict()], "callbacks": {Callback: Callback()}},
               FOLDER / f"{file}.ckpt")
    torch.save(state, FOLDER / f"{file}.pth", _use_new_zipfile_serialization=False)
    save_file(state, FOLDER / f"{file}.safetensors")


subprocess.run([TOOL, "write", FOLDER], check=True)
torch.manual_seed(1)
for name, (make, forward) in MODELS.items():
    check_cpp_weights(f"lightly's {name}", name, make(), forward)
    write_python_weights(f"python_{name}", make(), forward, torch.randn(4, 3, 32, 32))
for name, make in RESNETS.items():
    check_cpp_weights(f"{name}'s resnet18", "resnet18", make(), logits)
    write_python_weights(f"python_{name}", make(), logits, torch.randn(2, 3, 64, 64))
subprocess.run([TOOL, "check", FOLDER], check=True)
