"""opencv_views.cpp from Python."""
import random

import cv2
import numpy as np
from common import BITS, BLURS, DEGREES, FACTOR, HUE, JITTER, MEAN, SCALE, SIGMAS, STD, THRESHOLD, central_box, kernel_side, next_batches

cv2.setNumThreads(1)
VERSION = f"OpenCV {cv2.__version__} (Python)"
BATCH = 256
LEVELS = np.arange(256)
RATIO = (3 / 4, 4 / 3)


def resize(image, side, interpolation=cv2.INTER_LINEAR):
    return cv2.resize(image, (side, side), interpolation=interpolation)


def grey(image):
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def adjust_brightness(image, factor):
    return cv2.convertScaleAbs(image, alpha=factor)


def adjust_contrast(image, factor):
    level = cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0]
    # The sum is negative for some bytes, so not convertScaleAbs.
    return cv2.addWeighted(image, factor, image, 0, (1 - factor) * level)


def adjust_saturation(image, factor):
    return cv2.addWeighted(image, factor, grey(image), 1 - factor, 0)


def adjust_hue(image, factor):
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    table = ((LEVELS + round(factor * 180)) % 180).astype(np.uint8)
    # One channel: less work than a table of three for all.
    cv2.insertChannel(cv2.LUT(cv2.extractChannel(hsv, 0), table), hsv, 0)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def rotate(image, degrees):
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    return cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_NEAREST)


def equalize(image):
    return cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(image)])


def autocontrast(image):
    channels = []
    for channel in cv2.split(image):
        least, largest, _, _ = cv2.minMaxLoc(channel)
        if largest > least:
            scale = 255 / (largest - least)
            channel = cv2.convertScaleAbs(channel, alpha=scale, beta=-least * scale)
        channels.append(channel)
    return cv2.merge(channels)


def blur(image, sigma):
    """Faster than cv2.GaussianBlur, which computes the same in integers."""
    kernel = cv2.getGaussianKernel(kernel_side(sigma), sigma, cv2.CV_32F)
    return cv2.sepFilter2D(image, -1, kernel, kernel)


FLOATS = ((LEVELS[:, None] / 255 - MEAN) / STD).astype(np.float32)[None]


def to_float(image):
    return cv2.LUT(image, FLOATS)


def operations(image, larger, side):
    left, top, width, height = central_box(larger)
    middle = [(length - side) // 2 for length in larger.shape[:2]]
    solarized = np.where(LEVELS < THRESHOLD, LEVELS, 255 - LEVELS).astype(np.uint8)
    mask = (255 & ~(255 >> BITS),) * 4
    calls = {
        "resize": lambda: resize(larger, side),
        "resize_bicubic": lambda: resize(larger, side, cv2.INTER_CUBIC),
        "resize_nearest": lambda: resize(larger, side, cv2.INTER_NEAREST),
        "crop": lambda: larger[top:top + height, left:left + width].copy(),
        "center_crop": lambda: larger[middle[0]:middle[0] + side, middle[1]:middle[1] + side].copy(),
        "hflip": lambda: cv2.flip(image, 1),
        "vflip": lambda: cv2.flip(image, 0),
        "rotate90": lambda: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
        "rotate_30": lambda: rotate(image, DEGREES),
        "resized_crop_flip": lambda: cv2.flip(resize(larger[top:top + height, left:left + width], side), 1),
        "hue": lambda: adjust_hue(image, HUE),
        "saturation": lambda: adjust_saturation(image, FACTOR),
        "contrast": lambda: adjust_contrast(image, FACTOR),
        "brightness": lambda: adjust_brightness(image, FACTOR),
        "grayscale": lambda: grey(image),
        "solarize": lambda: cv2.LUT(image, solarized),
        "posterize": lambda: cv2.bitwise_and(image, mask),
        "equalize": lambda: equalize(image),
        "autocontrast": lambda: autocontrast(image),
        "invert": lambda: cv2.bitwise_not(image),
        "to_float": lambda: to_float(image),
    }
    for sigma in BLURS:
        calls[f"blur_{sigma}"] = lambda s=sigma: blur(image, s)
    return calls, 1


def random_crop(image):
    height, width = image.shape[:2]
    for _ in range(10):
        area = height * width * random.uniform(*SCALE)
        aspect = np.exp(random.uniform(*np.log(RATIO)))
        w, h = round(np.sqrt(area * aspect)), round(np.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            top, left = random.randint(0, height - h), random.randint(0, width - w)
            return image[top:top + h, left:left + w]
    return image


def around_one(strength):
    return random.uniform(1 - strength, 1 + strength)


def jitter(image):
    steps = [
        (adjust_brightness, around_one(JITTER["brightness"])),
        (adjust_contrast, around_one(JITTER["contrast"])),
        (adjust_saturation, around_one(JITTER["saturation"])),
        (adjust_hue, random.uniform(-JITTER["hue"], JITTER["hue"])),
    ]
    random.shuffle(steps)
    for step, factor in steps:
        image = step(image, factor)
    return image


def make_view(image, side, gaussian_blur):
    view = resize(random_crop(image), side)
    if random.random() < 0.5:
        view = cv2.flip(view, 1)
    if random.random() < 0.8:
        view = jitter(view)
    if random.random() < 0.2:
        view = grey(view)
    if random.random() < gaussian_blur:
        view = blur(view, random.uniform(*SIGMAS))
    return to_float(view)


def recipe(images, side, gaussian_blur):
    batch = next_batches(images, BATCH)
    slots = np.empty((2, BATCH, side, side, 3), np.float32)

    def call():
        for i, image in enumerate(batch()):
            for v in range(2):
                slots[v, i] = make_view(image, side, gaussian_blur)

    return call, 2 * BATCH
