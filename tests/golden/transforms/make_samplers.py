"""Writes samplers_lightly_1.6.0.safetensors beside this file: histograms of what the random transforms of lightly and
torchvision draw.

usage: make_samplers.py <unpacked lightly-1.1.0> (for the early blur only); needs lightly==1.6.0, torchvision==0.29.1, numpy
and safetensors from pip. For each quantity: `<name>.range` float64 [2], the ends of equal bins, and `<name>.counts` int64 [bins].
A quantity of whole numbers 0..n-1 has the range -0.5 to n - 0.5."""
import importlib.util
import itertools
import random
import sys
from pathlib import Path
from unittest import mock

import lightly.transforms as L
import numpy as np
import PIL.ImageFilter
import torch
import torchvision
from lightly.transforms.rotation import RandomRotateDegrees
from PIL import Image
from safetensors.numpy import save_file
from torchvision.transforms import v2 as T  # what lightly 1.6 uses

assert torchvision.__version__.split("+")[0] == "0.29.1"
DRAWS = 40_000
random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
histograms = {}
pixel = Image.new("RGB", (1, 1))


def add(name, values, low, high, bins=40):
    counts, _ = np.histogram(np.asarray(values, float), bins, (low, high))
    assert counts.sum() == DRAWS, name
    histograms[f"{name}.range"] = np.array([low, high], np.float64)
    histograms[f"{name}.counts"] = counts.astype(np.int64)


def add_uniform(name, values, low, high):
    add(name, values, low - 1e-5, high + 1e-5)  # the draws are rounded to float32


def add_whole(name, values, count):
    add(name, values, -0.5, count - 0.5, count)


def add_applied(name, transform):
    add_whole(name, [transform(pixel) is not pixel for _ in range(DRAWS)], 2)


def blur_radii(blur):
    """What a blur that is always applied asks Pillow for."""
    radii, original = [], PIL.ImageFilter.GaussianBlur
    with mock.patch("PIL.ImageFilter.GaussianBlur", lambda radius: radii.append(radius) or original(0)):
        for _ in range(DRAWS):
            blur(pixel)
    return radii


add_applied("rotate.applied", L.RandomRotate(prob=0.3))
rotate = RandomRotateDegrees(prob=0.3, degrees=(-10, 30))
add_applied("rotate_degrees.applied", rotate)
add_uniform("rotate_degrees.range", [rotate.transform.transforms[0].make_params([])["angle"] for _ in range(DRAWS)], -10, 30)
rotate = RandomRotateDegrees(prob=0.3, degrees=15)
add_uniform("rotate_degrees.symmetrical", [rotate.transform.transforms[0].make_params([])["angle"] for _ in range(DRAWS)], -15, 15)
add_applied("solarization.applied", L.RandomSolarization(prob=0.3))
add_applied("blur.applied", L.GaussianBlur(prob=0.3))
add_uniform("blur.sigma", blur_radii(L.GaussianBlur(prob=1.0, sigmas=(0.2, 2))), 0.2, 2)
add_applied("hflip.applied", T.RandomHorizontalFlip(p=0.3))
add_applied("vflip.applied", T.RandomVerticalFlip(p=0.3))
add_applied("grayscale.applied", T.RandomGrayscale(p=0.3))
add_applied("apply.applied", T.RandomApply([T.RandomVerticalFlip(p=1.0)], p=0.3))

picks = [lambda image, k=k: k for k in range(4)]
for name, p in (("choice", None), ("choice.weighted", [0.5, 2.0, 0.0, 1.5])):
    choose = T.RandomChoice(picks, p)
    add_whole(name, [choose(pixel) for _ in range(DRAWS)], 4)

orders = {order: rank for rank, order in enumerate(itertools.permutations(range(4)))}
jitter = T.ColorJitter(0.4, 1.5, 0.2, 0.1)
draws = [jitter.make_params([]) for _ in range(DRAWS)]
add_whole("jitter.order", [orders[tuple(draw["fn_idx"].tolist())] for draw in draws], 24)
for name, low, high in (("brightness", 0.6, 1.4), ("contrast", 0.0, 2.5), ("saturation", 0.8, 1.2), ("hue", -0.1, 0.1)):
    add_uniform(f"jitter.{name}", [draw[f"{name}_factor"] for draw in draws], low, high)

image = Image.new("RGB", (500, 375))
crop = T.RandomResizedCrop(224, scale=(0.08, 1.0))
boxes = [crop.make_params([image]) for _ in range(DRAWS)]
add("crop.area", [box["height"] * box["width"] / (375 * 500) for box in boxes], 0.0, 1.0)
add("crop.log_aspect", [np.log(box["width"] / box["height"]) for box in boxes], -0.5, 0.5)
add("crop.top", [box["top"] for box in boxes], 0, 375)
add("crop.left", [box["left"] for box in boxes], 0, 500)

# Each pixel says where it is, so that each crop does.
places = np.zeros((60, 60, 3), np.uint8)
places[..., 0], places[..., 1] = np.indices((60, 60))
jigsaw = L.Jigsaw(n_grid=3, img_size=60, crop_size=10, transform=lambda crop: torch.from_numpy(np.asarray(crop)[0, 0, :2].astype(int)))
corners = np.array([jigsaw(Image.fromarray(places)).numpy() for _ in range(DRAWS)])
cells = corners // 20 @ np.array([3, 1])
add_whole("jigsaw.first_cell", cells[:, 0], 9)
add_whole("jigsaw.last_cell", cells[:, 8], 9)
add_whole("jigsaw.down", corners[:, 4, 0] % 20, 11)
add_whole("jigsaw.right", corners[:, 4, 1] % 20, 11)

spec = importlib.util.spec_from_file_location("early", Path(sys.argv[1], "lightly/transforms/gaussian_blur.py"))
early = importlib.util.module_from_spec(spec)
spec.loader.exec_module(early)
add_whole("blur.early_radius", blur_radii(early.GaussianBlur(kernel_size=22.4, prob=1.0)), 16)

save_file(histograms, Path(__file__).parent / "samplers_lightly_1.6.0.safetensors", {"torchvision": torchvision.__version__})
