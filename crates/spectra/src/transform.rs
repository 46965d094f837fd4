//! Fourier transforms of eight rows of real numbers at once, one row per lane, with the same operations on every
//! processor.
//!
//! A row of `2 n` numbers is transformed as `n` complex numbers with every second number as imaginary part, by
//! Stockham's algorithm: a sequence of passes, each of which leaves its results in order (Van Loan, Computational
//! Frameworks for the Fast Fourier Transform, 1992, sections 1.7 and 4.3). The first pass reads the samples, the last
//! step gives powers.

use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::RangeInclusive;

use lanes::{Fours, FoursMut, Isa, Kernel, Number, ROW, Row, Vector};

use crate::roots::root;

/// Supported lengths of rows, powers of two: shorter ones have no first pass, longer ones exceed a core's cache.
pub const LENGTHS: RangeInclusive<usize> = 32..=1024;

/// Real and imaginary parts of eight complex numbers.
type Point = [Row; 2];
/// Real and imaginary part.
type Root = (f64, f64);

/// A planned transform with its buffers.
pub struct Transform {
    first: Vec<First>,
    passes: Vec<Pass>,
    /// Factors that separate the spectra of even and odd numbers.
    halves: Vec<Root>,
    points: Vec<Point>,
    others: Vec<Point>,
}

/// A butterfly of the first pass: of eight points, sixteen samples.
struct First {
    /// Positions of the row's samples.
    places: [usize; 16],
    /// Factors of the samples.
    window: [f64; 16],
    roots: [Root; 8],
}

/// A pass after the first: `stride` interleaved transforms of `size` points, each of which becomes `radix` smaller
/// ones.
struct Pass {
    radix: usize,
    size: usize,
    stride: usize,
    /// `[size / radix][radix]`.
    roots: Vec<Root>,
}

impl Transform {
    /// Plans a transform of rows whose sample `n` is at `places[n]` and is multiplied by `window[n]`; their number must
    /// be one of [`LENGTHS`].
    pub fn new(places: &[usize], window: &[f64]) -> Self {
        let length = places.len();
        assert!(length.is_power_of_two() && LENGTHS.contains(&length));
        let points = length / 2;
        // A forward transform uses negative angles.
        let of = |index: usize, length: usize| {
            let (cos, sin) = root(index, length);
            (cos, -sin)
        };
        let first = (0..points / 8).map(|p| {
            let sample = |i: usize| 2 * (p + points / 8 * (i / 2)) + i % 2;
            First {
                places: std::array::from_fn(|i| places[sample(i)]),
                window: std::array::from_fn(|i| window[sample(i)]),
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
        let zero = Row([0.0; ROW]);
        Self {
            first: first.collect(),
            passes,
            halves: (0..points / 2).map(|k| of(k, length)).collect(),
            points: vec![[zero; 2]; points],
            others: vec![[zero; 2]; points],
        }
    }

    /// Writes four times the squared magnitudes of bins `0..=length / 2` of eight rows, with bins as rows that are
    /// `stride` apart. `first` is added to twice the real parts of bin 1.
    pub fn powers<T: Number>(
        &mut self,
        rows: Fours<'_, T>,
        first: &Row,
        (to, stride): (FoursMut<'_>, usize),
    ) {
        lanes::run(Read {
            butterflies: &self.first,
            rows,
            points: &mut self.points,
        });
        lanes::run(Run {
            transform: self,
            first,
            to,
            stride,
        });
    }
}

/// Apart from [`Run`], so that each type of samples does not compile all passes.
struct Read<'a, T> {
    butterflies: &'a [First],
    rows: Fours<'a, T>,
    points: &'a mut [Point],
}

impl<T: Number> Kernel for Read<'_, T> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        first_pass(isa, self.butterflies, self.rows, self.points);
    }
}

/// Everything after the first pass.
struct Run<'a> {
    transform: &'a mut Transform,
    first: &'a Row,
    to: FoursMut<'a>,
    stride: usize,
}

