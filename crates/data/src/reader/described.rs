//! Descriptions of NumPy arrays, whether they are samples or not, for people who ask what a file is.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use npyz::NpyFile;
use serde::{Serialize, Serializer};

use super::element::Element;
use super::header::{self, byte_count, is_pickled, sizes_in};
use super::{Npy, Npz, Reader, npz};

/// Bytes of the longest array whose values are looked at: an archive may unpack to anything.
const MOST: u64 = 1 << 28;
/// Maximum number of arrays of an archive that are described.
const NAMED: usize = 64;

/// Description of an array, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Described {
    /// Its name in an archive; empty for a file of its own.
    pub name: String,
    /// Type of its values, as NumPy calls it.
    pub dtype: String,
    /// Length of every axis.
    pub shape: String,
    /// Least of its finite values; `None` if they are no real numbers, or the array is very long.
    #[serde(serialize_with = "shortest")]
    pub smallest: Option<f64>,
    /// Largest of them.
    #[serde(serialize_with = "shortest")]
    pub largest: Option<f64>,
    /// Values that are not finite.
    pub not_finite: usize,
}

/// A float32 with as many digits as it has.
fn shortest<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if f64::from(*value as f32) == *value => {
            serializer.serialize_some(&(*value as f32))
        }
        other => other.serialize(serializer),
    }
}

/// The arrays of a NumPy file; none for other files, or if no array can be described.
pub fn arrays(path: &Path) -> Option<Vec<Described>> {
    let mut head = Vec::with_capacity(16);
    let file = File::open(path).ok()?;
    file.take(16).read_to_end(&mut head).ok()?;
    let found = if Npy.accepts(path, &head) {
        let file = BufReader::with_capacity(1 << 16, File::open(path).ok()?);
        vec![describe(String::new(), file)?]
    } else if Npz.accepts(path, &head) {
        npz::describe_all(path, NAMED, |name, entry| describe(name, entry))?
    } else {
        Vec::new()
    };
    (!found.is_empty()).then_some(found)
}

/// Describes an array by its header, and by its values if they are numbers.
fn describe(name: String, mut inner: impl Read) -> Option<Described> {
    let header = header::raw(&mut inner).ok()?;
    let text = String::from_utf8_lossy(&header).into_owned();
    let sizes: Vec<&str> = sizes_in(&text).collect();
    let mut described = Described {
        name,
        dtype: "object, pickled Python".into(),
        shape: if sizes.is_empty() {
            "scalar".into()
        } else {
            sizes.join(" x ")
        },
        ..Default::default()
    };
    if is_pickled(&text) {
        return Some(described);
    }
    let array = NpyFile::new(header.as_slice()).ok()?;
    let kind = array.dtype().descr();
    let kind = kind.trim_matches('\'');
    let Some((element, big_endian)) = Element::named(kind) else {
        described.dtype = kind.into();
        return Some(described);
    };
    described.dtype = element.to_string();
    let expected = byte_count(&text, element.width() as u64)?;
    if expected > MOST {
        return Some(described);
    }
    // Data that end too early are damaged; they are not of another type.
    let there = described.look(inner.take(expected), element, big_endian);
    (there == expected).then_some(described)
}

impl Described {
    /// Looks at the values that follow a header; how many bytes they have.
    fn look(&mut self, mut values: impl Read, element: Element, big_endian: bool) -> u64 {
        let (mut bytes, mut there) = (Vec::new(), 0);
        loop {
            bytes.clear();
            let block = (element.width() << 16) as u64;
            let read = values.by_ref().take(block).read_to_end(&mut bytes);
            let whole = bytes.len() / element.width() * element.width();
            if read.is_err() || whole == 0 {
                return there;
            }
            there += whole as u64;
            for value in element.exact(&bytes[..whole], big_endian) {
                if value.is_finite() {
                    self.smallest =
                        Some(self.smallest.map_or(value, |smallest| smallest.min(value)));
                    self.largest = Some(self.largest.map_or(value, |largest| largest.max(value)));
                } else {
                    self.not_finite += 1;
                }
            }
        }
    }
}
