"""Writes videos_torchcodec_0.17.0.safetensors beside this file from the clips in tests/data/video: needs torchcodec 0.17.0 on FFmpeg 5.1,
torch 2.14 and safetensors from pip. generated/h265_12bits.mp4 was made by Debian 12's ffmpeg (x265 3.5):
ffmpeg -f lavfi -i testsrc2=s=66x50:r=10:d=1.2 -c:v libx265 -x265-params keyint=5:bframes=2 -pix_fmt yuv420p12le h265_12bits.mp4

`<file>.sha256` [n, 32]: of each frame, upright, the bytes in the order H, W, 3.
"""
import hashlib
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from torchcodec.decoders import VideoDecoder

here = Path(__file__).parent
tensors = {}
for path in sorted((here / "../../data/video").resolve().glob("*/*.m*"), key=lambda path: path.name):
    decoder = VideoDecoder(str(path), dimension_order="NHWC", num_ffmpeg_threads=1)
    digests = []
    for i in range(len(decoder)):
        frame = decoder[i].numpy()
        digests.append(np.frombuffer(hashlib.sha256(np.ascontiguousarray(frame).tobytes()).digest(), dtype=np.uint8))
    tensors[f"{path.name}.sha256"] = np.stack(digests)
    print(path.name, len(decoder), frame.shape, file=sys.stderr)
path = here / "videos_torchcodec_0.17.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
