"""Writes formats_pillow_13.0.0.safetensors beside this file: needs pillow 13.0.0, numpy and safetensors from pip.

`<name>.file` holds the bytes of an image file, `<name>.rgb` [3, H, W] what Pillow's open(...).convert("RGB") makes of it,
`<name>.upright` that of ImageOps.exif_transpose where it differs. What Pillow cannot write is put together here; Pillow reads it.
"""
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

HEIGHT, WIDTH = 9, 13
y, x = np.indices((HEIGHT, WIDTH))
colors = np.stack([(x * 19 + y * 3) % 256, (y * 28 + x) % 256, (x * y * 5) % 256], 2).astype("uint8")
rgb = Image.fromarray(colors)
grey = Image.fromarray(((x * 18 + y * 4) % 256).astype("uint8"))
rgba = rgb.copy()
rgba.putalpha(Image.fromarray((255 - 25 * y).astype("uint8")))
deep = (x * 5000 + y * 37).astype("uint16")  # 0 to 60296
deep[0] = range(240, 240 + 2 * WIDTH, 2)  # across 255

tensors = {}


def pixels_of(image):
    return np.ascontiguousarray(np.asarray(image.convert("RGB")).transpose(2, 0, 1))


def add(name, data):
    data = bytes(data)
    tensors[f"{name}.file"] = np.frombuffer(data, dtype=np.uint8)
    tensors[f"{name}.rgb"] = pixels_of(Image.open(io.BytesIO(data)))
    upright = pixels_of(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    if not np.array_equal(upright, tensors[f"{name}.rgb"]):
        tensors[f"{name}.upright"] = upright


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


# PNG of every depth and kind of colour, straight and interlaced.
def packed(values, bits):  # [h, w] to rows of bytes
    if bits == 16:
        return values.astype(">u2").view(np.uint8).reshape(values.shape[0], -1)
    wide = (values[..., None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(wide.reshape(values.shape[0], -1).astype(np.uint8), axis=1)


def png_rows(samples, bits):  # [h, w, channels] to filtered bytes, no filter
    rows = packed(samples.reshape(samples.shape[0], -1), bits)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def png(samples, bits, color_type, interlaced=False, extra=b"", late=b""):
    if interlaced:
        passes = [samples[top::rows, left::columns] for top, left, rows, columns in ADAM7]
        data = b"".join(png_rows(part, bits) for part in passes if part.size)
    else:
        data = png_rows(samples, bits)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], bits, color_type, 0, 0, int(interlaced))
    packed_data = zlib.compress(data, 9)
    half = len(packed_data) // 2  # two chunks of data
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", packed_data[:half])
            + chunk(b"IDAT", packed_data[half:]) + late + chunk(b"IEND", b""))


for bits in (1, 2, 4, 8, 16):
    values = (x + 3 * y) % 2**bits if bits < 8 else (x * 18 + y * 4) % 256 if bits == 8 else deep
    for interlaced in (False, True):
        suffix = f"{bits}{'_interlaced' if interlaced else ''}"
        add(f"png_grey_{suffix}", png(values[..., None], bits, 0, interlaced))
        if bits < 16:
            palette = bytes(range(7, 7 + 3 * min(2**bits, 60)))
            add(f"png_palette_{suffix}", png(values[..., None], bits, 3, interlaced, chunk(b"PLTE", palette)))
        if bits >= 8:
            scale = 257 if bits == 16 else 1
            wide = np.dstack([colors, np.full((HEIGHT, WIDTH), 99)]).astype(np.int64) * scale
            wide[..., 0] += bits == 16  # the lower bytes differ
            add(f"png_rgb_{suffix}", png(wide[..., :3], bits, 2, interlaced))
            add(f"png_rgba_{suffix}", png(wide, bits, 6, interlaced))
            add(f"png_grey_alpha_{suffix}", png(wide[..., 2:], bits, 4, interlaced))
add("png_grey_4_transparent", png(((x + 3 * y) % 16)[..., None], 4, 0, extra=chunk(b"tRNS", b"\0\3")))
add("png_palette_4_transparent", png(((x + 3 * y) % 16)[..., None], 4, 3,
                                     extra=chunk(b"PLTE", bytes(range(48))) + chunk(b"tRNS", bytes(range(0, 160, 10)))))
