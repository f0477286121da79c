"""Measures kornia's SimCLR recipe on batches of the sizes of bench/batch_views_bench.cpp and prints both side by side.

views/s, the best of several runs after a warm-up; the images are random bytes as float32 in [0, 1], which is what kornia takes.
Called by bench/peers/compare_batch with the JSON of the C++ benchmark."""
import argparse
import json
import time

import kornia
import kornia.augmentation as K
import torch

parser = argparse.ArgumentParser()
parser.add_argument("cpp", help="JSON written by lightly_bench")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=3.0, help="how long each figure is measured for")
args = parser.parse_args()
torch.set_num_threads(args.threads)
WORK = {"32": (32, 32, 32, 256), "64": (64, 64, 64, 128), "96": (96, 96, 96, 64), "224": (375, 500, 224, 32)}


def recipe(size):
    """The options that transforms::simclr_view has by default; the blur a Gaussian of 13 taps, which reach 3 sigma."""
    return K.AugmentationSequential(
        K.RandomResizedCrop((size, size), scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3)),
        K.RandomHorizontalFlip(p=0.5),
        K.ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
        K.RandomGrayscale(p=0.2),
        K.RandomGaussianBlur((13, 13), (0.2, 2.0), p=0.5),
        K.Normalize(torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])),
    )


def views_per_second(height, width, size, batch):
    images = torch.randint(0, 256, (batch, 3, height, width)).float() / 255
    transform = recipe(size)
    with torch.no_grad():
        assert transform(images).shape == (batch, 3, size, size)
        best, begin, runs = float("inf"), time.perf_counter(), 0
        while runs < 3 or time.perf_counter() - begin < args.seconds:
            start = time.perf_counter()
            transform(images)
            best = min(best, time.perf_counter() - start)
            runs += 1
    return batch / best


with open(args.cpp) as file:
    here = {run["name"].split("/")[0]: run["items_per_second"] for run in json.load(file)["benchmarks"]}
print(f"{args.threads} threads, kornia {kornia.__version__}, torch {torch.__version__}")
print("| views | `BatchView` | `ImageView`, one thread | kornia | BatchView / kornia |")
print("|---|---|---|---|---|")
for name, (height, width, size, batch) in WORK.items():
    theirs = views_per_second(height, width, size, batch)
    batched, exact = here[f"batch_views_{name}"], here[f"exact_views_{name}"]
    print(f"| {height}×{width} → {size} px, batch {batch} | {batched:,.0f} | {exact:,.0f} | {theirs:,.0f} | {batched / theirs:.2f}x |")
