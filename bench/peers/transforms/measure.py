"""Measures one peer of transforms_bench.cpp and prints {name: rate} as JSON.

Names are those of the C++ benchmarks: `operation/side` in op/s, `simclr_no_blur/side` and `simclr_blur/side` in views/s. Every figure is
the median of five runs after a warm-up, in the CPU time of the whole process, so that a peer that computes in threads of its own gets no
second core for nothing. Called by bench/peers/compare_transforms.

A peer is a module beside this file with
  VERSION                                what the table calls it;
  operations(image, larger, side)        -> ({name: callable}, images that a call works on), for uint8 RGB arrays [H, W, 3];
  recipe(images, side, gaussian_blur)    -> (callable, views that a call makes): two views of each of the next images of the stream.
"""
import argparse
import importlib
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDES = (32, 64, 96, 224)
REPETITIONS = 5


def rate(call, seconds):
    """Calls a second: the median of the repetitions, each of which lasts a share of `seconds`."""
    call()
    calls, spent = 0, 0.0
    begin = time.process_time()
    while spent < seconds / (REPETITIONS + 1):
        call()
        calls += 1
        spent = time.process_time() - begin
    rates = []
    for _ in range(REPETITIONS):
        begin = time.process_time()
        for _ in range(calls):
            call()
        rates.append(calls / (time.process_time() - begin))
    return statistics.median(rates)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", help="name of the module")
    parser.add_argument("--images", type=Path, required=True, help="the folder that lightly_write_images wrote")
    parser.add_argument("--only", default="", help="measure only names that contain this")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each figure is measured for")
    args = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    peer = importlib.import_module(args.peer)

    def read(name):
        return np.array(Image.open(args.images / name).convert("RGB"))

    results = {}
    for side in SIDES:
        operations, count = peer.operations(read(f"image_{side}.png"), read(f"larger_{side}.png"), side)
        for name, call in operations.items():
            if args.only in f"{name}/{side}":
                results[f"{name}/{side}"] = count * rate(call, args.seconds)
        images = None
        for name, gaussian_blur in (("simclr_no_blur", 0.0), ("simclr_blur", 0.5)):
            if args.only in f"{name}/{side}":
                if images is None:
                    all_rows = read(f"views_{side}.png")
                    height = 375 if side == 224 else side
                    images = [np.ascontiguousarray(i) for i in all_rows.reshape(-1, height, *all_rows.shape[1:])]
                call, views = peer.recipe(images, side, gaussian_blur)
                results[f"{name}/{side}"] = views * rate(call, args.seconds)
    print(json.dumps({"version": peer.VERSION, "rates": results}), flush=True)
    os._exit(0)  # some peers' threads do not end by themselves


if __name__ == "__main__":
    main()
