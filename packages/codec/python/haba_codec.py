"""Reads a distilled set that haba stored in few bits, with NumPy alone: tensors, labels = read("RUN/set.safetensors").
Values are to the last bit those that haba measures. README.md of @haba/codec tells the format."""
import json, struct
import numpy as np

def read(path):
    data = open(path, "rb").read()
    start, tensors = 8 + struct.unpack("<Q", data[:8])[0], {}
    for name, entry in json.loads(data[8:start]).items():
        own = data[start:][slice(*entry.get("data_offsets", (0, 0)))]
        if name == "__metadata__": pass
        elif entry["dtype"] != "U8":
            tensors[name] = np.frombuffer(own, {"F32": "<f4", "I32": "<i4"}[entry["dtype"]]).reshape(entry["shape"])
        elif name == "labels":  # how many slots each class has
            classes = np.arange(sum(byte < 128 for byte in own), dtype=np.int32)
            tensors[name] = np.repeat(classes, varints(own, len(classes))[0])
        else:
            tensors[name] = decode(own)
    return tensors, tensors.pop("labels")

def varints(data, count, at=0):
    numbers, number, shift = [], 0, 0
    while len(numbers) < count:
        number, shift, at = number | (data[at] & 127) << shift, shift + 7, at + 1
        if data[at - 1] < 128: numbers, number, shift = numbers + [number], 0, 0
    return numbers, at

def decode(data):
    (kind, axes), at = varints(data, 2)
    shape, at = varints(data, axes, at)
    more, at = varints(data, (0, 4, 3, 2)[kind], at)
    plane, unit = ([1, 1, 1] + shape)[-3:], np.frombuffer(data[at : at + 4].ljust(4), "<f4")[0]
    if kind == 0:  # float16 values, in units
        return (np.frombuffer(data[at + 4 :], "<f2").astype(np.float32) * unit).reshape(shape)
    if kind == 2:  # whole numbers above the least
        return (symbols(data[at:], more[0], shape, plane) + more[2] * (-1) ** more[1]).astype(np.int32).reshape(shape)
    if kind == 3:
        return __import__("haba_dct").tensor(data[at + 4 :], unit, shape, *more)  # the file beside this one
    bits, patch, groups, length = more
    of = patches(np.arange(int(np.prod(shape))), shape, *plane, patch)
    pairs, count, at = groups or int(of.max()) + 1, int(of.max()) + 1, at + 4
    step, low = (np.frombuffer(data[at : at + 4 * pairs], "<f2").astype(np.float32) * unit).reshape(2, pairs)
    at += 4 * pairs
    if groups:  # the pair of scale and offset of each patch
        of = symbols(data[at : at + length], max(1, (groups - 1).bit_length()), [count], [1, count, 1])[of]
    return (symbols(data[at + length :], bits, shape, plane).astype(np.float32) * step[of] + low[of]).reshape(shape)

def patches(i, shape, h, w, c, patch):  # the patch of each value
    if len(shape) < 3 or h < patch or w < patch:
        return i // patch**2
    x, y, image = i // c % w, i // (c * w) % h, i // (c * w * h)
    return ((image * -(-h // patch) + y // patch) * -(-w // patch) + x // patch) * c + i % c

def symbols(stream, bits, shape, plane):
    count, near, data, (h, w, c) = int(np.prod(shape)), stream[0] - 1, stream[1:], plane
    if near < 0:  # plain bits
        return np.unpackbits(np.frombuffer(data, np.uint8))[: count * bits].reshape(-1, bits) @ (1 << np.arange(bits)[::-1])
    size, used = 1 << bits, bin(near).count("1")
    def context(i, out):
        about = (out[i - c] if i // c % w else size // 2) if near & 1 else 0
        about += (out[i - c * w] if i // (c * w) % h else size // 2) if near & 2 else 0
        about += (out[i - 1] if i % c else size // 2) if near & 4 else 0
        return about * 8 // (used * size) if used else 0
    return np.array(arithmetic(data, bits, count, 8, context))

def arithmetic(data, bits, count, contexts, context):
    size, low, high, at, out = 1 << bits, 0, 0xFFFFFFFF, 4, []
    ones, seen, code = [32768] * (contexts * size), [0] * (contexts * size), int.from_bytes(data[:4].ljust(4, b"\0"), "big")
    for i in range(count):
        first, node = size * context(i, out), 1
        while (k := first + node) < first + size:
            bit = code <= (middle := low + ((high - low) * min(65504, max(32, ones[k])) >> 16))
            low, high, node = (low, middle, 2 * node + 1) if bit else (middle + 1, high, 2 * node)
            while low >> 24 == high >> 24:
                low, high = low << 8 & 0xFFFFFFFF, high << 8 & 0xFFFFFFFF | 255
                code, at = code << 8 & 0xFFFFFFFF | (data[at] if at < len(data) else 0), at + 1
            ones[k], seen[k] = ones[k] + (bit * 65536 - ones[k]) // (seen[k] + 2), min(254, seen[k] + 1)
        out.append(node - size)
    return out
