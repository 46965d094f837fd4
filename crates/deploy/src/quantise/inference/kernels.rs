//! Vectorised operations of layers. A value is `[sample][position][channel]` of 16-bit integers: its units less the
//! zero point. One more number, always zero, may follow the last channel of a position, so that channels come in pairs.
#![allow(unsafe_code)]

use super::super::{ADD_SHIFT, Encoding};
use super::instructions::Body;
use super::scaling::{Multipliers, Scaling};
use super::vector::{Lanes, PANEL};

/// Kernel of a panel for one word of the input: per lane, two weights of 16 bits or four of 8.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Words(pub [i32; PANEL]);

/// A contiguous part of the input whose kernel is contiguous too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Words from a row's first one.
    pub input: usize,
    /// Offset of its first words in the kernel of a panel.
    pub kernel: usize,
    /// Number of words.
    pub words: usize,
}

/// Conversion of sums to units of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finish {
    /// Bias per channel, zero-padded to a whole panel.
    pub bias: Vec<i32>,
    pub multipliers: Multipliers,
    /// Smallest and largest number of units.
    pub least: i32,
    pub most: i32,
}

impl Finish {
    /// Scales, clamps and stores the sums of the channels from `channel` on.
    ///
    /// # Safety
    /// See [`Lanes`]; `to` must have room for `count` numbers.
    #[inline(always)]
    pub unsafe fn store<L: Lanes>(
        &self,
        sums: L,
        scaling: &Scaling<L>,
        to: *mut i16,
        count: usize,
    ) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let units = scaling
                .apply(sums)
                .clamp(L::splat(self.least), L::splat(self.most));
            store(units, to, count);
        }
    }
}

/// Stores `count` numbers, at most as many as there are lanes.
///
/// # Safety
/// See [`Lanes`]; `to` must have room for `count` numbers.
#[inline(always)]
unsafe fn store<L: Lanes>(units: L, to: *mut i16, count: usize) {
    // SAFETY: the caller upholds this function's contract; the buffer holds the widest vector.
    unsafe {
        if count >= L::COUNT {
            units.narrow(to);
            return;
        }
        let mut buffer = [0i16; PANEL];
        units.narrow(buffer.as_mut_ptr());
        // Pieces of known length: a call to copy a few bytes would take longer.
        let mut done = 0;
        if count & 8 != 0 {
            to.cast::<[i16; 8]>()
                .write_unaligned(buffer.as_ptr().cast::<[i16; 8]>().read_unaligned());
            done = 8;
        }
        if count & 4 != 0 {
            let piece = buffer.as_ptr().add(done).cast::<[i16; 4]>();
            to.add(done)
                .cast::<[i16; 4]>()
                .write_unaligned(piece.read_unaligned());
            done += 4;
        }
        for i in done..count {
            *to.add(i) = buffer[i];
        }
    }
}

/// Destination of a tile's sums.
#[derive(Clone, Copy)]
pub(super) enum Destination<'a> {
    /// Units of a value.
    Units(*mut i16, &'a Finish),
    /// Unchanged sums, in whole panels.
    Sums(*mut i32),
}

/// `R` positions of a convolution's output by a panel of its channels. A word of the input has two numbers of 16 bits, or
/// four of 8.
pub(super) struct Tile<'a, const R: usize, const BYTES: bool> {
    /// Words that every row reads, and offset that it writes to.
    pub rows: [(*const i32, usize); R],
    pub to: Destination<'a>,
    /// Bias per channel; only for units.
    pub bias: &'a [i32],
    pub runs: &'a [Run],
    /// Kernel of this panel.
    pub kernel: &'a [Words],
    /// First channel of the panel, and its number of channels.
    pub channel: usize,
    pub count: usize,
}

impl<const R: usize, const BYTES: bool> Body for Tile<'_, R, BYTES> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        if R > L::ROWS {
            unreachable!("registers for {} rows", L::ROWS);
        }
        // The last channels of a panel may need fewer vectors.
        if self.count <= PANEL / 2 && L::COUNT < PANEL {
            // SAFETY: the caller upholds this function's contract.
            unsafe { self.vectors::<L>(PANEL / 2 / L::COUNT) }
        } else {
            // SAFETY: the caller upholds this function's contract.
            unsafe { self.vectors::<L>(PANEL / L::COUNT) }
        }
    }
}

