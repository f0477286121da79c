"""Writes pillow_13.0.0_functional.safetensors beside this file: what Pillow and torchvision make of images that both
sides compute by `formula_image`. Needs pillow==13.0.0, torchvision==0.29.1, numpy and safetensors from pip.

Its entries: see golden_cases.py."""
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
import torchvision.transforms.functional as F
from golden_cases import FULL_CASES, GoldenCases, crc, formula_image
from PIL import Image, ImageFilter
from safetensors.numpy import save_file

assert (PIL.__version__, torchvision.__version__.split("+")[0]) == ("13.0.0", "0.29.1")
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

shared = GoldenCases(seed=20240501)
random, golden = shared.random, shared.tensors
side, images, add = shared.side, shared.images, shared.add


def box_in(height, width):
    h, w = int(random.integers(1, height + 1)), int(random.integers(1, width + 1))
    return int(random.integers(0, height - h + 1)), int(random.integers(0, width - w + 1)), h, w


def blur_radius():
    return float(random.choice([random.uniform(0, 2), random.uniform(0.1, 2), random.uniform(2, 20), random.integers(0, 14)]))


large = [(375, 500), (500, 375), (224, 224), (700, 501)]
photos = [(3000, 4000), (2001, 1333)]  # as a camera makes them
cases = [(*image, *box_in(*image[1:])) for image in images(200, large=photos)]
add("crop", cases, lambda image, *box: F.crop(image, *box))
cases = [(*image, *((int(random.integers(3, 16)), int(random.integers(3, 16))) if image[0] < FULL_CASES else (side(), side())))
         for image in images(500, large=large)]
add("resize", cases, lambda image, h, w: F.resize(image, [h, w]))
cases = [(*image, *box_in(*image[1:]), *random.choice([[32, 32], [64, 64], [48, 31], [224, 160], [7, 9]])) for image in images(400, large=large)]
cases[:FULL_CASES] = [(*case[:7], 8 + n, 10) for n, case in enumerate(cases[:FULL_CASES])]
add("resized_crop", cases, lambda image, t, l, h, w, oh, ow: F.resized_crop(image, t, l, h, w, [int(oh), int(ow)]))
# CIFAR's case: out of 32 x 32 into 32 x 32.
cases = [(n, 32, 32, *box_in(32, 32)) for n in range(200)]
add("resized_crop_32", cases, lambda image, t, l, h, w: F.resized_crop(image, t, l, h, w, [32, 32]))
add("hflip", images(60, large=photos), F.hflip)
add("vflip", images(60, large=photos), F.vflip)
add("rotate90", images(300, large=photos), lambda image: image.rotate(90))
factors = [0.0, 1.0, 0.5, 2.0, 1e-7, 10.0]
cases = [(*image, factors[n] if n < len(factors) else float(random.uniform(0, 2))) for n, image in enumerate(images(300, large=large + photos))]
add("adjust_brightness", cases, F.adjust_brightness)
add("adjust_contrast", cases, F.adjust_contrast)
add("adjust_saturation", cases, F.adjust_saturation)
factors = [0.0, 0.5, -0.5, 0.1, -0.003, 0.0039]
cases = [(*image, factors[n] if n < len(factors) else float(random.uniform(-0.5, 0.5))) for n, image in enumerate(images(200, large=large + photos))]
add("adjust_hue", cases, F.adjust_hue)
add("to_grayscale", images(100, large=large), lambda image: F.to_grayscale(image, 3))
radii = [0.8, 0.2, 2.0, 1.0, 0.0, 5.0, 100.0]
cases = [(*image, radii[n] if n < len(radii) else blur_radius()) for n, image in enumerate(images(500, large=large + photos))]
# Noise, by boxes far wider than the image.
cases += [(2000, *size, radius) for size in ((64, 96), (375, 500), (1, 700), (701, 3)) for radius in (1e3, 1e5, 1e6)]
add("gaussian_blur", cases, lambda image, radius: image.filter(ImageFilter.GaussianBlur(radius)))

# All 2^24 colours: blue fastest, then green, red slowest; an image of 4096 x 4096.
values = np.arange(256, dtype=np.uint8)
colours = np.stack(np.meshgrid(values, values, values, indexing="ij"), -1).reshape(4096, 4096, 3)
colours = Image.fromarray(colours)
for name, operation, factors in (("adjust_hue", F.adjust_hue, [0.1, -0.2, 0.37]),
                                 ("adjust_saturation", F.adjust_saturation, [0.6, 0.9371, 1.8])):
    golden[f"colours.{name}.factors"] = np.array(factors)
    golden[f"colours.{name}.crc"] = np.array([crc(np.asarray(operation(colours, factor))) for factor in factors], np.int64)
golden["colours.to_grayscale.crc"] = np.array([crc(np.asarray(F.to_grayscale(colours, 3)))], np.int64)

# Every byte through ToTensor and Normalize: float32 [256, 3].
statistics = [([0.0] * 3, [1.0] * 3), IMAGENET, ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]), ([0.5, 0.1, 0.9], [0.3, 1e-3, 7.0])]
golden["normalize.statistics"] = np.array(statistics)
ramp = Image.fromarray(np.repeat(values.reshape(256, 1, 1), 3, 2))
values = np.stack([F.normalize(F.to_tensor(ramp), *s).numpy()[:, :, 0].T for s in statistics])
golden["normalize.values"] = np.ascontiguousarray(values)  # safetensors stores the memory as it lies

# Whole views with every choice fixed: (seed, H, W, box, size, rotate, hflip, vflip, jitter?, order, factors, gray, blur or -1).
views, crcs, float_crcs = [], [], []
for n in range(300):
    height, width = (32, 32) if n % 2 else (int(random.integers(20, 200)), int(random.integers(20, 200)))
    box, size = box_in(height, width), 32 if n % 4 else 64
    flags = [int(random.random() < p) for p in (0.1, 0.5, 0.2, 0.8)]
    order = [int(k) for k in random.permutation(4)]
    factors = [float(np.float32(random.uniform(*r))) for r in ((0.2, 1.8), (0.2, 1.8), (0.2, 1.8), (-0.2, 0.2))]
    gray, blur = int(random.random() < 0.2), float(np.float32(random.uniform(0.2, 2))) if random.random() < 0.5 else -1.0
    views.append([n, height, width, *box, size, *flags, *order, *factors, gray, blur])
    image = F.resized_crop(Image.fromarray(formula_image(n, height, width)), *box, [size, size])
    rotate, hflip, vflip, jitter = flags
    image = image.rotate(90) if rotate else image
    image = F.hflip(image) if hflip else image
    image = F.vflip(image) if vflip else image
    for k in order if jitter else []:
        adjust = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)[k]
        image = adjust(image, factors[k])
    image = F.to_grayscale(image, 3) if gray else image
    image = image.filter(ImageFilter.GaussianBlur(blur)) if blur >= 0 else image
    crcs.append(crc(np.asarray(image)))
    float_crcs.append(crc(F.normalize(F.to_tensor(image), *IMAGENET).numpy().transpose(1, 2, 0)))
golden["view.cases"] = np.array(views)
golden["view.crc"] = np.array(crcs, np.int64)
golden["view.float_crc"] = np.array(float_crcs, np.int64)

made_by = {"pillow": PIL.__version__, "torchvision": torchvision.__version__, "torch": torch.__version__}
save_file(golden, Path(__file__).parent / "pillow_13.0.0_functional.safetensors", made_by)
