//! Spectra of frames at regular distances, eight frames at a time.
//!
//! The samples of a channel become the rows of a matrix. Row `r` contains every `hop`th sample, starting at sample `r`.
//! The samples that neighbouring frames have at the same position are then contiguous, and nothing is gathered.

use lanes::{Fours, FoursMut, ROW, Row, Shape, transpose};

use crate::loops::column_sums;
use crate::transform::{LENGTHS, Transform};

/// Number of frames of one channel that are transformed together.
pub const FOUR: usize = ROW / 2;

/// Frames of a window, one every `hop` samples from its first sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Samples of a frame.
    pub frame: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Number of frames.
    pub frames: usize,
}

/// Planned spectra of the frames of a [`Grid`], and their samples.
pub struct Frames {
    grid: Grid,
    /// Columns of the matrix of a channel, including those of frames that complete the last group of four.
    columns: usize,
    /// `[channels][hop][columns]`.
    matrices: Vec<f32>,
    /// Sums of the columns, `[channels][columns]`; only if the mean of frames is removed.
    sums: Vec<f64>,
    loses_mean: bool,
    transform: Transform,
}

/// Four frames of a channel, from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Four {
    /// The channel.
    pub channel: usize,
    /// Index of the first frame.
    pub first: usize,
}

impl Grid {
    /// The grid of frames that begin at `starts`; `None` if there is no such grid, or no [`Transform`] of this length.
    pub fn new(starts: &[usize], frame: usize) -> Option<Self> {
        let hop = match starts {
            [_] => frame,
            [_, second, ..] => *second,
            [] => return None,
        };
        let is_regular = starts
            .iter()
            .enumerate()
            .all(|(i, start)| *start == i * hop);
        let is_transformed = LENGTHS.contains(&frame) && frame.is_power_of_two();
        (is_regular && is_transformed && frame.is_multiple_of(hop)).then_some(Self {
            frame,
            hop,
            frames: starts.len(),
        })
    }
}

impl Frames {
    /// Plans the spectra of frames multiplied by `window`, optionally after removing their mean. The latter is possible
    /// only for Hann's window, because its spectrum is zero above the first two bins.
    pub fn new(grid: Grid, window: &[f64], loses_mean: bool) -> Self {
        let Grid { frame, hop, frames } = grid;
        let columns = (frames + FOUR + frame / hop).next_multiple_of(ROW);
        let places: Vec<usize> = (0..frame).map(|n| n % hop * columns + n / hop).collect();
        Self {
            grid,
            columns,
            matrices: Vec::new(),
            sums: Vec::new(),
            loses_mean,
            transform: Transform::new(&places, window),
        }
    }

    /// Reads the concatenated samples of all channels.
    pub fn read(&mut self, values: &[f32], channels: usize) {
        let Grid { frame, hop, frames } = self.grid;
        let blocks = frames - 1 + frame / hop;
        let matrix = hop * self.columns;
        self.matrices.resize(channels * matrix, 0.0);
        for (c, channel) in values.chunks_exact(values.len() / channels).enumerate() {
            let shape = Shape {
                rows: blocks,
                columns: hop,
                stride: hop,
            };
            let matrix = &mut self.matrices[c * matrix..(c + 1) * matrix];
            transpose(channel, shape, matrix, self.columns);
        }
        if self.loses_mean {
            self.sums.resize(channels * self.columns, 0.0);
            let sums = self.sums.chunks_exact_mut(self.columns);
            for (sums, matrix) in sums.zip(self.matrices.chunks_exact(matrix)) {
                column_sums(matrix, sums);
            }
        }
    }

