"""Writes pillow_13.0.0_views.safetensors beside this file: digests of 10,000 whole views, and of resizes with the other
interpolations, as Pillow and torchvision make them. Needs pillow==13.0.0, torchvision==0.29.1, numpy and safetensors.

Nothing but digests is stored: images and parameters are formulas of the case's number, `draw`, that the test computes too.
`view.crc` int64 [10000], `view.float_crc` int64 [1000] of the normalised floats in H·W·3 order, `bicubic.crc`, `nearest.crc`
int64 [600], and for large images `large_bilinear.crc`, `large_bicubic.crc`, `large_nearest.crc` int64 [6]."""
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
import torchvision.transforms.functional as F
from golden_cases import crc, formula_image
from PIL import Image, ImageFilter
from safetensors.numpy import save_file

assert (PIL.__version__, torchvision.__version__.split("+")[0]) == ("13.0.0", "0.29.1")
MASK = 0xFFFFFFFF
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def mix(v):
    v ^= v >> 16
    v = v * 0x7FEB352D & MASK
    v ^= v >> 15
    v = v * 0x846CA68B & MASK
    return v ^ v >> 16


def draw(case, k):
    """In [0, 1): number k of a case's parameters."""
    return mix((case * 64 + k) * 0x9E3779B9 & MASK) / 2.0**32


def below(case, k, n):
    return int(draw(case, k) * n)


def view(n):
    height, width = (32, 32) if n % 2 else (1 + below(n, 0, 160), 1 + below(n, 1, 160))
    h, w = 1 + below(n, 2, height), 1 + below(n, 3, width)
    top, left = below(n, 4, height - h + 1), below(n, 5, width - w + 1)
    size = (32, 64, 1 + below(n, 6, 100))[n % 3]
    image = F.resized_crop(Image.fromarray(formula_image(n, height, width)), top, left, h, w, [size, size])
    image = image.rotate(90) if draw(n, 7) < 0.1 else image
    image = F.hflip(image) if draw(n, 8) < 0.5 else image
    image = F.vflip(image) if draw(n, 9) < 0.2 else image
    if draw(n, 10) < 0.8:
        order = [0, 1, 2, 3]
        for i in (3, 2, 1):
            j = below(n, 10 + i, i + 1)
            order[i], order[j] = order[j], order[i]
        factors = [float(np.float32(0.2 + 1.6 * draw(n, 14 + k))) for k in range(3)] + [float(np.float32(0.4 * draw(n, 17) - 0.2))]
        for k in order:
            image = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)[k](image, factors[k])
    image = F.to_grayscale(image, 3) if draw(n, 18) < 0.2 else image
    if draw(n, 19) < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(float(np.float32(0.1 + 1.9 * draw(n, 20)))))
    return image


def resize(n, interpolation):
    height, width = 1 + below(n, 30, 120), 1 + below(n, 31, 120)
    out_height, out_width = 1 + below(n, 32, 120), 1 + below(n, 33, 120)
    return F.resize(Image.fromarray(formula_image(n, height, width)), [out_height, out_width], interpolation)


views = [view(n) for n in range(10000)]
golden = {
    "view.crc": [crc(np.asarray(v)) for v in views],
    "view.float_crc": [crc(F.normalize(F.to_tensor(v), *IMAGENET).numpy().transpose(1, 2, 0)) for v in views[:1000]],
    "bicubic.crc": [crc(np.asarray(resize(n, F.InterpolationMode.BICUBIC))) for n in range(600)],
    "nearest.crc": [crc(np.asarray(resize(n, F.InterpolationMode.NEAREST))) for n in range(600)],
}
large = [((3000, 4000), (224, 224)), ((4000, 3000), (224, 160)), ((3000, 4000), (2999, 1)), ((1, 4000), (64, 64)),
         ((3000, 4000), (1500, 2001)), ((375, 500), (3000, 2999))]
for name, interpolation in (("bilinear", F.InterpolationMode.BILINEAR), ("bicubic", F.InterpolationMode.BICUBIC), ("nearest", F.InterpolationMode.NEAREST)):
    golden[f"large_{name}.crc"] = [crc(np.asarray(F.resize(Image.fromarray(formula_image(n, *size)), list(out), interpolation)))
                                   for n, (size, out) in enumerate(large)]
golden = {name: np.array(values, np.int64) for name, values in golden.items()}
made_by = {"pillow": PIL.__version__, "torchvision": torchvision.__version__, "torch": torch.__version__}
save_file(golden, Path(__file__).parent / "pillow_13.0.0_views.safetensors", made_by)
