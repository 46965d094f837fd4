//! Transposed copies of matrices of float32 in blocks of eight rows and columns.

use std::arch::x86_64::*;

use super::{Shape, check, firsts, subtract, transpose_blocks};

/// Rows and columns of a block.
const SIDE: usize = 8;

/// As [`super::transpose_less`], with nothing to subtract if `less` is `None`.
#[target_feature(enable = "avx2")]
pub(super) fn transpose(
    from: &[f32],
    shape: Shape,
    less: Option<&[f32]>,
    to: &mut [f32],
    to_stride: usize,
) {
    check(from, shape, to, to_stride);
    let Shape {
        rows,
        columns,
        stride,
    } = shape;
    if rows < SIDE || columns < SIDE {
        transpose_blocks(from, shape, to, to_stride);
        return subtract(less, shape, to, to_stride);
    }
    for row in firsts(rows, SIDE) {
        let less = less.map(|less| halves(&less[row..row + SIDE]));
        for column in firsts(columns, SIDE) {
            // SAFETY: the block is inside both matrices, which are inside their slices.
            unsafe {
                let from = from.as_ptr().add(row * stride + column);
                let to = to.as_mut_ptr().add(column * to_stride + row);
                block((from, stride), less, (to, to_stride));
            }
        }
    }
}

/// For every two rows that are four apart, their numbers in the lanes of each.
#[target_feature(enable = "avx2")]
fn halves(less: &[f32]) -> [__m256; 4] {
    std::array::from_fn(|i| _mm256_set_m128(_mm_set1_ps(less[i + 4]), _mm_set1_ps(less[i])))
}

/// Transposes a block.
///
/// # Safety
/// Both pointers must be valid for eight rows of eight numbers at the given strides.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn block(
    (from, stride): (*const f32, usize),
    less: Option<[__m256; 4]>,
    (to, to_stride): (*mut f32, usize),
) {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        for half in 0..2 {
            // Four columns of two rows each, which are four apart.
            let mut rows = [_mm256_setzero_ps(); 4];
            for (i, row) in rows.iter_mut().enumerate() {
                let upper = from.add(i * stride + 4 * half);
                *row = _mm256_loadu2_m128(upper.add(4 * stride), upper);
                if let Some(less) = less {
                    *row = _mm256_sub_ps(*row, less[i]);
                }
            }
            let [a, b, c, d] = rows;
            let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            let columns = [
                _mm256_shuffle_ps::<0x44>(ab, cd),
                _mm256_shuffle_ps::<0xee>(ab, cd),
                _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
                _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
            ];
            for (i, column) in columns.iter().enumerate() {
                _mm256_storeu_ps(to.add((4 * half + i) * to_stride), *column);
            }
        }
    }
}
