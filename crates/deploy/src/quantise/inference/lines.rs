//! Convolutions along lines with the Toom-Cook algorithm, which needs fewer products, as `model::native::inference` has
//! it for float32; here in exact integer arithmetic.
//!
//! `m` neighbouring outputs of a kernel with `r` columns take `n = m + r - 1` products. Let `d` be the inputs and `p`
//! the finite points (0, 1, -1, 2, -2, as many as needed). Product `i` is `g(p_i)` times the sum of `d_j` with the
//! coefficients of the polynomial whose zeros are the other points. The last product is the last weight times the sum
//! for all points. Output `k` is the sum of `p_i^k` times product `i` over `D_i`, the product of `p_i - p_o` over the
//! other points; the last output also includes the last product. Multiplied by the least common multiple of all `D`, at
//! most 24, everything is an integer, so that the division at the end is exact. Products may exceed 32 bits: only the
//! dividend has to fit.

use crate::network::{Shape, padding};

use super::super::Affine;
use super::kernels::{Run, Words};
use super::layout::{Group, Layout, pack};
use super::vector::PANEL;

/// All points except infinity, in the order in which tiles use them.
const POINTS: [i16; 5] = [0, 1, -1, 2, -2];
/// Outputs of the largest tile.
pub(super) const OUTPUTS: usize = 4;
/// Maximum factor of sums before the division.
const MULTIPLE: i64 = 24;

/// Some outputs of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// The first output, and the number of outputs.
    pub first: usize,
    pub outputs: usize,
    /// Number of products; the last one belongs to infinity.
    pub points: usize,
}

/// A convolution computed tile by tile along lines.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lines {
    tiles: Vec<Tile>,
    /// Columns of padding before a line.
    pub left: usize,
    /// Number of lines, and columns per line.
    height: usize,
    pub width: usize,
    /// For each point, its first row among the products, and the tiles of every line that use it.
    rows: Vec<(usize, Vec<usize>)>,
    /// All tiles, line by line, with the rows of their products.
    pub all: Vec<(usize, Tile, [usize; POINTS.len() + 1])>,
    /// The products: one group of rows per kernel.
    pub groups: Vec<Group>,
    pub kernel: Vec<Words>,
}

impl Lines {
    /// `None` if it would not save a sixth of the products, or if sums times [`MULTIPLE`] might exceed 32 bits.
    pub fn new(
        weights: &Affine,
        (input, output): (Layout, Layout),
        size: (usize, usize),
        stride: usize,
    ) -> Option<Self> {
        let Shape { height, width, .. } = input.shape;
        let columns = size.1;
        if stride != 1 || !(2..=3).contains(&columns) || width < 2 || !fits(weights) {
            return None;
        }
        let (top, left) = padding(input.shape, size, 1);
        let reads =
            |x: usize| (0..columns).filter(move |j| (left..left + width).contains(&(x + j)));
        let direct: usize = (0..width).map(|x| reads(x).count()).sum();
        let tile = |first: usize| {
            let outputs = OUTPUTS.min(width - first);
            Tile {
                first,
                outputs,
                points: outputs + columns - 1,
            }
        };
        let tiles: Vec<Tile> = (0..width).step_by(OUTPUTS).map(tile).collect();
        let products: usize = tiles.iter().map(|tile| tile.points).sum();
        if products * 6 > direct * 5 {
            return None;
        }
        let most = tiles[0].points;
        let mut rows = Vec::new();
        let mut count = 0;
        for point in 0..most {
            let has = |tile: &Tile| point == most - 1 || point + 1 < tile.points;
            let covering: Vec<usize> = (0..tiles.len()).filter(|t| has(&tiles[*t])).collect();
            let first = count;
            count += height * covering.len();
            rows.push((first, covering));
        }
        let mut lines = Self {
            tiles,
            left,
            height,
            width,
            rows,
            all: Vec::new(),
            groups: Vec::new(),
            kernel: kernel(weights, input.shape.channels, size, most),
        };
        lines.groups = lines.plan(top, size.0, (input.stride, output.shape.channels));
        let every =
            (0..height).flat_map(|line| (0..lines.tiles.len()).map(move |tile| (line, tile)));
        lines.all = every
            .map(|(line, tile)| (line, lines.tiles[tile], lines.rows_of(line, tile)))
            .collect();
        Some(lines)
    }

