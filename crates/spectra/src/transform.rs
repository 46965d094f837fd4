//! Fourier transforms of many rows of real numbers at once, one row per lane, with the same operations on every processor:
//! eight rows in float64 or sixteen in float32.
//!
//! A row of `2 n` numbers is transformed as `n` complex numbers with every second number as imaginary part, by
//! Stockham's algorithm: a sequence of passes, each of which leaves its results in order (Van Loan, Computational
//! Frameworks for the Fast Fourier Transform, 1992, sections 1.7 and 4.3). The first pass reads the samples, the last
//! step gives powers.

mod butterflies;
mod last;

use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::RangeInclusive;

use butterflies::{butterfly, eight, times, turn};
use lanes::{Arithmetic, Float, Fours, FoursMut, Isa, Kernel, Row, Source, Vector};
use last::last_pass;

use crate::roots::root;

/// Supported lengths of rows, powers of two: shorter ones have no first pass, longer ones exceed a core's cache.
pub const LENGTHS: RangeInclusive<usize> = 32..=1024;

/// Numbers of all lanes.
type RowOf<T> = Row<<T as Float>::Array>;
/// Real and imaginary parts of complex numbers.
type Point<T> = [RowOf<T>; 2];
/// Real and imaginary part.
type Root<T> = (T, T);

/// A planned transform with its buffers.
pub struct Transform<T: Float> {
    first: Vec<First<T>>,
    passes: Vec<Pass<T>>,
    /// Factors that separate the spectra of even and odd numbers.
    halves: Vec<Root<T>>,
    points: Vec<Point<T>>,
    others: Vec<Point<T>>,
}

/// What is done with the samples of every lane before they are multiplied by the window: `sample * scale - mean`.
#[derive(Clone, Copy)]
pub struct Centre<T: Float> {
    /// Powers of two.
    pub scales: RowOf<T>,
    /// The scaled mean, and what its rounding lost. Both are subtracted, so that a large mean leaves nothing behind.
    pub means: [RowOf<T>; 2],
}

/// A butterfly of the first pass: of eight points, sixteen samples.
struct First<T> {
    /// Positions of the row's samples.
    places: [usize; 16],
    /// Factors of the samples.
    window: [T; 16],
    roots: [Root<T>; 8],
}

/// A pass after the first: `stride` interleaved transforms of `size` points, each of which becomes `radix` smaller
/// ones.
struct Pass<T> {
    radix: usize,
    size: usize,
    stride: usize,
    /// `[size / radix][radix]`.
    roots: Vec<Root<T>>,
}

impl<T: Float> Transform<T> {
    /// Plans a transform of rows whose sample `n` is at `places[n]` and is multiplied by `window[n]`; their number must
    /// be one of [`LENGTHS`].
    pub fn new(places: &[usize], window: &[f64]) -> Self {
        let length = places.len();
        assert!(length.is_power_of_two() && LENGTHS.contains(&length));
        let points = length / 2;
        // A forward transform uses negative angles.
        let of = |index: usize, length: usize| {
            let (cos, sin) = root(index, length);
            (T::nearest(cos), T::nearest(-sin))
        };
        let first = (0..points / 8).map(|p| {
            let sample = |i: usize| 2 * (p + points / 8 * (i / 2)) + i % 2;
            First {
                places: std::array::from_fn(|i| places[sample(i)]),
                window: std::array::from_fn(|i| T::nearest(window[sample(i)])),
                roots: std::array::from_fn(|j| of(p * j, points)),
            }
        });
        let mut passes = Vec::new();
        let (mut size, mut stride) = (points / 8, 8);
        while size > 1 {
            let radix = size.min(8);
            let roots = (0..size / radix * radix).map(|i| of(i / radix * (i % radix), size));
            passes.push(Pass {
                radix,
                size,
                stride,
                roots: roots.collect(),
            });
            size /= radix;
            stride *= radix;
        }
        let zero = Row(T::Array::default());
        Self {
            first: first.collect(),
            passes,
            halves: (0..points / 2).map(|k| of(k, length)).collect(),
            points: vec![[zero; 2]; points],
            others: vec![[zero; 2]; points],
        }
    }

