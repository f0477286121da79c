"""Writes knn_predict_lightly_1.6.0.safetensors beside this file: needs torch, lightly==1.6.0 and safetensors from pip.

Case by case: features and bank (rows of length 1), labels, and what knn_predict returned. Only the first `ranked` classes of a row have a score above 0;
the order of those behind is whatever argsort made of equal zeros.
"""
from pathlib import Path

import torch
from lightly.utils.benchmarking import knn_predict
from safetensors.torch import save_file
from torch.nn.functional import normalize

CASES = {  # name: (N, M, D, classes, k, t)
    "few": (5, 20, 8, 4, 7, 0.1),
    "one_neighbour": (9, 50, 16, 5, 1, 0.1),
    "defaults": (40, 900, 32, 10, 200, 0.1),
    "whole_bank": (7, 130, 12, 6, 130, 0.5),
    "wide": (30, 1500, 64, 100, 50, 0.07),
}

torch.manual_seed(0)
tensors = {}
for name, (n, m, d, classes, k, t) in CASES.items():
    centres = torch.randn(classes, d)
    labels = torch.arange(m) % classes
    features = normalize(centres[torch.arange(n) % classes] + torch.randn(n, d), dim=1)
    bank = normalize(centres[labels] + torch.randn(m, d), dim=1)
    predicted = knn_predict(features, bank.t().contiguous(), labels, classes, knn_k=k, knn_t=t)
    near = labels[(features @ bank.t()).topk(k, dim=1).indices]
    ranked = torch.tensor([len(row.unique()) for row in near])
    tensors |= {f"{name}.features": features, f"{name}.bank": bank, f"{name}.labels": labels, f"{name}.predicted": predicted,
                f"{name}.ranked": ranked, f"{name}.knn_k": torch.tensor(k), f"{name}.knn_t": torch.tensor(t, dtype=torch.float64),
                f"{name}.num_classes": torch.tensor(classes)}
path = Path(__file__).parent / "knn_predict_lightly_1.6.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
