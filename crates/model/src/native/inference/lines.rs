//! Convolutions along lines with the Toom-Cook algorithm in Winograd's form, which needs fewer products: S. Winograd,
//! "Arithmetic complexity of computations" (SIAM, 1980); A. Lavin and S. Gray, "Fast algorithms for convolutional
//! neural networks" (CVPR 2016).
//!
//! `m` neighbouring outputs of a kernel with `r` columns take `n = m + r - 1` products instead of `m * r`. Inputs and
//! kernel are evaluated at `n` points (0, 1, -1, 2, -2 and infinity) and multiplied point by point; the outputs are
//! combinations of these products. A line of 7 with a kernel of 3 takes 11 products instead of 19. Rounding errors are
//! about four times those of direct sums (B. Barabasz and others, "Error analysis and improving the accuracy of
//! Winograd convolution for deep neural networks", ACM TOMS 2020, table 2: one dimension, 6.9e-8 against 1.8e-8).
//!
//! Tiles with fewer outputs use fewer of the same points, so that all tiles share one set of evaluated kernels. The
//! missing part of a kernel's divisor becomes a factor in [`Shape::combine`], a small integer.

use super::product::{Blocks, Run};
use crate::geometry::{Geometry, same_padding};

/// All points except infinity, in the order in which tiles use them.
const POINTS: [f64; 5] = [0.0, 1.0, -1.0, 2.0, -2.0];
/// Products of the largest tile.
pub(super) const MOST: usize = 6;
/// Outputs of the largest tile.
pub(super) const OUTPUTS: usize = 4;

/// Some outputs of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The first output, and the number of outputs.
    pub first: usize,
    pub outputs: usize,
    /// Number of products; the last one belongs to infinity.
    pub points: usize,
    /// Coefficient of every product in every output.
    pub combine: [[f32; MOST]; OUTPUTS],
}

/// A convolution computed tile by tile along lines.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    geometry: Geometry,
    /// Columns of padding before a line.
    left: usize,
    /// The largest tile first, so that the tiles of every point come first.
    pub tiles: Vec<Shape>,
    /// For each point, its first group among the products, and its number of tiles.
    groups: Vec<(usize, usize)>,
    /// Number of groups of products.
    pub count: usize,
    /// The tiles of all lines.
    pub places: Vec<TilePosition>,
    pub blocks: Blocks,
}

/// Where a tile of a line reads and writes.
#[derive(Clone, Debug)]
pub(super) struct TilePosition {
    /// Its shape, as an index of [`Lines::tiles`].
    pub tile: usize,
    /// Input positions of its columns; `None` in the padding.
    pub inputs: [Option<usize>; MOST],
    /// Groups of its products.
    pub products: [usize; MOST],
    /// Position of its first output.
    pub output: usize,
}

impl Lines {
    /// `None` if it would not save a sixth of the products.
    pub fn new(geometry: Geometry) -> Option<Self> {
        let (_, columns) = geometry.kernel;
        let width = geometry.width;
        if geometry.stride != 1 || !(2..=3).contains(&columns) || width < 2 {
            return None;
        }
        let (left, _) = same_padding(width, columns, 1);
        let reads =
            |x: usize| (0..columns).filter(move |j| (left..left + width).contains(&(x + j)));
        let direct: usize = (0..width).map(|x| reads(x).count()).sum();
        let outputs = |first: usize| OUTPUTS.min(width - first);
        let most = outputs(0) + columns - 1;
        let tile = |first: usize| Shape::new(first, outputs(first), columns, most);
        let tiles: Vec<Shape> = (0..width).step_by(OUTPUTS).map(tile).collect();
        let products: usize = tiles.iter().map(|tile| tile.points).sum();
        if products * 6 > direct * 5 {
            return None;
        }
        let mut groups = Vec::new();
        let mut start = 0;
        for point in 0..most {
            let covering = tiles
                .iter()
                .filter(|tile| point == most - 1 || point + 1 < tile.points);
            let count = covering.count();
            groups.push((start, count));
            start += geometry.height * count;
        }
        let mut lines = Self {
            geometry,
            left,
            tiles,
            groups,
            count: start,
            places: Vec::new(),
            blocks: Blocks::default(),
        };
        lines.blocks = lines.products();
        let tiles = 0..lines.tiles.len();
        lines.places = (0..geometry.height)
            .flat_map(|line| tiles.clone().map(move |tile| (line, tile)))
            .map(|(line, tile)| lines.place(line, tile))
            .collect();
        Some(lines)
    }

