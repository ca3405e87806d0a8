"""One iteration of HaBa as its released code orders it: inner loop, diversity term, set update, extractor update."""

import random

import torch
from torch import nn
from torch.nn import functional as F

from augment import InTurn, Nothing
from convnet import ConvNet, distance, labels_of, load, named, student_step
from numbers_file import channels_first, group, norm


class Hallucinator(nn.Module):
    """decode(scale * encode(basis) + shift)"""

    def __init__(self, numbers, index):
        super().__init__()
        self.encode = nn.Conv2d(3, 3, 3)
        self.scale = nn.Parameter(channels_first(numbers["scale"][index : index + 1]))
        self.shift = nn.Parameter(channels_first(numbers["shift"][index : index + 1]))
        self.decode = nn.ConvTranspose2d(3, 3, 3)
        with torch.no_grad():
            for layer, name in ((self.encode, "encode"), (self.decode, "decode")):
                layer.weight.copy_(numbers[name + ".weight"][index].permute(3, 2, 0, 1))
                layer.bias.copy_(numbers[name + ".bias"][index])

    def forward(self, bases):
        return self.decode(self.scale * self.encode(bases) + self.shift)


def supervised_contrastive(features, labels, temperature=0.07):
    """SupCon over all vectors of both views, features [2n, d] of length 1."""
    logits = features @ features.T / temperature
    logits = logits - logits.max(dim=1, keepdim=True).values.detach()
    others = 1 - torch.eye(len(features))
    positive = (labels[:, None] == labels[None, :]).float() * others
    log_probability = logits - (logits.exp() * others).sum(1, keepdim=True).log()
    return -((positive * log_probability).sum(1) / positive.sum(1)).mean()


class Haba:
    def __init__(self, row, numbers):
        self.numbers, self.steps = numbers, row["steps"]
        self.bases = channels_first(numbers["bases"]).requires_grad_()
        self.labels = labels_of(len(self.bases))
        self.hallucinators = nn.ModuleList(Hallucinator(numbers, i) for i in range(5))
        self.extractor = load(group(numbers, "critic"))
        few = row["batch"] == 10
        self.rate = torch.tensor(0.01 if few else 0.001, requires_grad=True)
        self.student = ConvNet()
        self.start = group(numbers, "start")
        self.target = list(group(numbers, "target").values())
        self.set = [self.bases, *self.hallucinators.parameters()]
        self.optimizers = [
            torch.optim.SGD([self.bases], lr=100, momentum=0.95),
            torch.optim.SGD(self.hallucinators.parameters(), lr=100, momentum=0.95),
            torch.optim.SGD([self.rate], lr=1e-7 if few else 1e-5, momentum=0.9),
        ]
        self.extractor_optimizer = torch.optim.SGD(self.extractor.parameters(), lr=0.001, momentum=0.9)
        self.augment = InTurn()

    def match(self, views):
        """The student's training on one view a step, and how far it is from the expert."""
        weights = named(self.student, self.start.values())
        for view in views:
            order = torch.randperm(len(self.bases))
            images = self.hallucinators[view](self.bases[order])
            images = self.augment.draw(len(images))(images)
            weights = student_step(self.student, weights, images, self.labels[order], self.rate)
        return distance(weights.values(), self.start.values(), self.target)

    def render(self, pair):
        """Two views of all bases, augmented, and the labels of both."""
        order = torch.randperm(len(self.bases))
        both = torch.cat([self.hallucinators[view](self.bases[order]) for view in pair])
        return self.augment.draw(len(both))(both), self.labels[order].repeat(2)

    def penalty(self, pair):
        images, _ = self.render(pair)
        first, second = self.extractor.embed(images).chunk(2)
        return 0.1 * ((F.cosine_similarity(first, second) + 1) / 2).mean()

    def critique(self, pair):
        with torch.no_grad():  # The extractor alone learns from this.
            images, labels = self.render(pair)
        features = self.extractor.embed(images)
        first, second = features.chunk(2)
        classify = F.cross_entropy(self.extractor.classifier(features), labels)
        together = ((1 - F.cosine_similarity(first, second)) / 2).mean()
        contrast = supervised_contrastive(F.normalize(features), labels)
        return classify + 0.1 * together + 0.1 * contrast

    def check(self):
        numbers, augment, rate_of_run = self.numbers, self.augment, self.rate
        self.augment, self.rate = Nothing(), torch.tensor(0.1, requires_grad=True)
        matched = self.match([int(numbers[f"view.{i}"][0]) for i in range(3)])
        # Three steps need not use all hallucinators.
        *moved, rate = torch.autograd.grad(matched, [*self.set, self.rate], allow_unused=True)
        pair = [int(numbers["first"][0]), int(numbers["second"][0])]
        penalty, critique = self.penalty(pair).item(), self.critique(pair).item()
        self.augment, self.rate = augment, rate_of_run
        return {
            "loss of matching": matched.item(),
            "loss of penalty": penalty,
            "loss of critique": critique,
            "gradient of the set": norm([gradient for gradient in moved if gradient is not None]),
            "gradient of step size": rate.item(),
        }

    def round(self):
        matched = self.match(random.choices(range(5), k=self.steps))
        loss = matched + self.penalty(random.sample(range(5), 2))
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward(inputs=[*self.set, self.rate])
        for optimizer in self.optimizers:
            optimizer.step()
        with torch.no_grad():
            self.rate.clamp_(min=0.001)

        self.extractor_optimizer.zero_grad()
        self.critique(random.sample(range(5), 2)).backward()
        self.extractor_optimizer.step()
        return matched.item()


make = Haba
