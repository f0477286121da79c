"""Prints what compare_transforms measured: rates here and of each peer with the ratio, the views made of whole batches beside kornia's, and
what a second thread adds."""
import json
import sys
from pathlib import Path

ORDER = ("here", "here_avx2", "batch_views", "lightly_pillow", "pillow_simd", "torchvision_tensors", "albumentations_arrays", "kornia_batches", "dali_cpu",
         "opencv_python", "opencv_cpp")
VERSIONS = {"here": "here", "here_avx2": "here, AVX2", "batch_views": "here, `BatchView` (batches)", "opencv_cpp": "OpenCV (C++)"}


def read(path):
    """(version, {name: rate}) of a file by google-benchmark or by measure.py."""
    content = json.loads(path.read_text())
    if "rates" in content:
        return content["version"], content["rates"]
    medians = {run["run_name"]: run["items_per_second"] for run in content["benchmarks"] if run.get("aggregate_name") == "median"}
    return VERSIONS[path.stem], medians


def processor():
    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    flags = Path("/proc/cpuinfo").read_text()
    return f"{len(names)} cores, {names[0]}, {'AVX-512' if 'avx512vbmi' in flags else 'AVX2' if 'avx2' in flags else 'no AVX2'}"


folder = Path(sys.argv[1])
figures = {name: read(folder / f"{name}.json") for name in ORDER if (folder / f"{name}.json").exists()}
here = figures["here"][1]
peers = {name: figure for name, figure in figures.items() if name != "here"}
print(f"One thread, CPU time, op/s or views/s, in brackets how many times as many are made here ({processor()})\n")
print("| | here | " + " | ".join(version for version, _ in peers.values()) + " |")
print("|---" * (len(peers) + 2) + "|")
names = list(dict.fromkeys(name for _, rates in figures.values() for name in rates if "threads" not in name))
for name in sorted(names, key=lambda n: not n.startswith("simclr")):
    cells = [f"{here[name]:,.0f}" if name in here else ""]
    for _, rates in peers.values():
        if name not in rates:
            cells.append("")
        elif name not in here:
            cells.append(f"{rates[name]:,.0f}")
        else:
            cells.append(f"{rates[name]:,.0f} ({here[name] / rates[name]:.3g}x)")
    print(f"| {name} | " + " | ".join(cells) + " |")
if "batch_views" in figures and "kornia_batches" in figures:
    (batched, ours), (kornia, theirs) = figures["batch_views"], figures["kornia_batches"]
    print(f"\n| batches | {batched} | {kornia} | ratio |\n|---|---|---|---|")
    for name, rate in ours.items():
        if name in theirs:
            print(f"| {name} | {rate:,.0f} | {theirs[name]:,.0f} | {rate / theirs[name]:.3g}x |")
print("\n| by the clock | one thread | two threads | ratio |\n|---|---|---|---|")
for source in ("here", "batch_views"):
    version, rates = figures.get(source, ("", {}))
    for name, one in rates.items():
        if "threads:1" in name:
            two = rates[name.replace("threads:1", "threads:2")]
            print(f"| {version}: {'/'.join(name.split('/')[:2])} | {one:,.0f} | {two:,.0f} | {two / one:.2f}x |")
