//! The usual difference of neighbouring numbers in a column.

/// Differences that [`usual_step`] looks at; all of a long table would cost a tenth of reading it.
const STEPS: usize = 4096;

/// Median difference of neighbours, of a sample of them in long tables; where most are equal, the mean.
pub(super) fn usual_step(values: &[f64]) -> f64 {
    let count = values.len().saturating_sub(1);
    let step = |i: usize| values[i + 1] - values[i];
    let mut steps: Vec<f64> = if count <= STEPS {
        (0..count).map(step).collect()
    } else {
        // Multiples of the golden ratio spread over the table, whatever repeats in it.
        let at = |i: usize| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = |i: usize| ((u128::from(at(i)) * count as u128) >> 64) as usize;
        (0..STEPS).map(|i| step(place(i))).collect()
    };
    steps.retain(|step| step.is_finite());
    if steps.is_empty() {
        return 0.0;
    }
    let middle = steps.len() / 2;
    let (_, &mut median, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
    if median != 0.0 {
        return median;
    }
    let all = (0..count).map(step).filter(|step| step.is_finite());
    let (sum, count) = all.fold((0.0, 0usize), |(sum, count), step| (sum + step, count + 1));
    sum / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_of_long_tables_has_the_same_step() {
        for length in [2, 100, STEPS + 1, 100_000] {
            // Every tenth step is long.
            let step = |i: usize| if i.is_multiple_of(10) { 3.0 } else { 0.5 };
            let mut time = 0.0;
            let times = (0..length).map(|i| {
                time += step(i);
                time
            });
            assert_eq!(usual_step(&times.collect::<Vec<f64>>()), 0.5);
        }
        // Ten rows a second, in whole seconds.
        let seconds: Vec<f64> = (0..100_001).map(|i| f64::from(i / 10)).collect();
        assert_eq!(usual_step(&seconds), 0.1);
        assert_eq!(usual_step(&[1.0]), 0.0);
        assert_eq!(usual_step(&[]), 0.0);
    }
}
