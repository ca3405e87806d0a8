"""Renders a set that haba distilled, with NumPy and safetensors: found = load("RUN"), or of a file that `haba pack` wrote.
found.images [views * slots, height, width, channels] as networks saw them, found.targets [views * slots, classes] and
found.labels; found.pixels in 0 … 1; found.manifest. Renders pixels, multi-formation and factorized (HaBa) sets, also coded
(haba_codec.py and haba_dct.py beside this file). For PyTorch: TensorDataset(torch.from_numpy(found.images).permute(0, 3, 1, 2),
torch.from_numpy(found.targets))."""
import json, os
from types import SimpleNamespace
import numpy as np
from safetensors import safe_open

def load(path):
    folder = os.path.isdir(path)
    inside = (lambda name: os.path.join(path, name)) if folder else (lambda _: path)
    tensors, metadata = stored(inside("set.safetensors"))
    if folder:
        with open(inside("set.json"), encoding="utf-8") as file:
            manifest = json.load(file)
    else:
        manifest = json.loads(metadata["set.json"])
    if "codec" in manifest:
        tensors.update(__import__("haba_codec").read(inside("set.safetensors"))[0])
    about, layout = manifest["about"], manifest["layout"]
    labels = np.array(about["labels"])
    views = render(tensors, about["decoder"], layout["image"], labels)
    targets = tensors.get("targets", np.eye(layout["classes"], dtype=np.float32)[labels])
    if about["decoder"].get("targets", {}).get("stored") == "logits":
        targets = np.exp(targets - targets.max(1, keepdims=True))
        targets = targets / targets.sum(1, keepdims=True)
    images = np.ascontiguousarray(views.reshape(-1, *layout["image"]), np.float32)
    preprocessing = about["preprocessing"]
    if "file" in preprocessing["settings"]:
        matrices = stored(inside(preprocessing["settings"]["file"]))[0] if folder else under(tensors, "preprocessing.")
    else:
        matrices = preprocessing["settings"]
    return SimpleNamespace(
        images=images, targets=np.tile(targets, (len(views), 1)), labels=np.tile(labels, len(views)),
        pixels=invert(images, preprocessing["name"], matrices), manifest=manifest)

def stored(file):
    with safe_open(file, "numpy") as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}, opened.metadata()

def under(tensors, prefix):
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}

def render(tensors, options, image, labels):  # [views, slots, height, width, channels]
    if options["use"] == "pixels":
        return tensors["images"][None]
    if options["use"] == "multi-formation":
        n, fill = options["factor"], ((0, 0), (0, -image[0] % options["factor"]), (0, -image[1] % options["factor"]), (0, 0))
        x = np.pad(tensors["images"], fill, constant_values=options["padding"])
        slots, h, w, c = x.shape
        cells = x.reshape(slots, n, h // n, n, w // n, c).transpose(1, 3, 0, 2, 4, 5).reshape(n * n, slots, h // n, w // n, c)
        return np.stack([resize(cell, *image[:2]) for cell in cells])
    if options["use"] != "factorized":
        raise ValueError(f'haba_set.py renders pixels, multi-formation and factorized sets, not {options["use"]}')
    bases = tensors["bases"][None] if "bases" in tensors else render(
        under(tensors, "bases."), options["of"], options.get("basis", image), labels)
    if options["enlarge"] == "first":
        bases = np.stack([resize(x, *image[:2]) for x in bases])
    count, weights, own = options["hallucinators"], under(tensors, "hallucinators."), options["sharing"] == "per-class"
    each = [{name: value[(labels * count if own else labels * 0) + j] for name, value in weights.items()} for j in range(count)]
    return np.stack([resize(hallucinate(x, one, options), *image[:2]) for x in bases for one in each])

def hallucinate(x, at, options):  # decode(scale * encode(basis) + shift), each slot with its own weights
    activate = (lambda y: np.maximum(y, 0)) if options["activation"] == "relu" else (lambda y: y)
    pad, inner = (options["kernel"] - 1) // 2 if options["padding"] == "same" else 0, range(options["layers"] - 1)
    for name in ["encode", *(f"inner.encode.{i}" for i in inner)]:
        x = activate(convolve(x, at[name + ".kernel"], pad) + at[name + ".bias"][:, None, None])
    x = x * at["scale"] + at["shift"]
    for name in [*(f"inner.decode.{i}" for i in inner), "decode"]:
        kernel = at[name + ".kernel"][:, ::-1, ::-1].swapaxes(3, 4)
        x = convolve(x, kernel, options["kernel"] - 1 - pad) + at[name + ".bias"][:, None, None]
        x = x if name == "decode" else activate(x)
    return x

def convolve(x, kernel, pad):  # image i with kernel i
    x, size = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))), kernel.shape[1]
    h, w = x.shape[1] - size + 1, x.shape[2] - size + 1
    each = [np.einsum("shwi,sio->shwo", x[:, r : r + h, c : c + w], kernel[:, r, c]) for r in range(size) for c in range(size)]
    return np.sum(each, 0)

def resize(x, height, width):  # bilinearly, as PyTorch's align_corners=False
    return np.einsum("ah,shwc,bw->sabc", between(x.shape[1], height), x, between(x.shape[2], width), optimize=True)

def between(old, new):
    at, i, mix = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1), np.arange(new), np.zeros((new, old))
    low = at.astype(int)
    mix[i, low] += 1 - (at - low)
    mix[i, np.minimum(low + 1, old - 1)] += at - low
    return mix.astype(np.float32)

def invert(x, name, settings):  # pixels, not clamped; None for a preprocessing that a plugin brought
    if name.startswith("standard"):
        return x * np.array(settings["std"], np.float32) + np.array(settings["mean"], np.float32)
    if name == "zca":  # values of an image stand in the order [channel, row, column]
        flat = x.transpose(0, 3, 1, 2).reshape(len(x), -1) @ settings["inverse"] + settings["mean"]
        return flat.reshape(len(x), x.shape[3], *x.shape[1:3]).transpose(0, 2, 3, 1)
    return x if name == "identity" else None
