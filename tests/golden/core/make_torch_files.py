"""Writes the small files of torch.save that torch_file_test.cpp reads, into torch_files/ beside this file, and what they hold
into torch_files_expected.safetensors: needs torch, numpy and safetensors from pip.

What an attacker writes is made by the test itself, byte by byte.
"""
import argparse
import collections
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).parent / "torch_files"
FOLDER.mkdir(exist_ok=True)
expected = {}


class Callback:
    """A class the reader cannot know."""

    def __init__(self):
        self.best = torch.tensor(0.25)


def save(name, content, tensors, **options):
    torch.save(content, FOLDER / name, **options)
    for key, tensor in tensors.items():
        expected[f"{name}/{key}"] = tensor.detach().clone(memory_format=torch.contiguous_format)


def numbers(dtype, count=6):
    return (torch.arange(count) % 5).to(dtype)


types = {str(dtype).removeprefix("torch."): dtype for dtype in
         (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
          torch.uint8, torch.bool)}
state = collections.OrderedDict((name, numbers(dtype).view(2, 3)) for name, dtype in types.items())
save("every_dtype.pt", state, state)
# safetensors of this version, and LibTorch's printing, know less of these: compared as bytes.
rare = {"uint16": numbers(torch.uint16), "complex64": torch.tensor([1 + 2j, -3j]), "float8_e4m3fn": numbers(torch.float8_e4m3fn)}
save("rare_dtypes.pt", rare, {name: tensor.view(torch.uint8) for name, tensor in rare.items()})

base = torch.arange(24.0).view(2, 3, 4)
views = {"transposed": base.permute(2, 0, 1), "sliced": base[1, 1:, ::2], "expanded": torch.tensor([1.5, 2.5])[:, None].expand(2, 3),
         "scalar": torch.tensor(3.5), "empty": torch.zeros(0, 4), "parameter": torch.nn.Parameter(base[0] * 2),
         "strided_parameter": torch.nn.Parameter(base[0].t())}
save("views.pt", views, views)

net = torch.nn.Sequential(torch.nn.Linear(3, 3, bias=False), torch.nn.Linear(3, 3, bias=False))
net[1].weight = net[0].weight
net[0].weight.data.copy_(torch.arange(9.0).view(3, 3))
save("tied.pt", net.state_dict(), net.state_dict())
for protocol in (3, 4, 5):
    save(f"protocol_{protocol}.pt", net.state_dict(), net.state_dict(), pickle_protocol=protocol)
save("before_1.6.pt", {"state_dict": {**net.state_dict(), "view": base[1, 1:, ::2], "count": torch.tensor(7)}, "epoch": 3},
     {**net.state_dict(), "view": base[1, 1:, ::2], "count": torch.tensor(7)}, _use_new_zipfile_serialization=False)

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model(torch.arange(8.0).view(4, 2)).sum().backward()
optimizer.step()
weights = {f"model.backbone.{key}": value for key, value in model.state_dict().items()}
save("lightning.ckpt", {
    "epoch": 3, "global_step": 2**40, "pytorch-lightning_version": "2.5.0", "state_dict": weights,
    "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
    "callbacks": {Callback: {"best_model_score": torch.tensor(0.5)}, "hook": Callback()},
    "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [{"last_epoch": 3, "base_lrs": [0.1]}],
    "hyper_parameters": argparse.Namespace(lr=0.1, sizes={1, 2}, device=torch.device("cpu"), shape=torch.Size([1, 2])),
    "score": numpy.float64(2.5), "history": numpy.arange(3), "dtype": torch.float32, "big": 2**70, "none": None, "raw": b"bytes",
}, weights)
parallel = {f"module.{key}": value for key, value in model.state_dict().items()}
save("data_parallel.pth", {"arch": "small", "model": parallel}, parallel)
save("tensor.pt", base, {"": base})
passed_over = {"kept": base, "sparse": torch.eye(2).to_sparse(), "conjugated": torch.tensor([1j]).conj()}
save("passed_over.pt", passed_over, {"kept": base})
torch.serialization.set_crc32_options(False)
save("no_checksums.pt", {"kept": base}, {"kept": base})
torch.serialization.set_crc32_options(True)
torch.save(Callback(), FOLDER / "foreign.pt")
torch.save({"epoch": 3}, FOLDER / "no_tensors.pt")
save_file(expected, Path(__file__).parent / "torch_files_expected.safetensors", {"torch": torch.__version__})
for file in (*FOLDER.iterdir(), Path(__file__).parent / "torch_files_expected.safetensors"):
    file.chmod(0o644)
