"""One table of video_bench's figures beside the peers': how many times faster than each this library is."""
import json
import sys

with open(sys.argv[1]) as file:
    here = {run["name"]: run for run in json.load(file)["benchmarks"]}
with open(sys.argv[2]) as file:
    python = json.load(file)
peers = list(dict.fromkeys(peer for figures in python.values() for peer in figures))
print("| | here | " + " | ".join(peers) + " | over the best |")
print("|---" * (len(peers) + 3) + "|")
for name, run in here.items():
    case, video = name.split("/", 1)
    is_time = case.startswith("open")
    figures = python.get(f"open/{video}" if is_time else name, {})
    if case == "sequential":
        figures = figures | {"raw": here[f"raw/{video}"]["items_per_second"]}
    if not figures or case in ("open_first", "raw", "random_one_decoder"):
        continue
    figure = run["real_time"] if is_time else run["items_per_second"]
    ratios = {peer: (value / figure if is_time else figure / value) for peer, value in figures.items()}
    cells = [f"{figures[peer]:,.1f} ({ratios[peer]:.2f}x)" if peer in figures else "" for peer in peers]
    best = min((ratio, peer) for peer, ratio in ratios.items())
    print(f"| {name} | {figure:,.1f} | " + " | ".join(cells) + f" | {best[0]:.2f}x {best[1]} |")