impl<const R: usize, const BYTES: bool> Tile<'_, R, BYTES> {
    /// Computes the given number of vectors of every row.
    ///
    /// # Safety
    /// See [`Lanes`].
    #[inline(always)]
    unsafe fn vectors<L: Lanes>(&self, vectors: usize) {
        // SAFETY: runs end within the input of the rows and within the kernel of the panel; `Finish` has whole panels.
        unsafe {
            let mut sums = [[L::splat(0); 4]; R];
            if let Destination::Units(..) = self.to {
                let bias = self.bias.as_ptr().add(self.channel);
                for v in 0..vectors {
                    let start = L::load(bias.add(v * L::COUNT));
                    (0..R).for_each(|r| sums[r][v] = start);
                }
            }
            for run in self.runs {
                let inputs: [*const i32; R] =
                    std::array::from_fn(|r| self.rows[r].0.add(run.input));
                let kernel = self.kernel.as_ptr().add(run.kernel).cast::<i32>();
                for word in 0..run.words {
                    let at = kernel.add(word * PANEL);
                    let mut weights = [L::splat(0); 4];
                    for v in 0..vectors {
                        weights[v] = L::load(at.add(v * L::COUNT));
                    }
                    for r in 0..R {
                        let input = L::splat(inputs[r].add(word).read_unaligned());
                        for v in 0..vectors {
                            sums[r][v] = if BYTES {
                                sums[r][v].add_bytes(input, weights[v])
                            } else {
                                sums[r][v].add_pairs(input, weights[v])
                            };
                        }
                    }
                }
            }
            match self.to {
                Destination::Units(to, finish) => {
                    for v in 0..vectors {
                        let first = v * L::COUNT;
                        if first >= self.count {
                            break;
                        }
                        let scaling = Scaling::load(&finish.multipliers, self.channel + first);
                        for r in 0..R {
                            let to = to.add(self.rows[r].1 + first);
                            finish.store(sums[r][v], &scaling, to, self.count - first);
                        }
                    }
                }
                Destination::Sums(to) => {
                    for r in 0..R {
                        for v in 0..vectors {
                            sums[r][v].store(to.add(self.rows[r].1 + v * L::COUNT));
                        }
                    }
                }
            }
        }
    }
}

/// Sums over positions for each channel separately: depthwise convolutions, scales and means.
pub(super) struct Channels<'a> {
    /// For every position of the output: rows of the kernel, and their input positions.
    pub sources: &'a [Vec<(usize, usize)>],
    /// Rows of the kernel in whole panels; the upper half of a weight is zero.
    pub kernel: &'a [i32],
    pub finish: &'a Finish,
    pub channels: usize,
    /// Distance from one position to the next.
    pub stride: usize,
    pub from: *const i16,
    pub to: *mut i16,
}

impl Body for Channels<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let row = self.finish.bias.len();
        for channel in (0..self.channels).step_by(L::COUNT) {
            // SAFETY: rows of the kernel and of `Finish` are whole panels; each value is followed by room for one more
            // vector.
            unsafe {
                let scaling = Scaling::<L>::load(&self.finish.multipliers, channel);
                let bias = L::load(self.finish.bias.as_ptr().add(channel));
                for (position, taps) in self.sources.iter().enumerate() {
                    let mut sums = bias;
                    for (tap, source) in taps {
                        let x = L::widen(self.from.add(source * self.stride + channel));
                        let w = L::load(self.kernel.as_ptr().add(tap * row + channel));
                        // The upper halves are the sign of `x` and zero.
                        sums = sums.add_pairs(x, w);
                    }
                    let to = self.to.add(position * self.stride + channel);
                    self.finish
                        .store(sums, &scaling, to, self.channels - channel);
                }
            }
        }
    }
}

/// Converts units less the zero point to bytes: units plus 128.
pub(super) struct Bytes {
    /// Numbers per position, of both.
    pub strides: (usize, usize),
    pub positions: usize,
    pub zero_point: i32,
    pub from: *const i16,
    pub to: *mut u8,
}

