//! Operations that are not products: evaluating lines at points and combining the results, pooling, sums, means. Every
//! body processes some channels of all samples of a position.
#![allow(unsafe_code)]

use super::finish::Finish;
use super::lines::{MOST, OUTPUTS};
use super::vector::{Body, Vector};

/// Evaluates `N` columns of a line at `N` points, see [`super::lines`].
pub(super) struct Points<const N: usize> {
    pub from: [*const f32; MOST],
    pub to: [*mut f32; MOST],
}

impl<const N: usize> Body for Points<N> {
    #[inline(always)]
    unsafe fn at<V: Vector>(&self, i: usize) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let mut d = [V::splat(0.0); MOST];
            for j in 0..N {
                d[j] = V::load(self.from[j].add(i));
            }
            let two = V::splat(2.0);
            // Coefficients of the product of `x - point` over all other points.
            let u = match N {
                2 => [d[0], d[1], d[0], d[0], d[0], d[0]],
                3 => [
                    d[1].subtract(d[0]),
                    d[1],
                    d[2].subtract(d[1]),
                    d[0],
                    d[0],
                    d[0],
                ],
                4 => [
                    d[2].subtract(d[0]),
                    d[1].add(d[2]),
                    d[2].subtract(d[1]),
                    d[3].subtract(d[1]),
                    d[0],
                    d[0],
                ],
                5 => {
                    let three = V::splat(-3.0);
                    // Point 0: 2 (d0 - d2) - d1 + d3. Infinity: the same one position further on, with the opposite
                    // sign.
                    let odd = d[3].subtract(d[1]);
                    [
                        d[0].subtract(d[2]).multiply_add(two, odd),
                        d[3].subtract(d[2]).subtract(d[1].add(d[1])),
                        d[2].multiply_add(three, d[1].multiply_add(two, d[3])),
                        odd,
                        d[4].subtract(d[2]).subtract(odd.add(odd)),
                        d[0],
                    ]
                }
                _ => {
                    let (four, five) = (V::splat(4.0), V::splat(-5.0));
                    let minus_four = V::splat(-4.0);
                    let even = d[2].multiply_add(minus_four, d[4]);
                    let odd = d[1].multiply_add(minus_four, d[3]);
                    let (far_even, far_odd) = (d[4].subtract(d[2]), d[3].subtract(d[1]));
                    [
                        d[2].multiply_add(five, d[0].multiply_add(four, d[4])),
                        even.add(odd),
                        even.subtract(odd),
                        far_odd.multiply_add(two, far_even),
                        far_odd.multiply_add(V::splat(-2.0), far_even),
                        d[3].multiply_add(five, d[1].multiply_add(four, d[5])),
                    ]
                }
            };
            for j in 0..N {
                u[j].store(self.to[j].add(i));
            }
        }
    }
}

/// Combines `N` products to `M` outputs of a line, for every sample.
pub(super) struct Combine<'a, const N: usize, const M: usize> {
    pub from: [*const f32; MOST],
    pub to: [*mut f32; OUTPUTS],
    pub samples: usize,
    pub channels: usize,
    pub factors: &'a [[f32; MOST]; OUTPUTS],
    pub finish: &'a Finish,
}

impl<const N: usize, const M: usize> Body for Combine<'_, N, M> {
    #[inline(always)]
    unsafe fn at<V: Vector>(&self, i: usize) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let bias = V::load(self.finish.bias.as_ptr().add(i));
            for sample in 0..self.samples {
                let at = sample * self.channels + i;
                let mut m = [bias; MOST];
                for j in 0..N {
                    m[j] = V::load(self.from[j].add(at));
                }
                let mut y = [bias; OUTPUTS];
                if N == 6 && M == 4 {
                    // Points come in pairs of opposite sign: their sums give the even powers, their differences the odd
                    // ones.
                    let (near, far) = (m[1].add(m[2]), m[3].add(m[4]));
                    let (near_odd, far_odd) = (m[1].subtract(m[2]), m[3].subtract(m[4]));
                    y[0] = bias.add(m[0].add(near).add(far));
                    y[1] = bias.add(far_odd.multiply_add(V::splat(2.0), near_odd));
                    y[2] = bias.add(far.multiply_add(V::splat(4.0), near));
                    y[3] = bias.add(far_odd.multiply_add(V::splat(8.0), near_odd).add(m[5]));
                } else {
                    for k in 0..M {
                        for j in 0..N {
                            y[k] = m[j].multiply_add(V::splat(self.factors[k][j]), y[k]);
                        }
                    }
                }
                for k in 0..M {
                    self.finish.rest(y[k], i).store(self.to[k].add(at));
                }
            }
        }
    }
}

/// The sum of two values of one position.
pub(super) struct Sum<'a> {
    pub from: [*const f32; 2],
    pub to: *mut f32,
    pub samples: usize,
    pub channels: usize,
    pub finish: &'a Finish,
}

impl Body for Sum<'_> {
    #[inline(always)]
    unsafe fn at<V: Vector>(&self, i: usize) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            for sample in 0..self.samples {
                let at = sample * self.channels + i;
                let [a, b] = self.from.map(|from| V::load(from.add(at)));
                self.finish.rest(a.add(b), i).store(self.to.add(at));
            }
        }
    }
}

/// The mean (`MEAN`) or maximum over positions `samples * channels` apart.
pub(super) struct Pooled<'a, const MEAN: bool> {
    pub from: *const f32,
    pub positions: usize,
    pub to: *mut f32,
    pub samples: usize,
    pub channels: usize,
    pub finish: &'a Finish,
}

impl<const MEAN: bool> Body for Pooled<'_, MEAN> {
    #[inline(always)]
    unsafe fn at<V: Vector>(&self, i: usize) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let share = V::splat(1.0 / self.positions as f32);
            for sample in 0..self.samples {
                let at = sample * self.channels + i;
                let mut pooled = V::load(self.from.add(at));
                for position in 1..self.positions {
                    let next = self.from.add(position * self.samples * self.channels + at);
                    let next = V::load(next);
                    pooled = if MEAN {
                        pooled.add(next)
                    } else {
                        pooled.larger(next)
                    };
                }
                if MEAN {
                    pooled = pooled.multiply(share);
                }
                self.finish.rest(pooled, i).store(self.to.add(at));
            }
        }
    }
}

/// One position of a depthwise convolution: `taps` has the offsets of inputs and kernel rows.
pub(super) struct Depthwise<'a> {
    pub from: *const f32,
    pub kernel: *const f32,
    pub taps: &'a [(usize, usize)],
    pub to: *mut f32,
    pub samples: usize,
    pub channels: usize,
    pub finish: &'a Finish,
}

impl Body for Depthwise<'_> {
    #[inline(always)]
    unsafe fn at<V: Vector>(&self, i: usize) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let bias = V::load(self.finish.bias.as_ptr().add(i));
            for sample in 0..self.samples {
                let at = sample * self.channels + i;
                let mut sum = bias;
                for (input, kernel) in self.taps {
                    let kernel = V::load(self.kernel.add(kernel + i));
                    sum = V::load(self.from.add(input + at)).multiply_add(kernel, sum);
                }
                self.finish.rest(sum, i).store(self.to.add(at));
            }
        }
    }
}
