//! Notes on times that rows share, or that come in bursts.

/// A note if most rows follow each other much faster than the clock.
pub(super) fn bursts(seconds: &[f64], rate: f64) -> Option<String> {
    let mut steps: Vec<f64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = steps.len() / 2;
    let (_, &mut usual, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
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
    let middle = steps.len() / 2;
    let (_, &mut step, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
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
