//! Natural logarithms of many numbers at once: without branches, so that the compiler vectorises them, and with the
//! same operations on every machine. The logarithms of the C library took a third of the time for a recording.
//!
//! `x = 2^e m` with `m` from `sqrt(1/2)` to `sqrt(2)`, and `ln m = 2 artanh(s)` with `s = (m - 1) / (m + 1)`, a
//! polynomial in `s^2` times `s`.

use std::f64::consts::LN_2;

use lanes::wide;

/// `e` and `m` of a positive normal number.
#[inline(always)]
fn split(x: f64) -> (f64, f64) {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const MANTISSA: u64 = (1 << 52) - 1;
    // The exponent becomes the last bits of 2^52: no vector instruction before AVX-512 converts integers of 64 bits.
    const BIAS: u64 = 1024;
    const TWO_52: f64 = (1u64 << 52) as f64;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let biased = shifted.wrapping_add(BIAS << 52) >> 52;
    let exponent = f64::from_bits(TWO_52.to_bits() | biased) - (TWO_52 + BIAS as f64);
    let m = f64::from_bits((shifted & MANTISSA).wrapping_add(SQRT_HALF));
    (exponent, m)
}

/// `2 artanh(s)` with a relative error of 3e-14. `2 artanh(s) / s` is the polynomial of degree 5 in `s^2` with the
/// least maximum error up to the largest `s` (Remez exchange), evaluated in three independent parts.
#[inline(always)]
fn twice_artanh(s: f64) -> f64 {
    let q = s * s;
    let q_2 = q * q;
    let low = 1.999_999_999_999_946_4 + 0.666_666_666_796_969_8 * q;
    let middle = 0.399_999_948_599_048_7 + 0.285_721_691_845_548_5 * q;
    let high = 0.221_741_318_849_825_42 + 0.196_096_999_516_218_77 * q;
    s * (low + q_2 * (middle + q_2 * high))
}

/// `ln x` of a normal positive number.
#[inline(always)]
fn ln(x: f64) -> f64 {
    let (e, m) = split(x);
    e * LN_2 + twice_artanh((m - 1.0) / (m + 1.0))
}

/// `ln(1 + x)` of a finite non-negative number.
#[inline(always)]
fn ln_1p(x: f64) -> f64 {
    let (e, m) = split(1.0 + x);
    // For small x, the rounding error of the sum matters.
    let f = if e == 0.0 { x } else { m - 1.0 };
    e * LN_2 + twice_artanh(f / (2.0 + f))
}

/// Whether a value is finite and not negative.
#[inline(always)]
fn is_usual(v: f32) -> bool {
    (0.0..=f32::MAX).contains(&v)
}

/// Replaces every value: usual ones with `usual`, others with `any`, so that no result depends on neighbouring values.
#[inline(always)]
fn replace(values: &mut [f32], usual: impl Fn(f64) -> f64, any: impl Fn(f64) -> f64) {
    // Without an early exit, so that the loop vectorises.
    if values.iter().fold(true, |all, v| all & is_usual(*v)) {
        for value in values {
            *value = usual(f64::from(*value)) as f32;
        }
    } else {
        for value in values {
            let of = f64::from(*value);
            *value = if is_usual(*value) { usual(of) } else { any(of) } as f32;
        }
    }
}

/// `ln x` of a non-negative number, with the same operations on every machine.
pub fn natural(x: f64) -> f64 {
    if x.is_normal() { ln(x) } else { x.ln() }
}

/// `ln x` of a normal positive number, within 1.5 units in the last place of the larger of the result and a half. It has as
/// many terms as float32 needs, and no division, which would take as long as half of the terms.
#[inline(always)]
fn ln_narrow(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    const MANTISSA: u32 = (1 << 23) - 1;
    // `(ln(1 + f) - f) / f^2`, the polynomial of degree 7 with the least maximum error of `ln(1 + f)`.
    const TERMS: [f32; 8] = [
        0.087_348_45,
        -0.143_075_23,
        0.149_179_73,
        -0.165_705_08,
        0.199_620_72,
        -0.250_017_55,
        0.333_339_5,
        -0.499_999_9,
    ];
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let e = (shifted as i32 >> 23) as f32;
    let f = f32::from_bits((shifted & MANTISSA).wrapping_add(SQRT_HALF)) - 1.0;
    // In independent parts: the steps of one logarithm wait for each other, and a processor looks only so many instructions
    // ahead for others.
    let square = f * f;
    let pair = |i: usize| TERMS[i].mul_add(f, TERMS[i + 1]);
    let high = pair(0).mul_add(square, pair(2));
    let low = pair(4).mul_add(square, pair(6));
    let series = high.mul_add(square * square, low);
    e.mul_add(LN_2 as f32, square.mul_add(series, f))
}

