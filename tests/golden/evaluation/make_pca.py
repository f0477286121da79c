"""Writes pca_lightly_1.6.0.safetensors beside this file: needs torch, lightly==1.6.0, numpy and safetensors from pip.

Case by case: features, and the mean, the first components and what transform returned, of fit_pca on all rows. Components have arbitrary signs.
"""
from pathlib import Path

import numpy as np
from lightly.utils.embeddings_2d import fit_pca
from safetensors.numpy import save_file

CASES = {"plane": (200, 5, 2), "wide": (60, 100, 3), "all": (40, 4, 4), "one": (30, 6, 1)}  # name: (N, D, n_components)

draw = np.random.default_rng(0)
np.random.seed(0)
tensors = {}
for name, (rows, columns, n_components) in CASES.items():
    spread = 2.0 ** -np.arange(columns)  # eigenvalues far from each other
    features = (draw.standard_normal((rows, columns)) * spread @ np.linalg.qr(draw.standard_normal((columns, columns)))[0] + 3.0).astype(np.float32)
    pca = fit_pca(features, n_components=n_components)
    tensors |= {f"{name}.features": features, f"{name}.mean": pca.mean, f"{name}.components": np.ascontiguousarray(pca.w[:, :n_components].real),
                f"{name}.transformed": np.ascontiguousarray(pca.transform(features).real.astype(np.float32))}
path = Path(__file__).parent / "pca_lightly_1.6.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
