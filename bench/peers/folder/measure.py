"""Images/s of torch's DataLoader over a folder with lightly's SimCLR views, and of CIFAR-10: the peer of folder_bench.cpp.

measure.py --data <folder with native_photos, imagenette and cifar-10-batches-bin> [--seconds 8]
Prints {name: images/s} as JSON; cifar10 in batches of 512 a second. Workers are processes, as there.
"""
import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from lightly.data import LightlyDataset
from lightly.transforms import SimCLRTransform
from PIL import Image
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--seconds", type=float, default=8.0, help="how long each figure is measured for")
args = parser.parse_args()
warnings.simplefilter("ignore")
torch.set_num_threads(1)


class Repeated(Dataset):
    def __init__(self, base, size):
        self.base, self.size = base, size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return self.base[index % len(self.base)]


class Cifar10(Dataset):
    def __init__(self, folder, transform):
        names = [folder / f"data_batch_{i}.bin" for i in range(1, 6)]
        records = np.concatenate([np.fromfile(name, dtype=np.uint8).reshape(-1, 3073) for name in names])
        self.pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        self.labels, self.transform = records[:, 0], transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


def rate(dataset, batch_size, workers):
    """Samples a second once the workers run."""
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=True, num_workers=workers, persistent_workers=True)
    samples, begin = 0, None
    while True:
        for batch in loader:
            if begin is None:  # the first batch pays for the start of the workers
                begin = time.perf_counter()
                continue
            samples += len(batch[1])
            if time.perf_counter() - begin > args.seconds:
                return samples / (time.perf_counter() - begin)


results = {}
for workers in (1, 2):
    for name, folder, size in (("native_photos", "native_photos", 2048), ("imagenette", "imagenette/train", 2800)):
        images = LightlyDataset(str(args.data / folder), transform=SimCLRTransform(input_size=224))
        results[f"folder/{name}/{workers}"] = rate(Repeated(images, size), 64, workers)
    cifar = Cifar10(args.data / "cifar-10-batches-bin", SimCLRTransform(input_size=32))
    results[f"cifar10/{workers}"] = rate(cifar, 512, workers) / 512
print(json.dumps(results, indent=1))
