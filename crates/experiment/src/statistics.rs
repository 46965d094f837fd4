//! A few numbers as their mean, how far they scatter, and how well the mean is known.

/// Mean and scatter of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Values that are finite.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation of the sample (n - 1); none of a single value.
    pub deviation: Option<f64>,
}

impl Sample {
    /// Of the finite ones among some values; none where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let count = finite().count();
        if count == 0 {
            return None;
        }
        let mean = finite().sum::<f64>() / count as f64;
        let squares: f64 = finite().map(|value| (value - mean).powi(2)).sum();
        let deviation = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self {
            count,
            mean,
            deviation,
        })
    }

    /// Bounds of the 95 % interval of the mean, by Student's t; none of a single value.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half = student(self.count - 1) * self.deviation? / (self.count as f64).sqrt();
        Some((self.mean - half, self.mean + half))
    }
}

/// 97.5 % quantile of Student's t. Beyond the table by the expansion about the normal quantile, which is within
/// 1e-5 there (Abramowitz and Stegun, 26.7.5).
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
        2.228139, 2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
        2.093024, 2.085963, 2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831,
        2.048407, 2.045230, 2.042272,
    ];
    const NORMAL: f64 = 1.959963984540054;
    let Some(row) = freedom.checked_sub(1) else {
        return f64::NAN;
    };
    TABLE.get(row).copied().unwrap_or_else(|| {
        let (z, n) = (NORMAL, freedom as f64);
        let first = (z.powi(3) + z) / 4.0;
        let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
        let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
        z + first / n + second / n.powi(2) + third / n.powi(3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.ppf(0.975, n)`, SciPy 1.17.
    #[test]
    fn quantiles_are_those_of_scipy() {
        for (freedom, expected) in SCIPY {
            assert!((student(freedom) - expected).abs() < 1e-5, "{freedom}");
        }
    }

    /// `scipy.stats.t.interval(0.95, n - 1, mean, sem)` and `numpy.std(ddof=1)`.
    #[test]
    fn intervals_are_those_of_scipy() {
        let sample = Sample::of(&[0.91, 0.87, f64::NAN, 0.89, 0.93, f64::INFINITY]).unwrap();
        assert_eq!(sample.count, 4);
        let (low, high) = sample.interval().unwrap();
        for (found, expected) in [sample.mean, sample.deviation.unwrap(), low, high]
            .into_iter()
            .zip(EXPECTED)
        {
            assert!((found - expected).abs() < 1e-7, "{found} is not {expected}");
        }
        let one = Sample::of(&[0.5]).unwrap();
        assert_eq!((one.deviation, one.interval()), (None, None));
        assert_eq!(Sample::of(&[f64::NAN]), None);
    }

    const SCIPY: [(usize, f64); 8] = [
        (1, 12.70620474),
        (2, 4.30265273),
        (10, 2.228138852),
        (30, 2.042272456),
        (31, 2.039513446),
        (40, 2.02107539),
        (100, 1.983971519),
        (5000, 1.960438552),
    ];
    const EXPECTED: [f64; 4] = [
        0.9,
        0.025819888974716137,
        0.8589147948647896,
        0.9410852051352104,
    ];
}
