//! Converts weights and ranges to integers.

use crate::network::{Layer, Network, Operation};
use crate::{DeployError, RangeError};

use super::ranges::{RangeMethod, Survey};
use super::{
    ADD_SHIFT, Affine, Encoding, IntegerLayer, IntegerNetwork, IntegerOperation, Multiplier,
};

/// Largest bias in units, so that a sum of products can be added within 32 bits.
const LARGEST_BIAS: f64 = (1u32 << 30) as f64;

pub(super) fn quantise(
    network: &Network,
    survey: &Survey,
    method: RangeMethod,
) -> Result<IntegerNetwork, DeployError> {
    with_encodings(network, encodings(network, survey, method)?, method)
}

/// The integer network with the given encodings of all values.
pub(super) fn with_encodings(
    network: &Network,
    encodings: Vec<Encoding>,
    method: RangeMethod,
) -> Result<IntegerNetwork, DeployError> {
    let layers = network.layers.iter();
    let layers = layers.map(|layer| integer_layer(network, layer, &encodings));
    Ok(IntegerNetwork {
        layers: layers.collect::<Result<_, _>>()?,
        shapes: network.values.clone(),
        encodings,
        output: network.output,
        method,
    })
}

/// Encodings of all values. The output of a max pool has the encoding of its input.
fn encodings(
    network: &Network,
    survey: &Survey,
    method: RangeMethod,
) -> Result<Vec<Encoding>, DeployError> {
    let mut encodings = vec![encoding(survey, 0, method, "input")?; network.values.len()];
    for layer in &network.layers {
        encodings[layer.output] = match layer.operation {
            Operation::MaxPool { .. } => encodings[layer.input],
            // Clipped logits might make two classes equal.
            _ if layer.output == network.output => {
                encoding(survey, layer.output, RangeMethod::Range, &layer.name)?
            }
            _ => encoding(survey, layer.output, method, &layer.name)?,
        };
    }
    Ok(encodings)
}

fn encoding(
    survey: &Survey,
    value: usize,
    method: RangeMethod,
    layer: &str,
) -> Result<Encoding, DeployError> {
    let (low, high) = survey.range(value, method);
    // A value that is always zero has no range, so any range works.
    let high = if low == 0.0 && high == 0.0 { 1.0 } else { high };
    Encoding::of_range(low, high).ok_or_else(|| DeployError::Range {
        layer: layer.to_owned(),
        problem: RangeError::NoScale { low, high },
    })
}

fn integer_layer(
    network: &Network,
    layer: &Layer,
    encodings: &[Encoding],
) -> Result<IntegerLayer, DeployError> {
    let (input, output) = (encodings[layer.input], encodings[layer.output]);
    let fail = |problem: RangeError| DeployError::Range {
        layer: layer.name.clone(),
        problem,
    };
    let affine = |kernel: &[f32], bias: &[f32]| affine(kernel, bias, input, output).map_err(fail);
    if matches!(layer.operation, Operation::MaxPool { .. }) && input != output {
        return Err(fail(RangeError::Pool));
    }
    let operation = match &layer.operation {
        Operation::Conv {
            kernel,
            bias,
            size,
            stride,
        } => IntegerOperation::Conv {
            weights: affine(kernel, bias)?,
            size: *size,
            stride: *stride,
        },
        Operation::Depthwise { kernel, bias, size } => IntegerOperation::Depthwise {
            weights: affine(kernel, bias)?,
            size: *size,
        },
        Operation::Scale { scale, shift } => IntegerOperation::Scale {
            weights: affine(scale, shift)?,
        },
        Operation::Mean { scale, shift } => {
            let positions = network.values[layer.input].positions() as f32;
            let each: Vec<f32> = scale.iter().map(|s| s / positions).collect();
            IntegerOperation::Mean {
                weights: affine(&each, shift)?,
            }
        }
        Operation::MaxPool { columns } => IntegerOperation::MaxPool { columns: *columns },
        Operation::Add { other } => IntegerOperation::Add {
            other: *other,
            multipliers: sum_multipliers(input, encodings[*other], output)
                .ok_or_else(|| fail(RangeError::Summands))?,
        },
    };
    Ok(IntegerLayer {
        name: layer.name.clone(),
        operation,
        relu: layer.relu,
        input: layer.input,
        output: layer.output,
    })
}

/// Integers of a kernel whose last axis is the channel of the output.
fn affine(
    kernel: &[f32],
    bias: &[f32],
    input: Encoding,
    output: Encoding,
) -> Result<Affine, RangeError> {
    let channels = bias.len();
    let mut largest = vec![0f32; channels];
    for row in kernel.chunks_exact(channels) {
        for (largest, weight) in largest.iter_mut().zip(row) {
            *largest = largest.max(weight.abs());
        }
    }
    let unit = |c: usize| {
        // A bias much larger than its weights would not fit into 32 bits. Coarser weights lose nothing significant in
        // that case.
        let least = f64::from(bias[c].abs()) / (f64::from(input.scale) * LARGEST_BIAS);
        let scale = f64::from(largest[c] / 127.0).max(least) as f32;
        if scale.is_normal() { scale } else { 1.0 }
    };
    let scales: Vec<f32> = (0..channels).map(unit).collect();
    let rows = kernel.chunks_exact(channels).flat_map(|row| {
        let units = row.iter().zip(&scales);
        units.map(|(weight, scale)| (weight / scale).round().clamp(-127.0, 127.0) as i8)
    });
    let rows: Vec<i8> = rows.collect();
    let biases = bias.iter().zip(&scales).map(|(bias, scale)| {
        let units = f64::from(*bias) / (f64::from(input.scale) * f64::from(*scale));
        // Clamps only if weights and biases are negligible.
        units.round().clamp(-LARGEST_BIAS, LARGEST_BIAS) as i32
    });
    let multipliers = scales.iter().map(|scale| {
        let real = f64::from(input.scale) * f64::from(*scale) / f64::from(output.scale);
        Multiplier::new(real)
            .filter(|multiplier| multiplier.shift <= 0 || multiplier.value == 0)
            .ok_or(RangeError::Units(real))
    });
    let weights = Affine {
        bias: biases.collect(),
        multipliers: multipliers.collect::<Result<_, _>>()?,
        kernel: rows,
        scales,
    };
    check_sums(&weights)?;
    Ok(weights)
}

/// Refuses sums that might exceed 32 bits. A mean adds its one row once per position; no window has too many positions.
fn check_sums(weights: &Affine) -> Result<(), RangeError> {
    let mut largest: Vec<i64> = weights.bias.iter().map(|b| i64::from(b.abs())).collect();
    for row in weights.kernel.chunks_exact(weights.bias.len()) {
        for (sum, weight) in largest.iter_mut().zip(row) {
            *sum += 255 * i64::from(weight.abs());
        }
    }
    match largest.iter().max() {
        Some(sum) if *sum > i64::from(i32::MAX) => Err(RangeError::Sums(*sum)),
        _ => Ok(()),
    }
}

/// As TFLite prepares a sum of int8: both summands in units of twice the larger scale.
fn sum_multipliers(a: Encoding, b: Encoding, output: Encoding) -> Option<[Multiplier; 3]> {
    let twice = f64::from(2.0 * a.scale.max(b.scale));
    let sum = twice / f64::from((1u32 << ADD_SHIFT) as f32 * output.scale);
    let multipliers = [f64::from(a.scale) / twice, f64::from(b.scale) / twice, sum];
    let [a, b, sum] = multipliers.map(|real| Multiplier::new(real).filter(|m| m.shift <= 0));
    Some([a?, b?, sum?])
}
