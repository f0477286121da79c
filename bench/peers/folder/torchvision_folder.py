"""torchvision: decode_jpeg and transforms v2 on tensors, in torch's DataLoader."""
import torch_loader
from folder_data import BATCH, BLUR, CIFAR10_BATCH, CIFAR10_SIDE, SIDE, Repeated, files_of
from torchvision.io import ImageReadMode, decode_jpeg, read_file
from torchvision_tensors import VERSION as TORCHVISION
from torchvision_tensors import make_view, tensor

VERSION = f"torch + {TORCHVISION}"


class TwoViews:
    """Two views of what `read` makes of an item."""

    def __init__(self, items, read, side):
        self.items, self.read, self.view = items, read, make_view(side, BLUR)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        image = self.read(self.items[index])
        return self.view(image), self.view(image)


def read_photo(path):
    return decode_jpeg(read_file(path), mode=ImageReadMode.RGB)


def folder(root, size, workers):
    return torch_loader.sizes(Repeated(TwoViews(files_of(root), read_photo, SIDE), size), BATCH, workers)


def cifar10(pixels, _, workers):
    return torch_loader.sizes(TwoViews(pixels, tensor, CIFAR10_SIDE), CIFAR10_BATCH, workers)
