//! Arrays of `waveforms.hdf5`: the position of a trace in its bucket, and which axis has the channels.

use hdf5_reader::error::Error;
use hdf5_reader::{ByteOrder, Dataset, Datatype, H5Type, SliceInfo, SliceInfoElem};

use crate::error::recording::HdfError;

/// Order of the axes of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axes {
    /// Channels, then samples.
    ChannelsFirst,
    /// Samples, then channels.
    SamplesFirst,
}

impl Axes {
    /// SeisBench's `dimension_order`; the axis `N` of a bucket's traces comes first, whether it is written or not.
    ///
    /// # Errors
    /// If it is another order.
    pub(super) fn parse(order: &str) -> Result<Self, HdfError> {
        match order.strip_prefix('N').unwrap_or(order) {
            "CW" => Ok(Self::ChannelsFirst),
            "WC" => Ok(Self::SamplesFirst),
            _ => Err(HdfError::DimensionOrder {
                order: order.into(),
            }),
        }
    }

    /// Which axis of a trace of `shape` has the `components`: the one with that length. If both have it, `stated` decides.
    ///
    /// # Errors
    /// If no axis has that length, or both have and `stated` is none.
    fn of(shape: [usize; 2], components: usize, stated: Option<Self>) -> Result<Self, HdfError> {
        let [first, second] = shape;
        match (first == components, second == components, stated) {
            (true, false, _) => Ok(Self::ChannelsFirst),
            (false, true, _) => Ok(Self::SamplesFirst),
            (true, true, Some(stated)) => Ok(stated),
            (true, true, None) => Err(HdfError::AmbiguousAxes { shape, components }),
            (false, false, _) => Err(HdfError::NoAxis { shape, components }),
        }
    }
}

/// A trace as stored in the file.
pub(super) struct Waveform {
    values: Vec<f64>,
    /// Samples per channel.
    length: usize,
    count: usize,
    pub axes: Axes,
}

impl Waveform {
    /// Reads the trace at `position` of an array, or all of it. The trace has `count` components.
    ///
    /// # Errors
    /// If the position is not in the array, or its shape does not fit the number of components.
    pub(super) fn read(
        set: &Dataset,
        position: Option<&str>,
        count: usize,
        stated: Option<Axes>,
    ) -> Result<Self, HdfError> {
        let whole = set.shape();
        let (selection, shape) = match position {
            Some(position) => selection(position, whole)?,
            None => (SliceInfo::all(whole.len()), whole.to_vec()),
        };
        let length = |axis: u64| usize::try_from(axis).unwrap_or(usize::MAX);
        let shape = match shape[..] {
            [samples] => [1, length(samples)],
            [first, second] => [length(first), length(second)],
            _ => {
                return Err(HdfError::TraceShape {
                    shape: whole.to_vec(),
                });
            }
        };
        let axes = Axes::of(shape, count, stated)?;
        let values = numbers(set, &selection)?;
        if values.is_empty() || !values.len().is_multiple_of(count) {
            return Err(HdfError::ValueCount {
                values: values.len(),
                components: count,
            });
        }
        Ok(Self {
            length: values.len() / count,
            values,
            count,
            axes,
        })
    }

    /// Samples of channel `i`.
    pub(super) fn channel(&self, i: usize) -> Vec<f64> {
        let values = self.values.iter().copied();
        match self.axes {
            Axes::ChannelsFirst => self.values[i * self.length..(i + 1) * self.length].to_vec(),
            Axes::SamplesFirst => values.skip(i).step_by(self.count).collect(),
        }
    }
}

/// Parses `3,:3,:6000`: the trace in its bucket of `shape`, and the range of each axis. Also returns the selected shape.
fn selection(position: &str, shape: &[u64]) -> Result<(SliceInfo, Vec<u64>), HdfError> {
    let wrong = || HdfError::Position {
        position: position.into(),
        shape: shape.to_vec(),
    };
    let parts: Vec<&str> = position.split(',').map(str::trim).collect();
    if parts.len() > shape.len() {
        return Err(wrong());
    }
    let index = parts[0].parse().ok().filter(|index| *index < shape[0]);
    let mut selections = vec![SliceInfoElem::Index(index.ok_or_else(wrong)?)];
    let mut selected = Vec::new();
    for (i, axis) in shape.iter().enumerate().skip(1) {
        // Axes that are not named are read completely.
        let part = parts.get(i).copied().unwrap_or(":");
        let (start, end) = part.split_once(':').ok_or_else(wrong)?;
        let number = |text: &str, default: u64| {
            if text.is_empty() {
                Some(default)
            } else {
                text.parse().ok()
            }
        };
        let start = number(start, 0).ok_or_else(wrong)?;
        let end = number(end, *axis).ok_or_else(wrong)?;
        if start >= end || end > *axis {
            return Err(wrong());
        }
        selected.push(end - start);
        selections.push(SliceInfoElem::Slice {
            start,
            end,
            step: 1,
        });
    }
    Ok((SliceInfo { selections }, selected))
}

