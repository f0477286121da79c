"""torchvision's transforms v2 on uint8 tensors [3, H, W]."""
import torch
import torchvision
from common import BITS, BLURS, DEGREES, FACTOR, HUE, JITTER, MEAN, SCALE, SIGMAS, STD, THRESHOLD, central_box, kernel_side, next_batches
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

torch.set_num_threads(1)
VERSION = f"torchvision {torchvision.__version__.split('+')[0]} v2 (tensors)"
BATCH = 256


def tensor(image):
    """Channels-last in memory, for which torchvision's resize is fastest."""
    return torch.from_numpy(image).permute(2, 0, 1)


def operations(image, larger, side):
    left, top, width, height = central_box(larger)
    image, larger = tensor(image), tensor(larger)
    to_float = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
    calls = {
        "resize": lambda: F.resize(larger, [side, side], antialias=True),
        "resize_bicubic": lambda: F.resize(larger, [side, side], interpolation=v2.InterpolationMode.BICUBIC, antialias=True),
        # Pillow's; NEAREST is OpenCV's.
        "resize_nearest": lambda: F.resize(larger, [side, side], interpolation=v2.InterpolationMode.NEAREST_EXACT),
        # Copied, as by all others: a crop alone is a view of the same memory.
        "crop": lambda: F.crop(larger, top, left, height, width).clone(),
        "center_crop": lambda: F.center_crop(larger, [side, side]).clone(),
        "hflip": lambda: F.horizontal_flip(image),
        "vflip": lambda: F.vertical_flip(image),
        "rotate90": lambda: torch.rot90(image, 1, (1, 2)),
        "rotate_30": lambda: F.rotate(image, DEGREES),
        "resized_crop_flip": lambda: F.horizontal_flip(F.resized_crop(larger, top, left, height, width, [side, side], antialias=True)),
        "hue": lambda: F.adjust_hue(image, HUE),
        "saturation": lambda: F.adjust_saturation(image, FACTOR),
        "contrast": lambda: F.adjust_contrast(image, FACTOR),
        "brightness": lambda: F.adjust_brightness(image, FACTOR),
        "grayscale": lambda: F.rgb_to_grayscale(image, num_output_channels=3),
        "solarize": lambda: F.solarize(image, THRESHOLD),
        "posterize": lambda: F.posterize(image, BITS),
        "equalize": lambda: F.equalize(image),
        "autocontrast": lambda: F.autocontrast(image),
        "invert": lambda: F.invert(image),
        "to_float": lambda: to_float(image),
    }
    for sigma in BLURS:
        calls[f"blur_{sigma}"] = lambda s=sigma: F.gaussian_blur(image, kernel_side(s), s)
    return calls, 1


def make_view(side, gaussian_blur):
    return v2.Compose([
        v2.RandomResizedCrop(side, scale=SCALE, antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomApply([v2.ColorJitter(**JITTER)], p=0.8),
        v2.RandomGrayscale(0.2),
        *([v2.RandomApply([v2.GaussianBlur(kernel_side(SIGMAS[1]), SIGMAS)], p=gaussian_blur)] if gaussian_blur else []),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(MEAN, STD),
    ])


def recipe(images, side, gaussian_blur):
    view = make_view(side, gaussian_blur)
    batch = next_batches([tensor(i) for i in images], BATCH)

    def call():
        taken = batch()
        return torch.stack([view(i) for i in taken]), torch.stack([view(i) for i in taken])

    return call, 2 * BATCH
