//! Feature matrix: one row per window.

/// A float64 matrix `[rows, width]`, row-major. Undefined values of silent sensors are not finite until
/// [`Silence::fill`] replaces them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    values: Vec<f64>,
    width: usize,
}

impl Table {
    /// Wraps flattened values.
    ///
    /// # Panics
    /// If their number is not a multiple of `width`.
    pub fn new(values: Vec<f64>, width: usize) -> Self {
        assert!(
            width > 0 && values.len().is_multiple_of(width),
            "rows of one width"
        );
        Self { values, width }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// The rows at `rows`, in that order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|&row| self.row(row)).copied();
        Self {
            values: values.collect(),
            width: self.width,
        }
    }

    /// The columns `columns` of every row.
    pub fn columns(&self, columns: &[std::ops::Range<usize>]) -> Self {
        let width = columns.iter().map(ExactSizeIterator::len).sum();
        let row = |row| {
            columns
                .iter()
                .flat_map(move |range: &std::ops::Range<usize>| &self.row(row)[range.clone()])
        };
        Self {
            values: (0..self.rows()).flat_map(row).copied().collect(),
            width,
        }
    }

    /// Appends the rows of `other`, which must have the same width unless this table is empty.
    pub fn append(&mut self, other: &Table) {
        if self.values.is_empty() {
            self.width = other.width;
        }
        assert_eq!(self.width, other.width, "rows of one width");
        self.values.extend_from_slice(&other.values);
    }

    /// Concatenates the columns of both tables row by row.
    pub fn with_columns_of(&self, other: &Table) -> Self {
        assert_eq!(self.rows(), other.rows(), "tables of the same windows");
        let pairs = self.iter().zip(other.iter());
        Self {
            values: pairs
                .flat_map(|(a, b)| a.iter().chain(b))
                .copied()
                .collect(),
            width: self.width + other.width,
        }
    }

    /// All values, row-major.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }
}

/// Replacements for non-finite values: a silent window counts as the quietest in the training data. Learned from the
/// data, so that the unit of the samples does not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence(Vec<f64>);

impl Silence {
    /// The smallest finite value of each column; 0 where there is none.
    pub fn learn(table: &Table) -> Self {
        let mut smallest = vec![f64::INFINITY; table.width()];
        for row in table.iter() {
            for (smallest, &value) in smallest.iter_mut().zip(row) {
                if value.is_finite() {
                    *smallest = smallest.min(value);
                }
            }
        }
        let finite = smallest
            .iter()
            .map(|value| if value.is_finite() { *value } else { 0.0 });
        Self(finite.collect())
    }

    /// Replaces values that are not finite.
    pub fn fill(&self, table: &mut Table) {
        let width = table.width();
        for (i, value) in table.values_mut().iter_mut().enumerate() {
            if !value.is_finite() {
                *value = self.0[i % width];
            }
        }
    }
}

/// Mean and standard deviation of each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

/// A column whose deviation is smaller than this, relative to its largest value, is constant up to rounding.
const CONSTANT: f64 = 1e-12;

impl Scaler {
    /// Learns from the rows of `table`, which must be finite. Constant columns are scaled to zero.
    pub fn learn(table: &Table) -> Self {
        let count = table.rows().max(1) as f64;
        let mut mean = vec![0.0; table.width()];
        let mut largest = vec![0.0f64; table.width()];
        for row in table.iter() {
            for (j, &value) in row.iter().enumerate() {
                mean[j] += value;
                largest[j] = largest[j].max(value.abs());
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut deviation = vec![0.0; table.width()];
        for row in table.iter() {
            for (j, &value) in row.iter().enumerate() {
                deviation[j] += (value - mean[j]).powi(2);
            }
        }
        for (deviation, largest) in deviation.iter_mut().zip(largest) {
            let root = (*deviation / count).sqrt();
            *deviation = if root > CONSTANT * largest {
                root
            } else {
                f64::INFINITY
            };
        }
        Self { mean, deviation }
    }

    /// `(value - mean) / deviation`.
    pub fn apply(&self, table: &mut Table) {
        let width = table.width();
        for (i, value) in table.values_mut().iter_mut().enumerate() {
            *value = (*value - self.mean[i % width]) / self.deviation[i % width];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_the_quietest_of_training() {
        let train = Table::new(vec![1.0, f64::NAN, -3.0, f64::NEG_INFINITY], 2);
        let silence = Silence::learn(&train);
        let mut table = Table::new(vec![f64::NEG_INFINITY, f64::NAN, 5.0, 7.0], 2);
        silence.fill(&mut table);
        assert_eq!(table, Table::new(vec![-3.0, 0.0, 5.0, 7.0], 2));
    }

    #[test]
    fn columns_have_mean_0_and_deviation_1_or_0() {
        let mut table = Table::new(vec![1.0, 1e6, 3.0, 1e6, 5.0, 1e6, 7.0, 1e6], 2);
        Scaler::learn(&table).apply(&mut table);
        let expected = 3.0 / 5f64.sqrt();
        assert!((table.row(3)[0] - expected).abs() < 1e-12);
        assert_eq!(table.row(0)[1], 0.0);
        assert_eq!(table.columns(&[1..2, 0..1]).row(3), [0.0, table.row(3)[0]]);
    }
}