    /// Writes four times the squared magnitudes of bins `0..=length / 2` of all rows, with bins as rows that are `stride`
    /// apart.
    pub fn powers<S: Source<T>>(&mut self, rows: Fours<'_, S>, to: FoursMut<'_, T>, stride: usize) {
        self.both(rows, Plain, to, stride);
    }

    /// As [`powers`](Self::powers), with centred samples.
    pub fn centred_powers(
        &mut self,
        rows: Fours<'_, T>,
        centre: &Centre<T>,
        to: FoursMut<'_, T>,
        stride: usize,
    ) {
        self.both(rows, centre, to, stride);
    }

    fn both<S: Source<T>>(
        &mut self,
        rows: Fours<'_, S>,
        sample: impl Sample<T>,
        to: FoursMut<'_, T>,
        stride: usize,
    ) {
        if rows.are_adjacent(T::ROW) {
            lanes::run(self.read::<S, _, true>(rows, sample, &to));
        } else {
            lanes::run(self.read::<S, _, false>(rows, sample, &to));
        }
        let transform = self;
        if to.are_adjacent(T::ROW) {
            lanes::run(Run::<T, true> {
                transform,
                to,
                stride,
            });
        } else {
            lanes::run(Run::<T, false> {
                transform,
                to,
                stride,
            });
        }
    }

    fn read<'a, S, C, const A: bool>(
        &'a mut self,
        rows: Fours<'a, S>,
        sample: C,
        to: &'a FoursMut<'a, T>,
    ) -> Read<'a, T, S, C, A> {
        Read {
            butterflies: &self.first,
            rows,
            sample,
            points: &mut self.points,
            to,
        }
    }
}

/// What is done with samples.
trait Sample<T: Float>: Copy {
    fn on<I: Isa<T>>(self, isa: I, part: usize) -> impl SampleOn<I::Vector>;
}

/// What is done with samples, with the vectors of an instruction set.
trait SampleOn<V>: Copy {
    fn of(self, value: V) -> V;
}

/// Nothing is done with them.
#[derive(Clone, Copy)]
struct Plain;

impl<T: Float> Sample<T> for Plain {
    #[inline(always)]
    fn on<I: Isa<T>>(self, _isa: I, _part: usize) -> impl SampleOn<I::Vector> {
        self
    }
}

impl<V> SampleOn<V> for Plain {
    #[inline(always)]
    fn of(self, value: V) -> V {
        value
    }
}

/// A part of a [`Centre`].
#[derive(Clone, Copy)]
struct CentreOn<V> {
    scale: V,
    less: [V; 2],
}

impl<T: Float> Sample<T> for &Centre<T> {
    #[inline(always)]
    fn on<I: Isa<T>>(self, isa: I, part: usize) -> impl SampleOn<I::Vector> {
        let [mean, rest] = &self.means;
        let zero = isa.splat(T::nearest(0.0));
        CentreOn {
            scale: isa.load(&self.scales, part),
            less: [zero - isa.load(mean, part), zero - isa.load(rest, part)],
        }
    }
}

impl<V: Arithmetic> SampleOn<V> for CentreOn<V> {
    #[inline(always)]
    fn of(self, value: V) -> V {
        value.mul_add(self.scale, self.less[0]) + self.less[1]
    }
}

/// Apart from [`Run`], so that each type of samples does not compile all passes. `A` tells whether rows are in one place.
struct Read<'a, T: Float, S, C, const A: bool> {
    butterflies: &'a [First<T>],
    rows: Fours<'a, S>,
    sample: C,
    points: &'a mut [Point<T>],
    /// Tells which lanes are used.
    to: &'a FoursMut<'a, T>,
}

