"""Measures one peer of folder_bench.cpp and writes its rates as JSON: images/s from a folder, batches/s from CIFAR-10.

measure.py <peer> --data <folder with native_photos, imagenette and cifar-10-batches-bin> --out peer.json [--only cifar] [--seconds 4]
Names are those of the C++ benchmark, `folder/<images>/<workers>` and `cifar10/<workers>`. Called by bench/peers/compare_folder, which
puts bench/peers/transforms on the path: views are made as there.

A peer is a module beside this file with
  VERSION                              what the table calls it;
  folder(root, size, workers)          -> an iterator that loads a batch at each step and gives its size, for ever: two views of 224 px of
                                          each image, float32 and normalised, `size` images an epoch if the peer has epochs;
  cifar10(pixels, labels, workers)     -> the same in batches of 512 views of 32 px, if the peer can.
"""
import argparse
import importlib
import json
import os
import time
from pathlib import Path

import folder_data
import torch


def rate(sizes, seconds):
    """Samples a second by the clock."""
    next(sizes)  # pays for the start
    samples, spent = 0, 0.0
    begin = time.perf_counter()
    while spent < seconds:
        samples += next(sizes)
        spent = time.perf_counter() - begin
    sizes.close()
    return samples / spent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", help="name of the module")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="measure only names that contain this")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each figure is measured for")
    args = parser.parse_args()
    torch.set_num_threads(1)
    peer = importlib.import_module(args.peer)
    cases = {}
    for workers in (1, 2):
        for name, path, size in (("native_photos", "native_photos", 2048), ("imagenette", "imagenette/train", 2800)):
            cases[f"folder/{name}/{workers}"] = lambda p=path, s=size, w=workers: rate(peer.folder(args.data / p, s, w), args.seconds)
        if hasattr(peer, "cifar10"):
            cases[f"cifar10/{workers}"] = lambda w=workers: (
                rate(peer.cifar10(*folder_data.cifar10(args.data / "cifar-10-batches-bin"), w), args.seconds) / folder_data.CIFAR10_BATCH)
    rates = {name: case() for name, case in cases.items() if args.only in name}
    args.out.write_text(json.dumps({"version": peer.VERSION, "rates": rates}))
    os._exit(0)  # some peers' threads do not end by themselves


if __name__ == "__main__":
    main()
