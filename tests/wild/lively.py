"""Random networks that answer to the picture: some scores above any threshold, boxes of many sizes.

tests/parity/make_models.py says why untrained networks are of no use for comparing detections, and what makes them
lively. This is the same for networks of any repository: the maker names the last layers of the branches, this draws
them anew so that their outputs over the calibration pictures have a given spread. Seeded; PyTorch only, from Python
3.9 on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
from torch import nn

# This share of all positions, over the calibration pictures, has a best class that scores more than this.
kDense = ((0.03, 0.25), (0.0008, 0.95))  # of thousands of anchors
kQueries = ((0.08, 0.25), (0.004, 0.95))  # of some hundred queries
kSure = ((0.5, 0.6), (0.02, 0.95))  # of classes, which are yet multiplied with an objectness
# See kDamping of tests/parity/make_models.py.
kDamping = 0.6


class Enlivener:
    """Changes the weights of `network`, which `forward` runs on the calibration pictures."""

    def __init__(self, network: nn.Module, forward: Callable[[], object], seed: int = 7) -> None:
        self.network, self.forward = network.eval(), forward
        self.random = torch.Generator().manual_seed(seed)

    def layers(self, pattern: str) -> list[nn.Module]:
        """The convolutions and linear layers whose whole name matches; at least one."""
        found = [
            module
            for name, module in self.network.named_modules()
            if isinstance(module, (nn.Conv2d, nn.Linear)) and re.fullmatch(pattern, name)
        ]
        if not found:
            raise LookupError(f"no layer is named like {pattern}")
        return found

    @torch.no_grad()
    def norms(self) -> None:
        """Batch norms drawn anew, their statistics measured, so that activations keep their variance to the end."""
        norms = [module for module in self.network.modules() if isinstance(module, nn.BatchNorm2d)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.weight.copy_(0.7 + 0.8 * torch.rand(norm.weight.shape, generator=self.random))
            norm.bias.copy_(1.0 + 0.3 * torch.randn(norm.bias.shape, generator=self.random))
            norm.train()
            norm.momentum = 1.0
        self.forward()
        for norm, momentum in zip(norms, momenta):
            norm.eval()
            norm.momentum = momentum

    @torch.no_grad()
    def inputs(self, layers: list[nn.Module]) -> list[tuple[nn.Module, list[torch.Tensor]]]:
        """Those of `layers` that are run, each with what it is fed with."""
        seen: dict[nn.Module, list[torch.Tensor]] = {layer: [] for layer in layers}
        hooks = [
            layer.register_forward_pre_hook(lambda module, arguments: seen[module].append(arguments[0]))
            for layer in layers
        ]
        self.forward()
        for hook in hooks:
            hook.remove()
        return [(layer, fed) for layer, fed in seen.items() if fed]

    def draw(self, layer: nn.Module, fed: list[torch.Tensor], rows: list[int], damping: float = 0.0) -> Drawn:
        """New weights and biases for those outputs of `layer`: mean 0, variance 1."""
        weights = torch.randn(len(rows), *layer.weight.shape[1:], generator=self.random) - damping
        put(layer, rows, weights, torch.zeros(len(rows)))
        outputs = run(layer, fed)[:, rows]
        deviation, mean = outputs.std(0).clamp_min(1e-6), outputs.mean(0)
        return Drawn(layer, rows, weights, torch.zeros(len(rows)), outputs).scaled(1 / deviation, -mean / deviation)

    @torch.no_grad()
    def values(
        self, pattern: str, deviation: float, mean: float = 0.0, rows: slice = slice(None), anchors: int = 1
    ) -> None:
        """Outputs of those layers get that spread; only `rows` of each of `anchors` equal parts."""
        for layer, fed in (pair for layer in self.layers(pattern) for pair in self.inputs([layer])):
            for part in parts(layer, anchors):
                self.draw(layer, fed, part[rows]).scaled(deviation, mean).put()

    @torch.no_grad()
    def bins(self, pattern: str, bins: int, tilt: float = 0.5, mean: float = -0.25) -> None:
        """Logits of distances in `bins` bins for each side of a box: spread 1, with a random tilt along the bins."""
        along = (torch.arange(bins) - (bins - 1) / 2).repeat(4)
        for layer, fed in self.inputs(self.layers(pattern)):
            rows = list(range(4 * bins))
            logits = self.draw(layer, fed, rows)
            sides = torch.randn(4, *layer.weight.shape[1:], generator=self.random).repeat_interleave(bins, 0)
            put(layer, rows, sides, torch.zeros(len(rows)))
            outputs = run(layer, fed)
            deviation, centre = outputs.std(0).clamp_min(1e-6), outputs.mean(0)
            tilted = Drawn(layer, rows, sides, torch.zeros(len(rows)), outputs)
            tilted = tilted.scaled(tilt / deviation, mean - tilt * centre / deviation).scaled(along, 0.0)
            put(layer, rows, logits.weights + tilted.weights, logits.bias + tilted.bias)

    @torch.no_grad()
    def scores(self, pattern: str, quantiles: tuple = kDense, rows: slice = slice(None), anchors: int = 1) -> None:
        """The best class' score over all positions of all those layers gets these quantiles."""
        drawn = []
        for layer, fed in self.inputs(self.layers(pattern)):
            for part in parts(layer, anchors):
                one = self.draw(layer, fed, part[rows], kDamping if len(part[rows]) > 1 else 0.0)
                # Equal maxima would be ties.
                largest = one.outputs.amax(0).clamp_min(1e-3) / (
                    0.75 + 0.5 * torch.rand(len(one.rows), generator=self.random)
                )
                drawn.append(one.scaled(1 / largest, 0.0))
        if drawn:
            scale, shift = scale_and_shift(torch.cat([one.outputs.amax(1) for one in drawn]), quantiles)
            for one in drawn:
                one.scaled(scale, shift).put()

    def anchors(self, pattern: str, objects: tuple) -> None:
        """Of layers with three anchors: boxes, objectness with these quantiles, and classes."""
        self.values(pattern, 1.0, rows=slice(0, 4), anchors=3)
        self.scores(pattern, objects, rows=slice(4, 5), anchors=3)
        self.scores(pattern, kSure, rows=slice(5, None), anchors=3)


