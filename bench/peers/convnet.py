"""The network of all rows: ConvNet-3-128 with instance norm, as the released codes define it."""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F


class ConvNet(nn.Module):
    def __init__(self, channels=3, classes=10, width=128, depth=3, size=32):
        super().__init__()
        blocks = []
        for i in range(depth):
            blocks += [
                nn.Conv2d(channels if i == 0 else width, width, 3, padding=1),
                nn.GroupNorm(width, width),
                nn.ReLU(inplace=True),
                nn.AvgPool2d(2),
            ]
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Linear(width * (size >> depth) ** 2, classes)

    def embed(self, images):
        return self.features(images).flatten(1)

    def forward(self, images):
        return self.classifier(self.embed(images))


def labels_of(count, classes=10):
    """Classes in equal parts, class-major; the last is cut short where count is no multiple."""
    return torch.arange(count) // -(-count // classes)


def load(weights):
    """A network with the given weights, named in PyTorch's order of parameters."""
    net = ConvNet()
    with torch.no_grad():
        for parameter, value in zip(net.parameters(), weights.values(), strict=True):
            parameter.copy_(value)
    return net


def named(net, values):
    """Values in the order of a network's parameters, as differentiable leaves under their names."""
    return {
        name: value.clone().requires_grad_() for (name, _), value in zip(net.named_parameters(), values, strict=True)
    }


def student_step(net, weights, images, labels, rate):
    """One differentiable step of plain SGD."""
    loss = F.cross_entropy(functional_call(net, weights, (images,)), labels)
    gradients = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
    return {name: w - rate * g for (name, w), g in zip(weights.items(), gradients)}


def distance(reached, start, target):
    """MTT's loss: the squared distance that is left, relative to the one at the start."""
    left = sum((a - b).square().sum() for a, b in zip(reached, target))
    return left / sum((a - b).square().sum() for a, b in zip(start, target))
