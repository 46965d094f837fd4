//! The layers of every network.

use super::Op;

pub(super) struct Builder {
    pub ops: Vec<Op>,
    pub divisor: usize,
}

impl Builder {
    fn width(&self, channels: usize) -> usize {
        (channels / self.divisor).max(1)
    }

    fn conv(&self, name: String, kernel: (usize, usize), stride: usize, out: usize) -> Op {
        Op::Conv {
            name,
            kernel,
            stride,
            out,
        }
    }

    fn conv_relu(&mut self, name: String, kernel: (usize, usize), out: usize) {
        let op = self.conv(name, kernel, 1, self.width(out));
        self.ops.extend([op, Op::Relu]);
    }

    fn batch_norm(&mut self, name: String) {
        self.ops.push(Op::BatchNorm { name });
    }

    fn dense_relu(&mut self, name: &str, units: usize, dropout: f64) {
        self.ops.extend([
            Op::Dense {
                name: name.into(),
                units: self.width(units),
            },
            Op::Relu,
            Op::Dropout { rate: dropout },
        ]);
    }

    pub fn ultra_lightweight(&mut self) {
        let convs = [
            (12, (1, 3)),
            (24, (1, 3)),
            (32, (1, 3)),
            (24, (1, 2)),
            (32, (1, 2)),
        ];
        for (i, (out, kernel)) in convs.into_iter().enumerate() {
            self.conv_relu(format!("conv{}", i + 1), kernel, out);
        }
        self.ops.push(Op::GlobalAveragePool);
    }

    pub fn simple(&mut self) {
        self.conv_relu("conv1".into(), (2, 3), 32);
        self.batch_norm("bn1".into());
        self.conv_relu("conv2".into(), (2, 3), 64);
        self.ops.push(Op::MaxPool { columns: 2 });
        self.batch_norm("bn2".into());
        self.conv_relu("conv3".into(), (1, 3), 128);
        self.ops.push(Op::MaxPool { columns: 2 });
        self.batch_norm("bn3".into());
        self.ops.push(Op::GlobalAveragePool);
        self.dense_relu("fc1", 512, 0.3);
    }

    pub fn deep_efficient(&mut self) {
        let convs = [
            (16, (1, 3)),
            (32, (1, 3)),
            (48, (1, 3)),
            (64, (1, 3)),
            (64, (1, 2)),
            (48, (1, 3)),
            (32, (1, 2)),
            (64, (1, 2)),
        ];
        for (i, (out, kernel)) in convs.into_iter().enumerate() {
            self.conv_relu(format!("conv{}", i + 1), kernel, out);
            self.batch_norm(format!("bn{}", i + 1));
        }
        self.ops.push(Op::GlobalAveragePool);
    }

    pub fn deep_large(&mut self) {
        let stages: [(usize, usize, (usize, usize)); 6] = [
            (64, 2, (2, 3)),
            (128, 3, (1, 3)),
            (256, 3, (1, 3)),
            (512, 3, (1, 3)),
            (512, 3, (1, 3)),
            (512, 2, (1, 3)),
        ];
        let mut i = 0;
        for (out, count, kernel) in stages {
            for _ in 0..count {
                i += 1;
                self.conv_relu(format!("conv{i:02}"), kernel, out);
                self.batch_norm(format!("bn{i:02}"));
            }
        }
        self.ops.push(Op::GlobalAveragePool);
        for (name, units, rate) in [
            ("fc1", 2048, 0.5),
            ("fc2", 1024, 0.5),
            ("fc3", 512, 0.3),
            ("fc4", 256, 0.2),
        ] {
            self.dense_relu(name, units, rate);
        }
    }

