"""The five networks in PyTorch, for benchmarks: the layers of `keras_models.py`, with the same names.

Inputs are `[N, 2, 7, 256]` as everywhere. PyTorch's channels are the 256 bins. The channels-last memory format is the memory
layout of the input, and PyTorch's faster format on a CPU.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Module):
    """TensorFlow's 'SAME' convolution: the odd column of padding after the data."""

    def __init__(self, channels, out, kernel, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride=(1, stride), groups=groups)
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        pads = []
        for size, k, s in ((x.shape[3], self.kernel[1], self.stride), (x.shape[2], self.kernel[0], 1)):
            total = max((-(-size // s) - 1) * s + k - size, 0)
            pads += [total // 2, total - total // 2]
        # The convolution pads symmetrically at no cost; asymmetric padding copies the input.
        if pads[0] == pads[1] and pads[2] == pads[3]:
            c = self.conv
            return F.conv2d(x, c.weight, c.bias, c.stride, (pads[2], pads[0]), 1, c.groups)
        return self.conv(F.pad(x, pads))


class Residual(nn.Module):
    def __init__(self, channels, out, stride, bottleneck):
        super().__init__()
        if bottleneck:
            mid = max(out // 4, 16)
            self.conv1, self.bn1 = Conv(channels, mid, (1, 1), stride), bn(mid)
            self.dw, self.bn2 = Conv(mid, mid, (1, 3), groups=mid), bn(mid)
            self.conv3, self.bn3 = Conv(mid, out, (1, 1)), bn(out)
            body = [self.conv1, self.bn1, nn.ReLU(), self.dw, self.bn2, nn.ReLU(), self.conv3, self.bn3]
        else:
            self.conv1, self.bn1 = Conv(channels, out, (1, 3), stride), bn(out)
            self.conv2, self.bn2 = Conv(out, out, (1, 3)), bn(out)
            body = [self.conv1, self.bn1, nn.ReLU(), self.conv2, self.bn2]
        self.body = body
        self.short_conv = None
        if channels != out or stride != 1:
            self.short_conv, self.short_bn = Conv(channels, out, (1, 1), stride), bn(out)

    def forward(self, x):
        shortcut = x if self.short_conv is None else self.short_bn(self.short_conv(x))
        for layer in self.body:
            x = layer(x)
        return F.relu(x + shortcut)


def bn(channels):
    # Keras' momentum 0.99 corresponds to 0.01 in PyTorch.
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Network(nn.Module):
    def __init__(self, name, bins=256, classes=3):
        super().__init__()
        parts, last = [], bins

        def add(layer_name, layer):
            parts.append((layer_name, layer))

        def conv(i, out, kernel, batch_norm=True, pool=False, digits=1):
            nonlocal last
            add(f"conv{i:0{digits}}", Conv(last, out, kernel))
            add(f"relu{i}", nn.ReLU())
            if pool:
                add(f"pool{i}", nn.MaxPool2d((1, 2)))
            if batch_norm:
                add(f"bn{i:0{digits}}", bn(out))
            last = out

        def dense(i, units, rate):
            nonlocal last
            add(f"fc{i}", nn.Linear(last, units))
            add(f"fc_relu{i}", nn.ReLU())
            add(f"dropout{i}", nn.Dropout(rate))
            last = units

        def pool():
            add("gap", nn.AdaptiveAvgPool2d(1))
            add("flatten", nn.Flatten())

        if name == "ultra_lightweight_cnn":
            for i, (out, k) in enumerate([(12, 3), (24, 3), (32, 3), (24, 2), (32, 2)], 1):
                conv(i, out, (1, k), batch_norm=False)
            pool()
        elif name == "simple_cnn":
            conv(1, 32, (2, 3))
            conv(2, 64, (2, 3), pool=True)
            conv(3, 128, (1, 3), pool=True)
            pool()
            dense(1, 512, 0.3)
        elif name == "deep_efficient_cnn":
            spec = [(16, 3), (32, 3), (48, 3), (64, 3), (64, 2), (48, 3), (32, 2), (64, 2)]
            for i, (out, k) in enumerate(spec, 1):
                conv(i, out, (1, k))
            pool()
        elif name == "resnet_style_cnn":
            add("stem_conv", Conv(last, 48, (1, 7), 2))
            add("stem_bn", bn(48))
            add("stem_relu", nn.ReLU())
            last, block = 48, 0
            for filters, count, first, bottleneck in [
                (64, 3, 1, False), (96, 4, 2, False), (128, 5, 2, True), (160, 3, 1, True), (192, 2, 1, True),
            ]:
                for i in range(count):
                    block += 1
                    add(f"block{block:02}", Residual(last, filters, first if i == 0 else 1, bottleneck))
                    last = filters
            pool()
            dense(1, 384, 0.4)
            dense(2, 192, 0.3)
        elif name == "deep_cnn_large":
            i = 0
            for out, count, kernel in [
                (64, 2, (2, 3)), (128, 3, (1, 3)), (256, 3, (1, 3)), (512, 3, (1, 3)), (512, 3, (1, 3)), (512, 2, (1, 3)),
            ]:
                for _ in range(count):
                    i += 1
                    conv(i, out, kernel, digits=2)
            pool()
            for i, (units, rate) in enumerate([(2048, 0.5), (1024, 0.5), (512, 0.3), (256, 0.2)], 1):
                dense(i, units, rate)
        else:
            raise ValueError(f"unknown model {name}")
        add("head", nn.Linear(last, classes))
        self.layers = nn.ModuleDict(parts)

    def forward(self, x):
        x = x.permute(0, 3, 1, 2)
        for layer in self.layers.values():
            x = layer(x)
        return x


def build(name, **sizes):
    return Network(name, **sizes).to(memory_format=torch.channels_last)


def load(network, tensors):
    """Copies weights named `layer/kernel`, `layer/moving_mean`, ... (NumPy, Keras' layouts)."""
    with torch.no_grad():
        for name, value in tensors.items():
            path, kind = name.rsplit("/", 1)
            module = network.layers
            for part in path.replace("stem.", "stem_").split("."):
                module = module[part] if isinstance(module, nn.ModuleDict) else getattr(module, part)
            if isinstance(module, Conv):
                module = module.conv
            value = torch.from_numpy(value.copy())
            if kind == "kernel" and value.ndim == 4:
                depthwise = module.groups > 1
                value = value.permute(2, 3, 0, 1) if depthwise else value.permute(3, 2, 0, 1)
            elif kind == "kernel":
                value = value.T
            target = {"kernel": "weight", "depthwise_kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias",
                      "moving_mean": "running_mean", "moving_variance": "running_var"}[kind]
            getattr(module, target).copy_(value.reshape(getattr(module, target).shape))
