"""Writes images_pillow_13.0.0.safetensors beside this file: needs pillow 13.0.0, numpy and safetensors from pip.

`<name>.file` holds the bytes of an image file, `<name>.rgb` [3, H, W] what Pillow's open(...).convert("RGB") makes of it.
"""
import io
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

y, x = np.indices((37, 50))
red, green, blue = (x * 5 + y * 3) % 256, (y * 7) % 256, (x * y) % 256
rgb = Image.fromarray(np.stack([red, green, blue], 2).astype("uint8"))
smooth = Image.fromarray(np.stack([x * 5, y * 6, (x + y) * 2], 2).astype("uint8"))
grey = Image.fromarray(((x * 4 + y) % 256).astype("uint8"))
alpha = Image.fromarray((255 - 6 * y).astype("uint8"))
rgba, grey_alpha = rgb.copy(), grey.copy().convert("LA")
rgba.putalpha(alpha)
grey_alpha.putalpha(alpha)
turned = Image.Exif()
turned[0x0112] = 6  # rotated by 90 degrees

tensors = {}


def add(name, image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    pixels = np.asarray(Image.open(stream).convert("RGB"))
    tensors[f"{name}.file"] = np.frombuffer(stream.getvalue(), dtype=np.uint8)
    tensors[f"{name}.rgb"] = np.ascontiguousarray(pixels.transpose(2, 0, 1))


add("png_rgb", rgb, "PNG")
add("png_rgba", rgba, "PNG")
add("png_grey", grey, "PNG")
add("png_grey_alpha", grey_alpha, "PNG")
add("png_palette", rgb.quantize(32), "PNG")
add("png_palette_transparent", rgb.quantize(32), "PNG", transparency=3)
add("png_one_bit", grey.convert("1"), "PNG")
add("png_one_pixel", rgb.crop((3, 3, 4, 4)), "PNG")
add("bmp_rgb", rgb, "BMP")
add("webp_lossless", rgb, "WEBP", lossless=True)
add("tiff_rgb", rgb, "TIFF")
add("ppm_rgb", rgb, "PPM")
add("jpeg_grey", grey, "JPEG")
add("jpeg_444", smooth, "JPEG", quality=90, subsampling=0)
add("jpeg_420", smooth, "JPEG", quality=75, subsampling=2)
add("jpeg_progressive", smooth, "JPEG", progressive=True)
add("jpeg_orientation_6", smooth, "JPEG", exif=turned)
path = Path(__file__).parent / "images_pillow_13.0.0.safetensors"
save_file(tensors, path)
path.chmod(0o644)
