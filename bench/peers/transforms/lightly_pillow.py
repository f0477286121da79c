"""Python's lightly on PIL images; under Pillow-SIMD when that is what `PIL` is."""
import lightly
import PIL
import torch
from common import BITS, BLURS, DEGREES, FACTOR, HUE, SIGMAS, THRESHOLD, central_box, next_batches
from lightly.transforms import SimCLRTransform
from lightly.transforms.utils import IMAGENET_NORMALIZE
from PIL import Image, ImageFilter, ImageOps
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

torch.set_num_threads(1)
VERSION = f"lightly {lightly.__version__} ({'Pillow-SIMD' if '.post' in PIL.__version__ else 'Pillow'} {PIL.__version__})"
BATCH = 256


def operations(image, larger, side):
    left, top, width, height = central_box(larger)
    box = (left, top, left + width, top + height)
    image, larger = Image.fromarray(image), Image.fromarray(larger)
    to_float = v2.Compose([v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(**IMAGENET_NORMALIZE)])
    calls = {
        "resize": lambda: larger.resize((side, side), Image.Resampling.BILINEAR),
        "resize_bicubic": lambda: larger.resize((side, side), Image.Resampling.BICUBIC),
        "resize_nearest": lambda: larger.resize((side, side), Image.Resampling.NEAREST),
        "crop": lambda: larger.crop(box),
        "center_crop": lambda: F.center_crop(larger, side),
        "hflip": lambda: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "vflip": lambda: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        "rotate90": lambda: image.transpose(Image.Transpose.ROTATE_90),
        "rotate_30": lambda: image.rotate(DEGREES),
        "resized_crop_flip": lambda: larger.resize((side, side), Image.Resampling.BILINEAR, box=box).transpose(
            Image.Transpose.FLIP_LEFT_RIGHT),
        "hue": lambda: F.adjust_hue(image, HUE),
        "saturation": lambda: F.adjust_saturation(image, FACTOR),
        "contrast": lambda: F.adjust_contrast(image, FACTOR),
        "brightness": lambda: F.adjust_brightness(image, FACTOR),
        "grayscale": lambda: F.rgb_to_grayscale(image, num_output_channels=3),
        "solarize": lambda: ImageOps.solarize(image, THRESHOLD),
        "posterize": lambda: ImageOps.posterize(image, BITS),
        "equalize": lambda: ImageOps.equalize(image),
        "autocontrast": lambda: ImageOps.autocontrast(image),
        "invert": lambda: ImageOps.invert(image),
        "to_float": lambda: to_float(image),
    }
    for sigma in BLURS:
        calls[f"blur_{sigma}"] = lambda s=sigma: image.filter(ImageFilter.GaussianBlur(s))
    return calls, 1


def recipe(images, side, gaussian_blur):
    transform = SimCLRTransform(input_size=side, cj_strength=0.5, gaussian_blur=gaussian_blur, sigmas=SIGMAS)
    batch = next_batches([Image.fromarray(i) for i in images], BATCH)

    def call():
        views = [transform(image) for image in batch()]
        return torch.stack([v[0] for v in views]), torch.stack([v[1] for v in views])

    return call, 2 * BATCH
