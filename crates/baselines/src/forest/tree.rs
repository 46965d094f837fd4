//! One decision tree.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::ForestKind;
use crate::table::Table;

/// Training data by column, with labels.
pub(super) struct Columns<'a> {
    values: Vec<f64>,
    /// The place of each value among those of its column; equal values have the same. Sorting these is much faster than
    /// sorting the values. Empty for [`ForestKind::Extra`], which sorts nothing.
    ranks: Vec<u32>,
    rows: usize,
    width: usize,
    labels: &'a [u32],
    classes: usize,
}

/// The place of each value among all; equal values have the same.
fn ranks(values: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    let value = |row: u32| values[row as usize];
    order.sort_unstable_by(|&a, &b| value(a).total_cmp(&value(b)));
    let mut ranks = vec![0; values.len()];
    let mut rank = 0;
    for pair in order.windows(2) {
        rank += u32::from(value(pair[0]) < value(pair[1]));
        ranks[pair[1] as usize] = rank;
    }
    ranks
}

impl<'a> Columns<'a> {
    pub(super) fn new(table: &Table, labels: &'a [u32], classes: usize, kind: ForestKind) -> Self {
        let (rows, width) = (table.rows(), table.width());
        let mut values = vec![0.0; rows * width];
        for (i, row) in table.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                values[j * rows + i] = value;
            }
        }
        let ranks = match kind {
            ForestKind::Extra => Vec::new(),
            ForestKind::Random => values
                .par_chunks_exact(rows.max(1))
                .flat_map_iter(ranks)
                .collect(),
        };
        Self {
            values,
            ranks,
            rows,
            width,
            labels,
            classes,
        }
    }

    fn value(&self, column: usize, row: u32) -> f64 {
        self.values[column * self.rows + row as usize]
    }

    /// Number of rows by class.
    fn count(&self, rows: &[u32]) -> Vec<f64> {
        let mut counts = vec![0.0; self.classes];
        rows.iter()
            .for_each(|&row| counts[self.labels[row as usize] as usize] += 1.0);
        counts
    }
}

#[derive(Clone, Copy, Debug)]
enum Node {
    Split {
        column: u32,
        threshold: f64,
        /// Children for values up to the threshold and above it.
        children: [u32; 2],
    },
    /// Offset of the leaf's class fractions.
    Leaf(u32),
}

#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    shares: Vec<f32>,
    classes: usize,
}

/// A split of a node's rows.
struct Split {
    column: usize,
    threshold: f64,
    /// Purity: sum over both sides of squared class counts divided by rows. Larger is purer.
    purity: f64,
}

impl Tree {
    /// Grows a tree until its leaves are pure or cannot be split.
    pub(super) fn grow(
        columns: &Columns<'_>,
        mut rows: Vec<u32>,
        kind: ForestKind,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut tree = Self {
            nodes: vec![Node::Leaf(0)],
            shares: Vec::new(),
            classes: columns.classes,
        };
        let mut order: Vec<usize> = (0..columns.width).collect();
        // Stack of open nodes: index, and range in `rows`.
        let mut waiting = vec![(0, 0, rows.len())];
        while let Some((node, first, end)) = waiting.pop() {
            let node_rows = &mut rows[first..end];
            let counts = columns.count(node_rows);
            let pure = counts.contains(&(node_rows.len() as f64));
            let split = if pure {
                None
            } else {
                find(columns, (node_rows, &counts), kind, &mut order, rng)
            };
            let Some(split) = split else {
                tree.nodes[node] = Node::Leaf(tree.shares.len() as u32);
                let shares = counts
                    .iter()
                    .map(|count| (count / node_rows.len() as f64) as f32);
                tree.shares.extend(shares);
                continue;
            };
            let middle = first
                + partition(node_rows, |row| {
                    columns.value(split.column, row) <= split.threshold
                });
            let left = tree.nodes.len();
            tree.nodes.extend([Node::Leaf(0); 2]);
            tree.nodes[node] = Node::Split {
                column: split.column as u32,
                threshold: split.threshold,
                children: [left as u32, left as u32 + 1],
            };
            waiting.push((left + 1, middle, end));
            waiting.push((left, first, middle));
        }
        tree
    }

