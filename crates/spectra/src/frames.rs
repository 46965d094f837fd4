//! Spectra of frames at regular distances, several frames at a time.
//!
//! The samples of a channel become the rows of a matrix. Row `r` contains every `hop`th sample, starting at sample `r`.
//! The samples that neighbouring frames have at the same position are then contiguous, and nothing is gathered.

use lanes::{Float, Fours, FoursMut, ROW, Shape, Source, transpose};

use crate::transform::{Centre, LENGTHS, Transform};

/// Number of frames of one channel that are transformed together.
pub const FOUR: usize = 4;

/// Groups of four frames in the widest rows.
const MOST: usize = <f32 as Float>::ROW / FOUR;

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
pub struct Frames<T: Float> {
    grid: Grid,
    /// Columns of the matrix of a channel, including those of frames that complete the last group of four.
    columns: usize,
    /// `[channels][hop][columns]`.
    matrices: Vec<f32>,
    transform: Transform<T>,
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

    /// Columns that a frame takes up.
    pub(crate) fn columns_of_frame(&self) -> usize {
        self.frame / self.hop
    }
}

impl<T: Float> Frames<T>
where
    f32: Source<T>,
{
    /// Plans the spectra of frames multiplied by `window`.
    pub fn new(grid: Grid, window: &[f64]) -> Self {
        let Grid { frame, hop, frames } = grid;
        let columns = (frames + FOUR + grid.columns_of_frame()).next_multiple_of(ROW);
        let places: Vec<usize> = (0..frame).map(|n| n % hop * columns + n / hop).collect();
        Self {
            grid,
            columns,
            matrices: Vec::new(),
            transform: Transform::new(&places, window),
        }
    }

    /// The grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Reads the concatenated samples of all channels.
    pub fn read(&mut self, values: &[f32], channels: usize) {
        let Grid { hop, frames, .. } = self.grid;
        let samples = values.len() / channels;
        // Whole groups of four are transposed faster.
        let blocks = frames - 1 + self.grid.columns_of_frame();
        let rows = blocks.next_multiple_of(FOUR).min(samples / hop);
        let matrix = self.matrix();
        self.matrices.resize(channels * matrix, 0.0);
        for (c, channel) in values.chunks_exact(samples).enumerate() {
            let shape = Shape {
                rows,
                columns: hop,
                stride: hop,
            };
            let matrix = &mut self.matrices[c * matrix..(c + 1) * matrix];
            transpose(channel, shape, matrix, self.columns);
        }
    }

    /// Columns of the matrix of a channel.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The matrices of all channels.
    pub(crate) fn matrices(&self) -> impl Iterator<Item = &[f32]> {
        self.matrices.chunks_exact(self.matrix())
    }

    /// Numbers of the matrix of a channel.
    fn matrix(&self) -> usize {
        self.grid.hop * self.columns
    }

    /// Writes four times the squared magnitudes of bins `0..=frame / 2` of groups of four frames, at most as many groups
    /// as a row has. Bins become rows that are `stride` apart in `to`; the frames of a group begin at its number in
    /// `firsts`.
    pub fn powers(&mut self, fours: &[Four], to: &mut [T], firsts: &[usize], stride: usize) {
        let rows = Fours::new(&self.matrices, &self.places(fours)[..fours.len()]);
        let to = FoursMut::new(to, firsts);
        self.transform.powers(rows, to, stride);
    }

    /// Where the samples of groups begin.
    fn places(&self, fours: &[Four]) -> [usize; MOST] {
        assert!(fours.len() * FOUR <= T::ROW, "groups fit a row");
        let mut places = [0; MOST];
        for (place, four) in places.iter_mut().zip(fours) {
            *place = four.channel * self.matrix() + four.first;
        }
        places
    }
}

impl Frames<f32> {
    /// As [`powers`](Self::powers), with centred samples.
    pub(crate) fn centred_powers(
        &mut self,
        (fours, centre): (&[Four], &Centre<f32>),
        to: &mut [f32],
        firsts: &[usize],
        stride: usize,
    ) {
        let rows = Fours::new(&self.matrices, &self.places(fours)[..fours.len()]);
        let to = FoursMut::new(to, firsts);
        self.transform.centred_powers(rows, centre, to, stride);
    }
}

#[cfg(test)]
pub(crate) mod tests;