def detr(lively: Enlivener) -> None:
    """RT-DETR and what came of it: heads of the encoder choose queries, each layer of the decoder moves boxes."""
    lively.scores(r".*decoder\.enc_score_head", kQueries)
    lively.values(r".*decoder\.enc_bbox_head\.layers\.2", 0.5)
    for pattern in (r".*decoder\.pre_bbox_head\.layers\.2", r".*decoder\.dec_bbox_head\.\d+\.layers\.2"):
        try:
            layers = lively.layers(pattern)
        except LookupError:
            continue
        plain = layers[0].weight.shape[0] == 4  # else distances in bins
        lively.values(pattern, 0.3 if plain else 1.0)
    for layer in range(len(lively.layers(r".*decoder\.dec_score_head\.\d+"))):
        lively.scores(rf".*decoder\.dec_score_head\.{layer}", kQueries)


@dataclass
class Drawn:
    """Weights and biases of some outputs of a layer, and these outputs: [positions, rows]."""

    layer: nn.Module
    rows: list[int]
    weights: torch.Tensor
    bias: torch.Tensor
    outputs: torch.Tensor

    def scaled(self, scale, shift) -> Drawn:
        """Outputs times `scale`, and then plus `shift`."""
        scale = torch.as_tensor(scale).expand(len(self.rows))
        weights = self.weights * scale.view(-1, *[1] * (self.weights.ndim - 1))
        return Drawn(self.layer, self.rows, weights, self.bias * scale + shift, self.outputs * scale + shift)

    def put(self) -> None:
        put(self.layer, self.rows, self.weights, self.bias)


def run(layer: nn.Module, fed: list[torch.Tensor]) -> torch.Tensor:
    """All outputs: [positions, outputs]."""
    outputs = [layer(one) for one in fed]
    if isinstance(layer, nn.Conv2d):
        outputs = [one.permute(0, 2, 3, 1) for one in outputs]
    return torch.cat([one.flatten(0, -2) for one in outputs])


def parts(layer: nn.Module, count: int) -> list[list[int]]:
    """The numbers of the layer's outputs, in `count` equal parts."""
    each = layer.weight.shape[0] // count
    return [list(range(part * each, (part + 1) * each)) for part in range(count)]


def put(layer: nn.Module, rows: list[int], weights: torch.Tensor, bias: torch.Tensor) -> None:
    layer.weight[rows] = weights
    if layer.bias is not None:
        layer.bias[rows] = bias


def scale_and_shift(best: torch.Tensor, quantiles: tuple) -> tuple[float, float]:
    """What logits have to be multiplied with, and then added to, for these quantiles."""
    (share0, score0), (share1, score1) = quantiles
    have0, have1 = np.quantile(best.numpy(), [1 - share0, 1 - share1])
    want0, want1 = (np.log(score / (1 - score)) for score in (score0, score1))
    scale = float((want1 - want0) / (have1 - have0))
    return scale, float(want0 - scale * have0)
