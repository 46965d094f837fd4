//! Scaling of values by means and factors.

use lanes::wide;

/// `(value - mean) * factor`; NaN becomes zero.
#[inline(always)]
fn scaled(value: f32, mean: f64, factor: f64) -> f32 {
    let scaled = ((f64::from(value) - mean) * factor) as f32;
    if scaled.is_nan() { 0.0 } else { scaled }
}

wide! {
    /// Scales every value by its own mean and factor, in place.
    pub fn scale_each(values: &mut [f32], means: &[f64], factors: &[f64]) {
        for ((value, mean), factor) in values.iter_mut().zip(means).zip(factors) {
            *value = scaled(*value, *mean, *factor);
        }
    }
}

/// `(value - mean - rest) * factor`; NaN becomes zero.
#[inline(always)]
fn scaled_narrow(value: f32, mean: f32, rest: f32, factor: f32) -> f32 {
    let scaled = (value - mean - rest) * factor;
    if scaled.is_nan() { 0.0 } else { scaled }
}

wide! {
    /// As [`scale_each`], in float32 with means of two parts, for all rows.
    pub fn scale_narrow(rows: &mut [f32], means: [&[f32]; 2], factors: &[f32]) {
        // A block of all rows is scaled before the next, so that its factors stay in registers.
        const BLOCK: usize = 32;
        let length = factors.len();
        let whole = length / BLOCK * BLOCK;
        let [means, rests] = [means[0], means[1]].map(|of| of.split_at(whole));
        let (factors, last_factors) = factors.split_at(whole);
        let blocks = means.0.as_chunks::<BLOCK>().0.iter().zip(rests.0.as_chunks::<BLOCK>().0);
        let blocks = blocks.zip(factors.as_chunks::<BLOCK>().0);
        for (i, ((means, rests), factors)) in blocks.enumerate() {
            for row in rows.chunks_exact_mut(length) {
                let block = &mut row.as_chunks_mut::<BLOCK>().0[i];
                for (((value, mean), rest), factor) in block.iter_mut().zip(means).zip(rests).zip(factors) {
                    *value = scaled_narrow(*value, *mean, *rest, *factor);
                }
            }
        }
        if whole == length {
            return;
        }
        for row in rows.chunks_exact_mut(length) {
            let others = row[whole..].iter_mut().zip(means.1).zip(rests.1).zip(last_factors);
            for (((value, mean), rest), factor) in others {
                *value = scaled_narrow(*value, *mean, *rest, *factor);
            }
        }
    }
}

wide! {
    /// Scales all values by one mean and factor, in place.
    pub fn scale_all(values: &mut [f32], mean: f64, factor: f64) {
        for value in values {
            *value = scaled(*value, mean, factor);
        }
    }
}