add("png_palette_beyond_its_end", png(((x + 3 * y) % 16)[..., None], 4, 3, extra=chunk(b"PLTE", bytes(range(100, 130)))))
add("png_filters", saved(rgb.resize((40, 30), Image.Resampling.BICUBIC), "PNG"))
add("png_gamma", png(colors, 8, 2, extra=chunk(b"gAMA", struct.pack(">I", 100000))))
add("png_animated", saved(rgb, "PNG", save_all=True, append_images=[rgb.transpose(Image.Transpose.ROTATE_180)]))
add("png_one_column", png(colors[:, :1], 8, 2, interlaced=True))

# BMP.
def bmp(bits, rows, palette=b"", compression=0, height=HEIGHT, masks=b"", os2=False, colors_used=0):
    if os2:
        info = struct.pack("<IHHHH", 12, WIDTH, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, len(rows), 0, 0, colors_used, 0)
    offset = 14 + len(info) + len(masks) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + masks + palette + rows


def bmp_rows(values, bits, flip=True):  # each row padded to 4 bytes
    values = values[::-1] if flip else values
    if bits <= 8:
        rows = packed(values, bits)
    else:
        rows = values.astype(f"<u{4 if bits == 32 else 2}").view(np.uint8).reshape(values.shape[0], -1)
    return b"".join(row.tobytes() + b"\0" * (-len(row) % 4) for row in rows)


bgr_palette = b"".join(bytes([i, 255 - i, (i * 7) % 256, 0]) for i in range(256))
for bits in (1, 4, 8):
    values = (x + 3 * y) % 2**bits if bits < 8 else (x * 18 + y * 4) % 256
    add(f"bmp_palette_{bits}", bmp(bits, bmp_rows(values, bits), bgr_palette[:4 * 2**bits]))
    os2_palette = b"".join(bgr_palette[i:i + 3] for i in range(0, 4 * 2**bits, 4))
    add(f"bmp_os2_{bits}", bmp(bits, bmp_rows(values, bits), os2_palette, os2=True))
