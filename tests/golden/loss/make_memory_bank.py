"""Writes memory_bank_lightly.safetensors and negative_cosine_similarity_lightly.safetensors beside this file.

usage: make_memory_bank.py <unpacked lightly-1.1.0>; needs torch, torchvision, safetensors and lightly 1.6.0 from pip. Inputs are the formula
mk() of the tests, the first bank is stored, and "1.1.0" and "1.6.0" in a name say which package gave the value.
"""
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

import lightly.loss as new_loss

assert __import__("lightly").__version__ == "1.6.0"
for name in [n for n in sys.modules if n == "lightly" or n.startswith("lightly.")]:
    del sys.modules[name]
# lightly's own __init__ talks to its server: only the package's path is wanted.
package = types.ModuleType("lightly")
package.__path__ = [str(Path(sys.argv[1]) / "lightly")]
package._is_prefetch_generator_available = lambda: False
sys.modules["lightly"] = package
import lightly.loss as old_loss  # noqa: E402

FOLDER = Path(__file__).parent
SIZE, BATCH, DIM, STEPS, TEMPERATURE = 7, 3, 4, 5, 0.1
DTYPES = (("f32", torch.float32), ("f64", torch.float64))


def mk(batch, dim, shift, dtype):
    steps = torch.arange(1, batch * dim + 1, dtype=torch.float64)
    return torch.sin(steps + shift).view(batch, dim).float().to(dtype)


def criterion(version, first_bank, dtype):
    """The loss with that bank, and a function that gives its bank as [K, D] and the pointer."""
    if version == "1.1.0":
        loss = old_loss.NTXentLoss(temperature=TEMPERATURE, memory_bank_size=SIZE)
        loss.bank = first_bank.T.to(dtype).contiguous()
        loss.bank_ptr = torch.zeros(1, dtype=torch.int64)
        return loss, lambda: (loss.bank.T, loss.bank_ptr)
    loss = new_loss.NTXentLoss(temperature=TEMPERATURE, memory_bank_size=(SIZE, DIM)).to(dtype)
    loss.memory_bank.bank.copy_(first_bank)
    return loss, lambda: (loss.memory_bank.bank, loss.memory_bank.bank_ptr)


tensors = {}
torch.manual_seed(0)
tensors["bank"] = torch.nn.functional.normalize(torch.randn(DIM, SIZE), dim=0).T.contiguous()
for version in ("1.1.0", "1.6.0"):
    for suffix, dtype in DTYPES:
        loss_of, state = criterion(version, tensors["bank"], dtype)
        for step in range(STEPS):
            x0 = mk(BATCH, DIM, step, dtype).requires_grad_()
            x1 = mk(BATCH, DIM, step + 0.5, dtype).requires_grad_()
            loss = loss_of(x0, x1)
            loss.backward()
            bank, pointer = state()
            values = {"loss": loss.detach().reshape(1), "grad0": x0.grad, "grad1": x1.grad, "bank": bank, "ptr": pointer}
            for key, value in values.items():
                tensors[f"{version}.{suffix}.{step}.{key}"] = value.clone().contiguous()
path = FOLDER / "memory_bank_lightly.safetensors"
save_file(tensors, path)
path.chmod(0o644)

tensors = {}
for batch, dim in ((1, 4), (4, 8), (16, 32)):
    for suffix, dtype in DTYPES:
        case = f"{batch}x{dim}.{suffix}"
        x0, x1 = (mk(batch, dim, shift, dtype).requires_grad_() for shift in (0.0, 1.3))
        loss = new_loss.NegativeCosineSimilarity()(x0, x1)
        loss.backward()
        tensors |= {f"1.6.0.{case}.loss": loss.detach().reshape(1), f"1.6.0.{case}.grad0": x0.grad, f"1.6.0.{case}.grad1": x1.grad}
        z0, p0, z1, p1 = (mk(batch, dim, shift, dtype).requires_grad_() for shift in (0.0, 0.1, 0.2, 0.3))
        loss = old_loss.SymNegCosineSimilarityLoss()((z0, p0), (z1, p1))
        loss.backward()
        assert z0.grad is None and z1.grad is None
        tensors |= {f"1.1.0.{case}.loss": loss.detach().reshape(1), f"1.1.0.{case}.grad_p0": p0.grad, f"1.1.0.{case}.grad_p1": p1.grad}
path = FOLDER / "negative_cosine_similarity_lightly.safetensors"
save_file(tensors, path)
path.chmod(0o644)
