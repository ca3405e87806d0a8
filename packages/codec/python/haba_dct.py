"""Tensors whose blocks were transformed by cosines (DCT-II) before they were rounded; haba_codec.py reads them through this file."""
import numpy as np
from haba_codec import arithmetic

def tensor(stream, step, shape, bits, block):
    height, width, c = shape[-3:]
    h, w = (max(n for n in range(1, block + 1) if side % n == 0) for side in (height, width))
    across = width // w
    at, band = places(int(np.prod(shape)) // (h * w * c), across, h, w, c)
    dx, dy, db = c + 1, (c + 1) * (w + 2), (c + 1) * (w + 2) * (h + 2)
    near = [0] * (at[-1] + 1)  # sizes of levels, with a margin of zeros

    def context(i, out):
        if i:
            near[at[i - 1]] = (out[i - 1] + 1) >> 1
        a = at[i]
        two = near[a - 1] + near[a - dx] + near[a - dy] + near[a - db] + near[a - across * db]
        one = near[a - dx - dy] + near[a - 2 * dx] + near[a - 2 * dy]
        return band[i] * 8 + min(7, (2 * two + one).bit_length())

    found = np.array(arithmetic(stream, bits, len(at), 256, context))
    levels = np.where(found % 2, -1, 1) * ((found + 1) >> 1)
    x = levels.reshape(-1, across, h, w, c) @ cosines(c)  # whole numbers: every sum is exact
    x = np.swapaxes(np.swapaxes(x, 3, 4) @ cosines(w), 3, 4)
    x = np.moveaxis(np.moveaxis(x, 2, 4) @ cosines(h), 4, 2)
    return (x.transpose(0, 2, 1, 3, 4) * (float(step) / 2**30)).astype(np.float32).reshape(shape)

def places(blocks, across, h, w, c):  # of each level in that margin, and its band of frequencies
    b, u, v, z = np.indices((blocks, h, w, c)).reshape(4, -1)
    at = (((across + b) * (h + 2) + u + 2) * (w + 2) + v + 2) * (c + 1) + z + 1
    band = (z > 0) * 16 + np.minimum(15, 10 * (u * w + v * h) // (h * w))
    return at.tolist(), band.tolist()

def cosines(size):
    u, x = np.indices((size, size))
    exact = np.sqrt(np.where(u == 0, 1, 2) / size) * np.cos(np.pi * (2 * x + 1) * u / (2 * size))
    return np.rint(1024 * exact).astype(np.int64)