impl<T: Float, S: Source<T>, C: Sample<T>, const A: bool> Kernel<T> for Read<'_, T, S, C, A> {
    /// Reads the samples, and transforms all their eighths.
    #[inline(always)]
    fn run<I: Isa<T>>(self, isa: I) {
        let half = isa.splat(T::nearest(FRAC_1_SQRT_2));
        let zero = isa.splat(T::nearest(0.0));
        for part in 0..isa.parts(self.to) {
            let from = isa.part::<S, A>(&self.rows, part);
            let sample = self.sample.on(isa, part);
            let to = self.points.as_chunks_mut::<8>().0;
            for (first, to) in self.butterflies.iter().zip(to) {
                let mut values = [zero; 16];
                for i in 0..16 {
                    let value = S::gather(isa, from, first.places[i]);
                    values[i] = sample.of(value) * isa.splat(first.window[i]);
                }
                let mut points = [(zero, zero); 8];
                for i in 0..8 {
                    points[i] = (values[2 * i], values[2 * i + 1]);
                }
                let points = eight(points, half);
                for j in 0..8 {
                    let turned = if j == 0 {
                        points[0]
                    } else {
                        times(points[j], turn(isa, first.roots[j]))
                    };
                    turned.0.store(&mut to[j][0], part);
                    turned.1.store(&mut to[j][1], part);
                }
            }
        }
    }
}

/// Everything after the first pass. `A` tells whether rows of bins are in one place.
struct Run<'a, T: Float, const A: bool> {
    transform: &'a mut Transform<T>,
    to: FoursMut<'a, T>,
    stride: usize,
}

impl<T: Float, const A: bool> Kernel<T> for Run<'_, T, A> {
    #[inline(always)]
    fn run<I: Isa<T>>(mut self, isa: I) {
        let Transform {
            first: _,
            passes,
            halves,
            points,
            others,
        } = self.transform;
        let parts = isa.parts(&self.to);
        let (last, passes) = passes
            .split_last()
            .expect("there is a pass after the first");
        for step in passes {
            // All but the last split off eight points.
            pass::<T, I, 8, 8>(isa, parts, step, (points, others));
            std::mem::swap(points, others);
        }
        let to = (&mut self.to, self.stride);
        match (last.stride, last.radix) {
            (8, 8) => last_pass::<T, I, A, 8, 8>(isa, halves, points, to),
            (8, 4) => last_pass::<T, I, A, 8, 4>(isa, halves, points, to),
            (8, _) => last_pass::<T, I, A, 8, 2>(isa, halves, points, to),
            (_, 8) => last_pass::<T, I, A, 64, 8>(isa, halves, points, to),
            (_, 4) => last_pass::<T, I, A, 64, 4>(isa, halves, points, to),
            (_, _) => last_pass::<T, I, A, 64, 2>(isa, halves, points, to),
        }
    }
}

/// Processes `S` interleaved transforms: each becomes smaller ones, of which `R` points are transformed.
#[inline(always)]
fn pass<T: Float, I: Isa<T>, const S: usize, const R: usize>(
    isa: I,
    parts: usize,
    pass: &Pass<T>,
    (from, to): (&[Point<T>], &mut [Point<T>]),
) {
    assert!(S == pass.stride && R == pass.radix);
    let count = pass.size / R;
    let half = isa.splat(T::nearest(FRAC_1_SQRT_2));
    let zero = isa.splat(T::nearest(0.0));
    for part in 0..parts {
        let to = to.chunks_exact_mut(S * R);
        for (p, (roots, to)) in pass.roots.as_chunks::<R>().0.iter().zip(to).enumerate() {
            for q in 0..S {
                let mut points = [(zero, zero); R];
                for i in 0..R {
                    let [re, im] = &from[q + S * (p + count * i)];
                    points[i] = (isa.load(re, part), isa.load(im, part));
                }
                let points = butterfly(points, half);
                for j in 0..R {
                    let turned = if j == 0 {
                        points[0]
                    } else {
                        times(points[j], turn(isa, roots[j]))
                    };
                    let [re, im] = &mut to[q + S * j];
                    turned.0.store(re, part);
                    turned.1.store(im, part);
                }
            }
        }
    }
}
