//! The standard normal distribution.

/// Cumulative distribution at `x`, within 1e-7, by series and continued fraction of the error function.
pub(super) fn cumulative(x: f64) -> f64 {
    if x.abs() < 3.0 {
        // Abramowitz and Stegun 26.2.11.
        let mut term = x;
        let mut sum = x;
        for n in 1..100 {
            term *= x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 0.5 + sum * density(x);
    }
    // 26.2.14, evaluated from the innermost fraction outwards.
    let tail = (1..60)
        .rev()
        .fold(0.0, |rest, n| f64::from(n) / (x.abs() + rest));
    let tail = density(x) / (x.abs() + tail);
    if x > 0.0 { 1.0 - tail } else { tail }
}

fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}

/// Quantile of `p` by bisection; infinite for 0 and 1.
pub(super) fn quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if cumulative(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: scipy.stats.norm.
    #[test]
    fn as_scipy() {
        for (x, p) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_542_9),
            (-1.96, 0.024_997_895_148_220_435),
            (2.9, 0.998_134_186_699_616),
            (3.5, 0.999_767_370_920_964_5),
            (-5.0, 2.866_515_718_791_933e-7),
        ] {
            assert!(
                (cumulative(x) - p).abs() < 1e-12,
                "{x}: {} is not {p}",
                cumulative(x)
            );
            assert!(
                (quantile(p) - x).abs() < 1e-6,
                "{p}: {} is not {x}",
                quantile(p)
            );
        }
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
    }
}
