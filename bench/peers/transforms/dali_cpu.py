"""NVIDIA DALI's operators on the CPU, one thread."""
import nvidia.dali as dali
import numpy as np
from common import BLURS, FACTOR, HUE, JITTER, MEAN, SCALE, SIGMAS, STD, central_box, kernel_side, next_batches
from nvidia.dali import fn, pipeline_def, types

VERSION = f"DALI {dali.__version__} (CPU)"
OPERATION_BATCH = 64
BATCH = 256
SETTINGS = {"num_threads": 1, "device_id": None, "prefetch_queue_depth": 1, "seed": 1}


def bytes_of(mean_or_std):
    return [255 * value for value in mean_or_std]


def to_float(images, **options):
    return fn.crop_mirror_normalize(images, dtype=types.FLOAT, output_layout="CHW", mean=bytes_of(MEAN), std=bytes_of(STD), **options)


def source(arrays):
    return fn.external_source(source=arrays, batch=True, no_copy=True, layout="HWC")


def built(batch_size, define, **settings):
    """What runs a pipeline once; `define` gives its outputs."""
    pipeline = pipeline_def(define, batch_size=batch_size, enable_conditionals=True, **SETTINGS | settings)()
    pipeline.build()
    return pipeline.run


def operations(image, larger, side):
    left, top, width, height = central_box(larger)
    batch, larger_batch = [image] * OPERATION_BATCH, [larger] * OPERATION_BATCH

    def resize(images):
        return fn.resize(images, size=[side, side], interp_type=types.INTERP_LINEAR, antialias=True)

    def grayscale(images):
        return fn.hsv(images, saturation=0.0)

    def part(images):
        return fn.crop(images, crop_h=height, crop_w=width, crop_pos_x=left / (larger.shape[1] - width),
                       crop_pos_y=top / (larger.shape[0] - height))

    steps = {
        "resize": resize,
        "resized_crop_flip": lambda i: fn.flip(resize(part(i)), horizontal=1),
        "hue": lambda i: fn.hue(i, hue=360 * HUE),
        "saturation": lambda i: fn.saturation(i, saturation=FACTOR),
        "contrast": lambda i: fn.contrast(i, contrast=FACTOR),
        "brightness": lambda i: fn.brightness(i, brightness=FACTOR),
        "grayscale": grayscale,
        "to_float": to_float,
    }
    for sigma in BLURS:
        steps[f"blur_{sigma}"] = lambda i, s=sigma: fn.gaussian_blur(i, sigma=s, window_size=kernel_side(s))
    return {
        name: built(OPERATION_BATCH, lambda s=step, b=larger_batch if name.startswith("resize") else batch: s(source(lambda: b)))
        for name, step in steps.items()
    }, OPERATION_BATCH


def make_view(images, side, gaussian_blur):
    view = fn.random_resized_crop(images, size=[side, side], random_area=list(SCALE), random_aspect_ratio=[3 / 4, 4 / 3],
                                  interp_type=types.INTERP_LINEAR, antialias=True)
    if fn.random.coin_flip(probability=0.8, dtype=types.BOOL):
        factor = {name: fn.random.uniform(range=[1 - JITTER[name], 1 + JITTER[name]]) for name in ("brightness", "contrast", "saturation")}
        # One pass for all four, in a fixed order; there is no random one.
        view = fn.color_twist(view, hue=fn.random.uniform(range=[-360 * JITTER["hue"], 360 * JITTER["hue"]]), **factor)
    if fn.random.coin_flip(probability=0.2, dtype=types.BOOL):
        view = fn.hsv(view, saturation=0.0)
    if gaussian_blur:
        if fn.random.coin_flip(probability=gaussian_blur, dtype=types.BOOL):
            view = fn.gaussian_blur(view, sigma=fn.random.uniform(range=list(SIGMAS)), window_size=kernel_side(SIGMAS[1]))
    return to_float(view, mirror=fn.random.coin_flip(probability=0.5))


def recipe(images, side, gaussian_blur):
    batch = next_batches([np.ascontiguousarray(i) for i in images], BATCH)

    def define():
        taken = source(batch)
        return make_view(taken, side, gaussian_blur), make_view(taken, side, gaussian_blur)

    return built(BATCH, define), 2 * BATCH