add("bmp_palette_8_short", bmp(8, bmp_rows((x + y) % 9, 8), bgr_palette[:4 * 9], colors_used=9))
add("bmp_palette_8_top_down", bmp(8, bmp_rows((x + y) % 9, 8, flip=False), bgr_palette, height=-HEIGHT))
short = (colors[..., 0].astype(int) >> 3 << 11) | (colors[..., 1].astype(int) >> 2 << 5) | (colors[..., 2].astype(int) >> 3)
add("bmp_16_555", bmp(16, bmp_rows(short & 0x7FFF, 16)))
add("bmp_16_565", bmp(16, bmp_rows(short, 16), compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
long = colors[..., 0].astype(np.int64) | colors[..., 1].astype(np.int64) << 8 | colors[..., 2].astype(np.int64) << 16 | 77 << 24
add("bmp_32", bmp(32, bmp_rows(long, 32)))
add("bmp_32_masks", bmp(32, bmp_rows(long << 8 & 0xFFFFFFFF, 32), compression=3,
                        masks=struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00)))
add("bmp_24", saved(rgb, "BMP"))
add("bmp_rgba", saved(rgba, "BMP"))
add("bmp_grey", saved(grey, "BMP"))
# Runs, indices as they are (odd and even numbers of them), a jump, and rows that end early.
add("bmp_rle8", bmp(8, bytes([13, 5, 0, 0]) * 2 + bytes([0, 5, 1, 2, 3, 4, 5, 0, 8, 77, 0, 0, 4, 9, 0, 0])
                    + bytes([0, 2, 3, 1, 0, 4, 9, 8, 7, 6, 6, 200, 0, 0]) + bytes([20, 30, 0, 0]) * 3 + bytes([13, 2, 0, 1]),
                    bgr_palette, compression=1))
add("bmp_rle4", bmp(4, bytes([13, 0x5A, 0, 0]) * 2 + bytes([0, 5, 0x12, 0x34, 0x50, 0, 8, 0x7B, 0, 0, 4, 0x90, 0, 0])
                    + bytes([0, 2, 3, 1, 0, 6, 0x98, 0x76, 0x54, 0, 4, 0xF1, 0, 0]) + bytes([13, 0x30, 0, 0]) * 3
                    + bytes([13, 2, 0, 1]), bgr_palette[:64], compression=2))

# TIFF.
for name, image in (("rgb", rgb), ("rgba", rgba), ("grey", grey), ("one_bit", grey.convert("1")), ("palette", rgb.quantize(32)),
                    ("grey_16", Image.fromarray(deep))):
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate"):
        add(f"tiff_{name}_{compression.split('_')[-1]}", saved(image, "TIFF", compression=None if compression == "raw" else compression))
add("tiff_big", saved(rgb, "TIFF", big_tiff=True))


def tiff(entries, rows, order="<"):  # one strip after the directory
    head = b"II*\0" if order == "<" else b"MM\0*"
    at = 8 + 2 + 12 * len(entries) + 4
    body, extra = b"", b""
    rows_at = at + sum((4 if tag in (273, 324) else 2) * len(value) for tag, value in entries if len(value) > 2 or tag in (273, 324) and len(value) > 1)
    for tag, value in entries:
        value = [rows_at + part for part in value] if tag in (273, 324) else value  # where strips or tiles begin
        kind = 4 if max(value) > 65535 or tag in (273, 324) else 3
        data = struct.pack(order + ("I" if kind == 4 else "H") * len(value), *value)
        if len(data) > 4:
            extra, data = extra + data, struct.pack(order + "I", at + len(extra))
        body += struct.pack(order + "HHI", tag, kind, len(value)) + data.ljust(4, b"\0")
    return head + struct.pack(order + "IH", 8, len(entries)) + body + struct.pack(order + "I", 0) + extra + rows


deep_colors = colors.astype(np.uint16) * 257 + 1
for name, order in (("little", "<"), ("big", ">")):
    for orientation in (1, 6):
        entries = [(256, [WIDTH]), (257, [HEIGHT]), (258, [16, 16, 16]), (259, [1]), (262, [2]), (273, [0]),
                   (274, [orientation]), (277, [3]), (278, [HEIGHT]), (279, [HEIGHT * WIDTH * 6])]
        add(f"tiff_rgb_16_{name}_endian_{orientation}", tiff(entries, deep_colors.astype(order + "u2").tobytes(), order))
deep_rgba = np.dstack([deep_colors, (65535 - 6000 * y).astype(np.uint16)])
for extra, name in ((0, "unspecified"), (1, "associated"), (2, "unassociated")):
    for bits, samples in ((8, np.asarray(rgba)), (16, deep_rgba)):
        entries = [(256, [WIDTH]), (257, [HEIGHT]), (258, [bits] * 4), (259, [1]), (262, [2]), (273, [0]), (277, [4]), (278, [HEIGHT]),
                   (279, [samples.nbytes]), (338, [extra])]
        add(f"tiff_rgba_{bits}_{name}", tiff(entries, samples.tobytes()))
plane = HEIGHT * WIDTH * 2
entries = [(256, [WIDTH]), (257, [HEIGHT]), (258, [16, 16, 16]), (259, [1]), (262, [2]), (273, [0, plane, 2 * plane]), (277, [3]),
           (278, [HEIGHT]), (279, [plane] * 3), (284, [2])]
# Pillow does not read planes of 16 bits: the pixels are those of the same file without planes.
tensors["tiff_rgb_16_planes.file"] = np.frombuffer(tiff(entries, deep_colors.transpose(2, 0, 1).tobytes()), dtype=np.uint8)
tensors["tiff_rgb_16_planes.rgb"] = tensors["tiff_rgb_16_little_endian_1.rgb"]
for name, samples, photometric in (("grey", deep[..., None], 1), ("white_is_zero", deep[..., None], 0), ("rgb", deep_colors, 2)):
    channels = samples.shape[2]
    tiled = np.zeros((16, 16, channels), np.uint16)
    tiled[:HEIGHT, :WIDTH] = samples
    entries = [(256, [WIDTH + 16]), (257, [HEIGHT]), (258, [16] * channels), (259, [1]), (262, [photometric]), (277, [channels]),
               (322, [16]), (323, [16]), (324, [0, tiled.nbytes]), (325, [tiled.nbytes] * 2)]
    add(f"tiff_{name}_16_tiles", tiff(entries, tiled.tobytes() * 2))
for orientation in range(2, 9):
    add(f"tiff_orientation_{orientation}", saved(rgb, "TIFF", tiffinfo={274: orientation}))

# PNM.
add("pnm_ppm", saved(rgb, "PPM"))
add("pnm_pgm", saved(grey, "PPM"))
add("pnm_pbm", saved(grey.convert("1"), "PPM"))
add("pnm_pgm_16", saved(Image.fromarray(deep), "PPM"))
plain = " ".join(str(value) for value in colors.ravel())
add("pnm_ppm_plain", f"P3 # a comment\n{WIDTH} {HEIGHT}\n# another\n255\n{plain}\n".encode())
add("pnm_pgm_plain_16", f"P2 {WIDTH} {HEIGHT} 1000\n{' '.join(str(v % 1001) for v in deep.ravel())}".encode())
add("pnm_pgm_plain_100", f"P2 {WIDTH} {HEIGHT} 100\n{' '.join(str(v % 101) for v in deep.ravel())} ".encode())
add("pnm_pbm_plain", f"P1\n{WIDTH} {HEIGHT}\n".encode() + b"\n".join(bytes(48 + ((x + 3 * y) % 3 == 0).astype(np.uint8)[i]) for i in range(HEIGHT)))
add("pnm_ppm_maxval_100", f"P6 {WIDTH} {HEIGHT} 100\n".encode() + (colors % 101).tobytes())
add("pnm_pgm_maxval_100", f"P5 {WIDTH} {HEIGHT} 100\n".encode() + (colors[..., 0] % 120).tobytes())
add("pnm_ppm_maxval_1000", f"P6 {WIDTH} {HEIGHT} 1000\n".encode() + (deep_colors % 1001).astype(">u2").tobytes())
add("pnm_pgm_maxval_1000", f"P5 {WIDTH} {HEIGHT} 1000\n".encode() + (deep % 1001).astype(">u2").tobytes())

# WebP, GIF.
turned = rgb.transpose(Image.Transpose.ROTATE_180)
add("webp_lossy", saved(rgb, "WEBP"))
add("webp_lossy_alpha", saved(rgba, "WEBP"))
add("webp_lossless", saved(rgb, "WEBP", lossless=True))
add("webp_lossless_alpha", saved(rgba, "WEBP", lossless=True, exact=True))
add("webp_animated", saved(rgb, "WEBP", save_all=True, append_images=[turned], lossless=True))
add("webp_animated_lossy", saved(rgba, "WEBP", save_all=True, append_images=[turned.convert("RGBA")]))


def webp_chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def u24(value):
    return struct.pack("<I", value)[:3]


frame = saved(rgb, "WEBP", lossless=True)[12:]  # its chunk, at (4, 2) of a larger canvas
body = (webp_chunk(b"VP8X", bytes([0x12, 0, 0, 0]) + u24(WIDTH + 8) + u24(HEIGHT + 5)) + webp_chunk(b"ANIM", b"\xff\x80\x40\x20\0\0")
        + webp_chunk(b"ANMF", u24(2) + u24(1) + u24(WIDTH - 1) + u24(HEIGHT - 1) + u24(100) + b"\0" + frame))
add("webp_frame_inside_canvas", b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
add("gif_palette", saved(rgb.quantize(32), "GIF"))
add("gif_transparent", saved(rgb.quantize(32), "GIF", transparency=3))
add("gif_grey", saved(grey, "GIF"))
add("gif_straight", saved(rgb.quantize(256), "GIF", interlace=0))
add("gif_animated", saved(rgb.quantize(16), "GIF", save_all=True, append_images=[turned.quantize(16)]))
noise = np.random.default_rng(1).integers(0, 256, (90, 110), dtype=np.uint8)  # the table of codes fills up
noise_gif = saved(Image.fromarray(noise), "GIF")
tensors["gif_noise.file"] = np.frombuffer(noise_gif, dtype=np.uint8)
tensors["gif_noise.rgb"] = pixels_of(Image.open(io.BytesIO(noise_gif)))


def gif(screen, place, gif_palette=True, transparent=None):  # a frame of 13 x 9 codes at a place of the screen
    image = saved(rgb.quantize(16), "GIF", interlace=0)
    begin = image.index(b",", 13 + 48)
    palette, codes = image[13:13 + 48], image[begin + 10:]
    control = b"!\xf9\4\1\0\0" + bytes([transparent]) + b"\0" if transparent is not None else b""
    head = b"GIF89a" + struct.pack("<HH", *screen) + bytes([0x83 if gif_palette else 0, 5, 0]) + (palette if gif_palette else b"")
    return head + control + b"," + struct.pack("<HHHH", *place, WIDTH, HEIGHT) + b"\0" + codes


add("gif_inside_screen", gif((20, 15), (3, 4)))
add("gif_inside_screen_transparent", gif((20, 15), (3, 4), transparent=7))
add("gif_inside_screen_no_palette", gif((20, 15), (3, 4), gif_palette=False, transparent=7))
add("gif_beyond_screen", gif((10, 15), (3, 4)))

# Orientations in EXIF, XMP and ImageMagick's text.
def exif(orientation, order="<", kind=3, count=1, value=None):
    head = b"II*\0\x08\0\0\0" if order == "<" else b"MM\0*\0\0\0\x08"
    data = struct.pack(order + {3: "HH", 4: "I"}[kind], *([orientation, 0] if kind == 3 else [orientation]))
    return head + struct.pack(order + "HHHI", 1, 274, kind, count) + data + b"\0\0\0\0"


def xmp(text):
    return b"<x:xmpmeta><rdf:Description " + text + b"</rdf:Description></x:xmpmeta>"


for orientation in range(1, 9):
    order = "<>"[orientation % 2]
    add(f"png_exif_{orientation}", png(colors, 8, 2, extra=chunk(b"eXIf", exif(orientation, order))))
    add(f"jpeg_exif_{orientation}", saved(rgb, "JPEG", exif=b"Exif\0\0" + exif(orientation, order)))
    add(f"webp_exif_{orientation}", saved(rgb, "WEBP", lossless=True, exif=exif(orientation, order)))
add("png_exif_late", png(colors, 8, 2, late=chunk(b"eXIf", exif(6))))
add("png_exif_long", png(colors, 8, 2, extra=chunk(b"eXIf", exif(6, kind=4))))
add("png_exif_zero", png(colors, 8, 2, extra=chunk(b"eXIf", exif(0))))
add("png_exif_nine", png(colors, 8, 2, extra=chunk(b"eXIf", exif(9))))
add("png_exif_cut", png(colors, 8, 2, extra=chunk(b"eXIf", exif(6)[:15])))
add("png_exif_twice", png(colors, 8, 2, extra=chunk(b"eXIf", exif(6)) + chunk(b"eXIf", exif(3))))
attribute, element = xmp(b'tiff:Orientation="6">'), xmp(b"><tiff:Orientation>8</tiff:Orientation>")
for name, data in (("attribute", attribute), ("element", element), ("neither", xmp(b'tiff:Orientation= "6" tiff:Orientation="x">'))):
    add(f"png_xmp_{name}", png(colors, 8, 2, extra=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data)))
add("png_xmp_packed", png(colors, 8, 2, extra=chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(attribute))))
add("png_xmp_and_exif", png(colors, 8, 2, extra=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + attribute) + chunk(b"eXIf", exif(3))))
profile = exif(5).hex().encode()
text = b"\nexif\n%8d\n" % len(exif(5)) + profile[:20] + b"\n" + profile[20:] + b"\n"
add("png_profile", png(colors, 8, 2, extra=chunk(b"tEXt", b"Raw profile type exif\0" + text)))
add("png_profile_packed", png(colors, 8, 2, extra=chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))))
add("jpeg_xmp", saved(rgb, "JPEG", xmp=attribute))
add("jpeg_xmp_and_exif", saved(rgb, "JPEG", xmp=attribute, exif=b"Exif\0\0" + exif(4)))
add("webp_xmp", saved(rgb, "WEBP", lossless=True, xmp=attribute))
add("webp_exif_prefixed", saved(rgb, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(7)))

path = Path(__file__).parent / "formats_pillow_13.0.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
