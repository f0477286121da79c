"""What the peers share."""
import itertools
import math

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
# SimCLR's view with cj_strength 0.5, the defaults of SimCLRCollateFunction.
SCALE = (0.08, 1.0)
JITTER = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}
SIGMAS = (0.2, 2.0)
# What the operations are measured with.
FACTOR = 1.3
HUE = 0.1
BLURS = (0.8, 1.8)
THRESHOLD = 128
BITS = 4
DEGREES = 30


def kernel_side(sigma):
    """Where a peer wants the side of the blur's kernel: two standard deviations to each side, less than is usual."""
    return 2 * math.ceil(2 * sigma) + 1


def central_box(larger):
    """(left, top, width, height) of what `crop` and `resized_crop_flip` show of the array."""
    height, width = larger.shape[:2]
    return width // 10, height // 10, width * 8 // 10, height * 8 // 10


def next_batches(images, size):
    """A function that gives the next `size` images of the stream at each call."""
    stream = itertools.cycle(images)
    return lambda: list(itertools.islice(stream, size))
