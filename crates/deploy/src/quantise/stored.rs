//! `int8.json` in a model's folder: the ranges of its values. Together with the weights they determine the integer
//! network.

use serde::{Deserialize, Serialize};

use crate::DeployError;
use crate::network::Network;

use super::{Encoding, IntegerNetwork, layers};

/// File name of the ranges.
pub const RANGES_FILE: &str = "int8.json";
/// Maximum size of the file, in bytes.
pub const MAX_RANGES_SIZE: u64 = 1 << 20;
/// Version of the file. Newer files may add fields; a higher number changes the meaning of fields.
const VERSION: u32 = 1;

/// Content of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    format_version: u32,
    /// Method that found the ranges.
    ranges: String,
    calibration_windows: usize,
    /// Checksum of the integer network, which detects other weights.
    network: String,
    /// Encodings of the input and of every layer's output.
    values: Vec<StoredValue>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredValue {
    layer: String,
    scale: f32,
    zero_point: i32,
}

impl IntegerNetwork {
    /// The content of [`RANGES_FILE`].
    pub fn to_stored(&self, calibration_windows: usize) -> Vec<u8> {
        let named = self.named_values().map(|(layer, value)| StoredValue {
            layer: layer.to_owned(),
            scale: self.encodings[value].scale,
            zero_point: self.encodings[value].zero_point,
        });
        let stored = Stored {
            format_version: VERSION,
            ranges: self.method.to_string(),
            calibration_windows,
            network: self.checksum(),
            values: named.collect(),
        };
        let mut bytes = serde_json::to_vec_pretty(&stored).expect("ranges are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// The integer network of `network` with the ranges of a [`RANGES_FILE`].
    ///
    /// # Errors
    /// [`DeployError::Stored`] if the file is damaged, or belongs to another network or other weights.
    pub fn from_stored(network: &Network, bytes: &[u8]) -> Result<Self, DeployError> {
        let stored: Stored = serde_json::from_slice(bytes)
            .map_err(|error| DeployError::Stored(error.to_string()))?;
        if stored.format_version > VERSION {
            return Err(DeployError::Stored(format!(
                "`format_version` {} is newer than {VERSION}, which this program reads",
                stored.format_version
            )));
        }
        let method = super::RangeMethod::ALL
            .into_iter()
            .find(|method| method.to_string() == stored.ranges);
        let method = method.ok_or_else(|| {
            DeployError::Stored(format!("`ranges`: `{}` is not known", stored.ranges))
        })?;
        let encodings = encodings(network, &stored.values)?;
        let integers = layers::with_encodings(network, encodings, method).map_err(|error| {
            DeployError::Stored(format!("its ranges do not suit the weights: {error}"))
        })?;
        if integers.checksum() != stored.network {
            let problem = "it was made of other weights than those beside it, or by another version of the program";
            return Err(DeployError::Stored(problem.into()));
        }
        Ok(integers)
    }

    /// A hash of everything that decides the network's results.
    pub fn checksum(&self) -> String {
        let mut sum = 0;
        let mut add = |bytes: &[u8]| sum = crc32c::crc32c_append(sum, bytes);
        for (_, value) in self.named_values() {
            let encoding = self.encodings[value];
            add(&encoding.scale.to_bits().to_le_bytes());
            add(&encoding.zero_point.to_le_bytes());
        }
        for layer in &self.layers {
            let Some(weights) = layer.operation.weights() else {
                continue;
            };
            let kernel: Vec<u8> = weights.kernel.iter().map(|w| *w as u8).collect();
            add(&kernel);
            for (bias, multiplier) in weights.bias.iter().zip(&weights.multipliers) {
                add(&bias.to_le_bytes());
                add(&multiplier.value.to_le_bytes());
                add(&multiplier.shift.to_le_bytes());
            }
        }
        format!("{sum:08x}")
    }

    /// The input and the outputs of all layers: names and indices of values.
    fn named_values(&self) -> impl Iterator<Item = (&str, usize)> {
        let outputs = self.layers.iter().map(|l| (l.name.as_str(), l.output));
        std::iter::once(("input", 0)).chain(outputs)
    }
}

/// Encodings by index of the value.
fn encodings(network: &Network, values: &[StoredValue]) -> Result<Vec<Encoding>, DeployError> {
    let layers = network.layers.iter().map(|l| (l.name.as_str(), l.output));
    let expected: Vec<(&str, usize)> = std::iter::once(("input", 0)).chain(layers).collect();
    let found = values.iter().map(|value| value.layer.as_str());
    if !found.eq(expected.iter().map(|(name, _)| *name)) {
        let problem =
            "`values` are not the layers of this network: the file belongs to another model";
        return Err(DeployError::Stored(problem.into()));
    }
    let mut encodings = Vec::new();
    for (value, (name, index)) in values.iter().zip(&expected) {
        let encoding = Encoding {
            scale: value.scale,
            zero_point: value.zero_point,
        };
        let is_valid = encoding.scale.is_normal()
            && encoding.scale > 0.0
            && (encoding.scale * 255.0).is_finite()
            && (-128..=127).contains(&encoding.zero_point);
        if !is_valid {
            return Err(DeployError::Stored(format!(
                "`values`: `{name}`: scale {} and zero point {} are no range of 8 bits",
                value.scale, value.zero_point
            )));
        }
        // Values removed by folding are no layer's output, so their encoding does not matter.
        encodings.resize(network.values.len(), encoding);
        encodings[*index] = encoding;
    }
    Ok(encodings)
}

#[cfg(test)]
mod tests {
    use model::ModelKind;
    use serde_json::Value;

    use super::*;
    use crate::TrainedModel;
    use crate::test_model::{features, trained};

    fn network() -> (Network, IntegerNetwork) {
        let (bundle, architecture) = trained(ModelKind::Simple);
        let network = Network::new(&TrainedModel::new(&bundle, &architecture).unwrap()).unwrap();
        let x = features(&architecture, 6);
        let (integers, _) = IntegerNetwork::new(&network, &x, &x).unwrap();
        (network, integers)
    }

    #[test]
    fn what_was_stored_is_read_to_the_bit() {
        let (network, integers) = network();
        let read = IntegerNetwork::from_stored(&network, &integers.to_stored(6)).unwrap();
        assert_eq!(read.layers, integers.layers);
        assert_eq!(read.input_encoding(), integers.input_encoding());
        assert_eq!(read.method(), integers.method());
    }

    #[test]
    fn damaged_and_foreign_files_are_refused() {
        let (network, integers) = network();
        let good: Value = serde_json::from_slice(&integers.to_stored(6)).unwrap();
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut value = good.clone();
            change(&mut value);
            let bytes = serde_json::to_vec(&value).unwrap();
            IntegerNetwork::from_stored(&network, &bytes)
                .unwrap_err()
                .to_string()
        };
        let error = refused(&|v| v["format_version"] = 2.into());
        assert!(error.contains("newer than 1"), "{error}");
        let error = refused(&|v| v["values"][1]["layer"] = "conv9".into());
        assert!(error.contains("another model"), "{error}");
        let error = refused(&|v| drop(v["values"].as_array_mut().unwrap().pop()));
        assert!(error.contains("another model"), "{error}");
        for (scale, zero) in [
            (0.0, 0),
            (-1.0, 0),
            (1e38, 0),
            (1e-42, 0),
            (1.0, 128),
            (1.0, -129),
        ] {
            let error = refused(&|v| {
                v["values"][1]["scale"] = scale.into();
                v["values"][1]["zero_point"] = zero.into();
            });
            assert!(
                error.contains("no range of 8 bits"),
                "{scale}, {zero}: {error}"
            );
        }
        // Each sum exceeds a unit of the output, which 8 bits cannot represent.
        let error = refused(&|v| v["values"][1]["scale"] = 1e-12.into());
        assert!(error.contains("do not suit the weights"), "{error}");
        let error = refused(&|v| v["values"][0]["zero_point"] = 5.into());
        assert!(error.contains("other weights"), "{error}");
        let error = refused(&|v| v["network"] = "00000000".into());
        assert!(error.contains("other weights"), "{error}");
        let error = refused(&|v| v["ranges"] = "guess".into());
        assert!(error.contains("`guess`"), "{error}");
        let bytes = integers.to_stored(6);
        for end in [0, 1, bytes.len() / 2, bytes.len() - 3] {
            assert!(IntegerNetwork::from_stored(&network, &bytes[..end]).is_err());
        }
    }

    /// Stored ranges do not apply to weights that were trained further.
    #[test]
    fn other_weights_are_noticed() {
        let (network, integers) = network();
        let mut other = network.clone();
        let crate::network::Operation::Conv { kernel, .. } = &mut other.layers[0].operation else {
            panic!("a network begins with a convolution");
        };
        kernel.iter_mut().for_each(|w| *w = -*w);
        let error = IntegerNetwork::from_stored(&other, &integers.to_stored(6)).unwrap_err();
        assert!(error.to_string().contains("other weights"), "{error}");
    }
}
