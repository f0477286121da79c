"""Writes the golden data of jpeg_test.cpp beside this file: needs pillow 13.0.0, numpy and safetensors from pip.

make_jpegs.py: jpegs_pillow_13.0.0.safetensors. `<name>.file` holds the bytes of a file and `<name>.rgb` [3, H, W] what Pillow's
open(...).convert("RGB") makes of it; `<name>.smoothed` the same where libjpeg-turbo's versions differ. `source` is the image that most of them show. `<name>.damage` [n, 3, 2] (offset, value) makes n
files of it, and of each `<name>.damage_sha256` [n, 32] has the sum of the pixels [H, W, 3], all zero where Pillow fails.

make_jpegs.py <data>: real_jpegs_pillow_13.0.0.safetensors for the JPEGs in that folder, `<file>.size` (height, width) and
`<file>.sha256` of the pixels [H, W, 3], or `<file>.error`, Pillow's words; those of Imagenette in one sum, in the order of their names.
"""
import hashlib
import io
import sys
import warnings
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

HERE = Path(__file__).parent
warnings.simplefilter("ignore")


def decode(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def decodes(data):
    try:
        return decode(data)
    except Exception:
        return None


def sha256(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes())


def as_bytes(data):
    return np.frombuffer(data, dtype=np.uint8)


def write(name, tensors):
    path = HERE / f"{name}_pillow_13.0.0.safetensors"
    save_file(tensors, path)
    path.chmod(0o644)


def segments(data):
    """(marker, begin, end) of every segment up to the first scan; of every scan the header and the coded data together."""
    at = 2
    while at < len(data):
        marker = data[at + 1]
        if marker == 0xD9:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            while not (data[end] == 0xFF and data[end + 1] != 0 and not 0xD0 <= data[end + 1] <= 0xD7):
                end += 1
        yield marker, at, end
        at = end


def sampled(data, factors, height, width):
    """The same coded data as an image of another size and other sampling factors of the first component."""
    data = bytearray(data)
    for marker, begin, _ in segments(data):
        if marker in (0xC0, 0xC1, 0xC2):
            data[begin + 5 : begin + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
            data[begin + 11] = factors
            return bytes(data)


def make_golden():
    y, x = np.indices((45, 59))
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 60, (45, 59, 3))
    scene = np.stack([x * 4, y * 5, 128 + 90 * np.sin(x / 5) * np.cos(y / 7)], 2).clip(0, 255)
    rgb = Image.fromarray((scene * 0.75 + noise).astype("uint8"))
    grey = rgb.convert("L")
    inks = Image.fromarray(np.dstack([np.asarray(rgb), rng.integers(0, 255, (45, 59))]).astype("uint8"), "CMYK")
    tensors, files = {"source": np.ascontiguousarray(np.asarray(rgb).transpose(2, 0, 1))}, {}

    def add(name, data):
        files[name] = data
        tensors[f"{name}.file"] = as_bytes(data)
        tensors[f"{name}.rgb"] = np.ascontiguousarray(decode(data).transpose(2, 0, 1))

    def add_smoothed(name, data):
        add(name, data)
        tensors[f"{name}.smoothed"] = tensors.pop(f"{name}.rgb")

    def saved(image, **options):
        stream = io.BytesIO()
        image.save(stream, "JPEG", **options)
        return stream.getvalue()

    for suffix, options in {
        "": {},
        "_progressive": {"progressive": True},
        "_restart": {"restart_marker_blocks": 3},
    }.items():
        add(f"444{suffix}", saved(rgb, subsampling=0, **options))
        add(f"422{suffix}", saved(rgb, subsampling=1, **options))
        add(f"420{suffix}", saved(rgb, subsampling=2, **options))
        add(f"grey{suffix}", saved(grey, **options))
        add(f"cmyk{suffix}", saved(inks, **options))
        if suffix != "_progressive":  # whose scans of one component would have another number of blocks
            # As many MCUs as before, of as many blocks.
            h2v1 = saved(rgb.crop((0, 0, 48, 40)), subsampling=1, **options)
            h2v2 = saved(rgb.crop((0, 0, 48, 45)), subsampling=2, **options)
            add(f"440{suffix}", sampled(h2v1, 0x12, 43, 37))
            add(f"411{suffix}", sampled(h2v2, 0x41, 21, 83))
            add(f"114{suffix}", sampled(h2v2, 0x14, 83, 21))
    add("grey_of_2x2", sampled(saved(grey), 0x22, 45, 59))
    ycck = saved(inks).replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
    assert ycck != saved(inks)
    add("ycck", ycck)
    add("rgb", saved(rgb, keep_rgb=True))
    add("quality_1", saved(rgb, quality=1))
    add("quality_100", saved(rgb, quality=100))
    for height, width in [(1, 1), (1, 40), (40, 1), (2, 3), (8, 8), (17, 16), (16, 17)]:
        add(f"{height}x{width}", saved(rgb.crop((0, 0, width, height))))
    plain = saved(rgb)
    tables = [plain[b:e] for marker, b, e in segments(plain) if marker == 0xC4]
    without_tables = plain
    for table in tables:
        without_tables = without_tables.replace(table, b"")
    add("standard_huffman_tables_left_out", without_tables)
    quantisation = b"".join(plain[b:e] for marker, b, e in segments(plain) if marker == 0xDB)
    add("tables_first", b"\xff\xd8" + quantisation + b"\xff\xd9" + plain)
    add("junk_between_segments", plain[:2] + b"\xff\xff" + plain[2:20] + b"\0\1junk" + plain[20:])
    scan = next(b for marker, b, _ in segments(plain) if marker == 0xDA)
    middle = scan + (len(plain) - scan) // 2
    add("ends_in_the_middle", plain[:middle] + b"\xff\xd9")
    add("garbage_after_the_end", plain + b"\xff\0garbage" * 9)
    progressive = files["420_progressive"]
    scans = [b for marker, b, _ in segments(progressive) if marker == 0xDA]
    for count in (1, 3, len(scans) - 1):
        add_smoothed(f"first_{count}_scans", progressive[: scans[count]] + b"\xff\xd9")

    small = {"baseline": saved(rgb.crop((0, 0, 33, 19)), quality=60), "of_scans": saved(rgb.crop((0, 0, 33, 19)), progressive=True)}
    for name, data in {**small, "restarts": saved(rgb.crop((0, 0, 33, 19)), restart_marker_blocks=1)}.items():
        add(name, data)
        assert all(decodes(data[:i]) is None for i in range(len(data)))
        begin = next(b for marker, b, _ in segments(data) if marker == 0xDA)
        damage, sums = np.zeros((200, 3, 2), dtype=np.int64), np.zeros((200, 32), dtype=np.uint8)
        for i in range(200):
            bad = bytearray(data)
            # Sometimes the header too; never the end marker, in whose place libjpeg-turbo's versions mind different things.
            low = 2 if i % 4 == 0 else begin
            for j in range(3):
                damage[i, j] = rng.integers(low, len(data) - 2), rng.integers(0, 256)
                bad[damage[i, j, 0]] = damage[i, j, 1]
            pixels = decodes(bytes(bad))
            if pixels is not None and pixels.size < 1 << 20:
                sums[i] = as_bytes(sha256(pixels).digest())
            elif pixels is not None:
                damage[i] = damage[i - 1]
                sums[i] = sums[i - 1]
        tensors[f"{name}.damage"], tensors[f"{name}.damage_sha256"] = damage, sums
    write("jpegs", tensors)


def describe_real(data):
    tensors = {}
    for folder in ("image_edge", "native_photos"):
        for file in sorted((data / folder).rglob("*.jpg")):
            name = str(file.relative_to(data))
            try:
                pixels = np.asarray(Image.open(file).convert("RGB"))
            except Exception as error:
                tensors[f"{name}.error"] = as_bytes(str(error).encode())
                continue
            tensors[f"{name}.size"] = np.array(pixels.shape[:2])
            tensors[f"{name}.sha256"] = as_bytes(sha256(pixels).digest())
    total = hashlib.sha256()
    for file in sorted((data / "imagenette").rglob("*.JPEG")):
        total.update(np.ascontiguousarray(np.asarray(Image.open(file).convert("RGB"))).tobytes())
    tensors["imagenette.sha256"] = as_bytes(total.digest())
    write("real_jpegs", tensors)


if len(sys.argv) > 1:
    describe_real(Path(sys.argv[1]))
else:
    make_golden()
