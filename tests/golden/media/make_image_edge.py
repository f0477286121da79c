"""Writes image_edge_pillow_13.0.0.safetensors beside this file from a folder of image files, by folder of origin (argument 1:
`$LIGHTLY_TEST_DATA/image_edge`): needs pillow 13.0.0, numpy and safetensors from pip.

`<folder>/<file>.error`: Pillow cannot read it. Otherwise of open(...).convert("RGB") `.size` [2] (height, width), `.sha256` [32] of
the bytes in the order H, W, 3, and `.probes` [8, 8, 3], the pixels at (i * height // 8, j * width // 8); of
ImageOps.exif_transpose(open(...)).convert("RGB") the same as `.upright_size`, ...
"""
import hashlib
import sys
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

warnings.simplefilter("ignore")
tensors = {}


def add(name, image):
    pixels = np.asarray(image)
    height, width, _ = pixels.shape
    tensors[name + "size"] = np.array([height, width])
    tensors[name + "sha256"] = np.frombuffer(hashlib.sha256(pixels.tobytes()).digest(), dtype=np.uint8)
    rows, columns = np.arange(8) * height // 8, np.arange(8) * width // 8
    tensors[name + "probes"] = np.ascontiguousarray(pixels[rows][:, columns])


root = Path(sys.argv[1])
for path in sorted(root.glob("*/*.*")):
    name = str(path.relative_to(root))
    if path.name.startswith("LICENSE"):
        continue
    try:
        add(f"{name}.", Image.open(path).convert("RGB"))
        add(f"{name}.upright_", ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    except OSError:
        tensors[f"{name}.error"] = np.zeros(1, dtype=np.uint8)
path = Path(__file__).parent / "image_edge_pillow_13.0.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
