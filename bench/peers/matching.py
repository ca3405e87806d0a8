"""Iterations of DM and of DSA as their released codes run them; with hallucinators, of all views of a class's bases."""

import torch
from torch import nn
from torch.nn import functional as F

from augment import InTurn, Nothing
from convnet import ConvNet, labels_of, load
from haba import Hallucinator
from numbers_file import channels_first, group, norm

CLASSES, REAL = 10, 256


class Matching:
    def __init__(self, row, numbers):
        self.images = channels_first(numbers["images"]).requires_grad_()
        self.hallucinators = nn.ModuleList(Hallucinator(numbers, i) for i in range(row.get("hallucinators", 0)))
        self.stored = [self.images, *self.hallucinators.parameters()]
        self.real = channels_first(numbers["real"])
        self.net = load(group(numbers, "start"))
        self.per_class = row["batch"] // CLASSES
        self.epochs = row["steps"]
        self.labels = labels_of(len(self.images))
        self.augment = InTurn()
        hallucinators = {"params": list(self.hallucinators.parameters()), "lr": 0.001}
        self.optimizer = torch.optim.SGD([{"params": [self.images]}, hallucinators], lr=self.rate, momentum=0.5)

    def loss(self):
        total = 0
        for label in range(CLASSES):
            chosen = label * REAL + torch.randperm(REAL)
            augment = self.augment.draw(1)
            synthetic = self.images[label * self.per_class : (label + 1) * self.per_class]
            if self.hallucinators:
                synthetic = torch.cat([hallucinate(synthetic) for hallucinate in self.hallucinators])
            total = total + self.term(augment(self.real[chosen]), augment(synthetic), label)
        return total

    def check(self):
        augment, self.augment = self.augment, Nothing()
        loss = self.loss()
        gradient = torch.autograd.grad(loss, self.stored)
        self.augment = augment
        return {"loss": loss.item(), "gradient of the set": norm(gradient)}

    def move(self):
        loss = self.loss()
        self.optimizer.zero_grad()
        loss.backward(inputs=self.stored)
        self.optimizer.step()
        return loss.item()


class DistributionMatching(Matching):
    rate = 1.0

    def term(self, real, synthetic, label):
        with torch.no_grad():
            wanted = self.net.embed(real).mean(0)
        return (wanted - self.net.embed(synthetic).mean(0)).square().sum()

    def round(self):
        self.net = ConvNet().requires_grad_(False)
        return self.move()


def layerwise_distance(real, synthetic):
    """1 - cos of every output's weights, summed; biases and norms are left out."""
    total = 0
    for a, b in zip(real, synthetic):
        if a.dim() > 1:
            total = total + (1 - cosine(a.flatten(1), b.flatten(1))).sum()
    return total


def cosine(a, b):
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-6)


class GradientMatching(Matching):
    rate = 0.1

    def gradient(self, images, label, create_graph=False):
        labels = torch.full((len(images),), label)
        loss = F.cross_entropy(self.net(images), labels)
        return torch.autograd.grad(loss, list(self.net.parameters()), create_graph=create_graph)

    def term(self, real, synthetic, label):
        return layerwise_distance(self.gradient(real, label), self.gradient(synthetic, label, create_graph=True))

    def round(self):
        loss = self.move()
        optimizer = torch.optim.SGD(self.net.parameters(), lr=0.01)
        images = self.images.detach()
        for _ in range(self.epochs):
            order = torch.randperm(len(images))
            batch = self.augment.draw(len(images))(images[order])
            trained = F.cross_entropy(self.net(batch), self.labels[order])
            optimizer.zero_grad()
            trained.backward()
            optimizer.step()
        return loss


def make(row, numbers):
    return (DistributionMatching if row["objective"] == "dm" else GradientMatching)(row, numbers)
