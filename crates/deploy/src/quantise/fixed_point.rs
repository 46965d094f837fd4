//! Products of integers with real numbers, rounded as TFLite's reference kernels do (double rounding).
//!
//! B. Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference",
//! CVPR 2018; `tensorflow/lite/kernels/internal/common.h`.

/// A positive real number as `value * 2^(shift - 31)`, with `value` from 2^30 to 2^31 - 1; or zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    /// Mantissa.
    pub value: i32,
    /// Power of two.
    pub shift: i32,
}

impl Multiplier {
    /// The nearest multiplier to `real`; `None` if it is negative, NaN, or at least 2^31.
    pub fn new(real: f64) -> Option<Self> {
        if !(real >= 0.0 && real < 2f64.powi(31)) {
            return None;
        }
        if real == 0.0 {
            return Some(Self { value: 0, shift: 0 });
        }
        let mut shift = real.log2().floor() as i32 + 1;
        // The logarithm may be off by one at powers of two.
        while real / 2f64.powi(shift) >= 1.0 {
            shift += 1;
        }
        while real / 2f64.powi(shift) < 0.5 {
            shift -= 1;
        }
        let mut value = (real / 2f64.powi(shift) * 2f64.powi(31)).round() as i64;
        if value == 1 << 31 {
            value /= 2;
            shift += 1;
        }
        if shift < -31 {
            return Some(Self { value: 0, shift: 0 });
        }
        let value = i32::try_from(value).ok()?;
        (shift <= 30).then_some(Self { value, shift })
    }

    /// `x` times the multiplier, rounded twice: to nearest after the product, and away from zero after the shift.
    #[inline]
    pub fn apply(self, x: i32) -> i32 {
        let left = self.shift.max(0);
        let right = (-self.shift).max(0);
        let product = doubling_high_product(x.wrapping_mul(1 << left), self.value);
        divide_by_power(product, right)
    }
}

/// `a * b / 2^31`, rounded to nearest, saturated.
#[inline]
fn doubling_high_product(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1 << 31)) as i32
}

/// `x / 2^power`, rounded to nearest, ties away from zero.
#[inline]
fn divide_by_power(x: i32, power: i32) -> i32 {
    let mask = ((1i64 << power) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> power.min(31)) + i32::from((x & mask) > threshold)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_multipliers() {
        let of = |real| {
            let m = Multiplier::new(real).unwrap();
            (m.value, m.shift)
        };
        assert_eq!(of(0.5), (1 << 30, 0));
        assert_eq!(of(1.0), (1 << 30, 1));
        assert_eq!(of(0.25), (1 << 30, -1));
        assert_eq!(of(0.75), (3 << 29, 0));
        assert_eq!(of(0.0), (0, 0));
        assert_eq!(
            of(1.0 - 1e-12),
            (1 << 30, 1),
            "rounded up to the next power"
        );
        assert_eq!(of(1e-12), (0, 0));
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e10] {
            assert_eq!(Multiplier::new(bad), None);
        }
    }

    #[test]
    fn products_are_rounded_twice() {
        let quarter = Multiplier::new(0.25).unwrap();
        let products = [-6, -5, -2, -1, 0, 1, 2, 5, 6].map(|x| quarter.apply(x));
        // Rounds to halves first, ties up, then to quarters, ties away from zero.
        assert_eq!(products, [-2, -1, -1, 0, 0, 1, 1, 2, 2]);
        assert_eq!(doubling_high_product(i32::MIN, i32::MIN), i32::MAX);
    }

    proptest! {
        #[test]
        fn products_are_within_one_of_the_real(x in -1_000_000i32..1_000_000, real in 1e-6f64..100.0) {
            let product = Multiplier::new(real).unwrap().apply(x);
            let exact = f64::from(x) * real;
            // Half a unit for each rounding, plus the precision of the 31-bit mantissa.
            prop_assert!((f64::from(product) - exact).abs() <= 1.0 + exact.abs() * 2f64.powi(-30));
        }
    }
}
