//! Notes on times that rows share, or that come in bursts.

use super::levels::median;

/// A note if most rows follow each other much faster than the clock.
pub(super) fn bursts(seconds: &[f64], rate: f64) -> Option<String> {
    let mut steps: Vec<f64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let usual = median(&mut steps);
    (usual < 0.2 / rate && usual > 0.0).then(|| {
        format!(
            "rows come in bursts, {usual:.6} s apart within and {:.6} s on average: taken for evenly spaced at {rate} Hz",
            1.0 / rate
        )
    })
}

/// Longer steps of the times make the start of a recording uncertain.
const COARSEST: f64 = 1.5;

/// A note if many rows have each time, and the times are seconds apart.
pub(super) fn coarse(seconds: &[f64]) -> Option<String> {
    let steps = seconds.windows(2).map(|pair| pair[1] - pair[0]);
    let mut steps: Vec<f64> = steps.filter(|step| *step > 0.0).collect();
    if steps.is_empty() || steps.len() * 5 > seconds.len() {
        return None;
    }
    let step = median(&mut steps);
    let is_float = step >= 2.0 && step.log2().fract() == 0.0;
    let why = if is_float {
        ", as if they had been stored in 32-bit floats"
    } else {
        ""
    };
    (step > COARSEST).then(|| {
        format!(
            "the times change only every {step} s{why}: rows between are spread evenly, and all times may be wrong by as much"
        )
    })
}

/// Largest share of rows that come too early and are no part of how the clock works.
const FEW: usize = 100;
/// Relative difference of steps that are equal.
const EQUAL: f64 = 0.01;

/// A note if the clock is even but for a few rows, which come too early for a sample: a repeated time, or a row of another kind.
pub(super) fn early(seconds: &[f64]) -> Option<String> {
    let steps = || seconds.windows(2).map(|pair| pair[1] - pair[0]);
    let mut all: Vec<f64> = steps().collect();
    let usual = median(&mut all);
    let is_early = |step: &f64| *step >= 0.0 && *step < 0.7 * usual;
    let even = all
        .iter()
        .filter(|step| (**step - usual).abs() <= EQUAL * usual)
        .count();
    // A row between two others is early, and the one after it is not.
    let mut before = false;
    let starts = steps().filter(|step| {
        let is_second = std::mem::replace(&mut before, is_early(step));
        before && !is_second
    });
    let early = starts.count();
    if usual <= 0.0 || early == 0 || early * FEW > all.len().max(FEW) || even * 20 < all.len() * 19
    {
        return None;
    }
    let (row, step) = steps().enumerate().find(|(_, step)| is_early(step))?;
    Some(format!(
        "{early} row(s) come too early for a sample, such as row {}, {step:.6} s after the one before, where {usual:.6} s are usual: \
         they are taken for samples; remove them if they are none",
        row + 2
    ))
}
