"""One student step and its derivative: the gradients of pixels, step size and earlier weights for a cotangent of the new ones."""

import torch

from convnet import ConvNet, labels_of, named, student_step
from numbers_file import channels_first, group, norm


class Student:
    def __init__(self, row, numbers):
        self.repeat = row["repeat"]
        self.net = ConvNet()
        self.weights = named(self.net, group(numbers, "start").values())
        self.cotangent = list(group(numbers, "cotangent").values())
        self.images = channels_first(numbers["images"]).requires_grad_()
        self.labels = labels_of(len(self.images))
        self.rate = torch.tensor(0.01, requires_grad=True)

    def once(self):
        moved = list(student_step(self.net, self.weights, self.images, self.labels, self.rate).values())
        leaves = [self.images, self.rate, *self.weights.values()]
        return moved, torch.autograd.grad(moved, leaves, grad_outputs=self.cotangent)

    def check(self):
        moved, (images, rate, *weights) = self.once()
        product = sum((a.double() * b.double()).sum() for a, b in zip(moved, self.cotangent))
        return {
            "loss (new weights times cotangent)": product.item(),
            "gradient of pixels": norm([images]),
            "gradient of step size": rate.item(),
            "gradient of weights": norm(weights),
        }

    def round(self):
        for _ in range(self.repeat):
            _, gradients = self.once()
        return gradients[1].item()


make = Student
