//! The last pass of a transform, which gives powers.

use std::f64::consts::FRAC_1_SQRT_2;

use lanes::{Float, FoursMut, Isa, PartMut, Vector};

use super::butterflies::{Complex, add, butterfly, halves, power, subtract, turn};
use super::{Point, Root};

/// The pass with a single transform left, whose roots are all 1, and the spectra of real numbers from those of every two as
/// one complex number, as four times the squared magnitudes. Bin `k` needs the points `k` and `points - k`, which two
/// butterflies have: they are not written to memory between the two steps.
#[inline(always)]
pub(super) fn last_pass<T: Float, I: Isa<T>, const A: bool, const S: usize, const R: usize>(
    isa: I,
    roots: &[Root<T>],
    from: &[Point<T>],
    (to, stride): (&mut FoursMut<'_, T>, usize),
) {
    let (from, roots) = (&from[..S * R], &roots[..S * R / 2]);
    let two = isa.splat(T::nearest(2.0));
    let half = isa.splat(T::nearest(FRAC_1_SQRT_2));
    for part in 0..isa.parts(to) {
        let mut bins = Bins::<T, I, A> {
            isa,
            roots,
            to: isa.part_mut(to, part),
            stride,
        };
        for q in 1..S / 2 {
            let points = last_butterfly::<T, I, S, R>(isa, from, (q, part), half);
            let partners = last_butterfly::<T, I, S, R>(isa, from, (S - q, part), half);
            for j in 0..R / 2 {
                bins.write(q + S * j, points[j], partners[R - 1 - j]);
                bins.write(S - q + S * j, partners[j], points[R - 1 - j]);
            }
        }
        let middle = last_butterfly::<T, I, S, R>(isa, from, (S / 2, part), half);
        for j in 0..R / 2 {
            bins.write(S / 2 + S * j, middle[j], middle[R - 1 - j]);
        }
        let first = last_butterfly::<T, I, S, R>(isa, from, (0, part), half);
        for j in 1..R / 2 {
            bins.write(S * j, first[j], first[R - j]);
        }
        let (re, im) = first[0];
        let (sum, difference) = ((re + im) * two, (re - im) * two);
        (sum * sum).scatter(&mut bins.to, 0);
        (difference * difference).scatter(&mut bins.to, S * R * stride);
        let (re, im) = first[R / 2];
        power((re * two, im * two)).scatter(&mut bins.to, S * R / 2 * stride);
    }
}

/// The points `q`, `q + S` and so on.
#[inline(always)]
fn last_butterfly<T: Float, I: Isa<T>, const S: usize, const R: usize>(
    isa: I,
    from: &[Point<T>],
    (q, part): (usize, usize),
    half: I::Vector,
) -> [Complex<I::Vector>; R] {
    let zero = isa.splat(T::nearest(0.0));
    let mut points = [(zero, zero); R];
    for i in 0..R {
        let [re, im] = &from[q + S * i];
        points[i] = (isa.load(re, part), isa.load(im, part));
    }
    butterfly(points, half)
}

/// A part of the rows to which bins are written.
struct Bins<'a, T: Float, I, const A: bool> {
    isa: I,
    roots: &'a [Root<T>],
    to: PartMut<'a, T, A>,
    stride: usize,
}

impl<T: Float, I: Isa<T>, const A: bool> Bins<'_, T, I, A> {
    /// Writes bin `k` and the one as far from the last, from their points.
    #[inline(always)]
    fn write(&mut self, k: usize, point: Complex<I::Vector>, partner: Complex<I::Vector>) {
        let (even, odd) = halves(point, partner, turn(self.isa, self.roots[k]));
        let mirrored = 2 * self.roots.len() - k;
        power(add(even, odd)).scatter(&mut self.to, k * self.stride);
        power(subtract(even, odd)).scatter(&mut self.to, mirrored * self.stride);
    }
}
