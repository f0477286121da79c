"""Writes safetensors_0.8_every_dtype.safetensors beside this file: needs torch and safetensors from pip."""
from pathlib import Path

import torch
from safetensors.torch import save_file

types = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
         "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
tensors = {name: (torch.arange(6).view(2, 3) % 5).to(dtype) for name, dtype in types.items()}
tensors["scalar"] = torch.tensor(3.5)
tensors["empty"] = torch.zeros(0, 4)
save_file(tensors, Path(__file__).parent / "safetensors_0.8_every_dtype.safetensors", {"made_by": "safetensors"})
