"""Writes pillow.test-data.json: image files of many kinds with the pixels that Pillow 13 and NumPy make of them.

    pip install pillow numpy tifffile imagecodecs && python pillow.test-data.py && npx prettier --write pillow.test-data.json
"""

import base64, io, json, pathlib, struct

import imagecodecs, numpy as np, tifffile
from PIL import Image, ImageOps

rng = np.random.default_rng(20)
H, W = 4, 6
cases = {}


def text(data):
    return base64.b64encode(data).decode()


def add(name, file, rgb, **more):
    """`rgb` is [H, W, 3] bytes; gray is what convert('L') makes of it."""
    image = rgb if isinstance(rgb, Image.Image) else Image.fromarray(rgb, "RGB")
    cases[name] = {
        "file": text(file),
        "shape": [image.height, image.width],
        "rgb": text(image.tobytes()),
        "gray": text(image.convert("L").tobytes()),
        **more,
    }


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def tiff(values, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, values, **options)
    return out.getvalue()


def over(image, background=(255, 255, 255)):
    image = image.convert("RGBA")
    below = Image.new("RGB", image.size, background)
    below.paste(image, mask=image.getchannel("A"))
    return below


def bytes_of(*shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


color = Image.fromarray(bytes_of(H, W, 3), "RGB")
for format, options in {"PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}, "BMP": {}}.items():
    add(f"color {format}", saved(color, format, **options), color)
gray = Image.fromarray(bytes_of(H, W), "L")
add("gray PNG", saved(gray, "PNG"), gray.convert("RGB"))
add("gray BMP", saved(gray, "BMP"), gray.convert("RGB"))
one = gray.convert("1")
for format in ["PNG", "TIFF", "BMP"]:
    add(f"1 bit {format}", saved(one, format), one.convert("RGB"))
few = color.quantize(5)
for format in ["PNG", "GIF", "BMP"]:
    add(f"palette {format}", saved(few, format), few.convert("RGB"))

rgba = Image.fromarray(bytes_of(H, W, 4), "RGBA")
for format, options in {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "TIFF": {}}.items():
    add(f"alpha {format}", saved(rgba, format, **options), over(rgba))
add("alpha PNG on blue", saved(rgba, "PNG"), over(rgba, (10, 20, 200)), background=[10, 20, 200])
la = Image.fromarray(bytes_of(H, W, 2), "LA")
add("gray with alpha PNG", saved(la, "PNG"), over(la))
holed = io.BytesIO()
few.save(holed, "PNG", transparency=2)
add("palette with a transparent color PNG", holed.getvalue(), over(Image.open(holed)))

inks = Image.fromarray(bytes_of(H, W, 4), "CMYK")
add("CMYK TIFF", saved(inks, "TIFF"), inks.convert("RGB"))
flat = Image.new("CMYK", (16, 16), (40, 90, 200, 30))
jpeg = saved(flat, "JPEG", quality=100)
add("CMYK JPEG", jpeg, Image.open(io.BytesIO(jpeg)).convert("RGB"))

for orientation in range(1, 9):
    for format, options in {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = saved(color, format, exif=exif, **options)
        add(f"orientation {orientation} {format}", file, ImageOps.exif_transpose(Image.open(io.BytesIO(file))))

deep = rng.integers(0, 2**16, (H, W, 3), dtype=np.uint16)
upper = (deep >> 8).astype(np.uint8)
add("16 bit color PNG", imagecodecs.png_encode(deep), upper)
add("16 bit color TIFF", tiff(deep, photometric="rgb"), upper)
add("16 bit gray PNG", imagecodecs.png_encode(deep[..., 0].copy()), np.repeat(upper[..., :1], 3, 2))
add("16 bit gray TIFF", tiff(deep[..., 0].copy()), np.repeat(upper[..., :1], 3, 2))
twelve = deep >> 4
scaled = np.round(np.clip(twelve / 4095, 0, 1) * 255).astype(np.uint8)
add("12 bits of 16 TIFF", tiff(twelve, photometric="rgb"), scaled, range=[0, 4095])
deep4 = np.dstack([deep, rng.integers(0, 2**16, (H, W), dtype=np.uint16)])
add("16 bit alpha PNG", imagecodecs.png_encode(deep4), over(Image.fromarray((deep4 >> 8).astype(np.uint8), "RGBA")))

floats = rng.random((H, W, 3), dtype=np.float32)
rounded = np.round(floats * 255).astype(np.uint8)
add("float color TIFF", tiff(floats, photometric="rgb"), rounded)
add("float gray TIFF", tiff(floats[..., 0].copy()), np.repeat(rounded[..., :1], 3, 2))
units = (floats[..., 0] * 3000 - 1000).astype(np.float32)
cut = np.round(np.clip((units + 500) / 1500, 0, 1) * 255).astype(np.uint8)[..., None]
add("float gray TIFF with a range", tiff(units), np.repeat(cut, 3, 2), range=[-500, 1000])
whole = rng.integers(0, 2**32, (H, W), dtype=np.uint32)
cut = np.round(np.clip(whole / 3e9, 0, 1) * 255).astype(np.uint8)[..., None]
add("32 bit gray TIFF with a range", tiff(whole), np.repeat(cut, 3, 2), range=[0, 3e9])


def bmp(bits, rows, palette=b"", height=H):
    data = b"".join(row + b"\0" * (-len(row) % 4) for row in rows)
    start = 54 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, W - 1, height, 1, bits, 0, len(data), 0, 0, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + header + palette + data


numbers = rng.integers(0, 16, (H, W - 1))
palette = b"".join(bytes([i * 16, 255 - i * 16, i * 3, 0]) for i in range(16))
pairs = [bytes(a << 4 | b for a, b in zip(row[::2], [*row[1::2], 0])) for row in numbers[::-1].tolist()]
four = [b"".join(bytes([v, 2 * v, 3 * v, 7 * v]) for v in row) for row in numbers[::-1].tolist()]
three = [b"".join(bytes([v, 2 * v, 3 * v]) for v in row) for row in numbers.tolist()]
for name, file in {
    "4 bit BMP of odd width": bmp(4, pairs, palette),
    "32 bit BMP": bmp(32, four),
    "BMP from the top down": bmp(24, three, height=-H),
}.items():
    add(name, file, Image.open(io.BytesIO(file)).convert("RGB"))

here = pathlib.Path(__file__).with_suffix(".json")
here.write_text(json.dumps(cases, indent=2) + "\n")
