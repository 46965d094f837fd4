//! Vectorised steps before and after the products of convolutions by lines; see [`super::lines`].
#![allow(unsafe_code)]

use super::instructions::Body;
use super::kernels::Finish;
use super::lines::{self, Lines, OUTPUTS};
use super::scaling::Scaling;
use super::vector::{Lanes, PANEL};

/// Evaluates lines of a value at the points of their tiles.
pub(super) struct Evaluate<'a> {
    pub lines: &'a Lines,
    /// Distance from one position, and from one row of points, to the next.
    pub stride: usize,
    pub from: *const i16,
    pub to: *mut i16,
}

impl Evaluate<'_> {
    /// Evaluates a tile.
    ///
    /// # Safety
    /// See [`Lanes`]; the value and the points must be followed by room for one more panel.
    #[inline(always)]
    unsafe fn tile<const N: usize>(&self, line: usize, first: usize, rows: &[usize]) {
        let column = |j: usize| {
            let x = (first + j).checked_sub(self.lines.left)?;
            (x < self.lines.width).then_some((line * self.lines.width + x) * self.stride)
        };
        let columns: [Option<usize>; N] = std::array::from_fn(column);
        for channel in (0..self.stride).step_by(PANEL) {
            let mut d = [[0i16; PANEL]; N];
            let mut e = [[0i16; PANEL]; N];
            // SAFETY: the caller upholds this function's contract. The last panel of a row extends into the next row,
            // which is written later, or into the room at the end; the rows of a point are written in order.
            unsafe {
                for j in 0..N {
                    if let Some(at) = columns[j] {
                        let at = self.from.add(at + channel);
                        d[j] = at.cast::<[i16; PANEL]>().read_unaligned();
                    }
                }
                for lane in 0..PANEL {
                    let values = lines::evaluate::<N>(std::array::from_fn(|j| d[j][lane]));
                    (0..N).for_each(|i| e[i][lane] = values[i]);
                }
                let count = (self.stride - channel).min(PANEL);
                for i in 0..N {
                    let to = self.to.add(rows[i] * self.stride + channel);
                    if count == PANEL {
                        to.cast::<[i16; PANEL]>().write_unaligned(e[i]);
                    } else {
                        std::ptr::copy_nonoverlapping(e[i].as_ptr(), to, count);
                    }
                }
            }
        }
    }
}

impl Body for Evaluate<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for (line, tile, rows) in &self.lines.all {
            // SAFETY: the caller upholds this function's contract.
            unsafe {
                match tile.points {
                    3 => self.tile::<3>(*line, tile.first, rows),
                    4 => self.tile::<4>(*line, tile.first, rows),
                    5 => self.tile::<5>(*line, tile.first, rows),
                    _ => self.tile::<6>(*line, tile.first, rows),
                }
            }
        }
    }
}

/// Combines the products of tiles to outputs.
pub(super) struct Combine<'a> {
    pub lines: &'a Lines,
    pub finish: &'a Finish,
    pub channels: usize,
    /// Distance from one position of the output to the next.
    pub stride: usize,
    /// Rows in whole panels.
    pub from: *const i32,
    pub to: *mut i16,
}

/// The inverse of 3 modulo 2^32, which gives the exact quotient of a multiple of 3.
const THIRD: i32 = 0xAAAA_AAABu32 as i32;

/// The `M` outputs of a tile from its `N` products, see [`lines`].
///
/// # Safety
/// See [`Lanes`].
#[inline(always)]
unsafe fn combine<L: Lanes, const N: usize, const M: usize>(m: [L; N]) -> [L; M] {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        let third = L::splat(THIRD);
        let mut y = [L::splat(0); OUTPUTS];
        match N {
            3 => {
                y[0] = m[1].subtract(m[0]);
                y[1] = m[1];
            }
            4 => {
                let (sum, difference) = (m[1].add(m[2]), m[1].subtract(m[2]));
                y[0] = sum.shift_right_by::<1>().subtract(m[0]);
                y[1] = difference.shift_right_by::<1>();
                y[2] = sum.shift_right_by::<1>();
            }
            5 => {
                // Computes six times the outputs, without the last product.
                let three = m[1].add(m[1]).add(m[1]);
                let zero = m[0].add(m[0]).add(m[0]);
                let twice = m[3].add(m[3]);
                y[0] = zero.subtract(three).subtract(m[2]).add(m[3]);
                y[1] = m[2].subtract(three).add(twice);
                y[2] = twice.add(twice).subtract(three).subtract(m[2]);
                y[3] = m[2].subtract(three).add(m[3].shift_left::<3>());
                for v in &mut y {
                    *v = v.shift_right_by::<1>().multiply(third);
                }
            }
            _ => {
                let (sum1, difference1) = (m[1].add(m[2]), m[1].subtract(m[2]));
                let (sum2, difference2) = (m[3].add(m[4]), m[3].subtract(m[4]));
                let six = m[0].shift_left::<2>().add(m[0].add(m[0]));
                let y0 = six.add(sum2).subtract(sum1.shift_left::<2>());
                let y1 = difference2.subtract(difference1.add(difference1));
                let y2 = sum2.subtract(sum1);
                let y3 = difference2.add(difference2).subtract(difference1);
                y[0] = y0.shift_right_by::<3>().multiply(third);
                y[1] = y1.shift_right_by::<2>().multiply(third);
                y[2] = y2.shift_right_by::<1>().multiply(third);
                y[3] = y3.shift_right_by::<1>().multiply(third);
            }
        }
        y[M - 1] = y[M - 1].add(m[N - 1]);
        std::array::from_fn(|k| y[k])
    }
}

impl Combine<'_> {
    /// Combines a tile.
    ///
    /// # Safety
    /// See [`Lanes`]; rows of products and `Finish` must be whole panels.
    #[inline(always)]
    unsafe fn tile<L: Lanes, const N: usize, const M: usize>(
        &self,
        position: usize,
        rows: &[usize],
    ) {
        let row = self.finish.bias.len();
        for channel in (0..self.channels).step_by(L::COUNT) {
            // SAFETY: the caller upholds this function's contract; outputs are stored up to the last channel.
            unsafe {
                let scaling = Scaling::<L>::load(&self.finish.multipliers, channel);
                let bias = L::load(self.finish.bias.as_ptr().add(channel));
                let products =
                    std::array::from_fn(|i| L::load(self.from.add(rows[i] * row + channel)));
                let outputs = combine::<L, N, M>(products);
                for (k, sums) in outputs.into_iter().enumerate() {
                    let to = self.to.add((position + k) * self.stride + channel);
                    self.finish
                        .store(sums.add(bias), &scaling, to, self.channels - channel);
                }
            }
        }
    }
}

impl Body for Combine<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for (line, tile, rows) in &self.lines.all {
            let at = line * self.lines.width + tile.first;
            // SAFETY: the caller upholds this function's contract.
            unsafe {
                match (tile.points, tile.outputs) {
                    (3, 1) => self.tile::<L, 3, 1>(at, rows),
                    (3, _) => self.tile::<L, 3, 2>(at, rows),
                    (4, 2) => self.tile::<L, 4, 2>(at, rows),
                    (4, _) => self.tile::<L, 4, 3>(at, rows),
                    (5, 3) => self.tile::<L, 5, 3>(at, rows),
                    (5, _) => self.tile::<L, 5, 4>(at, rows),
                    _ => self.tile::<L, 6, 4>(at, rows),
                }
            }
        }
    }
}