impl Kernel for Run<'_> {
    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let Transform {
            first: _,
            passes,
            halves,
            points,
            others,
        } = self.transform;
        for step in passes.iter() {
            match (step.stride, step.radix) {
                (8, 8) => pass::<I, 8, 8>(isa, step, points, others),
                (8, 4) => pass::<I, 8, 4>(isa, step, points, others),
                (8, _) => pass::<I, 8, 2>(isa, step, points, others),
                (_, 8) => pass::<I, 64, 8>(isa, step, points, others),
                (_, 4) => pass::<I, 64, 4>(isa, step, points, others),
                (_, _) => pass::<I, 64, 2>(isa, step, points, others),
            }
            std::mem::swap(points, others);
        }
        let to = (&mut self.to, self.stride);
        separate(isa, halves, (points, self.first), to);
    }
}

/// A complex number in every lane.
type Complex<V> = (V, V);

#[inline(always)]
fn add<V: Vector>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0 + b.0, a.1 + b.1)
}

#[inline(always)]
fn subtract<V: Vector>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0 - b.0, a.1 - b.1)
}

/// `a - i b` and `a + i b`.
#[inline(always)]
fn quarter_turns<V: Vector>(a: Complex<V>, b: Complex<V>) -> [Complex<V>; 2] {
    [(a.0 + b.1, a.1 - b.0), (a.0 - b.1, a.1 + b.0)]
}

#[inline(always)]
fn times<V: Vector>(a: Complex<V>, (cos, sin): Complex<V>) -> Complex<V> {
    (a.0 * cos - a.1 * sin, a.0 * sin + a.1 * cos)
}

/// A root in every lane.
#[inline(always)]
fn turn<I: Isa>(isa: I, (cos, sin): Root) -> Complex<I::F64> {
    (isa.splat(cos), isa.splat(sin))
}

#[inline(always)]
fn four<V: Vector>([a, b, c, d]: [Complex<V>; 4]) -> [Complex<V>; 4] {
    let (even, odd) = (add(a, c), add(b, d));
    let [first, third] = quarter_turns(subtract(a, c), subtract(b, d));
    [add(even, odd), first, subtract(even, odd), third]
}

/// `half` is the square root of a half.
#[inline(always)]
fn eight<V: Vector>([a, b, c, d, e, f, g, h]: [Complex<V>; 8], half: V) -> [Complex<V>; 8] {
    let even = four([a, c, e, g]);
    let odd = four([b, d, f, h]);
    let first = ((odd[1].0 + odd[1].1) * half, (odd[1].1 - odd[1].0) * half);
    let [second, sixth] = quarter_turns(even[2], odd[2]);
    let third = ((odd[3].1 - odd[3].0) * half, (odd[3].0 + odd[3].1) * half);
    [
        add(even[0], odd[0]),
        add(even[1], first),
        second,
        (even[3].0 + third.0, even[3].1 - third.1),
        subtract(even[0], odd[0]),
        subtract(even[1], first),
        sixth,
        (even[3].0 - third.0, even[3].1 + third.1),
    ]
}

/// The transform of `R` points: 2, 4 or 8.
#[inline(always)]
fn butterfly<V: Vector, const R: usize>(mut values: [Complex<V>; R], half: V) -> [Complex<V>; R] {
    match &mut values[..] {
        [a, b] => (*a, *b) = (add(*a, *b), subtract(*a, *b)),
        [a, b, c, d] => [*a, *b, *c, *d] = four([*a, *b, *c, *d]),
        [a, b, c, d, e, f, g, h] => {
            [*a, *b, *c, *d, *e, *f, *g, *h] = eight([*a, *b, *c, *d, *e, *f, *g, *h], half);
        }
        _ => unreachable!("passes have 2, 4 or 8 points"),
    }
    values
}

