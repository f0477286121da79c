"""What the peers load: files, CIFAR-10, and either as often as an epoch needs."""
import random
from pathlib import Path

import numpy as np

SIDE, BATCH = 224, 64
CIFAR10_SIDE, CIFAR10_BATCH = 32, 512
BLUR = 0.5


def files_of(folder):
    return sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())


def cifar10(folder):
    """(uint8 [50000, 32, 32, 3], labels)."""
    names = [folder / f"data_batch_{i}.bin" for i in range(1, 6)]
    records = np.concatenate([np.fromfile(name, dtype=np.uint8).reshape(-1, 3073) for name in names])
    return np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), records[:, 0].astype(np.int64)


class Repeated:
    """A data set as often as it takes for an epoch of `size` samples."""

    def __init__(self, base, size):
        self.base, self.size = base, size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return self.base[index % len(self.base)]


class EndlessIndices:
    """[0, count) in another order each time, for ever."""

    def __init__(self, count):
        self.order = list(range(count))

    def __iter__(self):
        shuffler = random.Random(1)
        while True:
            shuffler.shuffle(self.order)
            yield from self.order