impl Body for Bytes {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let (from, to) = self.strides;
        let (positions, from, to) = if from == to {
            (1, self.positions * from, self.positions * to)
        } else {
            (self.positions, from, to)
        };
        for position in 0..positions {
            for i in (0..from).step_by(L::COUNT) {
                // SAFETY: both are followed by room for one more vector. What a vector writes beyond its position is
                // overwritten by the next.
                unsafe {
                    let units = L::widen(self.from.add(position * from + i));
                    let units = units.add(L::splat(self.zero_point + 128));
                    units.store_bytes(self.to.add(position * to + i));
                }
            }
        }
    }
}

/// Elementwise sum of two values.
pub(super) struct Sum<'a> {
    pub length: usize,
    pub a: *const i16,
    pub b: *const i16,
    pub to: *mut i16,
    /// Multipliers of the two inputs, shifted left, and of their sum; the same in all lanes.
    pub multipliers: &'a [Multipliers; 3],
    pub finish: &'a Finish,
}

impl Body for Sum<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: each value is followed by room for one more vector.
        unsafe {
            let [a, b, sum] = self.multipliers;
            let [a, b, sum] = [a, b, sum].map(|m| Scaling::<L>::load(m, 0));
            for i in (0..self.length).step_by(L::COUNT) {
                let left = L::widen(self.a.add(i)).shift_left::<ADD_SHIFT>();
                let right = L::widen(self.b.add(i)).shift_left::<ADD_SHIFT>();
                let both = a.apply(left).add(b.apply(right));
                let to = self.to.add(i);
                self.finish.store(both, &sum, to, self.length - i);
            }
        }
    }
}

/// The maximum of every `columns` columns; columns left over at the end are dropped.
pub(super) struct Pool<'a> {
    pub columns: usize,
    /// Rows of columns, and distance between rows.
    pub rows: (&'a [i16], usize),
    /// Numbers per column.
    pub stride: usize,
    pub to: &'a mut [i16],
}

impl Body for Pool<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let (from, row) = self.rows;
        let windows = row / self.stride / self.columns;
        let rows = self.to.chunks_exact_mut(windows * self.stride);
        for (to, from) in rows.zip(from.chunks_exact(row)) {
            let windows = from.chunks_exact(self.columns * self.stride);
            for (to, window) in to.chunks_exact_mut(self.stride).zip(windows) {
                let (first, others) = window.split_at(self.stride);
                to.copy_from_slice(first);
                for next in others.chunks_exact(self.stride) {
                    for (to, next) in to.iter_mut().zip(next) {
                        *to = *next.max(to);
                    }
                }
            }
        }
    }
}

/// Converts features to units less the zero point.
pub(super) struct Encode<'a> {
    /// Features, and number of channels per position.
    pub from: (&'a [f32], usize),
    pub encoding: Encoding,
    pub stride: usize,
    pub to: &'a mut [i16],
}

impl Body for Encode<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let (from, channels) = self.from;
        let (scale, zero) = (self.encoding.scale, self.encoding.zero_point);
        let inverse = 1.0 / scale;
        // `Encoding::encode` of a quotient, minus the zero point. `clamp` would pass NaN on.
        #[allow(clippy::manual_clamp)]
        let unit = |quotient: f32| {
            let unit = (quotient.round() + zero as f32).max(-128.0).min(127.0);
            // SAFETY: the value is between -128 and 127.
            (unsafe { unit.to_int_unchecked::<i32>() } - zero) as i16
        };
        let positions = self.to.chunks_exact_mut(self.stride);
        for (to, from) in positions.zip(from.chunks_exact(channels)) {
            for (to, from) in to.chunks_mut(ENCODED).zip(from.chunks(ENCODED)) {
                // A product is faster than a quotient. It differs only in the last bits, which matter only near ties.
                let mut near = 0;
                for (to, v) in to.iter_mut().zip(from) {
                    let quotient = v * inverse;
                    near |= i32::from((quotient - quotient.round()).abs() > 0.4999);
                    *to = unit(quotient);
                }
                // Quotients that do not saturate are below 300, where the last bit is 2^-15.
                if near != 0 || !inverse.is_normal() {
                    to.iter_mut()
                        .zip(from)
                        .for_each(|(to, v)| *to = unit(v / scale));
                }
            }
        }
    }
}

/// Number of features encoded at once.
const ENCODED: usize = 64;
