//! Arithmetic of complex numbers, one in every lane of two vectors.

use lanes::{Arithmetic, Float, Isa};

use super::Root;

/// A complex number in every lane.
pub(super) type Complex<V> = (V, V);

#[inline(always)]
pub(super) fn add<V: Arithmetic>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0 + b.0, a.1 + b.1)
}

#[inline(always)]
pub(super) fn subtract<V: Arithmetic>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0 - b.0, a.1 - b.1)
}

/// `a - i b` and `a + i b`.
#[inline(always)]
pub(super) fn quarter_turns<V: Arithmetic>(a: Complex<V>, b: Complex<V>) -> [Complex<V>; 2] {
    [(a.0 + b.1, a.1 - b.0), (a.0 - b.1, a.1 + b.0)]
}

#[inline(always)]
pub(super) fn times<V: Arithmetic>(a: Complex<V>, (cos, sin): Complex<V>) -> Complex<V> {
    (
        a.1.mul_sub_from(sin, a.0 * cos),
        a.0.mul_add(sin, a.1 * cos),
    )
}

/// A root in every lane.
#[inline(always)]
pub(super) fn turn<T: Float, I: Isa<T>>(isa: I, (cos, sin): Root<T>) -> Complex<I::Vector> {
    (isa.splat(cos), isa.splat(sin))
}

#[inline(always)]
pub(super) fn four<V: Arithmetic>([a, b, c, d]: [Complex<V>; 4]) -> [Complex<V>; 4] {
    let (even, odd) = (add(a, c), add(b, d));
    let [first, third] = quarter_turns(subtract(a, c), subtract(b, d));
    [add(even, odd), first, subtract(even, odd), third]
}

/// `half` is the square root of a half.
#[inline(always)]
pub(super) fn eight<V: Arithmetic>(
    [a, b, c, d, e, f, g, h]: [Complex<V>; 8],
    half: V,
) -> [Complex<V>; 8] {
    let even = four([a, c, e, g]);
    let odd = four([b, d, f, h]);
    // Still to be multiplied by `half`.
    let first = (odd[1].0 + odd[1].1, odd[1].1 - odd[1].0);
    let [second, sixth] = quarter_turns(even[2], odd[2]);
    let third = (odd[3].1 - odd[3].0, odd[3].0 + odd[3].1);
    [
        add(even[0], odd[0]),
        (
            first.0.mul_add(half, even[1].0),
            first.1.mul_add(half, even[1].1),
        ),
        second,
        (
            third.0.mul_add(half, even[3].0),
            third.1.mul_sub_from(half, even[3].1),
        ),
        subtract(even[0], odd[0]),
        (
            first.0.mul_sub_from(half, even[1].0),
            first.1.mul_sub_from(half, even[1].1),
        ),
        sixth,
        (
            third.0.mul_sub_from(half, even[3].0),
            third.1.mul_add(half, even[3].1),
        ),
    ]
}

/// The transform of `R` points: 2, 4 or 8.
#[inline(always)]
pub(super) fn butterfly<V: Arithmetic, const R: usize>(
    mut values: [Complex<V>; R],
    half: V,
) -> [Complex<V>; R] {
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

#[inline(always)]
pub(super) fn power<V: Arithmetic>(value: Complex<V>) -> V {
    value.0.mul_add(value.0, value.1 * value.1)
}

/// Twice the spectra of the even numbers and of the odd ones, these turned by `root`: their sum is twice bin `k`, their
/// difference the conjugate of twice bin `points - k`.
#[inline(always)]
pub(super) fn halves<V: Arithmetic>(
    a: Complex<V>,
    b: Complex<V>,
    root: Complex<V>,
) -> (Complex<V>, Complex<V>) {
    let even = (a.0 + b.0, a.1 - b.1);
    let odd = (a.1 + b.1, b.0 - a.0);
    (even, times(odd, root))
}
