"""Writes collate_views_lightly_1.1.22.json: the steps of every view of lightly's early collate functions, by default and
with every option changed (see ../transforms/view_steps.py).

Usage: python make_collate_views.py FOLDER, where FOLDER is the unpacked source of lightly 1.1.22 from PyPI: the last whose
collate functions all have the names and defaults of 1.1.0 and 1.1.20. Needs torchvision 0.29.1, pillow 13.0.0 and numpy.
"""
import json
import sys
import types
from pathlib import Path

# Stands in for lightly/__init__.py and lightly/data/__init__.py, which import far more than the collate functions.
for name in ("lightly", "lightly.data"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(sys.argv[1], *name.split(".")))]
    sys.modules[name] = package
sys.path.insert(0, str(Path(__file__).parents[1] / "transforms"))
from lightly.data import collate as C  # noqa: E402
from view_steps import describe  # noqa: E402

# The same in tests/data/collate_methods_test.cpp.
SHARED = dict(cj_prob=0.7, random_gray_scale=0.15, gaussian_blur=0.35, vf_prob=0.11, hf_prob=0.45, rr_prob=0.22)
SIZED = dict(SHARED, input_size=96, min_scale=0.3, kernel_size=0.2)
NORMALIZE = dict(normalize={"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]})
made = {
    "ImageCollateFunction": {"default": C.ImageCollateFunction(),
                             "changed": C.ImageCollateFunction(cj_bright=0.5, cj_contrast=0.4, cj_sat=0.3, cj_hue=0.25, **SIZED, **NORMALIZE),
                             "without normalize": C.ImageCollateFunction(normalize=None)},
    "SimCLRCollateFunction": {"default": C.SimCLRCollateFunction(),
                              "changed": C.SimCLRCollateFunction(cj_strength=0.6, **SIZED, **NORMALIZE),
                              "without normalize": C.SimCLRCollateFunction(normalize=None)},
    # Whose normalize has no effect.
    "MoCoCollateFunction": {"default": C.MoCoCollateFunction(), "changed": C.MoCoCollateFunction(cj_strength=0.3, **SIZED)},
    # Which fails without normalize.
    "SwaVCollateFunction": {"default": C.SwaVCollateFunction(),
                            "changed": C.SwaVCollateFunction(crop_sizes=[64, 48, 32], crop_counts=[1, 2, 0], crop_min_scales=[0.3, 0.2, 0.1],
                                                             crop_max_scales=[0.9, 0.5, 0.4], cj_strength=0.6, kernel_size=3.0,
                                                             **SHARED, **NORMALIZE)},
}


def views(collate):
    return collate.transforms if hasattr(collate, "transforms") else [collate.transform] * 2


steps = {name: {variant: [describe(view) for view in views(one)] for variant, one in variants.items()} for name, variants in made.items()}
(Path(__file__).parent / "collate_views_lightly_1.1.22.json").write_text(json.dumps(steps, indent=1) + "\n")
