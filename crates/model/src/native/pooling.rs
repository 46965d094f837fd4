//! Maximum over neighbouring columns, and its gradient.

use lanes::wide;

wide! {
    /// The maximum of every `columns` neighbouring columns in lines of so many columns (`line` has both); columns left
    /// over at the end are dropped.
    pub(super) fn max_pool(x: &[f32], line: (usize, usize), channels: usize, out: &mut [f32]) {
        let (width, columns) = line;
        let lines = x.chunks_exact(width * channels);
        for (line, out) in lines.zip(out.chunks_exact_mut(width / columns * channels)) {
            for (window, out) in line.chunks_exact(columns * channels).zip(out.chunks_exact_mut(channels)) {
                let (first, others) = window.split_at(channels);
                out.copy_from_slice(first);
                for next in others.chunks_exact(channels) {
                    for i in 0..channels {
                        out[i] = if next[i] > out[i] { next[i] } else { out[i] };
                    }
                }
            }
        }
    }
}

wide! {
    /// Adds the gradient to the maximum of every `columns` columns, the first of equal ones; `out` must be set before.
    pub(super) fn max_pool_backward(
        x: &[f32], gradient: &[f32], line: (usize, usize), channels: usize, out: &mut [f32],
    ) {
        let (width, columns) = line;
        let line = width * channels;
        let lines = x.chunks_exact(line).zip(out.chunks_exact_mut(line));
        for ((x, out), g) in lines.zip(gradient.chunks_exact(width / columns * channels)) {
            let size = columns * channels;
            let windows = x.chunks_exact(size).zip(out.chunks_exact_mut(size));
            for ((x, out), g) in windows.zip(g.chunks_exact(channels)) {
                for from in (0..channels).step_by(BLOCK) {
                    let block = from..channels.min(from + BLOCK);
                    pass_to_largest(x, &g[block.clone()], (from, channels), out);
                }
            }
        }
    }
}

/// Channels that [`pass_to_largest`] processes at once, as many as fit vectors.
const BLOCK: usize = 32;

/// Adds `gradient`, for the channels from `from` on, to the first of the largest columns of `x`.
#[inline(always)]
fn pass_to_largest(x: &[f32], gradient: &[f32], (from, channels): (usize, usize), out: &mut [f32]) {
    let count = gradient.len();
    let (mut largest, mut rest) = ([f32::NEG_INFINITY; BLOCK], [0.0; BLOCK]);
    rest[..count].copy_from_slice(gradient);
    for x in x.chunks_exact(channels) {
        for (largest, x) in largest.iter_mut().zip(&x[from..][..count]) {
            *largest = if *x > *largest { *x } else { *largest };
        }
    }
    for (x, out) in x.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
        let both = x[from..][..count].iter().zip(&mut out[from..][..count]);
        for ((x, out), (largest, rest)) in both.zip(largest.iter().zip(&mut rest)) {
            let takes = x == largest;
            *out += if takes { *rest } else { 0.0 };
            *rest = if takes { 0.0 } else { *rest };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_columns_gets_the_gradient() {
        // Two lines of four columns of two channels; the last column is left over.
        let x = [
            [1.0, 5.0],
            [3.0, 2.0],
            [3.0, 5.0],
            [9.0, 9.0],
            [0.0; 2],
            [0.0; 2],
            [0.0; 2],
            [1.0; 2],
        ];
        let mut largest = [0.0; 4];
        max_pool(x.as_flattened(), (4, 3), 2, &mut largest);
        assert_eq!(largest, [3.0, 5.0, 0.0, 0.0]);
        let mut back = [[0.5; 2]; 8];
        max_pool_backward(
            x.as_flattened(),
            &[10.0, 20.0, 30.0, 40.0],
            (4, 3),
            2,
            back.as_flattened_mut(),
        );
        let expected = [
            [0.5, 20.5],
            [10.5, 0.5],
            [0.5; 2],
            [0.5; 2],
            [30.5, 40.5],
            [0.5; 2],
            [0.5; 2],
            [0.5; 2],
        ];
        assert_eq!(back, expected);
    }
}
