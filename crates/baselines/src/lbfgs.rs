//! Minimises a smooth convex function with limited-memory BFGS (Nocedal and Wright, "Numerical optimization",
//! algorithm 7.4).

use crate::matrix::{add, dot};

/// Number of stored pairs of steps and gradient changes.
const MEMORY: usize = 10;
/// Maximum number of step halvings.
const MAX_HALVINGS: usize = 40;
/// Fraction of the expected decrease that a step must achieve.
const SUFFICIENT: f64 = 1e-4;

/// Stopping criteria.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoppingCriteria {
    /// Largest absolute component of the gradient.
    pub gradient: f64,
    /// Maximum number of iterations.
    pub iterations: usize,
}

/// Moves `x` to the minimum of `function`, which writes the gradient and returns the value. Returns the number of
/// iterations. `precondition` multiplies by an approximation of the inverse Hessian: the closer, the fewer iterations.
pub(crate) fn minimise(
    x: &mut Vec<f64>,
    function: impl Fn(&[f64], &mut [f64]) -> f64,
    precondition: impl Fn(&mut [f64]),
    stop: StoppingCriteria,
) -> usize {
    let mut gradient = vec![0.0; x.len()];
    let mut value = function(x, &mut gradient);
    let mut pairs: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    let mut next = x.clone();
    let mut next_gradient = gradient.clone();
    for iteration in 0..stop.iterations {
        if gradient.iter().all(|g| g.abs() <= stop.gradient) {
            return iteration;
        }
        let direction = direction(&gradient, &pairs, &precondition);
        let slope = dot(&direction, &gradient);
        let mut step = 1.0;
        let mut halvings = 0;
        let next_value = loop {
            for ((next, x), d) in next.iter_mut().zip(x.iter()).zip(&direction) {
                *next = x + step * d;
            }
            let next_value = function(&next, &mut next_gradient);
            if next_value <= value + SUFFICIENT * step * slope {
                break next_value;
            }
            halvings += 1;
            if halvings == MAX_HALVINGS {
                // No better point within rounding errors.
                return iteration;
            }
            step *= 0.5;
        };
        let moved: Vec<f64> = next.iter().zip(x.iter()).map(|(a, b)| a - b).collect();
        let changed: Vec<f64> = next_gradient
            .iter()
            .zip(&gradient)
            .map(|(a, b)| a - b)
            .collect();
        let curvature = dot(&moved, &changed);
        if curvature > 1e-12 * dot(&changed, &changed) {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((moved, changed, 1.0 / curvature));
        }
        std::mem::swap(x, &mut next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = next_value;
    }
    stop.iterations
}

/// Descent direction by the two-loop recursion. As its initial inverse Hessian it takes the preconditioner, scaled to
/// the last change of the gradient.
fn direction(
    gradient: &[f64],
    pairs: &[(Vec<f64>, Vec<f64>, f64)],
    precondition: impl Fn(&mut [f64]),
) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(pairs.len());
    for (moved, changed, rho) in pairs.iter().rev() {
        let alpha = rho * dot(moved, &q);
        add(&mut q, -alpha, changed);
        alphas.push(alpha);
    }
    precondition(&mut q);
    if let Some((_, changed, rho)) = pairs.last() {
        let mut scaled = changed.clone();
        precondition(&mut scaled);
        let scale = 1.0 / (rho * dot(changed, &scaled));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((moved, changed, rho), alpha) in pairs.iter().zip(alphas.iter().rev()) {
        let beta = rho * dot(changed, &q);
        add(&mut q, alpha - beta, moved);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ill_conditioned_bowl() {
        let bowl = |x: &[f64], gradient: &mut [f64]| {
            let mut value = 0.0;
            for (i, (x, g)) in x.iter().zip(gradient).enumerate() {
                let weight = 10f64.powi(i as i32 - 2);
                value += 0.5 * weight * (x - i as f64).powi(2);
                *g = weight * (x - i as f64);
            }
            value
        };
        let mut x = vec![100.0; 6];
        let stop = StoppingCriteria {
            gradient: 1e-9,
            iterations: 500,
        };
        let taken = minimise(&mut x, bowl, |_| (), stop);
        assert!(taken < 100, "{taken}");
        for (i, x) in x.iter().enumerate() {
            assert!((x - i as f64).abs() < 1e-6, "{x}");
        }
        // With the inverse Hessian itself, the first step reaches the minimum.
        let exact = |q: &mut [f64]| {
            let weights = (0..6).map(|i| 10f64.powi(i - 2));
            q.iter_mut()
                .zip(weights)
                .for_each(|(q, weight)| *q /= weight);
        };
        let mut x = vec![100.0; 6];
        assert!(minimise(&mut x, bowl, exact, stop) <= 2);
    }
}