    /// Writes four times the squared magnitudes of bins `0..=frame / 2` of two groups of four frames, the last of which
    /// may be padding. Bins become rows that are `stride` apart in `to` and begin at `firsts`.
    pub fn powers(&mut self, fours: [Four; 2], to: &mut [f64], firsts: [usize; 2], stride: usize) {
        let matrix = self.grid.hop * self.columns;
        let of = |four: Four| {
            &self.matrices[four.channel * matrix + four.first..(four.channel + 1) * matrix]
        };
        let mut first = Row([0.0; ROW]);
        if self.loses_mean {
            // A constant `m` adds `-m / 4 * frame` to bin 1.
            for (four, first) in fours.iter().zip(first.0.as_chunks_mut::<FOUR>().0) {
                let sums = &self.sums[four.channel * self.columns + four.first..];
                for sums in sums.windows(FOUR).take(self.grid.frame / self.grid.hop) {
                    first
                        .iter_mut()
                        .zip(sums)
                        .for_each(|(sum, own)| *sum += own);
                }
                first.iter_mut().for_each(|sum| *sum *= 0.5);
            }
        }
        let rows = Fours::new(of(fours[0]), of(fours[1]));
        let to = FoursMut::new(to, firsts);
        self.transform.powers(rows, &first, (to, stride));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roots::{cosine_window, root};

    #[test]
    fn only_regular_frames_of_transformed_lengths_have_a_grid() {
        let grid = |starts: &[usize], frame| Grid::new(starts, frame).map(|grid| grid.hop);
        assert_eq!(grid(&[0, 32, 64], 128), Some(32));
        assert_eq!(grid(&[0], 64), Some(64));
        assert_eq!(grid(&[0, 256], 256), Some(256));
        assert_eq!(grid(&[0, 32, 65], 128), None, "irregular");
        assert_eq!(grid(&[0, 512], 256), None, "apart");
        assert_eq!(grid(&[0, 3], 64), None, "no multiple");
        assert_eq!(grid(&[0, 25], 125), None);
        assert_eq!(grid(&[0, 8], 16), None);
        assert_eq!(grid(&[0, 8], 2048), None);
    }

    /// Compared with sums over the samples, for every length, with and without the mean.
    #[test]
    fn spectra_are_those_of_the_definition() {
        for length in [32, 64, 128, 256, 512, 1024] {
            for (hop, loses_mean) in [(length / 4, true), (length, false), (8, true)] {
                let frames = 10;
                let samples = hop * (frames - 1) + length + 5;
                let values: Vec<f32> = (0..2 * samples)
                    .map(|i| ((i * i) % 1009) as f32 - 300.0 + 9.0 * (i / samples) as f32)
                    .collect();
                let window = cosine_window(length, 0.5);
                let grid = Grid {
                    frame: length,
                    hop,
                    frames,
                };
                let mut own = Frames::new(grid, &window, loses_mean);
                own.read(&values, 2);
                let fours = [
                    Four {
                        channel: 0,
                        first: 3,
                    },
                    Four {
                        channel: 1,
                        first: 8,
                    },
                ];
                let mut found = vec![0.0; (length / 2 + 1) * ROW];
                own.powers(fours, &mut found, [0, FOUR], ROW);
                for lane in [0, 3, 4, 5] {
                    let four = fours[lane / FOUR];
                    let start = four.channel * samples + (four.first + lane % FOUR) * hop;
                    let frame = &values[start..start + length];
                    let sum: f64 = frame.iter().map(|v| f64::from(*v)).sum();
                    let mean = if loses_mean { sum / length as f64 } else { 0.0 };
                    let power = |k: usize| {
                        let (mut re, mut im) = (0.0, 0.0);
                        for (n, (v, w)) in frame.iter().zip(&window).enumerate() {
                            let (cos, sin) = root(k * n, length);
                            re += (f64::from(*v) - mean) * w * cos;
                            im -= (f64::from(*v) - mean) * w * sin;
                        }
                        4.0 * (re * re + im * im)
                    };
                    // Bin 0 keeps its mean.
                    let expected: Vec<f64> = (1..=length / 2).map(power).collect();
                    let largest = expected.iter().fold(0.0, |a: f64, b| a.max(*b));
                    for (k, expected) in expected.iter().enumerate() {
                        let off = (found[(k + 1) * ROW + lane] - expected).abs();
                        assert!(off < 1e-13 * largest, "{length}, {hop}, bin {}", k + 1);
                    }
                }
            }
        }
    }
}
