//! Mean, spread and confidence interval of a few numbers.

/// Mean and spread of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Number of finite values.
    pub count: usize,
    /// Mean of the finite values.
    pub mean: f64,
    /// Sample standard deviation (n - 1); `None` for a single value.
    pub deviation: Option<f64>,
}

impl Sample {
    /// Summarises the finite values; `None` if there are none.
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

    /// 95 % confidence interval of the mean by Student's t; `None` for a single value.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half = student(self.count - 1) * self.deviation? / (self.count as f64).sqrt();
        Some((self.mean - half, self.mean + half))
    }
}

/// Paired differences between two groups of runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Number of pairs.
    pub pairs: usize,
    /// Mean difference; over folds if there are any.
    pub mean: f64,
    /// 95 % confidence interval of the mean difference; `None` for a single value.
    pub interval: Option<(f64, f64)>,
}

impl Paired {
    /// Summarises differences: one list per fold with one value per seed, or a single list without folds. `ratio` is
    /// the number of test samples per training sample.
    ///
    /// Without folds, the seeds are the sample. With folds, the seeds of a fold share its test windows, so each fold
    /// counts as one value. Folds also share training samples: the variance of the mean is `(1 / folds + ratio)`
    /// times that of the folds (Nadeau and Bengio, Inference for the Generalization Error, Machine Learning 52,
    /// 2003).
    pub fn new(folds: &[Vec<f64>], ratio: f64) -> Option<Self> {
        let pairs = folds.iter().map(Vec::len).sum();
        let sample = match folds {
            [seeds] => Sample::of(seeds)?,
            folds => {
                let means = folds.iter().filter_map(|seeds| Sample::of(seeds));
                Sample::of(&means.map(|sample| sample.mean).collect::<Vec<_>>())?
            }
        };
        let shared = if folds.len() > 1 { ratio } else { 0.0 };
        let half = sample.deviation.map(|deviation| {
            let factor = (1.0 / sample.count as f64 + shared).sqrt();
            student(sample.count - 1) * deviation * factor
        });
        Some(Self {
            pairs,
            mean: sample.mean,
            interval: half.map(|half| (sample.mean - half, sample.mean + half)),
        })
    }
}

/// 97.5 % quantile of Student's t. Beyond the table it uses the expansion about the normal quantile, accurate to 1e-5
/// there (Abramowitz and Stegun, 26.7.5).
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

    /// SciPy's `scipy.stats.ttest_rel(...).confidence_interval()` for seeds. For folds, the formula in NumPy with
    /// `scipy.stats.t.ppf(0.975, 2)`.
    #[test]
    fn paired_differences_are_those_of_scipy() {
        let seeds = Paired::new(&[vec![0.01, 0.03, -0.01, 0.05]], 0.25).unwrap();
        assert_eq!(seeds.pairs, 4);
        let (low, high) = seeds.interval.unwrap();
        for (found, expected) in [(seeds.mean, 0.02), (low, -0.021085204), (high, 0.061085204)] {
            assert!((found - expected).abs() < 1e-7, "{found} is not {expected}");
        }
        let folds = [vec![0.01, 0.03], vec![-0.01, 0.05], vec![0.08, 0.06]];
        let folds = Paired::new(&folds, 0.5).unwrap();
        let (low, high) = folds.interval.unwrap();
        for (found, expected) in [(folds.mean, FOLDS[0]), (low, FOLDS[1]), (high, FOLDS[2])] {
            assert!((found - expected).abs() < 1e-7, "{found} is not {expected}");
        }
        assert_eq!(Paired::new(&[vec![0.1]], 0.5).unwrap().interval, None);
        assert_eq!(Paired::new(&[], 0.5), None);
    }

    const FOLDS: [f64; 3] = [0.0366666667, -0.0767181884, 0.1500515217];
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
