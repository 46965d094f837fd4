//! Transposed copies of matrices.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod eights;
#[cfg(target_arch = "x86_64")]
mod sixteens;

/// Element types of matrices: float32 and float64.
pub trait Element: Copy + sealed::Blocks {}

impl Element for f32 {}
impl Element for f64 {}

/// Shape of a matrix in a slice: rows, columns, and the distance between rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Distance from one row to the next, at least the number of columns.
    pub stride: usize,
}

impl Shape {
    /// The shape of the transposed copy.
    fn transposed(self, stride: usize) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            stride,
        }
    }

    /// Number of elements from the first to the last element of the matrix.
    fn reach(self) -> usize {
        match self.rows {
            0 => 0,
            rows => (rows - 1) * self.stride + self.columns,
        }
    }
}

/// Writes the columns of `from` as rows of `to`, `to_stride` apart; elements between the rows are unchanged.
///
/// # Panics
/// If a matrix reaches beyond its slice, or rows overlap.
pub fn transpose<T: Element>(from: &[T], shape: Shape, to: &mut [T], to_stride: usize) {
    T::transpose(from, shape, to, to_stride);
}

/// As [`transpose`], with `less[row]` subtracted from every row of `from`.
///
/// # Panics
/// As there, or if there are not as many numbers in `less` as rows.
pub fn transpose_less(from: &[f32], shape: Shape, less: &[f32], to: &mut [f32], to_stride: usize) {
    assert_eq!(less.len(), shape.rows, "a number for every row");
    transpose_f32(from, shape, Some(less), to, to_stride);
}

/// Subtracts numbers, if there are any, from the rows of a transposed copy.
#[inline(always)]
fn subtract(less: Option<&[f32]>, shape: Shape, to: &mut [f32], to_stride: usize) {
    if let Some(less) = less {
        for row in to.chunks_mut(to_stride).take(shape.columns) {
            let values = row.iter_mut().zip(less);
            values.for_each(|(value, less)| *value -= less);
        }
    }
}

fn transpose_f32(
    from: &[f32],
    shape: Shape,
    less: Option<&[f32]>,
    to: &mut [f32],
    to_stride: usize,
) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the features were detected.
    match crate::Width::detect() {
        crate::Width::Avx512 if sixteens::fit(shape) => {
            return unsafe { sixteens::transpose(from, shape, less, to, to_stride) };
        }
        crate::Width::Avx512 | crate::Width::Avx2 => {
            return unsafe { eights::transpose(from, shape, less, to, to_stride) };
        }
        crate::Width::Baseline => {}
    }
    transpose_blocks(from, shape, to, to_stride);
    subtract(less, shape, to, to_stride);
}

crate::wide! {
    fn transpose_f64(from: &[f64], shape: Shape, to: &mut [f64], to_stride: usize) {
        transpose_blocks(from, shape, to, to_stride);
    }
}

/// The first rows or columns of blocks of `size` in `of`. The last block repeats some of those before, which is faster than
/// single numbers.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn firsts(of: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..of).step_by(size).map(move |first| first.min(of - size))
}

/// Checks the shapes of a copy.
#[inline(always)]
fn check<T>(from: &[T], shape: Shape, to: &[T], to_stride: usize) {
    let transposed = shape.transposed(to_stride);
    let are_apart = |of: Shape| of.columns <= of.stride;
    assert!(are_apart(shape) && are_apart(transposed), "rows overlap");
    assert!(shape.reach() <= from.len() && transposed.reach() <= to.len());
}

#[inline(always)]
fn transpose_blocks<T: Element>(from: &[T], shape: Shape, to: &mut [T], to_stride: usize) {
    let Shape {
        rows,
        columns,
        stride,
    } = shape;
    check(from, shape, to, to_stride);
    let one = |to: &mut [T], row: usize, column: usize| {
        to[column * to_stride + row] = from[row * stride + column];
    };
    let (whole_rows, whole_columns) = (rows / T::SIDE * T::SIDE, columns / T::SIDE * T::SIDE);
    for row in (0..whole_rows).step_by(T::SIDE) {
        for column in (0..whole_columns).step_by(T::SIDE) {
            // SAFETY: the block is inside both matrices, which are inside their slices.
            unsafe {
                let from = from.as_ptr().add(row * stride + column);
                let to = to.as_mut_ptr().add(column * to_stride + row);
                T::block(from, stride, to, to_stride);
            }
        }
        for column in whole_columns..columns {
            (row..row + T::SIDE).for_each(|row| one(to, row, column));
        }
    }
    for row in whole_rows..rows {
        (0..columns).for_each(|column| one(to, row, column));
    }
}

