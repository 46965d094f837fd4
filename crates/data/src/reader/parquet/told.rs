//! What the programs that write Parquet tell beside its columns: names of classes, as `datasets` of Hugging Face keeps them, and
//! shapes of tensors, as Arrow does.

use bytes::Bytes;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use serde_json::Value;
use support::panics::catch;

/// A text that a file has under a key.
fn text<R: ChunkReader + Clone + 'static>(file: &R, key: &str) -> Option<String> {
    let file = catch(|| SerializedFileReader::new(file.clone()))
        .ok()?
        .ok()?;
    let pairs = file.metadata().file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == key)?.value.clone()
}

/// The names of the classes in the column `label`, in the order of their numbers.
pub(super) fn class_names(bytes: &Bytes, label: &str) -> Option<Vec<String>> {
    let told: Value = serde_json::from_str(&text(bytes, "huggingface")?).ok()?;
    names_of(&told["info"]["features"][label])
}

/// The names of the classes in the only column that has some.
pub(super) fn classes<R: ChunkReader + Clone + 'static>(file: &R) -> Option<Vec<String>> {
    let told: Value = serde_json::from_str(&text(file, "huggingface")?).ok()?;
    let features = told["info"]["features"].as_object()?;
    let mut all = features.values().filter_map(names_of);
    all.next().filter(|_| all.next().is_none())
}

fn names_of(feature: &Value) -> Option<Vec<String>> {
    let name = |value: &Value| value.as_str().map(str::to_owned);
    feature["names"].as_array()?.iter().map(name).collect()
}

/// The shape of a column of tensors, and whether their axes are stored in another order.
#[derive(Debug, PartialEq)]
pub(super) struct TensorShape {
    pub sizes: Vec<usize>,
    pub is_permuted: bool,
}

/// The shape of the only column of tensors (`arrow.fixed_shape_tensor`), which are stored as lists of all their values.
pub(super) fn tensor_shape(bytes: &Bytes) -> Option<TensorShape> {
    let schema = from_base64(&text(bytes, "ARROW:schema")?)?;
    let words = b"arrow.fixed_shape_tensor";
    schema
        .windows(words.len())
        .position(|window| window == words)?;
    // The parameters are JSON among the binary fields of the schema.
    let start = schema
        .windows(9)
        .position(|window| window == b"{\"shape\":")?;
    let mut parameters =
        serde_json::Deserializer::from_slice(&schema[start..]).into_iter::<Value>();
    let told = parameters.next()?.ok()?;
    let numbers = |key: &str| -> Option<Vec<usize>> {
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        told[key].as_array()?.iter().map(number).collect()
    };
    Some(TensorShape {
        sizes: numbers("shape")?,
        is_permuted: numbers("permutation").is_some_and(|axes| !axes.is_sorted()),
    })
}

/// The bytes that a text in Base64 stands for.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::from_base64;

    #[test]
    fn texts_in_base64() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("TQ==", b"M"),
            ("TWE=", b"Ma"),
            ("TWFu", b"Man"),
            ("+/8A", &[251, 255, 0]),
        ] {
            assert_eq!(from_base64(text).unwrap(), bytes, "{text}");
        }
        assert_eq!(from_base64("a b"), None);
    }
}
