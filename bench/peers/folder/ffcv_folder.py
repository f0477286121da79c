"""FFCV: one view, and without hue, grayscale and blur, which it does not have. It reads files of its own; the JPEG data are copied into
them as they are."""
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from common import JITTER, MEAN, SCALE, STD
from ffcv.fields import RGBImageField
from ffcv.fields.rgb_image import IMAGE_MODES, RandomResizedCropRGBImageDecoder
from ffcv.loader import Loader, OrderOption
from ffcv.transforms import NormalizeImage, RandomBrightness, RandomContrast, RandomHorizontalFlip, RandomSaturation, ToTensor, ToTorchImage
from ffcv.writer import DatasetWriter
from folder_data import BATCH, SIDE, Repeated, files_of
from PIL import Image

VERSION = f"FFCV {version('ffcv')} (one view, less in it)"


class EncodedImageField(RGBImageField):
    """An image by the name of its JPEG file; RGBImageField would encode it anew."""

    def encode(self, destination, path, malloc):
        encoded = np.fromfile(path, dtype=np.uint8)
        with Image.open(path) as image:
            destination["width"], destination["height"] = image.size
        destination["mode"] = IMAGE_MODES["jpg"]
        destination["data_ptr"], storage = malloc(encoded.nbytes)
        storage[:] = encoded


class Samples:
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return (self.files[index],)


def folder(root, size, workers):
    jitter = [step(JITTER[name], p=0.8)
              for name, step in (("brightness", RandomBrightness), ("contrast", RandomContrast), ("saturation", RandomSaturation))]
    view = [
        RandomResizedCropRGBImageDecoder((SIDE, SIDE), scale=SCALE),
        RandomHorizontalFlip(),
        *jitter,
        NormalizeImage(255 * np.array(MEAN), 255 * np.array(STD), np.float32),
        ToTensor(),
        ToTorchImage(),
    ]
    with tempfile.TemporaryDirectory() as temporary:
        path = str(Path(temporary) / "images.beton")
        DatasetWriter(path, {"image": EncodedImageField()}, num_workers=1).from_indexed_dataset(Repeated(Samples(files_of(root)), size))
        loader = Loader(path, batch_size=BATCH, num_workers=workers, order=OrderOption.RANDOM, os_cache=True, drop_last=False,
                        pipelines={"image": view}, custom_fields={"image": EncodedImageField})
        while True:
            for (views,) in loader:
                yield len(views)
