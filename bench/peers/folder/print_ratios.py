"""Prints what compare_folder measured: images/s (batches/s for CIFAR-10), the medians of the rounds, here and of each peer with the ratio."""
import json
import statistics
import sys
from pathlib import Path

ORDER = ("opencv_cpp", "dali_folder", "ffcv_folder", "torchvision_folder", "lightly_folder", "spdl_folder")


def read(path):
    """(version, {name: figures}) of a file by google-benchmark or by measure.py."""
    content = json.loads(path.read_text())
    if "rates" in content:
        return content["version"], {name: {"rate": rate} for name, rate in content["rates"].items()}
    figures = {}
    for run in content["benchmarks"]:
        name = run["name"].removesuffix("/process_time/real_time")
        figures[name] = {"rate": run["batches/s" if name.startswith("cifar10") else "items_per_second"]}
        if "limit" in run:
            workers = int(name.removesuffix("/fast").rsplit("/", 1)[1])
            figures[name] |= {"share": run["items_per_second"] / (run["limit"] * workers), "first_ms": run["first_ms"]}
    return "OpenCV (C++)", figures


def medians(folder, source):
    """The version, {name: figures}, and by how much of its median a rate changed between rounds at most."""
    rounds = [read(path) for path in sorted(folder.glob(f"{source}.*.json"))]
    if not rounds:
        return None
    version, first = rounds[0]
    figures, spread = {}, 0.0
    for name, run in first.items():
        figures[name] = {key: statistics.median(one[name][key] for _, one in rounds) for key in run}
        rates = [one[name]["rate"] for _, one in rounds]
        spread = max(spread, (max(rates) - min(rates)) / figures[name]["rate"])
    return version, figures, spread


results = Path(sys.argv[1])
_, here, spread = medians(results, "here")
peers = [found for found in (medians(results, source) for source in ORDER) if found]
print("In brackets how many times as many are made here\n")
print("| | here | of what its parts allow | first batch, ms | " + " | ".join(version for version, _, _ in peers) + " |")
print("|---" * (len(peers) + 4) + "|")
for name, run in here.items():
    cells = [f"{run['rate']:,.1f}", f"{run['share']:.0%}", f"{run['first_ms']:.0f}"]
    for _, figures, _ in peers:
        peer = figures.get(name.removesuffix("/fast"), {}).get("rate")
        cells.append("" if peer is None else f"{peer:,.1f} ({run['rate'] / peer:.3g}x)")
    print(f"| {name} | " + " | ".join(cells) + " |")
print("\n| two workers make as many times as many | here | " + " | ".join(version for version, _, _ in peers) + " |")
print("|---" * (len(peers) + 2) + "|")
for name in (name for name in here if name.endswith("/1")):
    two = name.removesuffix("1") + "2"
    cells = ["" if name not in figures else f"{figures[two]['rate'] / figures[name]['rate']:.2f}" for figures in (here, *(p[1] for p in peers))]
    print(f"| {name.removesuffix('/1')} | " + " | ".join(cells) + " |")
print("| largest change between rounds | " + " | ".join(f"{value:.0%}" for value in (spread, *(p[2] for p in peers))) + " |")
