//! Units of times and of samples, in the names of columns and below them.

/// Seconds of a day, as the unit of a column.
pub(super) const DAY_UNIT: f64 = 86400.0;

/// Seconds of a unit.
pub(crate) fn unit(word: &str) -> Option<f64> {
    let word = word.trim().trim_end_matches('.');
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "sekunden" | "seg" | "segundo"
        | "segundos" | "seconde" | "secondes" | "secondi" | "sekund" | "sekunder" | "sekundy"
        | "sn" | "saniye" | "с" | "сек" | "секунды" | "秒" | "초" => 1.0,
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisec" | "millisecond"
        | "milliseconds" | "millisekunden" | "milisegundos" | "milissegundos" | "millisecondes"
        | "millisecondi" | "мс" | "毫秒" | "ミリ秒" | "밀리초" => 1e-3,
        "ds" | "decisec" | "decisecond" | "deciseconds" | "tenths" => 1e-1,
        "cs" | "csec" | "centisec" | "centisecond" | "centiseconds" | "hundredths" => 1e-2,
        "us" | "µs" | "μs" | "usec" | "usecs" | "micro" | "micros" | "microsec" | "microsecond"
        | "microseconds" | "mikrosekunden" | "microsegundos" | "microssegundos"
        | "microsecondes" | "мкс" | "微秒" | "マイクロ秒" => 1e-6,
        "ns" | "nsec" | "nsecs" | "nano" | "nanos" | "nanosec" | "nanosecond" | "nanoseconds" => {
            1e-9
        }
        "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => DAY_UNIT,
        _ => return None,
    })
}

/// The unit that a name is and nothing else, such as `ms` or `min`; not one whose whole word has no other meaning, such as
/// `seconds` or `millis`. A single letter may be anything.
pub(super) fn bare_unit(name: &str) -> Option<f64> {
    let word = name.trim().trim_end_matches('.').to_lowercase();
    // `ds` and `cs` may be anything.
    let is_usual = |unit: &f64| !(1e-2..1.0).contains(unit);
    let may_be =
        |unit: &f64| word.chars().count() > 1 && (*unit > 1.0 || word.len() <= "usec".len());
    unit(&word).filter(|unit| is_usual(unit) && may_be(unit))
}

/// Size in seconds of the unit of numeric times without a stated unit. Times in seconds are smaller, from 1970 until
/// three thousand years from now.
pub(crate) fn unit_by_size(largest: f64) -> f64 {
    match largest.abs() {
        size if size >= 1e17 => 1e-9,
        size if size >= 1e14 => 1e-6,
        size if size >= 1e11 => 1e-3,
        _ => 1.0,
    }
}

/// Seconds of the unit at the end of a name, as in `Tid (s)`, `Fahrt [ms]` or `in s`.
pub(super) fn unit_behind(name: &str) -> Option<f64> {
    let name = name.trim().to_lowercase();
    let (before, last) = match name.strip_suffix([')', ']']) {
        Some(inside) => inside.rsplit_once(['(', '['])?,
        None => name.rsplit_once(' ')?,
    };
    let is_told = name.ends_with([')', ']']) || before == "in" || before.ends_with(" in");
    unit(last).filter(|_| is_told)
}

/// Units of samples, without the brackets around them.
pub(super) const UNITS: [&str; 28] = [
    "m/s", "mm/s", "cm/s", "um/s", "nm/s", "m/s2", "m/s^2", "m/(s^2", "m/s²", "mm/s2", "mm/s²",
    "g", "mg", "v", "mv", "volt", "volts", "mv/v", "counts", "count", "raw", "adc", "hz", "°c",
    "deg/s", "dps", "ut", "pa",
];

/// A cell that may be a unit, without the brackets around it.
pub(super) fn plain_unit(cell: &[u8]) -> String {
    let text = super::super::text::cell(cell).to_lowercase();
    text.trim_matches(|c| "()[]{} ".contains(c)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_a_unit_and_nothing_else() {
        for name in ["min", "Mins", "sec", "ms", "us", "ns", "hours", "usec"] {
            assert!(bare_unit(name).is_some(), "{name}");
        }
        for name in [
            "s",
            "d",
            "seconds",
            "millis",
            "Microseconds",
            "time_ms",
            "maximum",
        ] {
            assert_eq!(bare_unit(name), None, "{name}");
        }
    }

    #[test]
    fn units_at_the_end() {
        for (name, expected) in [
            ("Tid (s)", Some(1.0)),
            ("Thời gian (ms)", Some(1e-3)),
            ("Fahrt [us]", Some(1e-6)),
            ("in s", Some(1.0)),
            ("Messzeit in ms", Some(1e-3)),
            ("velocity (m/s)", None),
            ("depth (m)", None),
            ("gap s", None),
            ("Z", None),
            ("(", None),
        ] {
            assert_eq!(unit_behind(name), expected, "{name}");
        }
    }
}