    /// The products of every point. Several lines share one product if no output is a sum over lines.
    fn products(&self) -> Blocks {
        let (height, (rows, _)) = (self.geometry.height, self.geometry.kernel);
        let (top, _) = same_padding(height, rows, 1);
        let mut blocks = Blocks::default();
        for (point, &(start, count)) in self.groups.iter().enumerate() {
            let run = |line: usize, row: usize| Run {
                group: start + line * count,
                kernel: row * self.groups.len() + point,
            };
            if rows == 1 {
                blocks.add(start, height * count, std::iter::once(run(0, 0)));
                continue;
            }
            for line in 0..height {
                let under = (0..rows).filter_map(|row| {
                    let source = (line + row).checked_sub(top)?;
                    (source < height).then(|| run(source, row))
                });
                blocks.add(start + line * count, count, under);
            }
        }
        blocks
    }

    fn place(&self, line: usize, tile: usize) -> TilePosition {
        let (width, shape) = (self.geometry.width, &self.tiles[tile]);
        let (mut inputs, mut products) = ([None; MOST], [0; MOST]);
        for j in 0..shape.points {
            let column = (shape.first + j).checked_sub(self.left);
            let column = column.filter(|column| *column < width);
            inputs[j] = column.map(|column| line * width + column);
            products[j] = self.group(line, tile, j);
        }
        TilePosition {
            tile,
            inputs,
            products,
            output: line * width + shape.first,
        }
    }

    pub fn height(&self) -> usize {
        self.geometry.height
    }

    pub fn width(&self) -> usize {
        self.geometry.width
    }

    /// The group of a tile's product.
    fn group(&self, line: usize, tile: usize, product: usize) -> usize {
        let last = product + 1 == self.tiles[tile].points;
        let point = if last { self.groups.len() - 1 } else { product };
        let (start, count) = self.groups[point];
        start + line * count + tile
    }

    /// Evaluates a kernel `[rows, columns, ..]` of matrices of `length` values: its matrices by row and point.
    pub fn kernels(&self, kernel: &[f64], length: usize) -> Vec<Vec<f32>> {
        let (rows, columns) = self.geometry.kernel;
        let points = self.groups.len();
        let finite = &POINTS[..points - 1];
        let mut kernels = Vec::new();
        for row in 0..rows {
            let tap = |j: usize| &kernel[(row * columns + j) * length..][..length];
            for &at in finite {
                let others = finite.iter().filter(|other| **other != at);
                let divisor: f64 = others.map(|other| at - other).product();
                let value = |i| {
                    let sum = (0..columns).rev().fold(0.0, |sum, j| sum * at + tap(j)[i]);
                    (sum / divisor) as f32
                };
                kernels.push((0..length).map(value).collect());
            }
            kernels.push(tap(columns - 1).iter().map(|v| *v as f32).collect());
        }
        kernels
    }
}

impl Shape {
    /// `most` is the number of products of the largest tile, whose kernels all tiles use.
    fn new(first: usize, outputs: usize, columns: usize, most: usize) -> Self {
        let points = outputs + columns - 1;
        let mut combine = [[0.0; MOST]; OUTPUTS];
        for (i, &at) in POINTS[..points - 1].iter().enumerate() {
            let left_out = POINTS[points - 1..most - 1].iter();
            let factor: f64 = left_out.map(|other| at - other).product();
            for k in 0..outputs {
                combine[k][i] = (factor * at.powi(k as i32)) as f32;
            }
        }
        combine[outputs - 1][points - 1] = 1.0;
        Self {
            first,
            outputs,
            points,
            combine,
        }
    }
}
