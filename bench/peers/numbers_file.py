"""The numbers that both sides begin with."""

import json
import struct

import torch

TYPES = {"F32": torch.float32, "I32": torch.int32}


def read(path):
    """All tensors of a safetensors file by name, in its order."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        values = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(values, dtype=TYPES[entry["dtype"]], count=(end - begin) // 4, offset=begin)
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def group(numbers, prefix):
    """Those under a prefix, named without it: a network's parameters in PyTorch's order."""
    return {name[len(prefix) + 1 :]: value for name, value in numbers.items() if name.startswith(prefix + ".")}


def channels_first(images):
    """NHWC to a contiguous NCHW."""
    return images.permute(0, 3, 1, 2).contiguous()


def norm(tensors):
    """The square root of the sum of all squares, in double precision."""
    return sum(t.double().square().sum() for t in tensors).sqrt().item()
