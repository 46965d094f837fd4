//! Values that programs write where there is no measurement.

/// Numbers that usually stand for missing ones, besides those of [`is_fill`] and large powers of ten. They are compared as
/// float32, as which many files store them.
const USUAL: [f32; 16] = [
    -999.0,
    -999.25,
    -999.9,
    -9999.0,
    -9999.9,
    -99999.0,
    -999_999.0,
    999.0,
    999.9,
    9999.0,
    99999.0,
    999_999.0,
    -32768.0,
    // Of Campbell's loggers.
    -7999.0,
    7999.0,
    // Of NetCDF.
    9.969_21e36,
];

/// Larger powers of ten stand for missing values.
const LARGE: f64 = 1e19;

/// Values that certainly stand for missing ones: the limits of 32-bit integers, and the fill values of netCDF and climate data.
pub fn is_fill(value: f64) -> bool {
    let float = value as f32;
    value == f64::from(i32::MIN)
        || value == f64::from(i32::MAX)
        || float == 1e20
        || float == 9.969_21e36
}

/// All fill values are at least this large in size.
pub(crate) const LEAST_FILL: f64 = i32::MAX as f64;

/// Minimum ratio of a fill value to all other samples; the limits of integers in a clipped recording are not that far
/// away.
const FAR: f64 = 1000.0;

/// Whether a sample certainly stands for a missing one, where all measurements are at most `usual` in size.
pub fn is_missing(value: f64, usual: f64) -> bool {
    is_fill(value) && value.abs() > FAR * usual
}

/// Whether programs write the value where there is none. It may as well be a measurement.
pub(crate) fn is_known(value: f64) -> bool {
    let power = || value.abs().log10();
    is_fill(value)
        || USUAL.contains(&(value as f32))
        || value.abs() >= LARGE && (power() - power().round()).abs() < 1e-6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_are_so_as_float32_too() {
        for value in [-9999.0, -999.25, -999.9, 1e30, -1e30, f64::from(i32::MIN)] {
            assert!(is_known(value), "{value}");
            assert!(is_known(f64::from(value as f32)), "{value}");
        }
        for value in [0.0, -1.0, -9998.0, 1e18, 2e30, f64::INFINITY, f64::NAN] {
            assert!(!is_known(value), "{value}");
        }
    }
}
