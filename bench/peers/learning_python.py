"""Trains SimCLR, MoCo or SimSiam with Python's lightly on CIFAR-10 and prints the kNN accuracy after every epoch, as JSON lines.

The configurations are the ones of lightly's tutorials, small: resnet-9 of width 0.25, batch 256, SGD 0.06 with cosine decay, float32.
bench/learning.cpp is the same program here; bench/peers/compare_learning runs both and prints the table of docs/performance.md.
"""
import argparse
import copy
import json
import time
from pathlib import Path

import numpy as np
import torch
from lightly.loss import NegativeCosineSimilarity, NTXentLoss
from lightly.models.modules import MoCoProjectionHead, SimCLRProjectionHead, SimSiamPredictionHead, SimSiamProjectionHead
from lightly.models.resnet import ResNetGenerator
from lightly.models.utils import batch_shuffle, batch_unshuffle, deactivate_requires_grad, update_momentum
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
def embed(backbone, images, layout):
    backbone.eval()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    batches = torch.from_numpy(images).split(1000)
    features = [backbone(((b.float() / 255 - mean) / std).contiguous(memory_format=layout)).flatten(1) for b in batches]
    backbone.train()
    return nn.functional.normalize(torch.cat(features), dim=1)


def knn_accuracy(backbone, train, test, layout):
    bank, queries = embed(backbone, train[0], layout), embed(backbone, test[0], layout)
    labels, targets = torch.from_numpy(train[1]), torch.from_numpy(test[1])
    hits = sum((knn_predict(q, bank.T, labels, num_classes=10, knn_k=200, knn_t=0.1)[:, 0] == t).sum().item()
               for q, t in zip(queries.split(1000), targets.split(1000)))
    return hits / len(targets)


def make_backbone(**options):
    resnet = ResNetGenerator("resnet-9", width=0.25, **options)
    return nn.Sequential(*list(resnet.children())[:-1], nn.AdaptiveAvgPool2d(1))


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = make_backbone()
        self.head = SimCLRProjectionHead(128, 128, 128, num_layers=2, batch_norm=False)  # the head of lightly 1.1
        self.criterion = NTXentLoss(temperature=0.5)

    def training_step(self, x0, x1):
        return self.criterion(self.head(self.backbone(x0).flatten(1)), self.head(self.backbone(x1).flatten(1)))

    def after_step(self):
        pass


class MoCo(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone, self.head = make_backbone(num_splits=8), MoCoProjectionHead(128, 128, 128)
        self.backbone_momentum, self.head_momentum = copy.deepcopy(self.backbone), copy.deepcopy(self.head)
        deactivate_requires_grad(self.backbone_momentum)
        deactivate_requires_grad(self.head_momentum)
        self.criterion = NTXentLoss(temperature=0.1, memory_bank_size=(4096, 128))

    def training_step(self, query, key):
        query = self.head(self.backbone(query).flatten(1))
        key, shuffle = batch_shuffle(key)
        with torch.no_grad():
            key = self.head_momentum(self.backbone_momentum(key).flatten(1))
        return self.criterion(query, batch_unshuffle(key, shuffle))

    def after_step(self):
        update_momentum(self.backbone, self.backbone_momentum, m=0.99)
        update_momentum(self.head, self.head_momentum, m=0.99)


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = make_backbone()
        self.head, self.prediction_head = SimSiamProjectionHead(128, 128, 128), SimSiamPredictionHead(128, 32, 128)
        self.criterion = NegativeCosineSimilarity()

    def training_step(self, x0, x1):
        z0, z1 = self.head(self.backbone(x0).flatten(1)), self.head(self.backbone(x1).flatten(1))
        p0, p1 = self.prediction_head(z0), self.prediction_head(z1)
        return 0.5 * (self.criterion(z0.detach(), p1) + self.criterion(z1.detach(), p0))

    def after_step(self):
        pass


# SplitBatchNorm, which MoCo's backbone has, cannot be given channels-last.
LAYOUTS = {"simclr": torch.channels_last, "moco": torch.contiguous_format, "simsiam": torch.channels_last}
METHODS = {"simclr": SimCLR, "moco": MoCo, "simsiam": SimSiam}
parser = argparse.ArgumentParser()
parser.add_argument("--method", choices=METHODS, default="simclr")
parser.add_argument("--data", type=Path, required=True, help="folder with CIFAR-10's binary batches")
parser.add_argument("--images", type=int, default=50000, help="so many of the training images, from the first")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
torch.set_num_threads(args.threads)
layout = LAYOUTS[args.method]
train = tuple(part[:args.images] for part in read_batches(args.data, [f"data_batch_{i}" for i in range(1, 6)]))
test = read_batches(args.data, ["test_batch"])
for seed in args.seeds:
    torch.manual_seed(seed)
    np.random.seed(seed)
    method = METHODS[args.method]().to(memory_format=layout)
    loader = torch.utils.data.DataLoader(
        TwoViews(train[0], SimCLRTransform(input_size=32, gaussian_blur=0.0, **EARLY)), batch_size=256, shuffle=True, drop_last=True,
        num_workers=args.workers)
    trained = [p for p in method.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.06, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs * len(loader))
    line = {"who": "python", "method": args.method, "seed": seed}
    print(json.dumps({**line, "epoch": 0, "knn": knn_accuracy(method.backbone, train, test, layout)}), flush=True)
    for epoch in range(1, args.epochs + 1):
        start, total = time.time(), 0.0
        for x0, x1 in loader:
            optimizer.zero_grad()
            loss = method.training_step(x0.contiguous(memory_format=layout), x1.contiguous(memory_format=layout))
            loss.backward()
            optimizer.step()
            method.after_step()
            scheduler.step()
            total += loss.item()
        print(json.dumps({**line, "epoch": epoch, "loss": total / len(loader), "seconds": time.time() - start,
                          "knn": knn_accuracy(method.backbone, train, test, layout)}), flush=True)