    /// The groups: for every point and set of lines under the kernel, all outputs of the same shape.
    fn plan(
        &self,
        top: usize,
        kernel_rows: usize,
        (stride, channels): (usize, usize),
    ) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let length = channels.next_multiple_of(PANEL);
        let (words, points) = (stride / 2, self.rows.len());
        for (point, (_, tiles)) in self.rows.iter().enumerate() {
            for line in 0..self.height {
                let under: Vec<(usize, usize)> = (0..kernel_rows)
                    .filter_map(|row| Some((row, (line + row).checked_sub(top)?)))
                    .filter(|(_, source)| *source < self.height)
                    .collect();
                let base = under.first().map_or(0, |(_, source)| *source);
                let runs: Vec<Run> = under
                    .iter()
                    .map(|(row, source)| Run {
                        input: (source - base) * tiles.len() * words,
                        kernel: (row * points + point) * words,
                        words,
                    })
                    .collect();
                let at = |line: usize, tile: usize| self.row(point, line, tile);
                let rows =
                    (0..tiles.len()).map(|tile| (at(base, tile) * words, at(line, tile) * length));
                match groups.iter_mut().find(|group| group.runs == runs) {
                    Some(group) => group.rows.extend(rows),
                    None => groups.push(Group {
                        rows: rows.collect(),
                        runs,
                        bias: Vec::new(),
                    }),
                }
            }
        }
        groups
    }

    /// Row of the `tile`th tile that uses a point.
    fn row(&self, point: usize, line: usize, tile: usize) -> usize {
        let (first, tiles) = &self.rows[point];
        first + line * tiles.len() + tile
    }

    /// Number of rows of products per sample.
    pub fn count(&self) -> usize {
        let tiles = self.rows.iter().map(|(_, tiles)| tiles.len());
        self.height * tiles.sum::<usize>()
    }

    /// The rows of a tile's products, in order.
    fn rows_of(&self, line: usize, tile: usize) -> [usize; POINTS.len() + 1] {
        let points = self.tiles[tile].points;
        std::array::from_fn(|product| {
            let last = product + 1 >= points;
            let point = if last { self.rows.len() - 1 } else { product };
            // Tiles that have the point come first.
            self.row(point, line, tile)
        })
    }
}

/// Whether sums times [`MULTIPLE`] fit in 32 bits.
fn fits(weights: &Affine) -> bool {
    let channels = weights.bias.len();
    (0..channels).all(|c| {
        let channel_weights = weights.kernel.iter().skip(c).step_by(channels);
        let sum: i64 = channel_weights
            .map(|w| 255 * i64::from(w.unsigned_abs()))
            .sum();
        MULTIPLE * sum <= i64::from(i32::MAX)
    })
}

/// Evaluates kernel `[rows, columns, in, out]` at the points, packed by row and point.
fn kernel(weights: &Affine, inputs: usize, size: (usize, usize), points: usize) -> Vec<Words> {
    let channels = weights.bias.len();
    let (rows, columns) = size;
    pack::<2>(rows * points, (inputs, channels), |place, input, output| {
        let (row, point) = (place / points, place % points);
        let tap = |j: usize| {
            let at = ((row * columns + j) * inputs + input) * channels + output;
            i16::from(weights.kernel[at])
        };
        if point + 1 == points {
            return tap(columns - 1);
        }
        (0..columns)
            .rev()
            .fold(0, |sum, j| sum * POINTS[point] + tap(j))
    })
}

/// Evaluates the inputs of a tile at its points: sums with the coefficients of the polynomials.
#[inline(always)]
pub(super) fn evaluate<const N: usize>(d: [i16; N]) -> [i16; N] {
    let mut e = [0; N];
    // The largest sum is 10 times 255.
    match N {
        3 => {
            // Points 0 and 1.
            e[0] = d[1] - d[0];
            e[1] = d[1];
            e[2] = d[2] - d[1];
        }
        4 => {
            e[0] = d[2] - d[0];
            e[1] = d[2] + d[1];
            e[2] = d[2] - d[1];
            e[3] = d[3] - d[1];
        }
        5 => {
            let odd = d[3] - d[1];
            e[0] = odd - 2 * (d[2] - d[0]);
            e[1] = d[3] - d[2] - 2 * d[1];
            e[2] = d[3] - 3 * d[2] + 2 * d[1];
            e[3] = odd;
            e[4] = d[4] - d[2] - 2 * odd;
        }
        6 => {
            let (even, odd) = (d[4] - d[2], d[3] - d[1]);
            let (even4, odd4) = (d[4] - 4 * d[2], d[3] - 4 * d[1]);
            e[0] = even - 4 * (d[2] - d[0]);
            e[1] = even4 + odd4;
            e[2] = even4 - odd4;
            e[3] = even + 2 * odd;
            e[4] = even - 2 * odd;
            e[5] = d[5] - d[3] - 4 * odd;
        }
        _ => unreachable!("a tile has 3 to 6 products"),
    }
    e
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The coefficients match the polynomials.
    #[test]
    fn inputs_are_evaluated_at_the_points() {
        fn check<const N: usize>() {
            let finite = &POINTS[..N - 1];
            for point in 0..N {
                // Product of `x - p` over the other points, lowest coefficient first.
                let mut polynomial = vec![1i16];
                for (_, p) in finite.iter().enumerate().filter(|(o, _)| *o != point) {
                    let mut next = vec![0; polynomial.len() + 1];
                    for (i, c) in polynomial.iter().enumerate() {
                        next[i + 1] += c;
                        next[i] -= p * c;
                    }
                    polynomial = next;
                }
                for j in 0..N {
                    let mut d = [0; N];
                    d[j] = 1;
                    let expected = polynomial.get(j).copied().unwrap_or(0);
                    assert_eq!(evaluate(d)[point], expected, "{N} products: {point}, {j}");
                }
            }
        }
        check::<3>();
        check::<4>();
        check::<5>();
        check::<6>();
    }
}
