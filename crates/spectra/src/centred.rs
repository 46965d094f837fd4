//! Spectra of frames without their means, in float32.
//!
//! Samples may have any unit and any offset. So that float32 suffices, every frame is multiplied by a power of two that
//! depends on the frame alone, and then loses its mean.

use lanes::{ROW, Row};

use crate::columns::{column_sums, sums_of_neighbours};
use crate::frames::{FOUR, Four, Frames, Grid};
use crate::loops::scaled_means;
use crate::transform::Centre;

/// Groups of four frames that are transformed together.
pub const FOURS: usize = 4;

/// Lanes of a row.
type Lanes = [f32; FOURS * FOUR];

/// The power of two for a frame with this largest magnitude: 1 wherever squares of samples and of rounding errors are
/// ordinary float32 numbers.
pub fn scale(largest: f32) -> f32 {
    let power = |exponent: i32| f32::from_bits(((127 + exponent) as u32) << 23);
    match (largest.to_bits() >> 23) as i32 - 127 {
        _ if is_usual(largest) => 1.0,
        ..-96 => power(126),
        -96..-32 => power(64),
        -32..96 => power(-64),
        96.. => power(-126),
    }
}

/// Whether a frame with this largest magnitude is multiplied by 1.
fn is_usual(largest: f32) -> bool {
    const LEAST: f32 = 1.0 / (1u64 << 32) as f32;
    largest == 0.0 || (LEAST..1.0 / LEAST).contains(&largest)
}

/// Planned spectra of the frames of a [`Grid`], without their means.
pub struct CentredFrames {
    frames: Frames<f32>,
    /// Columns of a channel with samples of frames.
    columns: usize,
    /// Sums of the columns of a channel, and of its frames. Some more, which are not used, complete vectors.
    sums: [Vec<f64>; 2],
    /// Their largest magnitudes.
    largest: [Vec<f32>; 2],
    /// `[channels][columns]`.
    scales: Vec<f32>,
    /// Scaled means, and what their rounding lost, `[channels][columns]`.
    means: [Vec<f32>; 2],
}

impl CentredFrames {
    /// Plans the spectra of frames multiplied by `window`.
    pub fn new(grid: Grid, window: &[f64]) -> Self {
        let frames = Frames::new(grid, window);
        let per_frame = grid.columns_of_frame();
        let padded = grid.frames.next_multiple_of(FOURS * FOUR);
        let padded = padded.min(frames.columns());
        // The other columns are in no frame.
        let columns = (grid.frames - 1 + per_frame).next_multiple_of(ROW);
        let lengths = [columns.max(padded + per_frame), padded];
        Self {
            columns,
            sums: lengths.map(|length| vec![0.0; length]),
            largest: lengths.map(|length| vec![0.0; length]),
            frames,
            scales: Vec::new(),
            means: [Vec::new(), Vec::new()],
        }
    }

    /// Reads the concatenated samples of all channels.
    pub fn read(&mut self, values: &[f32], channels: usize) {
        self.frames.read(values, channels);
        let columns = self.frames.columns();
        let frame = self.frames.grid().frame;
        let per_frame = self.frames.grid().columns_of_frame();
        let [high, low] = &mut self.means;
        for of in [&mut self.scales, &mut *high, &mut *low] {
            of.resize(channels * columns, 0.0);
        }
        let factor = 1.0 / frame as f64;
        let ([of_columns, sums], [largest_of_columns, largest]) =
            (&mut self.sums, &mut self.largest);
        for (c, matrix) in self.frames.matrices().enumerate() {
            let with_samples = ..self.columns;
            column_sums(
                matrix,
                columns,
                &mut of_columns[with_samples],
                &mut largest_of_columns[with_samples],
            );
            sums_of_neighbours(
                (&*of_columns, &*largest_of_columns),
                per_frame,
                sums,
                largest,
            );
            let place = c * columns..c * columns + sums.len();
            let scales = &mut self.scales[place.clone()];
            if largest
                .iter()
                .fold(true, |all, value| all & is_usual(*value))
            {
                scales.fill(1.0);
            } else {
                let pairs = scales.iter_mut().zip(&*largest);
                pairs.for_each(|(out, largest)| *out = scale(*largest));
            }
            let (high, low) = (&mut high[place.clone()], &mut low[place]);
            scaled_means(sums, scales, factor, high, low);
        }
    }

