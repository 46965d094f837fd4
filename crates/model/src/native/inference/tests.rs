use super::finish::Finish;
use super::lines::Lines;
use super::lower::{convolution, direct};
use super::packed::Packed;
use super::*;
use crate::architecture::{InputShape, ModelKind};
use crate::geometry::Geometry;
use crate::plan::ValueShape;
use crate::rng::Rng;

/// More than one block.
const WINDOWS: usize = 11;

fn values(rng: &mut Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| 2.0 * rng.uniform() - 1.0).collect()
}

/// A network with a non-default input size, and inputs.
fn network(kind: ModelKind) -> (Plan, Weights, Vec<f32>) {
    let input = InputShape {
        height: 3,
        width: 9,
        channels: 20,
    };
    let plan = Plan::new(&Architecture::new(kind, input, 5)).unwrap();
    let weights = Weights::init(&plan, 7);
    let x = values(&mut Rng::new(2, 1 << 40), WINDOWS * input.elements());
    (plan, weights, x)
}

#[test]
fn a_windows_bits_depend_neither_on_its_batch_nor_on_the_instructions() {
    // The largest network has no other kinds of layers, and takes long without vectors.
    let kinds = ModelKind::ALL.into_iter();
    for kind in kinds.filter(|kind| *kind != ModelKind::DeepLarge) {
        let (plan, weights, x) = network(kind);
        let length = x.len() / WINDOWS;
        let mut portable = Inference::on(&plan, &weights, Instructions::Portable);
        let expected = portable.logits(&x).to_vec();
        for isa in Instructions::all() {
            let mut network = Inference::on(&plan, &weights, isa);
            for batch in [1, 2, 5, 8, WINDOWS] {
                let parts = x.chunks(batch * length);
                let logits: Vec<f32> = parts.flat_map(|x| network.logits(x).to_vec()).collect();
                assert_eq!(logits, expected, "{kind}, {isa:?}, {batch} at a time");
            }
        }
    }
}

/// The last layer, evaluated here on the features, gives the logits.
#[test]
fn features_are_what_the_last_layer_reads() {
    for kind in ModelKind::ALL {
        let input = InputShape::default();
        let architecture = Architecture::new(kind, input, 5);
        let plan = Plan::new(&architecture).unwrap();
        let weights = Weights::init(&plan, 7);
        let x = values(&mut Rng::new(2, 1 << 40), 3 * input.elements());
        let mut network = Inference::of_features(&architecture, &weights).unwrap();
        let width = network.classes();
        let features = network.logits(&x).to_vec();
        let mut whole = Inference::new(&architecture, &weights).unwrap();
        let tensor = |name: &str| {
            let mut tensors = weights.tensors().iter();
            tensors
                .find(|tensor| tensor.name == name)
                .unwrap()
                .values
                .clone()
        };
        let (kernel, bias) = (tensor("head/kernel"), tensor("head/bias"));
        let rows = features
            .chunks_exact(width)
            .zip(whole.logits(&x).chunks_exact(5));
        for (row, logits) in rows {
            assert!(row.iter().any(|v| *v != 0.0));
            for (class, logit) in logits.iter().enumerate() {
                let products = row
                    .iter()
                    .enumerate()
                    .map(|(i, v)| v * kernel[i * 5 + class]);
                let sum = bias[class] + products.sum::<f32>();
                let error = (sum - logit).abs();
                assert!(
                    error < 1e-4 * (1.0 + logit.abs()),
                    "{kind}: {sum} is not {logit}"
                );
            }
        }
    }
}

/// The convolution of one layer, with sums in float64.
fn sums(
    geometry: &Geometry,
    kernel: &[f64],
    x: &[f32],
    (channels, out): (usize, usize),
) -> Vec<f64> {
    let (sources, taps) = (geometry.sources(), geometry.taps());
    let mut sums = vec![0.0; geometry.positions_out() * out];
    for (position, sums) in sums.chunks_exact_mut(out).enumerate() {
        for tap in 0..taps {
            let Some(source) = sources[position * taps + tap] else {
                continue;
            };
            for c in 0..channels {
                let row = &kernel[(tap * channels + c) * out..][..out];
                let value = f64::from(x[source * channels + c]);
                sums.iter_mut()
                    .zip(row)
                    .for_each(|(sum, k)| *sum += value * k);
            }
        }
    }
    sums
}

/// Runs one layer on one sample.
fn run(
    operation: Operation,
    finish: Finish,
    x: &[f32],
    before: (usize, usize),
    after: (usize, usize),
) -> Vec<f32> {
    let layer = Layer {
        operation,
        finish,
        from: 1,
        to: 2,
        before,
        after,
    };
    let program = Program {
        layers: vec![layer],
        slots: vec![0, x.len(), after.0 * after.1],
        input: Some(1),
        output: 2,
    };
    let mut output = vec![0.0; after.0 * after.1];
    Worker::new(&program, 1).run(&program, Instructions::best(), x, &mut output);
    output
}

#[test]
fn lines_of_every_width_give_the_sums_of_all_taps() {
    let mut rng = Rng::new(3, 1 << 40);
    for (height, rows, columns) in [
        (1, 1, 2),
        (1, 1, 3),
        (2, 2, 3),
        (3, 3, 2),
        (2, 1, 3),
        (3, 2, 2),
    ] {
        for width in 2..=13 {
            for (channels, out) in [(20, 13), (37, 12), (16, 70)] {
                let shape = ValueShape::Image {
                    height,
                    width,
                    channels,
                };
                let geometry = Geometry::new(shape, (rows, columns), 1);
                let kernel = values(&mut rng, rows * columns * channels * out);
                let kernel: Vec<f64> = kernel.into_iter().map(f64::from).collect();
                let x = values(&mut rng, height * width * channels);
                let expected = sums(&geometry, &kernel, &x, (channels, out));
                let case = format!("{height} x {width}, {rows} x {columns}, {channels} to {out}");
                let by_lines =
                    convolution(geometry, &kernel, (channels, out), Instructions::best());
                assert_eq!(
                    matches!(by_lines, Operation::Lines(..)),
                    Lines::new(geometry).is_some(),
                    "{case}"
                );
                let kernels: Vec<Vec<f32>> = kernel
                    .chunks_exact(channels * out)
                    .map(|tap| tap.iter().map(|v| *v as f32).collect())
                    .collect();
                let packed = Packed::new(&kernels, channels, out, Instructions::best());
                let by_taps = Operation::Products(direct(&geometry), packed);
                for operation in [by_lines, by_taps] {
                    let mut finish = Finish::default();
                    finish.pad(out.next_multiple_of(16));
                    let (before, after) = ((height * width, channels), (height * width, out));
                    let ours = run(operation, finish, &x, before, after);
                    for (ours, expected) in ours.iter().zip(&expected) {
                        // Up to 9 x 37 terms below one give sums of about six, with a rounding error below 1e-6 of
                        // that.
                        assert!(
                            (f64::from(*ours) - expected).abs() < 3e-5,
                            "{case}: {ours} {expected}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_line_of_seven_takes_eleven_products() {
    let shape = ValueShape::Image {
        height: 2,
        width: 7,
        channels: 256,
    };
    let groups = |kernel| Lines::new(Geometry::new(shape, kernel, 1)).map(|lines| lines.count);
    assert_eq!(groups((1, 3)), Some(22));
    assert_eq!(groups((2, 3)), Some(22));
    assert_eq!(groups((1, 2)), Some(18));
    assert_eq!(groups((1, 1)), None);
    assert!(Lines::new(Geometry::new(shape, (1, 3), 2)).is_none());
}
