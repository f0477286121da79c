"""Measures Python's lightly on the inputs of bench/*_bench.cpp and prints {name: value} as JSON.

Names and units are those of the C++ benchmarks: views/s for collate and training step, ms for NT-Xent and kNN. Every figure is the
best of several runs, after a warm-up. Called by bench/peers/compare, which prints both sides.
"""
import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.models.resnet import ResNetGenerator
from lightly.transforms import SimCLRTransform
from lightly.utils.benchmarking import knn_predict
from PIL import Image
from torch import nn

try:
    import faiss  # its neighbours only, without the votes
    faiss.omp_set_num_threads(1)
except ImportError:
    faiss = None

parser = argparse.ArgumentParser()
parser.add_argument("--images", required=True, help="idx3 file of grey images, gzip or plain (Fashion-MNIST)")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=3.0, help="how long each figure is measured for")
parser.add_argument("--only", default="", help="measure only names that contain this")
parser.add_argument("--suffix", default="", help="is added to every name")
args = parser.parse_args()
CPU_FLAGS = set(re.search(r"flags\s*: (.*)", Path("/proc/cpuinfo").read_text())[1].split())
torch.set_num_threads(args.threads)
results = {}


def best_seconds(call):
    """The shortest of the runs that fit into --seconds, at least three."""
    call()
    best, begin, runs = float("inf"), time.perf_counter(), 0
    while runs < 3 or time.perf_counter() - begin < args.seconds:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        runs += 1
    return best


def measure(name, call, views=None):
    if args.only in name:
        seconds = best_seconds(call)
        results[name + args.suffix] = views / seconds if views else seconds * 1e3


def read_images(path, count, size):
    import gzip
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)[:count]
    return [Image.fromarray(p).convert("RGB").resize((size, size), Image.BILINEAR) for p in pixels]


def collate(transform, images):
    """The transform of both views of every image, stacked, as lightly's DataLoader does."""
    views = [transform(image) for image in images]
    return torch.stack([v[0] for v in views]), torch.stack([v[1] for v in views])


images = read_images(args.images, 256, 32)
for name, blur in (("collate_simclr_32", 0.5), ("collate_simclr_32_no_blur", 0.0)):
    torch.set_num_threads(1)
    measure(name, lambda t=SimCLRTransform(input_size=32, gaussian_blur=blur, cj_strength=0.5, sigmas=(0.2, 2)): collate(t, images), 512)
torch.set_num_threads(args.threads)


class SimCLR(nn.Module):
    def __init__(self, name, width, num_ftrs):
        super().__init__()
        self.backbone = nn.Sequential(*list(ResNetGenerator(name, width=width).children())[:-1], nn.AdaptiveAvgPool2d(1))
        self.projection_head = SimCLRProjectionHead(num_ftrs, num_ftrs, 128, num_layers=2, batch_norm=False)

    def forward(self, x):
        return self.projection_head(self.backbone(x).flatten(1))


def training_step(name, width, num_ftrs, channels_last, bf16):
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    model = SimCLR(name, width, num_ftrs).to(memory_format=memory_format)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=5e-4)
    criterion = NTXentLoss(temperature=0.5)
    x0, x1 = (torch.randn(128, 3, 32, 32).contiguous(memory_format=memory_format) for _ in range(2))

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = criterion(model(x0), model(x1))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


for name, width, num_ftrs, label in (("resnet-18", 1, 512, "resnet18"), ("resnet-9", 0.25, 128, "resnet9_w025")):
    measure(f"step_{label}_fp32", training_step(name, width, num_ftrs, False, False), 256)
    measure(f"step_{label}_fp32_channels_last", training_step(name, width, num_ftrs, True, False), 256)
    if {"avx512_bf16", "amx_bf16"} & CPU_FLAGS:  # others emulate the type
        measure(f"step_{label}_bf16_channels_last", training_step(name, width, num_ftrs, True, True), 256)

# Losses and neighbours on one thread.
torch.set_num_threads(1)
for batch in (256, 1024, 4096):
    out0, out1 = (torch.randn(batch, 128, requires_grad=True) for _ in range(2))
    criterion = NTXentLoss(temperature=0.5)
    measure(f"ntxent_{batch}", lambda: criterion(out0, out1).backward())
for size in (4096, 65536):
    out0, out1 = torch.randn(256, 128, requires_grad=True), torch.randn(256, 128)
    with_bank = NTXentLoss(temperature=0.5, memory_bank_size=(size, 128))
    measure(f"ntxent_256_bank_{size}", lambda: with_bank(out0, out1).backward())

for dim in (128, 512):
    bank = nn.functional.normalize(torch.randn(50000, dim), dim=1)
    queries = nn.functional.normalize(torch.randn(10000, dim), dim=1)
    labels = torch.randint(0, 10, (50000,))
    # All 10,000 queries at once would hold 10,000 x 50,000 similarities; batches of 500 are what a data loader would give.
    measure(f"knn_10000x50000x{dim}", lambda: [knn_predict(q, bank.T, labels, 10, 200, 0.1) for q in queries.split(500)])
    if faiss is not None:
        index = faiss.IndexFlatIP(dim)
        index.add(bank.numpy())
        measure(f"faiss_10000x50000x{dim}", lambda: index.search(queries.numpy(), 200))
print(json.dumps(results))
