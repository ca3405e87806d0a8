"""One network trained on ten images, as the released codes evaluate a set, and tested on ten."""

import torch
from torch.nn import functional as F

from augment import InTurn
from convnet import ConvNet, labels_of, load
from numbers_file import channels_first, group


def optimizer_of(net, rate):
    return torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)


def step(net, optimizer, images, labels):
    loss = F.cross_entropy(net(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


class Evaluate:
    def __init__(self, row, numbers):
        self.epochs = row["steps"]
        self.start = group(numbers, "start")
        self.images = channels_first(numbers["images"])
        self.labels = labels_of(len(self.images))
        self.test = torch.randn(10, 3, 32, 32), torch.arange(10)
        self.augment = InTurn()

    def check(self):
        net = load(self.start)
        optimizer = optimizer_of(net, 0.01)
        losses = [step(net, optimizer, self.images, self.labels) for _ in range(4)]
        return {"loss before": losses[0], "loss after three steps": losses[3]}

    def round(self):
        net = ConvNet()
        optimizer = optimizer_of(net, 0.01)
        for epoch in range(self.epochs + 1):
            if epoch == self.epochs // 2 + 2:
                optimizer = optimizer_of(net, 0.001)
            order = torch.randperm(len(self.images))
            images = self.augment.draw(len(order))(self.images[order])
            step(net, optimizer, images, self.labels[order])
        with torch.no_grad():
            images, labels = self.test
            return (net(images).argmax(1) == labels).float().mean().item()


make = Evaluate