/// Values of the widest vector.
const VECTOR: usize = 16;

/// `ln(value * factor + floor)`.
#[inline(always)]
fn ln_of<const N: usize>(values: &[f32; N], factors: &[f32; N], floor: f32, out: &mut [f32; N]) {
    for ((value, factor), out) in values.iter().zip(factors).zip(out) {
        *out = ln_narrow(value.mul_add(*factor, floor));
    }
}

/// [`ln_of`] of as many values as fit a vector. Those that are missing are computed too: one by one, the last values of a
/// row would take longer than all others.
#[inline(always)]
fn ln_of_last(values: &[f32], factors: &[f32], floor: f32, out: &mut [f32]) {
    let (mut all, mut all_factors) = ([1.0; VECTOR], [1.0; VECTOR]);
    all[..values.len()].copy_from_slice(values);
    all_factors[..factors.len()].copy_from_slice(factors);
    let mut found = [0.0; VECTOR];
    ln_of(&all, &all_factors, floor, &mut found);
    out.copy_from_slice(&found[..values.len()]);
}

wide! {
    /// `ln(value * factor + floor)`; `floor` is at least 1e-30 and the sum at most 1e30.
    pub fn ln_of_scaled(values: &[f32], factor: f32, floor: f32, out: &mut [f32]) {
        let (values, last) = values.as_chunks::<VECTOR>();
        let (out, last_out) = out.as_chunks_mut::<VECTOR>();
        for (values, out) in values.iter().zip(out) {
            ln_of(values, &[factor; VECTOR], floor, out);
        }
        if !last.is_empty() {
            ln_of_last(last, &[factor; VECTOR][..last.len()], floor, last_out);
        }
    }
}

wide! {
    /// As [`ln_of_scaled`], with a factor for every value.
    pub fn ln_of_scaled_each(values: &[f32], factors: &[f32], floor: f32, out: &mut [f32]) {
        let (values, last) = values.as_chunks::<VECTOR>();
        let (factors, last_factors) = factors.as_chunks::<VECTOR>();
        let (out, last_out) = out.as_chunks_mut::<VECTOR>();
        for ((values, factors), out) in values.iter().zip(factors).zip(out) {
            ln_of(values, factors, floor, out);
        }
        if !last.is_empty() {
            ln_of_last(last, last_factors, floor, last_out);
        }
    }
}

wide! {
    /// `ln(max(v, floor))` in place, within 0.501 units in the last place; `floor` is finite and above zero.
    pub fn ln_above(values: &mut [f32], floor: f32) {
        let floor = f64::from(floor);
        replace(values, |v| ln(v.max(floor)), |v| v.max(floor).ln());
    }
}

