"""What the scripts beside it share: images that C++ computes too, random sizes, and a table of cases for each operation.

For each operation: `<op>.cases` float64 [N, K] (seed, height, width, then the parameters), `<op>.crc` int64 [N] with the
CRC-32 of the result's bytes in H·W·3 order, and `<op>.pixels.<n>` uint8 for the first cases."""
import zlib

import numpy as np
from PIL import Image

FULL_CASES = 4  # whose pixels are stored


def formula_image(seed, height, width):
    """Noise for even seeds, a pattern with slopes and edges for odd ones."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij", sparse=True)
    if seed % 2:
        return ((7 * y + 13 * x + 101 * c + x * y % 17 * 5 + seed) % 256).astype(np.uint8)
    v = ((y * width + x) * 3 + c + seed * 0x9E3779B9).astype(np.uint32)
    v ^= v >> 16
    v *= np.uint32(0x7FEB352D)
    v ^= v >> 15
    v *= np.uint32(0x846CA68B)
    v ^= v >> 16
    return (v >> 24).astype(np.uint8)


def crc(array):
    return zlib.crc32(np.ascontiguousarray(array).tobytes())


class GoldenCases:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.tensors = {}

    def side(self, most=120):
        random = self.random
        return int(random.choice([random.integers(1, 6), random.integers(6, 48), random.integers(48, most + 1)]))

    def images(self, count, most=120, large=()):
        """(seed, height, width): small ones first, whose pixels are kept."""
        random = self.random
        small = [(n, int(random.integers(4, 20)), int(random.integers(4, 20))) for n in range(FULL_CASES)]
        corners = [(4, 1, 1), (5, 1, 7), (6, 7, 1), (8, 2, 2), (9, 1, 1)]
        rest = [(n, self.side(most), self.side(most)) for n in range(10, 10 + count)]
        return small + corners + rest + [(n, *size) for n, size in enumerate(large, 1000)]

    def add(self, name, cases, operation):
        """`operation(image, *parameters)` on every case (seed, height, width, parameters...)."""
        crcs, inputs = [], []
        for n, (seed, height, width, *parameters) in enumerate(cases):
            pixels = formula_image(seed, height, width)
            result = np.asarray(operation(Image.fromarray(pixels), *parameters))
            crcs.append(crc(result))
            inputs.append(crc(pixels))
            if n < FULL_CASES:
                self.tensors[f"{name}.pixels.{n}"] = result.copy()
        self.tensors[f"{name}.cases"] = np.array(cases, np.float64)
        self.tensors[f"{name}.crc"] = np.array(crcs, np.int64)
        self.tensors[f"{name}.input_crc"] = np.array(inputs, np.int64)
