"""Writes pillow_13.0.0_rotate_tone_center_crop.safetensors beside this file: what torchvision makes, through Pillow, of
images that both sides compute by `formula_image`. Needs pillow==13.0.0, torchvision==0.29.1, numpy and safetensors.

Its entries: see golden_cases.py. Images that are not formula images: `histograms.<n>`, of few values or uneven ones."""
from pathlib import Path

import numpy as np
import PIL
import torchvision
import torchvision.transforms.functional as F
from golden_cases import GoldenCases
from PIL import Image
from safetensors.numpy import save_file

assert (PIL.__version__, torchvision.__version__.split("+")[0]) == ("13.0.0", "0.29.1")
shared = GoldenCases(seed=20240815)
random, golden, images = shared.random, shared.tensors, shared.images
large = [(224, 224), (375, 500), (1201, 900)]
largest = (3000, 4000)
# Beyond 32,768 px Pillow leaves its fixed point.
long = [(2, 40000), (40000, 3), (5, 70001), (33000, 2)]


def angles(count):
    special = [30.0, -45.0, 90.0, 180.0, 270.0, 0.0, 360.0, -90.0, 450.0, -180.0, 1e-14, 1e-13, 1e-10, 1e-5, -1e-20, 360 - 1e-13,
               90 + 1e-14, 90 + 1e-12, 180 - 1e-12, 270 + 1e-6, 1e9, -123456.789, 1.0, 0.1, 60.0, 135.0, 1e300]
    rest = [float(random.choice([np.float32(random.uniform(-180, 180)), random.uniform(-400, 400), random.integers(-80, 80) * 5,
                                 90 * random.integers(-9, 9), random.uniform(-2, 2)])) for _ in range(count)]
    return (special + rest)[:count]


cases = images(1700, large=large + [largest] * 2 + long * 5)
shared.add("rotate", [(*image, angle) for image, angle in zip(cases, angles(len(cases)))], F.rotate)
# A quarter turn where it is not the same as a transposition, and every special angle on sizes that are even, odd and mixed.
cases = [(n, height, width, angle) for n, angle in enumerate(angles(27)) for height, width in ((9, 9), (8, 8), (7, 10), (12, 5))]
shared.add("rotate_special", cases, F.rotate)

cases = [(*image, int(random.integers(0, 257))) for image in images(300, large=large)]
shared.add("solarize", cases, F.solarize)
cases = [(*image, 1 + n % 8) for n, image in enumerate(images(200, large=large))]
shared.add("posterize", cases, F.posterize)
shared.add("equalize", images(500, large=large + [largest]), F.equalize)
shared.add("autocontrast", images(500, large=large), F.autocontrast)
shared.add("invert", images(60, large=large), F.invert)
cases = [(*image, shared.side(), shared.side()) for image in images(600)]
cases += [(n, height, width, 224, 224) for n, (height, width) in enumerate(large)] + [(7, *largest, 2000, 4001)]
shared.add("center_crop", cases, lambda image, height, width: F.center_crop(image, [height, width]))

# Histograms that noise does not have: one value, two, a few, a narrow range, many dark pixels.
uneven = [np.full((5, 6, 3), 77), random.choice([3, 250], (9, 8, 3)), random.choice([0, 1, 2, 200, 255], (30, 20, 3)),
          random.integers(100, 104, (40, 40, 3)), random.integers(90, 170, (33, 17, 3)), random.poisson(2, (30, 25, 3)) * 9,
          255 - random.poisson(1, (30, 25, 3)), np.stack([np.full((20, 20), 9), *random.integers(0, 256, (2, 20, 20))], -1)]
for n, pixels in enumerate(uneven):
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    golden[f"histograms.{n}"] = np.asarray(image).copy()
    golden[f"histograms.{n}.equalize"] = np.asarray(F.equalize(image)).copy()
    golden[f"histograms.{n}.autocontrast"] = np.asarray(F.autocontrast(image)).copy()

# The inputs are checked by make_functional.py's data.
for name in [name for name in golden if name.endswith(".input_crc")]:
    del golden[name]
made_by = {"pillow": PIL.__version__, "torchvision": torchvision.__version__}
save_file(golden, Path(__file__).parent / "pillow_13.0.0_rotate_tone_center_crop.safetensors", made_by)
