//! Transposed copies of matrices of float32 in blocks of sixteen rows and four columns.

use std::arch::x86_64::*;

use super::{Shape, check, firsts};

/// Rows of a block.
const ROWS: usize = 16;

/// Numbers of a line of the cache.
const LINE: usize = 16;

/// Columns of a block.
const COLUMNS: usize = 4;

/// Whether the matrix is large enough for a block.
pub(super) fn fit(shape: Shape) -> bool {
    shape.rows >= ROWS && shape.columns >= COLUMNS
}

/// As [`super::transpose_less`] of a matrix that blocks [`fit`], with nothing to subtract if `less` is `None`.
#[target_feature(enable = "avx512f")]
pub(super) fn transpose(
    from: &[f32],
    shape: Shape,
    less: Option<&[f32]>,
    to: &mut [f32],
    to_stride: usize,
) {
    check(from, shape, to, to_stride);
    assert!(fit(shape), "a block is inside the matrix");
    assert!(less.is_none_or(|less| less.len() == shape.rows));
    for column in firsts(shape.columns, COLUMNS) {
        // Rows are written whole, four after the other, while the next four come to the nearest cache: they are seldom there,
        // nor do they begin at its lines.
        let next = column + COLUMNS..shape.columns.min(column + 2 * COLUMNS);
        for row in next {
            for place in (0..shape.rows).step_by(LINE) {
                _mm_prefetch::<_MM_HINT_ET0>(to[row * to_stride + place..].as_ptr().cast());
            }
        }
        for row in firsts(shape.rows, ROWS) {
            // SAFETY: the block is inside both matrices, which are inside their slices.
            unsafe {
                let from = from.as_ptr().add(row * shape.stride + column);
                let to = to.as_mut_ptr().add(column * to_stride + row);
                // Not in a closure here or below: it would be a call, compiled without these instructions.
                let less = match less {
                    Some(less) => _mm512_loadu_ps(less.as_ptr().add(row)),
                    None => _mm512_setzero_ps(),
                };
                block((from, shape.stride), less, (to, to_stride));
            }
        }
    }
}

/// Transposes a block.
///
/// # Safety
/// Pointers must be valid for sixteen rows of four numbers, and for four rows of sixteen, at the given strides.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn block(
    (from, stride): (*const f32, usize),
    less: __m512,
    (to, to_stride): (*mut f32, usize),
) {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        // Four rows each, which are four apart.
        let mut rows = [_mm512_setzero_ps(); 4];
        for (i, vector) in rows.iter_mut().enumerate() {
            let first = from.add(i * stride);
            *vector = _mm512_castps128_ps512(_mm_loadu_ps(first));
            *vector = _mm512_insertf32x4::<1>(*vector, _mm_loadu_ps(first.add(4 * stride)));
            *vector = _mm512_insertf32x4::<2>(*vector, _mm_loadu_ps(first.add(8 * stride)));
            *vector = _mm512_insertf32x4::<3>(*vector, _mm_loadu_ps(first.add(12 * stride)));
        }
        let [a, b, c, d] = rows;
        let (ab, cd) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
        let columns = [
            _mm512_shuffle_ps::<0x44>(ab, cd),
            _mm512_shuffle_ps::<0xee>(ab, cd),
            _mm512_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm512_shuffle_ps::<0xee>(ab_high, cd_high),
        ];
        for (i, column) in columns.iter().enumerate() {
            let column = _mm512_sub_ps(*column, less);
            _mm512_storeu_ps(to.add(i * to_stride), column);
        }
    }
}