    /// The powers of two that multiply the frames of a channel that was read.
    pub fn scales(&self, channel: usize) -> &[f32] {
        &self.scales[channel * self.frames.columns()..][..self.frames.grid().frames]
    }

    /// Writes four times the squared magnitudes of bins `0..=frame / 2` of up to four groups of frames, which are multiplied
    /// by [`scales`](Self::scales). Bins become rows that are `stride` apart in `to`; the frames of a group begin at its
    /// number in `firsts`.
    pub fn powers(&mut self, fours: &[Four], to: &mut [f32], firsts: &[usize], stride: usize) {
        let columns = self.frames.columns();
        let lanes = |of: &[f32]| {
            let mut lanes: Lanes = [0.0; _];
            for (i, lanes) in lanes.as_chunks_mut::<FOUR>().0.iter_mut().enumerate() {
                // As the samples, missing groups repeat the last.
                let four = fours[i.min(fours.len() - 1)];
                lanes.copy_from_slice(&of[four.channel * columns + four.first..][..FOUR]);
            }
            Row(lanes)
        };
        let [high, low] = &self.means;
        let centre = Centre {
            scales: lanes(&self.scales),
            means: [lanes(high), lanes(low)],
        };
        self.frames
            .centred_powers((fours, &centre), to, firsts, stride);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::tests::{expected, values};
    use crate::roots::cosine_window;

    /// Compared with sums over the samples, for every length, units from the least to the greatest, and offsets.
    #[test]
    fn spectra_are_those_of_the_definition() {
        for length in [32, 64, 128, 256, 512, 1024] {
            for (hop, unit, offset) in [
                (length / 4, 1.0, 0.0),
                (length, 1e-12, 0.0),
                (8, 1e12, 1.0),
                (8, 1.0, 1e4),
                (16, 1e-36, 0.0),
                (16, 1e35, 0.0),
            ] {
                let frames = 10;
                let samples = hop * (frames - 1) + length + 5;
                let values: Vec<f32> = values(samples)
                    .iter()
                    .map(|v| (v + offset) * unit)
                    .collect();
                let window = cosine_window(length, 0.5);
                let grid = Grid {
                    frame: length,
                    hop,
                    frames,
                };
                let mut centred_frames = CentredFrames::new(grid, &window);
                centred_frames.read(&values, 2);
                let fours =
                    [(0, 3), (1, 6), (0, 0)].map(|(channel, first)| Four { channel, first });
                let stride = FOURS * FOUR;
                let mut found = vec![0.0; (length / 2 + 1) * stride];
                centred_frames.powers(&fours, &mut found, &[0, 4, 8], stride);
                for lane in [0, 3, 4, 5, 11] {
                    let four = fours[lane / FOUR];
                    let index = four.first + lane % FOUR;
                    let start = four.channel * samples + index * hop;
                    let frame = &values[start..start + length];
                    let scale = f64::from(centred_frames.scales(four.channel)[index]);
                    let mean = frame.iter().map(|v| f64::from(*v)).sum::<f64>() / length as f64;
                    let centred: Vec<f64> = frame
                        .iter()
                        .map(|v| (f64::from(*v) - mean) * scale)
                        .collect();
                    let expected = expected(&centred, &window);
                    let largest = expected.iter().fold(0.0, |a: f64, b| a.max(*b));
                    for (k, expected) in expected.iter().enumerate().skip(1) {
                        let off = f64::from(found[k * stride + lane]) - expected;
                        assert!(
                            off.abs() < 1e-6 * largest,
                            "{length}, {hop}, {unit}, bin {k}: {off} of {largest}"
                        );
                        // Small bins are right where they lie far above the rounding errors of the samples.
                        let is_clear = *expected > 1e-8 * largest && offset == 0.0;
                        assert!(
                            !is_clear || off.abs() < 1e-2 * expected,
                            "{length}, {hop}, {unit}, bin {k}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_frame_becomes_an_ordinary_one() {
        assert_eq!(scale(0.0), 1.0);
        assert_eq!([1e-9, 1.0, 4e9].map(scale), [1.0; 3]);
        for exponent in -149..=127 {
            let sample = 2f64.powi(exponent);
            let scaled = sample * f64::from(scale(sample as f32));
            assert!(
                (2f64.powi(-36)..=2f64.powi(36)).contains(&scaled),
                "2^{exponent}: {scaled}"
            );
        }
    }
}
