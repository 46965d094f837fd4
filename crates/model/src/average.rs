//! Exponential moving average of weights.
//!
//! Averaged weights generalise better than those of any one step; B. Polyak and A. Juditsky, "Acceleration of stochastic
//! approximation by averaging", SIAM J. Control and Optimization 30 (1992).

/// Share of the average that a step keeps: `decay`, and less in the first steps, so that the initial weights are soon
/// forgotten.
///
/// `steps` counts the optimizer's steps, from 1.
pub fn average_decay(decay: f64, steps: u64) -> f32 {
    let steps = steps as f64;
    decay.min((1.0 + steps) / (10.0 + steps)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_count_more() {
        assert_eq!(average_decay(0.99, 1), (2.0_f64 / 11.0) as f32);
        assert_eq!(average_decay(0.99, 100_000), 0.99);
        assert_eq!(average_decay(0.0, 5), 0.0);
    }
}