wide! {
    /// `ln(1 + v / unit)` in place, within 0.501 units in the last place; `unit` is finite and above zero.
    pub fn ln_1p_all(values: &mut [f32], unit: f32) {
        let scale = 1.0 / f64::from(unit);
        replace(values, |v| ln_1p(v * scale), |v| (v * scale).ln_1p());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_standard_library() {
        for i in 0..100_000 {
            let x = 10f64.powf(f64::from(i) * 0.006 - 300.0) * (1.0 + f64::from(i % 97) / 97.0);
            let expected = x.ln();
            assert!(
                (ln(x) - expected).abs() < 1e-12 * expected.abs().max(1.0),
                "{x}"
            );
        }
        assert_eq!(ln(1.0), 0.0);
    }

    /// Error of a float32, in units in the last place.
    fn ulps(found: f32, expected: f64) -> f64 {
        let nearest = (expected as f32).abs();
        // The float32 towards zero from the expected value.
        let below = nearest.to_bits() - u32::from(f64::from(nearest) > expected.abs());
        let unit = f64::from(f32::from_bits(below + 1)) - f64::from(f32::from_bits(below));
        (f64::from(found) - expected).abs() / unit
    }

    /// Every thousandth non-negative float32, including subnormal numbers and the ends.
    fn whole_range() -> Vec<f32> {
        let mut values: Vec<f32> = (0..=f32::MAX.to_bits())
            .step_by(1009)
            .map(f32::from_bits)
            .collect();
        values.extend([f32::MIN_POSITIVE, f32::MAX, 1.0]);
        // Around the ends of the range of `m`.
        for near in [0.5f32.sqrt(), 2f32.sqrt(), 2f32.sqrt() - 1.0, 1.0] {
            let bits = near.to_bits();
            values.extend((bits - 500..bits + 500).map(f32::from_bits));
        }
        values
    }

    #[test]
    fn compressed_values_are_within_half_a_unit_of_the_last_place() {
        let values = whole_range();
        for unit in [1.0, 1e-30, 0.3, 7e20] {
            let mut found = values.clone();
            ln_1p_all(&mut found, unit);
            for (v, found) in values.iter().zip(found) {
                let expected = (f64::from(*v) / f64::from(unit)).ln_1p();
                assert!(
                    ulps(found, expected) <= 0.501,
                    "ln(1 + {v} / {unit}): {found}"
                );
            }
        }
        for floor in [f32::MIN_POSITIVE, f32::from_bits(1), 1.0, 3e7] {
            let mut found = values.clone();
            ln_above(&mut found, floor);
            for (v, found) in values.iter().zip(found) {
                let expected = f64::from(v.max(floor)).ln();
                assert!(
                    ulps(found, expected) <= 0.501,
                    "ln({v}) above {floor}: {found}"
                );
            }
        }
    }

    #[test]
    fn scaled_values_are_within_one_and_a_half_units_of_the_last_place() {
        const FLOOR: f32 = 1e-30;
        let values: Vec<f32> = whole_range()
            .into_iter()
            .filter(|v| (1e-20..1e15).contains(v))
            .collect();
        for factor in [1.0, 0.3, 1e15] {
            let mut found = vec![0.0; values.len()];
            ln_of_scaled(&values, factor, FLOOR, &mut found);
            let mut each = vec![0.0; values.len()];
            ln_of_scaled_each(&values, &vec![factor; values.len()], FLOOR, &mut each);
            assert_eq!(found, each);
            for (v, found) in values.iter().zip(found) {
                // What the sum is rounded to is no error of the logarithm.
                let expected = f64::from(v.mul_add(factor, FLOOR)).ln();
                // Near zero, a unit is that of a half.
                let unit = (expected.abs().max(0.5) as f32).to_bits() & !((1 << 23) - 1);
                let unit = f64::from(f32::from_bits(unit)) / f64::from(1 << 23);
                let off = (f64::from(found) - expected).abs() / unit;
                assert!(off <= 1.5, "ln({v} * {factor}): {found}, {off} units");
            }
        }
    }

    /// Results do not depend on neighbouring values, including values without a logarithm.
    #[test]
    fn unusual_values_are_no_surprise() {
        let usual = [0.0, 1e-45, 0.25, 3.0, 1e38];
        let (mut alone, mut beside) = (usual.to_vec(), usual.to_vec());
        beside.extend([f32::INFINITY, -0.5, -1.0, -2.0, f32::NAN]);
        ln_1p_all(&mut alone, 1.0);
        ln_1p_all(&mut beside, 1.0);
        assert_eq!(beside[..5], alone);
        assert_eq!(beside[5..8], [f32::INFINITY, 0.5f32.ln(), -f32::INFINITY]);
        assert!(beside[8].is_nan() && beside[9].is_nan());
        let mut values = [0.0, f32::INFINITY, -3.0, f32::NAN, 8.0];
        ln_above(&mut values, 2.0);
        let ln_2 = 2f32.ln();
        assert_eq!(values, [ln_2, f32::INFINITY, ln_2, ln_2, 8f32.ln()]);
    }
}
