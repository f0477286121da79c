"""Writes pillow_9.4.0_resize.safetensors beside this file: what Pillow 9.4.0 makes of images that both sides compute by
`formula_image`. Needs pillow==9.4.0, numpy and safetensors from pip; with pillow==12.1.1, the last to take the horizontal
pass first always, it writes nothing and checks that every result is the same.

Its entries: see golden_cases.py; crops are resized as torchvision does it, `crop` and then `resize`."""
from pathlib import Path

import numpy as np
import PIL
from golden_cases import FULL_CASES, GoldenCases
from PIL import Image
from safetensors.numpy import load_file, save_file

assert PIL.__version__ in ("9.4.0", "12.1.1")

shared = GoldenCases(seed=20241125)
random, side = shared.random, shared.side
FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def size_for(case):
    # Small ones first, whose pixels are kept.
    return [int(n) for n in random.integers(3, 16, 2)] if case < FULL_CASES else [side(), side()]


def box_in(height, width):
    h, w = int(random.integers(1, height + 1)), int(random.integers(1, width + 1))
    return int(random.integers(0, height - h + 1)), int(random.integers(0, width - w + 1)), h, w


# High and narrow ones: where later Pillows take the other pass first.
large = [(375, 500), (500, 375), (224, 224), (3000, 4000), (1999, 11), (1200, 13), (700, 501)]
for name, chosen in FILTERS.items():
    cases = [(*image, *size_for(n)) for n, image in enumerate(shared.images(300, large=large))]
    shared.add(f"resize.{name}", cases, lambda image, h, w: image.resize((w, h), chosen))
    cases = [(*image, *box_in(*image[1:]), *size_for(n)) for n, image in enumerate(shared.images(300, large=large))]
    shared.add(f"resized_crop.{name}", cases,
               lambda image, t, l, h, w, oh, ow: image.crop((l, t, l + w, t + h)).resize((ow, oh), chosen))

file = Path(__file__).parent / "pillow_9.4.0_resize.safetensors"
if PIL.__version__ == "9.4.0":
    save_file(shared.tensors, file, {"pillow": PIL.__version__})
else:
    stored = load_file(file)
    assert stored.keys() == shared.tensors.keys()
    assert all(np.array_equal(stored[name], made) for name, made in shared.tensors.items())
