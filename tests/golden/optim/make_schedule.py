"""Writes lightly_1.6.0_cosine_schedules.safetensors beside this file: needs lightly==1.6.0 and safetensors from pip."""
import warnings
from pathlib import Path

import torch
from lightly.utils.scheduler import CosineWarmupScheduler, cosine_schedule
from safetensors.torch import save_file

warnings.simplefilter("ignore")

# The name, the keywords and the number of steps; schedule_test.cpp lists the same.
WARMUP = [
    ("warmup_defaults", dict(warmup_epochs=0, max_epochs=10), 12),
    ("warmup_10_of_100", dict(warmup_epochs=10, max_epochs=100), 102),
    ("warmup_all", dict(warmup_epochs=7, max_epochs=7), 9),
    ("warmup_values", dict(warmup_epochs=3, max_epochs=20, start_value=0.5, end_value=2.0, warmup_start_value=0.1,
                           warmup_end_value=0.7), 22),
    ("warmup_period", dict(warmup_epochs=4, max_epochs=30, start_value=1.0, end_value=0.1, period=9), 32),
    ("warmup_one_left", dict(warmup_epochs=2, max_epochs=3), 5),
]
COSINE = [
    ("cosine_10", dict(max_steps=10, start_value=1.0, end_value=0.0), 12),
    ("cosine_rising", dict(max_steps=33, start_value=0.996, end_value=1.0), 35),
    ("cosine_1", dict(max_steps=1, start_value=3.0, end_value=2.0), 3),
    ("cosine_0", dict(max_steps=0, start_value=3.0, end_value=2.0), 2),
    ("cosine_period", dict(max_steps=10, start_value=1.0, end_value=0.25, period=7), 25),
]

tensors = {}
for name, keywords, steps in WARMUP:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = CosineWarmupScheduler(optimizer, **keywords)
    values = []
    for _ in range(steps):
        values.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    tensors[name] = torch.tensor(values, dtype=torch.float64)
for name, keywords, steps in COSINE:
    tensors[name] = torch.tensor([cosine_schedule(step, **keywords) for step in range(steps)], dtype=torch.float64)
save_file(tensors, Path(__file__).parent / "lightly_1.6.0_cosine_schedules.safetensors")