/// Values of a selection, of any type.
pub(in crate::recording) fn numbers(
    set: &Dataset,
    selection: &SliceInfo,
) -> Result<Vec<f64>, HdfError> {
    macro_rules! read {
        ($kind:ty) => {{
            let array = set.read_slice::<$kind>(selection)?;
            Ok(array.iter().map(|v| *v as f64).collect())
        }};
    }
    match set.dtype() {
        Datatype::FloatingPoint { size: 2, .. } => {
            let array = set.read_slice::<Float16>(selection)?;
            Ok(array.iter().map(|Float16(value)| *value).collect())
        }
        Datatype::FloatingPoint { size: 4, .. } => read!(f32),
        Datatype::FloatingPoint { size: 8, .. } => read!(f64),
        Datatype::FixedPoint { size, signed, .. } => match (size, signed) {
            (1, true) => read!(i8),
            (1, false) => read!(u8),
            (2, true) => read!(i16),
            (2, false) => read!(u16),
            (4, true) => read!(i32),
            (4, false) => read!(u32),
            (8, true) => read!(i64),
            (8, false) => read!(u64),
            _ => Err(HdfError::ElementType {
                kind: format!("integers of {size} bytes"),
            }),
        },
        other => Err(HdfError::ElementType { kind: name(other) }),
    }
}

/// The name of a type whose values are no samples.
fn name(kind: &Datatype) -> String {
    match kind {
        Datatype::FixedPoint { .. } => "integer".into(),
        Datatype::FloatingPoint { size, .. } => format!("float of {size} bytes"),
        Datatype::String { .. } => "text".into(),
        Datatype::Compound { .. } => "compound (as complex numbers are)".into(),
        Datatype::Enum { .. } => "enumeration (as booleans are)".into(),
        Datatype::Array { .. } | Datatype::VarLen { .. } => "list".into(),
        Datatype::Opaque { .. } | Datatype::Bitfield { .. } => "raw bytes".into(),
        Datatype::Reference { .. } => "reference".into(),
    }
}

/// A 16-bit floating-point number.
#[derive(Clone)]
struct Float16(f64);

impl H5Type for Float16 {
    fn hdf5_type() -> Datatype {
        Datatype::FloatingPoint {
            size: 2,
            byte_order: ByteOrder::LittleEndian,
        }
    }

    fn from_bytes(bytes: &[u8], kind: &Datatype) -> Result<Self, Error> {
        let (Datatype::FloatingPoint { byte_order, .. }, Some(bytes)) = (kind, bytes.first_chunk())
        else {
            return Err(Error::InvalidData("not a 16-bit float".into()));
        };
        let value = match byte_order {
            ByteOrder::LittleEndian => half::f16::from_le_bytes(*bytes),
            ByteOrder::BigEndian => half::f16::from_be_bytes(*bytes),
        };
        Ok(Self(value.to_f64()))
    }

    fn element_size(_: &Datatype) -> usize {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_buckets() {
        let (selected, shape) = selection("12,:1,:6000", &[24, 3, 6000]).unwrap();
        assert_eq!(shape, [1, 6000]);
        assert!(matches!(selected.selections[0], SliceInfoElem::Index(12)));
        assert!(matches!(
            selected.selections[2],
            SliceInfoElem::Slice {
                start: 0,
                end: 6000,
                step: 1
            }
        ));
        for bad in [
            "",
            "x,:3",
            "1,3",
            "1,:x",
            "24,:3",
            "1,:3,:6001",
            "1,:3,5:5",
            "1,:3,:9,:1",
        ] {
            assert!(selection(bad, &[24, 3, 6000]).is_err(), "{bad}");
        }
    }

    #[test]
    fn types_without_samples_have_names() {
        let (size, fields) = (16, Vec::new());
        assert!(name(&Datatype::Compound { size, fields }).contains("complex numbers"));
        let byte_order = ByteOrder::LittleEndian;
        let base = Datatype::FixedPoint {
            size: 1,
            signed: true,
            byte_order,
        };
        let (base, members) = (Box::new(base), Vec::new());
        assert!(name(&Datatype::Enum { base, members }).contains("booleans"));
        let long = Datatype::FloatingPoint {
            size: 16,
            byte_order,
        };
        assert_eq!(name(&long), "float of 16 bytes");
    }

    #[test]
    fn the_channel_axis_is_as_long_as_there_are_components() {
        let stated = [None, Some(Axes::ChannelsFirst), Some(Axes::SamplesFirst)];
        for stated in stated {
            let of = |shape, count| Axes::of(shape, count, stated);
            assert_eq!(of([3, 600], 3).ok(), Some(Axes::ChannelsFirst));
            assert_eq!(of([600, 3], 3).ok(), Some(Axes::SamplesFirst));
            assert_eq!(of([3, 3], 3).ok(), stated);
            assert!(of([600, 4], 3).is_err());
        }
        assert_eq!(Axes::parse("NWC").ok(), Some(Axes::SamplesFirst));
        for bad in ["CWN", "WCN", "", "N", "CNW", "WW"] {
            assert!(Axes::parse(bad).is_err(), "{bad}");
        }
    }
}