/// Reads the samples, and transforms all their eighths.
#[inline(always)]
fn first_pass<I: Isa, T: Number>(
    isa: I,
    butterflies: &[First],
    rows: Fours<'_, T>,
    to: &mut [Point],
) {
    let half = isa.splat(FRAC_1_SQRT_2);
    let zero = isa.splat(0.0);
    for (first, to) in butterflies.iter().zip(to.as_chunks_mut::<8>().0) {
        for part in 0..ROW / I::LANES {
            let mut values = [zero; 16];
            for i in 0..16 {
                let value = T::gather(isa, rows, first.places[i], part);
                values[i] = value * isa.splat(first.window[i]);
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

/// Processes `S` interleaved transforms: each becomes smaller ones, of which `R` points are transformed.
#[inline(always)]
fn pass<I: Isa, const S: usize, const R: usize>(
    isa: I,
    pass: &Pass,
    from: &[Point],
    to: &mut [Point],
) {
    assert!(S == pass.stride && R == pass.radix);
    let count = pass.size / R;
    if count == 1 {
        return last_pass::<I, S, R>(isa, from, to);
    }
    let half = isa.splat(FRAC_1_SQRT_2);
    let zero = isa.splat(0.0);
    let to = to.chunks_exact_mut(S * R);
    for (p, (roots, to)) in pass.roots.as_chunks::<R>().0.iter().zip(to).enumerate() {
        for q in 0..S {
            for part in 0..ROW / I::LANES {
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

/// The pass with a single transform left, whose roots are all 1.
#[inline(always)]
fn last_pass<I: Isa, const S: usize, const R: usize>(isa: I, from: &[Point], to: &mut [Point]) {
    let half = isa.splat(FRAC_1_SQRT_2);
    let zero = isa.splat(0.0);
    let (from, to) = (&from[..S * R], &mut to[..S * R]);
    for q in 0..S {
        for part in 0..ROW / I::LANES {
            let mut points = [(zero, zero); R];
            for i in 0..R {
                let [re, im] = &from[q + S * i];
                points[i] = (isa.load(re, part), isa.load(im, part));
            }
            let points = butterfly(points, half);
            for j in 0..R {
                let [re, im] = &mut to[q + S * j];
                points[j].0.store(re, part);
                points[j].1.store(im, part);
            }
        }
    }
}

/// The spectra of real numbers from those of every two as one complex number, as four times the squared magnitudes.
/// `first` is added to twice the real parts of bin 1.
#[inline(always)]
fn separate<I: Isa>(
    isa: I,
    roots: &[Root],
    (from, first): (&[Point], &Row),
    (to, stride): (&mut FoursMut<'_>, usize),
) {
    let points = from.len();
    let two = isa.splat(2.0);
    for part in 0..ROW / I::LANES {
        let load = |i: usize| (isa.load(&from[i][0], part), isa.load(&from[i][1], part));
        let (re, im) = load(0);
        let (sum, difference) = ((re + im) * two, (re - im) * two);
        (sum * sum).scatter(to, 0, part);
        (difference * difference).scatter(to, points * stride, part);
        let (re, im) = load(points / 2);
        power((re * two, im * two)).scatter(to, points / 2 * stride, part);
        let (even, odd) = halves(load(1), load(points - 1), turn(isa, roots[1]));
        let (re, im) = add(even, odd);
        power((re + isa.load(first, part), im)).scatter(to, stride, part);
        power(subtract(even, odd)).scatter(to, (points - 1) * stride, part);
    }
    for (k, root) in roots.iter().enumerate().skip(2) {
        for part in 0..ROW / I::LANES {
            let load = |i: usize| (isa.load(&from[i][0], part), isa.load(&from[i][1], part));
            let (even, odd) = halves(load(k), load(points - k), turn(isa, *root));
            power(add(even, odd)).scatter(to, k * stride, part);
            power(subtract(even, odd)).scatter(to, (points - k) * stride, part);
        }
    }
}

#[inline(always)]
fn power<V: Vector>(value: Complex<V>) -> V {
    value.0 * value.0 + value.1 * value.1
}

/// Twice the spectra of the even numbers and of the odd ones, these turned by `root`: their sum is twice bin `k`, their
/// difference the conjugate of twice bin `points - k`.
#[inline(always)]
fn halves<V: Vector>(a: Complex<V>, b: Complex<V>, root: Complex<V>) -> (Complex<V>, Complex<V>) {
    let even = (a.0 + b.0, a.1 - b.1);
    let odd = (a.1 + b.1, b.0 - a.0);
    (even, times(odd, root))
}
