"""Trains SimCLR with Python's lightly on CIFAR-10 and prints the kNN accuracy after every epoch, as JSON lines.

The configuration is the one of lightly's tutorial, small: resnet-9 of width 0.25, batch 256, SGD 0.06 with cosine decay, float32.
bench/learning.cpp is the same program here; bench/peers/compare_learning runs both and prints the table of docs/performance.md.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.models.resnet import ResNetGenerator
from lightly.transforms import SimCLRTransform
from lightly.utils.benchmarking import knn_predict
from PIL import Image
from torch import nn

# SimCLRCollateFunction of lightly 1.1; 1.6.0 doubled the jitter.
EARLY = {"cj_strength": 0.5, "sigmas": (0.2, 2)}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def read_batches(folder, names):
    records = np.concatenate([np.fromfile(folder / f"{name}.bin", np.uint8) for name in names]).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)


class TwoViews(torch.utils.data.Dataset):
    def __init__(self, images, transform):
        self.images, self.transform = images.transpose(0, 2, 3, 1), transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        views = self.transform(Image.fromarray(self.images[index]))
        return views[0], views[1]


@torch.no_grad()
def embed(backbone, images):
    backbone.eval()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    batches = torch.from_numpy(images).split(1000)
    features = [backbone(((b.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)).flatten(1) for b in batches]
    backbone.train()
    return nn.functional.normalize(torch.cat(features), dim=1)


def knn_accuracy(backbone, train, test):
    bank, queries = embed(backbone, train[0]), embed(backbone, test[0])
    labels, targets = torch.from_numpy(train[1]), torch.from_numpy(test[1])
    hits = sum((knn_predict(q, bank.T, labels, num_classes=10, knn_k=200, knn_t=0.1)[:, 0] == t).sum().item()
               for q, t in zip(queries.split(1000), targets.split(1000)))
    return hits / len(targets)


parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path, required=True, help="folder with CIFAR-10's binary batches")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
torch.set_num_threads(args.threads)
train = read_batches(args.data, [f"data_batch_{i}" for i in range(1, 6)])
test = read_batches(args.data, ["test_batch"])
for seed in args.seeds:
    torch.manual_seed(seed)
    np.random.seed(seed)
    resnet = ResNetGenerator("resnet-9", width=0.25)
    backbone = nn.Sequential(*list(resnet.children())[:-1], nn.AdaptiveAvgPool2d(1))
    head = SimCLRProjectionHead(128, 128, 128, num_layers=2, batch_norm=False)  # the head of lightly 1.1
    model = nn.Sequential(backbone, nn.Flatten(1), head).to(memory_format=torch.channels_last)
    criterion = NTXentLoss(temperature=0.5)
    loader = torch.utils.data.DataLoader(
        TwoViews(train[0], SimCLRTransform(input_size=32, gaussian_blur=0.0, **EARLY)), batch_size=256, shuffle=True, drop_last=True,
        num_workers=args.workers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs * len(loader))
    print(json.dumps({"who": "python", "seed": seed, "epoch": 0, "knn": knn_accuracy(backbone, train, test)}), flush=True)
    for epoch in range(1, args.epochs + 1):
        start, total = time.time(), 0.0
        for x0, x1 in loader:
            optimizer.zero_grad()
            loss = criterion(model(x0.contiguous(memory_format=torch.channels_last)), model(x1.contiguous(memory_format=torch.channels_last)))
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        print(json.dumps({"who": "python", "seed": seed, "epoch": epoch, "loss": total / len(loader), "seconds": time.time() - start,
                          "knn": knn_accuracy(backbone, train, test)}), flush=True)
