"""Writes lightly_dataset_lightly_1.6.0.safetensors beside this file: needs lightly==1.6.0, torchvision and safetensors from pip.

Case by case: the files of a folder (empty ones), links in it as pairs (link, where it leads) and a selection of names, where there is one; and what
LightlyDataset, with torchvision's ImageFolder inside, made of them: names, targets and classes. Strings are UTF-8 bytes, each ended by a NUL.
"""
import os
import tempfile
from pathlib import Path

import torch
from lightly.data import LightlyDataset
from safetensors.torch import save_file

CASES = {
    "flat": dict(files=["10.png", "2.png", "Z.PNG", "a.jpg", "é.png", ".png", "_x.JPEG", ".dot.png", "b c.png", "new\nline.png", "notes.txt", "png"]),
    "classes": dict(files=["a/1.png", "b/10.png", "b/2.png", "b/Z.png", "b/x/1.png", "b/x/y/0.png"]),
    "digits": dict(files=["c10/1.png", "c2/1.png", "c1/10.png", "c1/9.png", "c01/0.png", "C1/0.png"]),
    "nested": dict(files=["m/x/y/1.png", "m/x-1/2.png", "m/x/3.png", "m/x.y/4.png", "m/4.png", "m/x/y-/5.png", "m-1/1.png", "m/a/b/c/d/e.png",
                          "beside.png", "m/notes.txt", "m/empty/notes.txt"]),
    "endings": dict(files=["k/1.JpG", "k/2.JPEG", "k/3.TIFF", "k/4.WebP", "k/5.PpM", "k/6.bMp", "k/7.pgm", "k/8.Tif", "k/9.PNG", "k/10.jpgx",
                           "k/11.gif", "k/12.tar.png", "k/13png"]),
    "letters": dict(files=["ä/1.png", "z/1.png", "Ω/1.png", "😀/1.png", "a b/1.png", ".hidden/1.png", "line\nbreak/1.png"]),
    "outputs": dict(files=["2.png", "1.png", "old_lightly_outputs/3.png"]),
    "links": dict(files=["a/1.png", "b/2.png"], links=[("b/more", "../a"), ("b/gone.png", "nowhere"), ("c", "a"), ("b/3.png", "2.png")]),
    "selected": dict(files=["a/1.png", "a/2.png", "b/1.png", "b/x/1.png"], selected=["b/x/1.png", "a/2.png"]),
    "selected_flat": dict(files=["1.png", "2.png", "3.png"], selected=["3.png", "1.png", "1.png"]),
}


def packed(strings):
    return torch.tensor(list(b"".join(string.encode() + b"\0" for string in strings)), dtype=torch.uint8)


tensors = {}
for name, case in CASES.items():
    with tempfile.TemporaryDirectory() as folder:
        for file in case["files"]:
            path = Path(folder, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        links = case.get("links", [])
        for link, target in links:
            os.symlink(target, Path(folder, link))
        dataset = LightlyDataset(folder, filenames=case.get("selected"))
        names = dataset.get_filenames()
        targets = dataset.dataset.targets
        classes = getattr(dataset.dataset, "classes", [])
    print(name, list(zip(names, targets)), classes)
    tensors |= {f"{name}.files": packed(case["files"]), f"{name}.links": packed(sum(links, ())), f"{name}.names": packed(names),
                f"{name}.targets": torch.tensor(targets, dtype=torch.int64), f"{name}.classes": packed(classes)}
    if "selected" in case:
        tensors[f"{name}.selected"] = packed(case["selected"])
path = Path(__file__).parent / "lightly_dataset_lightly_1.6.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
