//! Segments of a window, and the window they were cut from.

use std::borrow::Cow;

use crate::error::PreprocessingError;

/// Number of segments per window.
pub const SEGMENTS: usize = 7;

/// How channels are cut into segments. Lengths are samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Number of segments.
    pub segments: usize,
    /// Length of a segment.
    pub length: usize,
    /// Distance from one segment to the next.
    pub hop: usize,
}

impl Cut {
    /// Segments of `length` samples that overlap by half and fill a window of `samples` samples; `None` if they cannot.
    pub(crate) fn by_halves(samples: usize, length: usize) -> Option<Self> {
        let hop = length / 2;
        let fits = length >= 2 && length.is_multiple_of(2) && samples >= length;
        (fits && samples.is_multiple_of(hop)).then(|| Self {
            segments: samples / hop - 1,
            length,
            hop,
        })
    }
}

/// Length of a segment for a window of `samples` samples: a quarter, so that 7 segments overlap by half. `None` if the
/// window cannot be cut evenly.
pub fn segment(samples: usize) -> Option<usize> {
    (samples > 0 && samples.is_multiple_of(8)).then_some(samples / 4)
}

/// Samples per channel of the window that a sample on disk of `shape` is, or that its half-overlapping segments are cut from.
pub fn window_length(shape: &[usize]) -> usize {
    match *shape {
        [_, samples] => samples,
        [_, segments, length] => (length / 2).saturating_mul(segments + 1),
        _ => 0,
    }
}

/// The window `[channels, samples]` of a sample on disk, and its shape: the sample itself, or the window that its
/// half-overlapping segments, as saved by the Python scripts, were cut from.
///
/// # Errors
/// If the segments are not those of a window: of another number, or spectra.
pub(crate) fn window<'a>(
    values: &'a [f32],
    shape: &[usize],
) -> Result<(Cow<'a, [f32]>, [usize; 2]), PreprocessingError> {
    let (channels, segments, length) = match *shape {
        [channels, samples] => return Ok((values.into(), [channels, samples])),
        [channels, segments, length] => (channels, segments, length),
        _ => {
            return Err(PreprocessingError::Dimensions {
                shape: shape.to_vec(),
            });
        }
    };
    let half = length / 2;
    let samples = window_length(shape);
    let cut_from = || {
        let fits = segments == SEGMENTS && length > 0 && segment(samples) == Some(length);
        let fits = fits && values.len() == channels * segments * length;
        fits.then_some(())?;
        let mut window = Vec::with_capacity(channels * samples);
        for channel in values.chunks_exact(segments * length) {
            let mut parts = channel.chunks_exact(length);
            window.extend_from_slice(parts.next()?);
            for part in parts {
                let overlap = &window[window.len() - half..];
                // Compares bits, so that cutting the window again gives the same segments.
                let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
                if !overlap.iter().zip(part).all(same) {
                    return None;
                }
                window.extend_from_slice(&part[half..]);
            }
        }
        Some(window)
    };
    let window = cut_from().ok_or_else(|| PreprocessingError::NotOneWindow {
        shape: shape.to_vec(),
        segments: SEGMENTS,
    })?;
    Ok((window.into(), [channels, samples]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_cut_into_halves_that_fill_them() {
        let cut = |segments, length, hop| Cut {
            segments,
            length,
            hop,
        };
        assert_eq!(Cut::by_halves(1024, 256), Some(cut(7, 256, 128)));
        assert_eq!(Cut::by_halves(1024, 16), Some(cut(127, 16, 8)));
        assert_eq!(Cut::by_halves(16, 16), Some(cut(1, 16, 8)));
        for (samples, length) in [(1020, 16), (8, 16), (1024, 15), (1024, 0), (0, 0), (0, 2)] {
            assert_eq!(Cut::by_halves(samples, length), None, "{samples} {length}");
        }
    }

    #[test]
    fn segments_of_a_window_are_joined_and_others_are_not() {
        let whole: Vec<f32> = (0..64).map(|i| (i * i % 37) as f32).collect();
        let channels = whole.chunks_exact(32);
        let mut cut: Vec<f32> = channels
            .flat_map(|channel| {
                (0..7)
                    .flat_map(move |i| &channel[i * 4..i * 4 + 8])
                    .copied()
            })
            .collect();
        let (joined, shape) = window(&cut, &[2, 7, 8]).unwrap();
        assert_eq!((&joined[..], shape), (&whole[..], [2, 32]));
        assert_eq!(
            window(&whole, &[2, 32]).unwrap(),
            (whole.clone().into(), [2, 32])
        );
        cut[10] += 1.0;
        for shape in [&[2, 7, 8][..], &[2, 8, 7], &[7, 2, 8], &[1, 2, 7, 8]] {
            assert!(window(&cut, shape).is_err(), "{shape:?}");
        }
        assert!(window(&[], &[2, 7, 0]).is_err());
    }
}
