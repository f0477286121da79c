"""Python's lightly: LightlyDataset and SimCLRTransform on PIL images."""
import warnings

import lightly
import PIL
import torch_loader
from folder_data import BATCH, CIFAR10_BATCH, CIFAR10_SIDE, SIDE, Repeated
from lightly.data import LightlyDataset
from lightly.transforms import SimCLRTransform
from PIL import Image

warnings.simplefilter("ignore")
VERSION = f"torch + lightly {lightly.__version__} (Pillow {PIL.__version__})"


class Cifar10:
    def __init__(self, pixels, labels):
        self.pixels, self.labels, self.transform = pixels, labels, SimCLRTransform(input_size=CIFAR10_SIDE)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


def folder(root, size, workers):
    images = LightlyDataset(str(root), transform=SimCLRTransform(input_size=SIDE))
    return torch_loader.sizes(Repeated(images, size), BATCH, workers)


def cifar10(pixels, labels, workers):
    return torch_loader.sizes(Cifar10(pixels, labels), CIFAR10_BATCH, workers)