    /// Class fractions of the leaf that a row falls into.
    pub(super) fn leaf(&self, row: &[f64]) -> &[f32] {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Leaf(first) => return &self.shares[first as usize..][..self.classes],
                Node::Split {
                    column,
                    threshold,
                    children,
                } => {
                    let right = row[column as usize] > threshold;
                    node = children[usize::from(right)] as usize;
                }
            }
        }
    }
}

/// Moves rows that satisfy the condition to the front; returns their number.
fn partition(rows: &mut [u32], condition: impl Fn(u32) -> bool) -> usize {
    let mut front = 0;
    for i in 0..rows.len() {
        if condition(rows[i]) {
            rows.swap(front, i);
            front += 1;
        }
    }
    front
}

/// The best split among randomly drawn columns. It draws the square root of their number, and more until one can be
/// split. `None` if all rows are equal. `counts` has the rows of each class.
fn find(
    columns: &Columns<'_>,
    (rows, counts): (&[u32], &[f64]),
    kind: ForestKind,
    order: &mut [usize],
    rng: &mut ChaCha8Rng,
) -> Option<Split> {
    let wanted = (columns.width as f64).sqrt().floor().max(1.0) as usize;
    let mut best: Option<Split> = None;
    let mut sorted = Vec::new();
    for drawn in 0..order.len() {
        if drawn >= wanted && best.is_some() {
            break;
        }
        let other = rng.random_range(drawn as u32..order.len() as u32);
        order.swap(drawn, other as usize);
        let column = order[drawn];
        let split = match kind {
            ForestKind::Extra => random_threshold(columns, column, rows, counts, rng),
            ForestKind::Random => best_threshold(columns, column, rows, counts, &mut sorted),
        };
        if let Some(split) = split
            && best.as_ref().is_none_or(|best| split.purity > best.purity)
        {
            best = Some(split);
        }
    }
    best
}

/// A random threshold between the smallest and largest value.
fn random_threshold(
    columns: &Columns<'_>,
    column: usize,
    rows: &[u32],
    counts: &[f64],
    rng: &mut ChaCha8Rng,
) -> Option<Split> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &row in rows {
        let value = columns.value(column, row);
        low = low.min(value);
        high = high.max(value);
    }
    if low >= high {
        return None;
    }
    let drawn = low + (high - low) * rng.random::<f64>();
    // Rounding must not leave one side empty.
    let threshold = if drawn < high { drawn } else { low };
    let mut left = vec![0.0; columns.classes];
    for &row in rows {
        if columns.value(column, row) <= threshold {
            left[columns.labels[row as usize] as usize] += 1.0;
        }
    }
    Some(Split {
        column,
        threshold,
        purity: purity(&left, counts),
    })
}

/// The purest threshold, halfway between two values. `sorted` is scratch space: ranks, and the rows that have them.
fn best_threshold(
    columns: &Columns<'_>,
    column: usize,
    rows: &[u32],
    counts: &[f64],
    sorted: &mut Vec<u64>,
) -> Option<Split> {
    let ranks = &columns.ranks[column * columns.rows..][..columns.rows];
    sorted.clear();
    sorted.extend(
        rows.iter()
            .map(|&row| u64::from(ranks[row as usize]) << 32 | u64::from(row)),
    );
    sorted.sort_unstable();
    let mut left = vec![0.0; columns.classes];
    let mut best: Option<Split> = None;
    for pair in sorted.windows(2) {
        let rows = [pair[0] as u32, pair[1] as u32];
        left[columns.labels[rows[0] as usize] as usize] += 1.0;
        if pair[0] >> 32 == pair[1] >> 32 {
            continue;
        }
        let purity = purity(&left, counts);
        if best.as_ref().is_none_or(|best| purity > best.purity) {
            let [value, next] = rows.map(|row| columns.value(column, row));
            let halfway = value + 0.5 * (next - value);
            best = Some(Split {
                column,
                threshold: if halfway < next { halfway } else { value },
                purity,
            });
        }
    }
    best
}

/// Sum over both sides of squared class counts divided by rows.
fn purity(left: &[f64], all: &[f64]) -> f64 {
    let (mut squares, mut sizes) = ([0.0; 2], [0.0; 2]);
    for (left, all) in left.iter().zip(all) {
        for (side, count) in [*left, all - left].into_iter().enumerate() {
            squares[side] += count * count;
            sizes[side] += count;
        }
    }
    squares[0] / sizes[0] + squares[1] / sizes[1]
}
