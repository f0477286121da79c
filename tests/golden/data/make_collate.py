"""Writes collate_lightly_1.1.0.safetensors: lightly's ImageCollateFunction with nothing left to chance.

Usage: python make_collate.py FOLDER, where FOLDER is the unpacked source of lightly 1.1.0 from PyPI.
Needs torch, torchvision 0.29.1, pillow 13.0.0, numpy and safetensors.
"""
import sys
import types
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file

# Stands in for lightly/__init__.py and lightly/data/__init__.py, which import far more than the collate functions.
for name in ("lightly", "lightly.data"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(sys.argv[1], *name.split(".")))]
    sys.modules[name] = package
from lightly.data.collate import ImageCollateFunction  # noqa: E402

images = numpy.random.default_rng(0).integers(0, 256, (3, 20, 24, 3), dtype=numpy.uint8)
samples = [(Image.fromarray(image), 10 + i, f"image {i}") for i, image in enumerate(images)]
tensors = {"images": torch.from_numpy(images)}
for name, options in {"default": {}, "none": {"normalize": None}}.items():
    # A crop of the whole area is the whole image, whatever ratio is drawn.
    collate = ImageCollateFunction(input_size=16, cj_prob=0.0, min_scale=1.0, random_gray_scale=0.0,
                                   gaussian_blur=0.0, hf_prob=0.0, **options)
    (first, second), labels, names = collate(samples)
    assert list(names) == ["image 0", "image 1", "image 2"]
    assert torch.equal(first, second)
    tensors[f"{name}.view"] = first
    tensors["labels"] = labels
save_file(tensors, Path(__file__).parent / "collate_lightly_1.1.0.safetensors")
