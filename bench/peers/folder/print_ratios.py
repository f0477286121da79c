"""One table: images/s (batches/s for CIFAR-10) of the loader here, of its own limit, and of torch's DataLoader with lightly."""
import json
import sys

with open(sys.argv[1]) as file:
    here = {run["name"].removesuffix("/process_time/real_time"): run for run in json.load(file)["benchmarks"]}
with open(sys.argv[2]) as file:
    python = json.load(file)
print("| | here | of what its parts allow | first batch, ms | torch + lightly | ratio |")
print("|---|---|---|---|---|---|")
for name, run in here.items():
    is_cifar = name.startswith("cifar10")
    rate = run["batches/s"] if is_cifar else run["items_per_second"]
    workers = int(name.removesuffix("/fast").rsplit("/", 1)[1])
    share = run["items_per_second"] / (run["limit"] * workers)
    peer = python.get(name.removesuffix("/fast"))
    print(f"| {name} | {rate:,.1f} | {share:.0%} | {run['first_ms']:.0f} | {peer:,.1f} | {rate / peer:.1f}x |")
