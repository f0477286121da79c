"""Writes presets_lightly_1.6.0.json beside this file: the steps of every view of lightly's transforms, by default and
with every option changed (see view_steps.py). Needs lightly==1.6.0 and torchvision==0.29.1 from pip."""
import importlib.metadata
import json
from pathlib import Path

from lightly import transforms as T
from view_steps import describe

assert importlib.metadata.version("lightly") == "1.6.0"

# The same in tests/transforms/presets_test.cpp.
SHARED = dict(cj_prob=0.7, cj_strength=0.6, cj_bright=0.5, cj_contrast=0.4, cj_sat=0.3, cj_hue=0.25, random_gray_scale=0.15,
              sigmas=(0.3, 1.7), vf_prob=0.11, hf_prob=0.45, rr_prob=0.22, rr_degrees=(-20, 35))
NORMALIZE = dict(normalize={"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]})
SIZED = dict(SHARED, input_size=96, min_scale=0.3, gaussian_blur=0.35)
CROPS = dict(crop_sizes=(64, 48, 32), crop_counts=(1, 2, 0), crop_min_scales=(0.3, 0.2, 0.1), crop_max_scales=(0.9, 0.5, 0.4))
# lightly does not hand cj_strength on to the second global view: it stays 0.5 here.
DINO = dict(SHARED, cj_strength=0.5, global_crop_size=80, global_crop_scale=(0.5, 0.9), local_crop_size=40,
            local_crop_scale=(0.1, 0.3), n_local_views=2, gaussian_blur=(0.9, 0.2, 0.4), solarization_prob=0.3)

sized = {"SimCLRTransform": {}, "MoCoV1Transform": {}, "MoCoV2Transform": {}, "SimSiamTransform": {},
         "VICRegTransform": {"solarize_prob": 0.13}, "FastSiamTransform": {"num_views": 3}}
made = {name: {"default": getattr(T, name)(), "changed": getattr(T, name)(**SIZED, **NORMALIZE, **own),
               "without normalize": getattr(T, name)(normalize=None)} for name, own in sized.items()}
made["SimCLRTransform"]["one number of degrees"] = T.SimCLRTransform(rr_prob=1.0, rr_degrees=30)
made["BYOLTransform"] = {
    "default": T.BYOLTransform(),
    "changed": T.BYOLTransform(T.BYOLView1Transform(**SIZED, **NORMALIZE, solarization_prob=0.12),
                               T.BYOLView2Transform(**dict(SIZED, input_size=64, cj_strength=0.8), **NORMALIZE, solarization_prob=0.4))}
for name, options in {"SwaVTransform": dict(SHARED, **CROPS, gaussian_blur=0.35), "DINOTransform": DINO}.items():
    preset = getattr(T, name)
    made[name] = {"default": preset(), "changed": preset(**options, **NORMALIZE), "without normalize": preset(normalize=None)}

steps = {name: {variant: [describe(view) for view in made_one.transforms] for variant, made_one in variants.items()}
         for name, variants in made.items()}
(Path(__file__).parent / "presets_lightly_1.6.0.json").write_text(json.dumps(steps, indent=1) + "\n")
