"""Kornia's augmentations on float batches [B, 3, H, W], parameters for each sample."""
import kornia
import kornia.augmentation as K
import torch
from common import BLURS, FACTOR, HUE, JITTER, MEAN, SCALE, SIGMAS, STD, THRESHOLD, central_box, kernel_side, next_batches

torch.set_num_threads(1)
torch.set_grad_enabled(False)
VERSION = f"kornia {kornia.__version__} (batches)"
OPERATION_BATCH = 16
# At 224 px the crops of 256 photos would take 0.6 GB and no less time a view.
BATCH = {32: 256, 64: 256, 96: 256, 224: 32}


def floats(images):
    """[B, 3, H, W] in [0, 1]."""
    return torch.stack([torch.from_numpy(i) for i in images]).permute(0, 3, 1, 2).contiguous().float() / 255


def operations(image, larger, side):
    left, top, width, height = central_box(larger)
    bytes_ = torch.stack([torch.from_numpy(image)] * OPERATION_BATCH).permute(0, 3, 1, 2)
    normalize = K.Normalize(MEAN, STD)
    image, larger = (floats([i] * OPERATION_BATCH) for i in (image, larger))
    part = larger[..., top:top + height, left:left + width]
    calls = {
        "resize": lambda: kornia.geometry.resize(larger, (side, side), antialias=True),
        "resized_crop_flip": lambda: kornia.geometry.hflip(kornia.geometry.resize(part, (side, side), antialias=True)),
        "hue": lambda: kornia.enhance.adjust_hue(image, HUE * 2 * torch.pi),
        "saturation": lambda: kornia.enhance.adjust_saturation_with_gray_subtraction(image, FACTOR),
        "contrast": lambda: kornia.enhance.adjust_contrast_with_mean_subtraction(image, FACTOR),
        "brightness": lambda: kornia.enhance.adjust_brightness_accumulative(image, FACTOR),
        "grayscale": lambda: kornia.color.rgb_to_grayscale(image).expand(-1, 3, -1, -1).contiguous(),
        "solarize": lambda: kornia.enhance.solarize(image, THRESHOLD / 255),
        "to_float": lambda: normalize(bytes_.contiguous().float() / 255),
    }
    for sigma in BLURS:
        calls[f"blur_{sigma}"] = lambda s=sigma: kornia.filters.gaussian_blur2d(image, (kernel_side(s),) * 2, (s, s))
    return calls, OPERATION_BATCH


def recipe(images, side, gaussian_blur):
    view = torch.nn.Sequential(
        K.RandomResizedCrop((side, side), scale=SCALE, cropping_mode="resample"),
        K.RandomHorizontalFlip(),
        K.ColorJitter(**JITTER, p=0.8),
        K.RandomGrayscale(p=0.2),
        *([K.RandomGaussianBlur((kernel_side(SIGMAS[1]),) * 2, SIGMAS, p=gaussian_blur)] if gaussian_blur else []),
        K.Normalize(MEAN, STD),
    )
    batch = next_batches(images, BATCH[side])

    def call():
        taken = floats(batch())
        return view(taken), view(taken)

    return call, 2 * BATCH[side]
