"""Exchanges embeddings with lightly_embeddings_tool both ways: embeddings.py <lightly_embeddings_tool> <folder to work in>.

Needs numpy, safetensors and lightly of any version; says what is missing and ends with status 77.
"""
import subprocess
import sys
from pathlib import Path

from exchange import Exchange

test = Exchange("python_embeddings")
test.require("numpy", "safetensors", "torch", "torchvision")

import numpy as np  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

try:
    from lightly.utils import io
    from lightly.utils.embeddings_2d import fit_pca
except ImportError as error:
    test.skip_lightly(error)

TOOL, FOLDER = sys.argv[1], Path(sys.argv[2])
NAMES = ["a/1,2.png", 'say "cheese".jpg', "line\nend.png", "", "ünïcödé 図.png"]


def check_read(path, expected):
    """What lightly reads must be what C++ saved, bit for bit."""
    features, labels, names = io.load_embeddings(str(path))
    saved = expected["features"]
    same = np.isnan(features) & np.isnan(saved)
    as_bits = features.astype(np.float32).view(np.uint32)
    assert features.shape == saved.shape and (same | (as_bits == saved.view(np.uint32))).all(), f"{path.name}: features differ"
    assert labels == expected["labels"].tolist(), f"{path.name}: labels differ"
    assert names == [NAMES[i] if i < len(NAMES) else f"{i}.png" for i in range(len(names))], f"{path.name}: names differ"
    if hasattr(io, "check_embeddings"):
        io.check_embeddings(str(path))
    entries = io.load_embeddings_as_dict(str(path))["embeddings"]
    assert [entry["fileName"] for entry in entries] == names
    print(f"C++ -> lightly: {path.name}: {features.shape[0]} rows of {features.shape[1]} {features.dtype} numbers, all equal")
    return features, labels, names


since_2_3 = tuple(int(part) for part in np.__version__.split(".")[:2]) >= (2, 3)
subprocess.run([TOOL, "write", FOLDER, "2.3" if since_2_3 else "2.2"], check=True)
for kind in ("normal", "bits"):
    features, labels, names = check_read(FOLDER / f"{kind}.csv", load_file(FOLDER / f"{kind}.safetensors"))
    again = FOLDER / f"{kind}_again.csv"
    io.save_embeddings(str(again), features.astype(np.float32), labels, names)
    assert again.read_bytes() == (FOLDER / f"{kind}.csv").read_bytes(), f"{kind}.csv: lightly writes other bytes"
    print(f"numpy {np.__version__}: {kind}.csv is byte for byte what lightly writes")
    if kind == "normal":
        assert fit_pca(features, n_components=2).transform(features).shape == (len(features), 2)

draw = np.random.default_rng(0)
wide = draw.standard_normal((400, 33)) * 10.0 ** draw.integers(-50, 30, (400, 33))  # float64, some too small for float32
labels = [int(label) for label in draw.integers(-5, 1000, 400)]
names = [NAMES[i] if i < len(NAMES) else f"{i}.png" for i in range(400)]
for kind, features in (("float32", wide.astype(np.float32)), ("float64", wide)):
    io.save_embeddings(str(FOLDER / f"python_{kind}.csv"), features, labels, names)
    save_file({"features": features.astype(np.float32), "labels": np.array(labels, np.int64)}, FOLDER / f"python_{kind}.safetensors")
subprocess.run([TOOL, "check", FOLDER], check=True)
