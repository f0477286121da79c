"""Writes ntx_ent_loss_lightly_1.1.0.safetensors beside this file.

usage: make_ntx_ent_loss.py <unpacked lightly-1.1.0>; needs torch, torchvision and safetensors from pip. The float32 entries
come from the Python loss in float32, those of ".f64" from the same loss in float64 on the same inputs.
"""
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

# lightly's own __init__ talks to its server: only the package's path is wanted.
package = types.ModuleType("lightly")
package.__path__ = [str(Path(sys.argv[1]) / "lightly")]
package._is_prefetch_generator_available = lambda: False
sys.modules["lightly"] = package
from lightly.loss import NTXentLoss  # noqa: E402

tensors = {}
torch.manual_seed(0)
for batch, dim in ((1, 3), (2, 4), (3, 7), (16, 32), (64, 128)):
    # Related views of different lengths: the loss must normalise them.
    base = torch.randn(batch, dim)
    out0 = 3.0 * base + 3.0 * torch.randn(batch, dim)
    out1 = 0.2 * base + 0.2 * torch.randn(batch, dim)
    tensors[f"{batch}x{dim}.out0"], tensors[f"{batch}x{dim}.out1"] = out0, out1
    for temperature in (0.01, 0.07, 0.5, -0.5):
        for suffix, dtype in (("f32", torch.float32), ("f64", torch.float64)):
            leaf0, leaf1 = (x.to(dtype, copy=True).requires_grad_() for x in (out0, out1))
            loss = NTXentLoss(temperature=temperature)(leaf0, leaf1)
            loss.backward()
            case = f"{batch}x{dim}.{temperature}.{suffix}"
            tensors[f"{case}.loss"] = loss.detach().reshape(1)
            tensors[f"{case}.grad0"], tensors[f"{case}.grad1"] = leaf0.grad, leaf1.grad
for key in [k for k in tensors if k.startswith("64x128") and ".f32." in k and "grad" in k]:
    del tensors[key]
path = Path(__file__).parent / "ntx_ent_loss_lightly_1.1.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
