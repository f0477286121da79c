"""Albumentations (its maintained successor AlbumentationsX) on uint8 arrays [H, W, 3].

Its default blur has Pillow's pixels and takes five times as long as the kernel chosen here.
"""
import os
import warnings

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
# An argument of another version's name would be ignored with a warning.
warnings.simplefilter("error", UserWarning)
import albumentations as A
import cv2
import torch
from albumentations.pytorch import ToTensorV2
from common import BITS, BLURS, DEGREES, FACTOR, HUE, JITTER, MEAN, SCALE, SIGMAS, STD, THRESHOLD, central_box, kernel_side, next_batches

cv2.setNumThreads(1)
torch.set_num_threads(1)
VERSION = f"AlbumentationsX {A.__version__}"
BATCH = 256


def operations(image, larger, side):
    left, top, width, height = central_box(larger)

    def jitter(**one):
        nothing = {f"{name}_range": (1, 1) for name in ("brightness", "contrast", "saturation")} | {"hue_range": (0, 0)}
        return A.ColorJitter(**(nothing | one), p=1)

    transforms = {
        "resize": A.Resize(side, side, p=1),
        "resize_bicubic": A.Resize(side, side, interpolation=cv2.INTER_CUBIC, p=1),
        "resize_nearest": A.Resize(side, side, interpolation=cv2.INTER_NEAREST, p=1),
        "crop": A.Crop(left, top, left + width, top + height, p=1),
        "center_crop": A.CenterCrop(side, side, p=1),
        "hflip": A.HorizontalFlip(p=1),
        "vflip": A.VerticalFlip(p=1),
        "rotate90": A.RandomRotate90(group_element="r90", p=1),
        "rotate_30": A.Rotate(angle_range=(DEGREES, DEGREES), interpolation=cv2.INTER_NEAREST, p=1),
        "resized_crop_flip": A.Compose([A.Crop(left, top, left + width, top + height, p=1), A.Resize(side, side, p=1), A.HorizontalFlip(p=1)]),
        "hue": jitter(hue_range=(HUE, HUE)),
        "saturation": jitter(saturation_range=(FACTOR, FACTOR)),
        "contrast": jitter(contrast_range=(FACTOR, FACTOR)),
        "brightness": jitter(brightness_range=(FACTOR, FACTOR)),
        "grayscale": A.ToGray(p=1),
        "solarize": A.Solarize(threshold_range=(THRESHOLD / 255,) * 2, p=1),
        "posterize": A.Posterize(num_bits=(BITS, BITS), p=1),
        "equalize": A.Equalize(mode="pil", p=1),
        "autocontrast": A.AutoContrast(method="pil", p=1),
        "invert": A.InvertImg(p=1),
        "to_float": A.Compose([A.Normalize(MEAN, STD), ToTensorV2()]),
    }
    for sigma in BLURS:
        transforms[f"blur_{sigma}"] = A.GaussianBlur(blur_range=(kernel_side(sigma),) * 2, sigma_range=(sigma, sigma), p=1)
    def call(name, transform):
        shown = larger if name.startswith("resize") or name.endswith("crop") else image
        if name.endswith("crop"):
            # Copied, as by all others: a crop alone is a view of the same memory.
            return lambda: transform(image=shown)["image"].copy()
        return lambda: transform(image=shown)["image"]

    return {name: call(name, transform) for name, transform in transforms.items()}, 1


def recipe(images, side, gaussian_blur):
    strengths = {f"{name}_range": (1 - JITTER[name], 1 + JITTER[name]) for name in ("brightness", "contrast", "saturation")}
    view = A.Compose([
        A.RandomResizedCrop(size=(side, side), scale=SCALE),
        A.HorizontalFlip(p=0.5),
        A.ColorJitter(**strengths, hue_range=(-JITTER["hue"], JITTER["hue"]), p=0.8),
        A.ToGray(p=0.2),
        *([A.GaussianBlur(blur_range=(kernel_side(SIGMAS[1]),) * 2, sigma_range=SIGMAS, p=gaussian_blur)] if gaussian_blur else []),
        A.Normalize(MEAN, STD),
        ToTensorV2(),
    ])
    batch = next_batches(images, BATCH)

    def call():
        taken = batch()
        return tuple(torch.stack([view(image=i)["image"] for i in taken]) for _ in range(2))

    return call, 2 * BATCH
