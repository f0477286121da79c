"""Writes torchvision_0.29.1_resized_crop_statistics.safetensors beside this file: moments of what torchvision's
RandomResizedCrop.get_params draws. Needs torchvision==0.29.1, numpy and safetensors from pip.

`cases` float64 [N, 6]: height, width, scale low and high, ratio low and high. `statistics` float64 [N, 5, 2]: mean and
standard deviation of the crop's share of the area, of its log aspect ratio, of (top + height / 2) / H, of (left + width / 2) / W,
and of "the crop is as wide as the image". `draws` int64: how many draws each is made of."""
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file
from torchvision.transforms import RandomResizedCrop

assert torchvision.__version__.split("+")[0] == "0.29.1"
DRAWS = 30_000
torch.manual_seed(0)
ratio = (3 / 4, 4 / 3)
cases = [(32, 32, 0.08, 1.0, *ratio), (32, 32, 0.15, 1.0, *ratio), (375, 500, 0.08, 1.0, *ratio), (240, 100, 0.2, 1.0, *ratio),
         (64, 48, 0.3, 0.6, 1.0, 2.0)]
statistics = []
for height, width, *ranges in cases:
    image = torch.empty(3, height, width)
    boxes = np.array([RandomResizedCrop.get_params(image, ranges[:2], ranges[2:]) for _ in range(DRAWS)], float)
    top, left, h, w = boxes.T
    values = [h * w / (height * width), np.log(w / h), (top + h / 2) / height, (left + w / 2) / width, w == width]
    statistics.append([[np.mean(v), np.std(v)] for v in values])
save_file({"cases": np.array(cases), "statistics": np.array(statistics), "draws": np.array([DRAWS])},
          Path(__file__).parent / "torchvision_0.29.1_resized_crop_statistics.safetensors")
