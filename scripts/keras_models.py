"""The networks in Keras, as the reference that conformance fixtures and benchmarks use.

Layer names are those of the Rust crate, so that weights can be copied by name. `divisor` divides every channel and unit
count, as `Architecture::narrowed` does.
"""

import keras
from keras import layers

MODELS = (
    "ultra_lightweight_cnn",
    "simple_cnn",
    "deep_efficient_cnn",
    "resnet_style_cnn",
    "deep_cnn_large",
    "seismic_cnn",
)


def build(name, input_shape=(2, 7, 256), num_classes=3, divisor=1, dropout=True):
    """A Keras model that puts out logits."""
    inputs = keras.Input(input_shape)
    x = inputs

    def width(n):
        return max(n // divisor, 1)

    # Keras rejects dots in layer names only when it saves a model, so `block01.conv1` is valid here.
    def conv(x, layer, out, kernel, stride=1, relu=True):
        x = layers.Conv2D(out, kernel, strides=(1, stride), padding="same", name=layer)(x)
        return layers.ReLU()(x) if relu else x

    def bn(x, layer):
        return layers.BatchNormalization(epsilon=1e-3, momentum=0.99, name=layer)(x)

    def dense_relu(x, layer, units, rate):
        x = layers.ReLU()(layers.Dense(width(units), name=layer)(x))
        return layers.Dropout(rate)(x) if dropout else x

    def residual(x, block, out, stride, bottleneck):
        shortcut = x
        if x.shape[-1] != out or stride != 1:
            shortcut = conv(x, f"{block}.short_conv", out, (1, 1), stride, relu=False)
            shortcut = bn(shortcut, f"{block}.short_bn")
        if bottleneck:
            mid = max(out // 4, width(16))
            x = conv(x, f"{block}.conv1", mid, (1, 1), stride, relu=False)
            x = layers.ReLU()(bn(x, f"{block}.bn1"))
            x = layers.DepthwiseConv2D((1, 3), padding="same", name=f"{block}.dw")(x)
            x = layers.ReLU()(bn(x, f"{block}.bn2"))
            x = bn(conv(x, f"{block}.conv3", out, (1, 1), relu=False), f"{block}.bn3")
        else:
            x = conv(x, f"{block}.conv1", out, (1, 3), stride, relu=False)
            x = layers.ReLU()(bn(x, f"{block}.bn1"))
            x = bn(conv(x, f"{block}.conv2", out, (1, 3), relu=False), f"{block}.bn2")
        return layers.ReLU()(layers.Add()([x, shortcut]))

    if name == "ultra_lightweight_cnn":
        spec = [(12, (1, 3)), (24, (1, 3)), (32, (1, 3)), (24, (1, 2)), (32, (1, 2))]
        for i, (out, kernel) in enumerate(spec, 1):
            x = conv(x, f"conv{i}", width(out), kernel)
        x = layers.GlobalAveragePooling2D()(x)
    elif name == "simple_cnn":
        x = bn(conv(x, "conv1", width(32), (2, 3)), "bn1")
        x = bn(layers.MaxPooling2D((1, 2))(conv(x, "conv2", width(64), (2, 3))), "bn2")
        x = bn(layers.MaxPooling2D((1, 2))(conv(x, "conv3", width(128), (1, 3))), "bn3")
        x = layers.GlobalAveragePooling2D()(x)
        x = dense_relu(x, "fc1", 512, 0.3)
    elif name == "deep_efficient_cnn":
        spec = [(16, 3), (32, 3), (48, 3), (64, 3), (64, 2), (48, 3), (32, 2), (64, 2)]
        for i, (out, k) in enumerate(spec, 1):
            x = bn(conv(x, f"conv{i}", width(out), (1, k)), f"bn{i}")
        x = layers.GlobalAveragePooling2D()(x)
    elif name == "resnet_style_cnn":
        x = conv(x, "stem.conv", width(48), (1, 7), 2, relu=False)
        x = layers.ReLU()(bn(x, "stem.bn"))
        block = 0
        for filters, count, first, bottleneck in [
            (64, 3, 1, False), (96, 4, 2, False), (128, 5, 2, True), (160, 3, 1, True), (192, 2, 1, True),
        ]:
            for i in range(count):
                block += 1
                x = residual(x, f"block{block:02}", width(filters), first if i == 0 else 1, bottleneck)
        x = layers.GlobalAveragePooling2D()(x)
        x = dense_relu(dense_relu(x, "fc1", 384, 0.4), "fc2", 192, 0.3)
    elif name == "deep_cnn_large":
        i = 0
        for out, count, kernel in [
            (64, 2, (2, 3)), (128, 3, (1, 3)), (256, 3, (1, 3)), (512, 3, (1, 3)), (512, 3, (1, 3)), (512, 2, (1, 3)),
        ]:
            for _ in range(count):
                i += 1
                x = bn(conv(x, f"conv{i:02}", width(out), kernel), f"bn{i:02}")
        x = layers.GlobalAveragePooling2D()(x)
        for layer, units, rate in [("fc1", 2048, 0.5), ("fc2", 1024, 0.5), ("fc3", 512, 0.3), ("fc4", 256, 0.2)]:
            x = dense_relu(x, layer, units, rate)
    elif name == "seismic_cnn":
        linear = layers.Dense(width(48), name="linear")(layers.GlobalAveragePooling2D()(x))
        x = layers.ReLU()(bn(conv(x, "conv1", width(48), (1, 1), relu=False), "bn1"))
        for block in ("block1", "block2"):
            y = layers.DepthwiseConv2D((1, 3), padding="same", name=f"{block}.dw")(x)
            y = layers.ReLU()(bn(y, f"{block}.bn1"))
            y = bn(conv(y, f"{block}.conv", width(48), (1, 1), relu=False), f"{block}.bn2")
            x = layers.ReLU()(layers.Add()([y, x]))
        maximum = layers.MaxPooling2D((1, x.shape[2]), name="max_pool_1")(x)
        maximum = layers.Dense(width(48), name="maximum")(layers.GlobalAveragePooling2D()(maximum))
        x = layers.Add()([maximum, layers.GlobalAveragePooling2D()(x)])
        x = layers.Add()([x, linear])
    else:
        raise ValueError(f"unknown model {name}")
    return keras.Model(inputs, layers.Dense(num_classes, name="head")(x), name=name)


def named_variables(model):
    """`layer/kernel`, `layer/moving_mean`, ... -> variable, for every weight of the model."""
    return {f"{layer.name}/{v.name}": v for layer in model.layers for v in layer.weights if v.name != "seed_generator_state"}
