//! Arrays of `waveforms.hdf5`: where a trace lies in its bucket, and which axis has the channels.

use hdf5_reader::{Dataset, Datatype, SliceInfo, SliceInfoElem};

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
    /// Where it is another order.
    pub(super) fn parse(order: &str) -> Result<Self, String> {
        match order.strip_prefix('N').unwrap_or(order) {
            "CW" => Ok(Self::ChannelsFirst),
            "WC" => Ok(Self::SamplesFirst),
            _ => Err(format!(
                "dimension order `{order}` is not read: expected CW, WC, NCW or NWC"
            )),
        }
    }

    /// Which axis of a trace of `shape` has `count` channels: the one that is as long. Where both are, `stated` decides.
    ///
    /// # Errors
    /// Where no axis has that length, or both have and nothing decides.
    fn of(shape: [usize; 2], count: usize, stated: Option<Self>) -> Result<Self, String> {
        let [first, second] = shape;
        match (first == count, second == count, stated) {
            (true, false, _) => Ok(Self::ChannelsFirst),
            (false, true, _) => Ok(Self::SamplesFirst),
            (true, true, Some(stated)) => Ok(stated),
            (true, true, None) => Err(format!(
                "both axes of {first} x {second} can be the {count} components: give `dimension_order`"
            )),
            (false, false, _) => Err(format!(
                "no axis of {first} x {second} is that of the {count} components"
            )),
        }
    }
}

/// A trace as it lies in the file.
pub(super) struct Waveform {
    values: Vec<f64>,
    /// Samples a channel.
    length: usize,
    count: usize,
    pub axes: Axes,
}

impl Waveform {
    /// Reads the trace at `place` of an array, or all of it. The trace has `count` components.
    ///
    /// # Errors
    /// Where the place is not in the array, or its shape is not that of so many components.
    pub(super) fn read(
        set: &Dataset,
        place: Option<&str>,
        count: usize,
        stated: Option<Axes>,
    ) -> Result<Self, String> {
        let whole = set.shape();
        let (selection, shape) = match place {
            Some(place) => selection(place, whole)?,
            None => (SliceInfo::all(whole.len()), whole.to_vec()),
        };
        let length = |axis: u64| usize::try_from(axis).unwrap_or(usize::MAX);
        let shape = match shape[..] {
            [samples] => [1, length(samples)],
            [first, second] => [length(first), length(second)],
            _ => {
                return Err(format!(
                    "an array of the shape {whole:?} holds no single trace of channels and samples"
                ));
            }
        };
        let axes = Axes::of(shape, count, stated)?;
        let values = numbers(set, &selection)?;
        if values.is_empty() || !values.len().is_multiple_of(count) {
            return Err(format!(
                "{} values are not those of {count} components",
                values.len()
            ));
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
        let own = self.values.iter().copied();
        match self.axes {
            Axes::ChannelsFirst => self.values[i * self.length..(i + 1) * self.length].to_vec(),
            Axes::SamplesFirst => own.skip(i).step_by(self.count).collect(),
        }
    }
}

/// `3,:3,:6000`: the trace in its bucket of `shape`, and how much of each axis it takes; and the shape of that.
fn selection(place: &str, shape: &[u64]) -> Result<(SliceInfo, Vec<u64>), String> {
    let wrong = || format!("`{place}` is no place in a bucket of the shape {shape:?}");
    let parts: Vec<&str> = place.split(',').map(str::trim).collect();
    if parts.len() > shape.len() {
        return Err(wrong());
    }
    let index = parts[0].parse().ok().filter(|index| *index < shape[0]);
    let mut selections = vec![SliceInfoElem::Index(index.ok_or_else(wrong)?)];
    let mut selected = Vec::new();
    for (i, axis) in shape.iter().enumerate().skip(1) {
        // Axes that are not named are taken as a whole.
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

/// Values of a selection, whatever their type.
pub(super) fn numbers(set: &Dataset, selection: &SliceInfo) -> Result<Vec<f64>, String> {
    macro_rules! read {
        ($kind:ty) => {{
            let array = set
                .read_slice::<$kind>(selection)
                .map_err(|error| error.to_string())?;
            Ok(array.iter().map(|v| *v as f64).collect())
        }};
    }
    match set.dtype() {
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
            _ => Err(format!("integers of {size} bytes are not read")),
        },
        other => Err(format!(
            "samples of type {other:?} are not read: expected float32, float64 or integers"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_buckets() {
        let (own, shape) = selection("12,:1,:6000", &[24, 3, 6000]).unwrap();
        assert_eq!(shape, [1, 6000]);
        assert!(matches!(own.selections[0], SliceInfoElem::Index(12)));
        assert!(matches!(
            own.selections[2],
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
    fn the_channel_axis_is_as_long_as_there_are_components() {
        let stated = [None, Some(Axes::ChannelsFirst), Some(Axes::SamplesFirst)];
        for stated in stated {
            let of = |shape, count| Axes::of(shape, count, stated);
            assert_eq!(of([3, 600], 3), Ok(Axes::ChannelsFirst));
            assert_eq!(of([600, 3], 3), Ok(Axes::SamplesFirst));
            assert_eq!(of([3, 3], 3).ok(), stated);
            assert!(of([600, 4], 3).is_err());
        }
        assert_eq!(Axes::parse("NWC"), Ok(Axes::SamplesFirst));
        for bad in ["CWN", "WCN", "", "N", "CNW", "WW"] {
            assert!(Axes::parse(bad).is_err(), "{bad}");
        }
    }
}
