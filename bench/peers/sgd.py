"""Forward, backward and update."""

import torch
from torch.nn import functional as F

from convnet import labels_of, load
from numbers_file import channels_first, group


class Sgd:
    def __init__(self, row, numbers):
        self.repeat = row["repeat"]
        self.net = load(group(numbers, "start"))
        self.images = channels_first(numbers["images"])
        self.labels = labels_of(len(self.images))
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.01)

    def step(self):
        loss = F.cross_entropy(self.net(self.images), self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def check(self):
        return {"loss before": self.step(), "loss after one step": self.step()}

    def round(self):
        for _ in range(self.repeat):
            loss = self.step()
        return loss


make = Sgd
