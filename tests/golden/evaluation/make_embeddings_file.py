"""Writes embeddings_file.safetensors and embeddings_lightly_<version>_numpy_<version>.csv beside this file: needs safetensors and numpy from pip, and
an unpacked wheel of lightly, whose folder is the argument. Run for the files there with lightly 1.1.0 and numpy 1.24.4, which writes numbers as numpy up
to 2.2 does, and with lightly 1.6.0 and numpy 2.4.6, which writes them as 2.3 and later.

The safetensors file holds what was saved: features, labels, and the file names, each ended by a zero byte.
"""
import importlib.util
import random
import struct
import sys
from importlib.metadata import Distribution
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

COLUMNS = 10
NAMES = ["a/1,2.png", 'say "cheese".jpg', '"', '""', ",", "line\nend.png", "line\r\nend.png", "old\rmac", "", " blanks ", "tab\t.png", "ünïcödé 図.png",
         "\ufeffmark", "#", "'single'", "semi;colon", "nan", "1e5", "x" * 300, "C:\\windows\\path.bmp"]
LABELS = [0, 1, -1, 999, 2**63 - 1, -2**63]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 2.0, 10.0, 0.1, 1 / 3, -1 / 3, 0.5, 1e-4, 1.00001e-4, 9.9999e-5, -1e-4, 1e-5, -1.5e-5, 0.001, 0.01, 123456.79,
           999999.0, 999999.94, 1e6, 1000000.06, 1234567.0, 9999999.0, 1e7, 16777215.0, 16777216.0, 16777218.0, 33554432.0, 1e8, 123456789.0,
           2.0**29, 2.0**31, 1e9, 1e10, 1e15, 9.99999e15, 1e16, 1.0000001e16, 1e17, 1e20, 1e22, 1e23, 3.4028235e38, -3.4028235e38,
           1.17549435e-38, 1.1754942e-38, 1e-45, -1e-45, 3e-45, 1e-40, float("nan"), float("inf"), float("-inf"), 8388608.0, 8388607.5, 4194303.75]


def from_bits(bits):
    return np.frombuffer(struct.pack("<I", bits), np.float32)[0]


draw = random.Random(0)
numbers = [np.float32(number) for number in NUMBERS]
numbers += [np.nextafter(np.float32(limit), np.float32(side)) for limit in (1e-4, 1e6, 1e16) for side in (-np.inf, np.inf)]
numbers += [np.float32(2.0**exponent) for exponent in range(-149, 128)]  # their neighbour below is nearer than the one above
numbers += [from_bits(draw.getrandbits(32)) for _ in range(10_000)]
numbers += [np.float32(draw.gauss(0.0, 1.0)) for _ in range(2_000)]
numbers = numbers[: len(numbers) // COLUMNS * COLUMNS]
features = np.array(numbers, np.float32).reshape(-1, COLUMNS)
rows = len(features)
names = [NAMES[row] if row < len(NAMES) else f"train/{row:05d}.png" for row in range(rows)]
labels = [LABELS[row] if row < len(LABELS) else row % 10 for row in range(rows)]

package = Path(sys.argv[1])
module = importlib.util.spec_from_file_location("io", package / "lightly" / "utils" / "io.py")  # alone: the package's __init__ talks to a server
io = importlib.util.module_from_spec(module)
module.loader.exec_module(io)
version = Distribution.at(next(package.glob("lightly-*.dist-info"))).version
folder = Path(__file__).parent
io.save_embeddings(str(folder / f"embeddings_lightly_{version}_numpy_{np.__version__}.csv"), features, labels, names)
inputs = folder / "embeddings_file.safetensors"
text = "".join(name + "\0" for name in names).encode()
save_file({"features": features, "labels": np.array(labels, np.int64), "file_names": np.frombuffer(text, np.uint8)}, inputs)
inputs.chmod(0o644)