    /// Sum of a convolutional path over the course of the window, its mean and its maximum over the `segments` segments,
    /// and a linear map of the window's mean features. Without `segments`, without the maximum.
    pub fn seismic(&mut self, segments: Option<usize>) {
        let width = self.width(48);
        let name = |layer: &str| layer.to_owned();
        let mut body = vec![
            self.conv(name("conv1"), (1, 1), 1, width),
            Op::BatchNorm { name: name("bn1") },
            Op::Relu,
        ];
        for block in ["block1", "block2"] {
            let layer = |layer: &str| format!("{block}.{layer}");
            let norm = |name: &str| Op::BatchNorm { name: layer(name) };
            let main = vec![
                Op::Depthwise {
                    name: layer("dw"),
                    kernel: (1, 3),
                },
                norm("bn1"),
                Op::Relu,
                self.conv(layer("conv"), (1, 1), 1, width),
                norm("bn2"),
            ];
            body.push(Op::Residual {
                name: block.into(),
                body: main,
                shortcut: Vec::new(),
            });
        }
        let dense = |layer: &str| Op::Dense {
            name: name(layer),
            units: width,
        };
        body.push(match segments {
            None => Op::GlobalAveragePool,
            // The mean hides how far an event stands out from what surrounds it.
            Some(columns) => Op::Sum {
                name: name("time"),
                body: vec![
                    Op::MaxPool { columns },
                    Op::GlobalAveragePool,
                    dense("maximum"),
                ],
                shortcut: vec![Op::GlobalAveragePool],
            },
        });
        self.ops.push(Op::Sum {
            name: name("sum"),
            body,
            shortcut: vec![Op::GlobalAveragePool, dense("linear")],
        });
    }

    pub fn resnet_style(&mut self) {
        let stem = self.width(48);
        let op = self.conv("stem.conv".into(), (1, 7), 2, stem);
        self.ops.push(op);
        self.batch_norm("stem.bn".into());
        self.ops.push(Op::Relu);
        // (filters, blocks, stride of the first block, bottleneck)
        let stages = [
            (64, 3, 1, false),
            (96, 4, 2, false),
            (128, 5, 2, true),
            (160, 3, 1, true),
            (192, 2, 1, true),
        ];
        let mut channels = stem;
        let mut block = 0;
        for (filters, count, first_stride, bottleneck) in stages {
            for i in 0..count {
                block += 1;
                let stride = if i == 0 { first_stride } else { 1 };
                let out = self.width(filters);
                let op = self.residual(block, channels, out, stride, bottleneck);
                self.ops.push(op);
                channels = out;
            }
        }
        self.ops.push(Op::GlobalAveragePool);
        self.dense_relu("fc1", 384, 0.4);
        self.dense_relu("fc2", 192, 0.3);
    }

    fn residual(
        &self,
        block: usize,
        channels: usize,
        out: usize,
        stride: usize,
        bottleneck: bool,
    ) -> Op {
        let name = format!("block{block:02}");
        let layer = |layer: &str| format!("{name}.{layer}");
        let norm = |layer: &str| Op::BatchNorm {
            name: format!("{name}.{layer}"),
        };
        let body = if bottleneck {
            let mid = (out / 4).max(self.width(16));
            vec![
                self.conv(layer("conv1"), (1, 1), stride, mid),
                norm("bn1"),
                Op::Relu,
                Op::Depthwise {
                    name: layer("dw"),
                    kernel: (1, 3),
                },
                norm("bn2"),
                Op::Relu,
                self.conv(layer("conv3"), (1, 1), 1, out),
                norm("bn3"),
            ]
        } else {
            vec![
                self.conv(layer("conv1"), (1, 3), stride, out),
                norm("bn1"),
                Op::Relu,
                self.conv(layer("conv2"), (1, 3), 1, out),
                norm("bn2"),
            ]
        };
        let shortcut = if channels != out || stride != 1 {
            vec![
                self.conv(layer("short_conv"), (1, 1), stride, out),
                norm("short_bn"),
            ]
        } else {
            Vec::new()
        };
        Op::Residual {
            name,
            body,
            shortcut,
        }
    }
}
