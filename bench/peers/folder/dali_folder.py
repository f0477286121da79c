"""NVIDIA DALI's operators on the CPU; workers are the threads of its pool."""
import numpy as np
from dali_cpu import VERSION, built, make_view
from folder_data import BATCH, BLUR, CIFAR10_BATCH, CIFAR10_SIDE, SIDE, files_of
from nvidia.dali import fn

__all__ = ["VERSION", "cifar10", "folder"]


def sizes(images, side, batch_size, workers):
    """`images` gives a pipeline its images."""

    def define():
        taken = images()
        return make_view(taken, side, BLUR), make_view(taken, side, BLUR)

    run = built(batch_size, define, num_threads=workers, prefetch_queue_depth=2)
    while True:
        yield len(run()[0])


def folder(root, _, workers):
    files = files_of(root)

    def images():
        # Decoded once for both views: fn.decoders.image_random_crop, once for each, is slower.
        encoded, _ = fn.readers.file(files=files, random_shuffle=True, initial_fill=len(files))
        return fn.decoders.image(encoded, device="cpu", adjust_orientation=False)

    return sizes(images, SIDE, BATCH, workers)


def cifar10(pixels, _, workers):
    shuffler = np.random.default_rng(1)

    def batch():
        return pixels[shuffler.integers(len(pixels), size=CIFAR10_BATCH)]

    return sizes(lambda: fn.external_source(source=batch, batch=True, layout="HWC"), CIFAR10_SIDE, CIFAR10_BATCH, workers)
