"""Prints one table: each figure of Python's lightly beside every figure here that answers the same question."""
import json
import os
import sys

# figure here -> figure of Python that it is compared with
PAIRS = [
    ("collate_simclr_32", "collate_simclr_32"),
    ("collate_simclr_32_no_blur", "collate_simclr_32_no_blur"),
    ("step_resnet18_fp32", "step_resnet18_fp32"),
    ("step_resnet18_fp32_channels_last", "step_resnet18_fp32"),
    ("step_resnet18_fp32_channels_last", "step_resnet18_fp32_channels_last"),
    ("step_resnet18_bf16_channels_last", "step_resnet18_fp32"),
    ("step_resnet18_bf16_channels_last", "step_resnet18_bf16_channels_last"),
    ("step_resnet9_w025_fp32", "step_resnet9_w025_fp32"),
    ("step_resnet9_w025_fp32_channels_last", "step_resnet9_w025_fp32"),
    ("step_resnet9_w025_fp32_channels_last", "step_resnet9_w025_fp32_channels_last"),
    ("step_resnet9_w025_bf16_channels_last", "step_resnet9_w025_fp32"),
    ("step_resnet9_w025_bf16_channels_last", "step_resnet9_w025_bf16_channels_last"),
    ("ntxent_256", "ntxent_256"),
    ("ntxent_1024", "ntxent_1024"),
    ("ntxent_4096", "ntxent_4096"),
    ("ntxent_4096_recomputed", "ntxent_4096"),
    ("ntxent_256_bank_4096", "ntxent_256_bank_4096"),
    ("ntxent_256_bank_65536", "ntxent_256_bank_65536"),
    ("knn_10000x50000x128", "knn_10000x50000x128"),
    ("knn_10000x50000x128", "faiss_10000x50000x128"),
    ("knn_10000x50000x128", "faiss_10000x50000x128_tuned"),
    ("knn_10000x50000x512", "knn_10000x50000x512"),
    ("knn_10000x50000x512", "faiss_10000x50000x512"),
    ("knn_10000x50000x512", "faiss_10000x50000x512_tuned"),
]

with open(sys.argv[1]) as file:
    here = {}
    for run in json.load(file)["benchmarks"]:
        name = run["name"].split("/")[0]
        if run.get("error_occurred") or run.get("run_type") == "aggregate":
            continue
        rate = run.get("items_per_second")
        value = rate if rate else run["real_time"] * {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}[run["time_unit"]]
        here[name] = max(here.get(name, 0.0), value) if rate else min(here.get(name, float("inf")), value)
python = {}
for path in sys.argv[2:]:
    with open(path) as file:
        python |= json.load(file)
print(f"| here | lightly 1.6.0 (Python) | unit | here | Python | ratio |  ({os.cpu_count()} cores)")
print("|---|---|---|---|---|---|")
for ours, theirs in PAIRS:
    if ours in here and theirs in python:
        is_time = not (ours.startswith("collate") or ours.startswith("step"))
        ratio = python[theirs] / here[ours] if is_time else here[ours] / python[theirs]
        unit = "ms" if is_time else "views/s"
        print(f"| {ours} | {theirs} | {unit} | {here[ours]:,.4g} | {python[theirs]:,.4g} | {ratio:.2f}x |")