mod sealed {
    use super::Shape;
    #[cfg(target_arch = "x86_64")]
    use std::arch::x86_64::*;

    /// Blocks that are transposed in registers.
    pub trait Blocks: Copy {
        /// Rows and columns of a block.
        const SIDE: usize;

        /// Transposes a matrix.
        fn transpose(from: &[Self], shape: Shape, to: &mut [Self], to_stride: usize);

        /// Transposes a block.
        ///
        /// # Safety
        /// Both pointers must be valid for `SIDE` rows of `SIDE` elements at the given strides.
        #[inline(always)]
        unsafe fn block(from: *const Self, stride: usize, to: *mut Self, to_stride: usize) {
            for row in 0..Self::SIDE {
                for column in 0..Self::SIDE {
                    // SAFETY: the caller upholds this function's contract.
                    unsafe { *to.add(column * to_stride + row) = *from.add(row * stride + column) }
                }
            }
        }
    }

    impl Blocks for f32 {
        const SIDE: usize = 4;

        fn transpose(from: &[f32], shape: Shape, to: &mut [f32], to_stride: usize) {
            super::transpose_f32(from, shape, None, to, to_stride);
        }

        // All x86-64 processors support these instructions.
        #[cfg(target_arch = "x86_64")]
        #[inline(always)]
        unsafe fn block(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
            // SAFETY: the caller upholds this function's contract.
            unsafe {
                let mut a = _mm_loadu_ps(from);
                let mut b = _mm_loadu_ps(from.add(stride));
                let mut c = _mm_loadu_ps(from.add(2 * stride));
                let mut d = _mm_loadu_ps(from.add(3 * stride));
                _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
                _mm_storeu_ps(to, a);
                _mm_storeu_ps(to.add(to_stride), b);
                _mm_storeu_ps(to.add(2 * to_stride), c);
                _mm_storeu_ps(to.add(3 * to_stride), d);
            }
        }
    }

    impl Blocks for f64 {
        const SIDE: usize = 2;

        fn transpose(from: &[f64], shape: Shape, to: &mut [f64], to_stride: usize) {
            super::transpose_f64(from, shape, to, to_stride);
        }

        #[cfg(target_arch = "x86_64")]
        #[inline(always)]
        unsafe fn block(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
            // SAFETY: the caller upholds this function's contract.
            unsafe {
                let (a, b) = (_mm_loadu_pd(from), _mm_loadu_pd(from.add(stride)));
                _mm_storeu_pd(to, _mm_unpacklo_pd(a, b));
                _mm_storeu_pd(to.add(to_stride), _mm_unpackhi_pd(a, b));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_rows() {
        for (rows, columns) in [
            (0, 3),
            (1, 1),
            (4, 4),
            (5, 9),
            (8, 3),
            (13, 7),
            (8, 8),
            (21, 30),
        ] {
            let (stride, to_stride) = (columns + 2, rows + 3);
            let shape = Shape {
                rows,
                columns,
                stride,
            };
            let from: Vec<f32> = (0..rows * stride).map(|i| i as f32).collect();
            let mut to = vec![-1.0; columns * to_stride];
            transpose(&from, shape, &mut to, to_stride);
            let wide: Vec<f64> = from.iter().map(|v| f64::from(*v)).collect();
            let mut to_wide = vec![-1.0; columns * to_stride];
            transpose(&wide, shape, &mut to_wide, to_stride);
            let less: Vec<f32> = (0..rows).map(|row| 1.0 / (row as f32 + 3.0)).collect();
            let mut to_less = vec![-1.0; columns * to_stride];
            transpose_less(&from, shape, &less, &mut to_less, to_stride);
            for (i, found) in to.iter().enumerate() {
                let (column, row) = (i / to_stride, i % to_stride);
                let expected = if row < rows {
                    from[row * stride + column]
                } else {
                    -1.0
                };
                assert_eq!(*found, expected, "{rows} x {columns}");
                assert_eq!(to_wide[i], f64::from(expected), "{rows} x {columns}");
                let less = less.get(row).unwrap_or(&0.0);
                assert_eq!(to_less[i], expected - less, "{rows} x {columns}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn matrices_stay_inside_their_slices() {
        let shape = Shape {
            rows: 4,
            columns: 4,
            stride: 4,
        };
        transpose(&[0.0f32; 15], shape, &mut [0.0; 16], 4);
    }
}
