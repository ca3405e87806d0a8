"""MTT's loss over many student steps with its gradient in pixels and step size, through the graph of all steps."""

import torch

from convnet import ConvNet, distance, labels_of, named, student_step
from numbers_file import channels_first, group, norm


class Trajectory:
    def __init__(self, row, numbers):
        self.steps = row["steps"]
        self.net = ConvNet()
        self.start = group(numbers, "start")
        self.target = list(group(numbers, "target").values())
        self.images = channels_first(numbers["images"]).requires_grad_()
        self.labels = labels_of(len(self.images))
        self.rate = torch.tensor(0.01, requires_grad=True)

    def once(self):
        weights = named(self.net, self.start.values())
        for _ in range(self.steps):
            order = torch.randperm(len(self.images))
            weights = student_step(self.net, weights, self.images[order], self.labels[order], self.rate)
        loss = distance(weights.values(), self.start.values(), self.target)
        return loss.item(), torch.autograd.grad(loss, [self.images, self.rate])

    def check(self):
        loss, (images, rate) = self.once()
        return {"loss": loss, "gradient of pixels": norm([images]), "gradient of step size": rate.item()}

    def round(self):
        return self.once()[0]


make = Trajectory
