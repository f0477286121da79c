"""Prints one table from the JSON lines of lightly_learning and learning_python.py: kNN accuracy by epoch, every seed."""
import json
import statistics
import sys

runs = {}  # (method and who, seed) -> {epoch: knn}
for name in sys.argv[1:]:
    with open(name) as file:
        for line in map(json.loads, file):
            runs.setdefault((f'{line["method"]}, {line["who"]}', line["seed"]), {})[line["epoch"]] = line["knn"]
epochs = sorted(set.intersection(*(set(run) for run in runs.values())))
print("| method | seed | " + " | ".join(f"epoch {e}" if e else "untrained" for e in epochs) + " |")
print("|---" * (len(epochs) + 2) + "|")
for (who, seed), knn in sorted(runs.items()):
    print(f"| {who} | {seed} | " + " | ".join(f"{knn[e]:.4f}" for e in epochs) + " |")
for who in sorted({who for who, _ in runs}):
    last = [knn[epochs[-1]] for (name, _), knn in runs.items() if name == who]
    spread = statistics.stdev(last) if len(last) > 1 else 0.0
    print(f"{who}: {statistics.mean(last):.4f} ± {spread:.4f} (mean and deviation of {len(last)} seeds)")
