"""The differentiable siamese augmentation of the released codes (DiffAugment), mode S.

Its six operations come in turn in place of one at random, as on our side, so that both do each of them equally often.
A draw of one row acts on all images alike (siamese), a draw of n rows on n images.
"""

import math

import torch
from torch.nn import functional as F


def uniform(rows):
    return torch.rand(rows, 1, 1, 1)


def draw_color(rows, size):
    return uniform(rows), uniform(rows), uniform(rows)


def color(x, draw):
    brightness, saturation, contrast = draw
    x = x + (brightness - 0.5)
    mean = x.mean(dim=1, keepdim=True)
    x = (x - mean) * (2 * saturation) + mean
    mean = x.mean(dim=[1, 2, 3], keepdim=True)
    return (x - mean) * (contrast + 0.5) + mean


def draw_crop(rows, size):
    shift = int(size * 0.125 + 0.5)
    return torch.randint(-shift, shift + 1, (2, rows, 1, 1))


def crop(x, draw):
    n, _, height, width = x.shape
    batch, row, column = grid(n, height, width)
    row = torch.clamp(row + draw[0] + 1, 0, height + 1)
    column = torch.clamp(column + draw[1] + 1, 0, width + 1)
    padded = F.pad(x, [1, 1, 1, 1])
    return padded.permute(0, 2, 3, 1)[batch, row, column].permute(0, 3, 1, 2)


def draw_cutout(rows, size):
    hole = int(size * 0.5 + 0.5)
    return torch.randint(0, size + (1 - hole % 2), (2, rows, 1, 1))


def cutout(x, draw):
    n, _, height, width = x.shape
    rows = draw.shape[1]
    tall, wide = int(height * 0.5 + 0.5), int(width * 0.5 + 0.5)
    batch, row, column = grid(rows, tall, wide)
    row = torch.clamp(row + draw[0] - tall // 2, 0, height - 1)
    column = torch.clamp(column + draw[1] - wide // 2, 0, width - 1)
    mask = torch.ones(rows, height, width)
    mask[batch, row, column] = 0
    return x * mask.unsqueeze(1)


def draw_flip(rows, size):
    return uniform(rows)


def flip(x, draw):
    return torch.where(draw < 0.5, x.flip(3), x)


def draw_scale(rows, size):
    steps = torch.rand(2, rows) * (1.2 - 1 / 1.2) + 1 / 1.2
    matrix = torch.zeros(rows, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = steps[0], steps[1]
    return matrix


def draw_rotate(rows, size):
    angle = (torch.rand(rows) - 0.5) * 2 * 15 / 180 * math.pi
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros(rows)
    return torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)


def affine(x, draw):
    where = F.affine_grid(draw.expand(len(x), 2, 3), x.shape, align_corners=True)
    return F.grid_sample(x, where, align_corners=True)


def grid(n, height, width):
    return torch.meshgrid(torch.arange(n), torch.arange(height), torch.arange(width), indexing="ij")


OPERATIONS = [
    (draw_color, color),
    (draw_crop, crop),
    (draw_cutout, cutout),
    (draw_flip, flip),
    (draw_scale, affine),
    (draw_rotate, affine),
]


class InTurn:
    """Each draw gives a function of images, to be used on as many batches as wanted."""

    def __init__(self):
        self.turn = 0

    def draw(self, rows, size=32):
        make, apply = OPERATIONS[self.turn % len(OPERATIONS)]
        self.turn += 1
        drawn = make(rows, size)
        return lambda x: apply(x, drawn)


class Nothing:
    """Leaves images as they are: for what both sides must agree on."""

    def draw(self, rows, size=32):
        return lambda x: x
