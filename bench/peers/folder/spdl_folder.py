"""SPDL: its FFmpeg decoder and its threads, torchvision's transforms v2 in them."""
from importlib.metadata import version

import spdl.io
import torch
from folder_data import BATCH, BLUR, CIFAR10_BATCH, CIFAR10_SIDE, SIDE, EndlessIndices, files_of
from spdl.dataloader import DataLoader
from torchvision_tensors import make_view, tensor

VERSION = f"SPDL {version('spdl')} + torchvision v2"
# The workers are the threads; FFmpeg would else choose by itself.
ONE_THREAD = spdl.io.decode_config(decoder_options={"threads": "1"})


def stack(samples):
    return [torch.stack(views) for views in zip(*samples)]


def sizes(count, read, side, batch_size, workers):
    view = make_view(side, BLUR)

    def two_views(index):
        image = read(index)
        return view(image), view(image)

    # Its source never ends: it would start its threads anew with each epoch.
    for views in DataLoader(EndlessIndices(count), preprocessor=two_views, batch_size=batch_size, aggregator=stack, num_threads=workers):
        yield len(views[0])


def folder(root, _, workers):
    files = files_of(root)

    def read(index):
        image = spdl.io.load_image(files[index], decode_config=ONE_THREAD)
        return spdl.io.to_torch(image).permute(2, 0, 1)

    return sizes(len(files), read, SIDE, BATCH, workers)


def cifar10(pixels, _, workers):
    return sizes(len(pixels), lambda index: tensor(pixels[index]), CIFAR10_SIDE, CIFAR10_BATCH, workers)
