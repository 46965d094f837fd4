//! Factors of samples in lines above a table, which are not applied: `# scale: 2.44e-4 V/count`.

use super::super::{Note, Remark, Trace};
use super::told;

/// Words before a factor.
const FACTORS: [&str; 23] = [
    "scale",
    "scaling",
    "gain",
    "sensitivity",
    "conversion factor",
    "conversion_factor",
    "calibration factor",
    "calibration_factor",
    "calibration constant",
    "cal factor",
    "multiplier",
    "bit weight",
    "lsb size",
    "volts per count",
    "skalierung",
    "skalierungsfaktor",
    "verstärkung",
    "empfindlichkeit",
    "kalibrierfaktor",
    "sensibilité",
    "sensibilidad",
    "ganancia",
    "escala",
];
/// Units of a factor, wherever they are.
const UNITS: [&str; 9] = [
    "/count",
    "/cnt",
    "/lsb",
    "lsb/",
    "counts/",
    "per count",
    "per lsb",
    "1 count =",
    "1 lsb =",
];
/// Words of lines that tell something else.
const OTHERS: [&str; 8] = [
    "vertical scale",
    "horizontal scale",
    "time scale",
    "timescale",
    "full scale",
    "full-scale",
    "fullscale",
    "/div",
];
/// Samples of a channel that are looked at.
const LOOKED_AT: usize = 256;

/// A note on the first line of the `heading` with a factor. It is a warning if all samples are whole numbers, as of a converter; others
/// may have been multiplied. The heading begins with line `number`, and `names` are the names of the columns.
pub(super) fn note(
    (heading, number): (&[u8], usize),
    names: &[u8],
    traces: &[Trace],
) -> Option<Note> {
    let names = super::super::text::cell(names);
    let mut lines = told::lines(heading).enumerate();
    let (at, line) = lines.find(|(_, line)| line.trim() != names.trim() && is_factor(line))?;
    let text = format!(
        "line {} says `{}`: the samples are read as they are stored, without this factor",
        number + at,
        told::shown(&line)
    );
    let is_whole = |sample: &f64| !sample.is_finite() || sample.fract() == 0.0;
    let mut samples = traces
        .iter()
        .flat_map(|trace| trace.samples.iter().take(LOOKED_AT));
    Some(if samples.all(is_whole) {
        format!("{text}; if files have different ones, multiply them before").into()
    } else {
        Remark::Records(text).into()
    })
}

/// Whether a line tells a factor other than 1.
fn is_factor(line: &str) -> bool {
    let lower = line.to_lowercase();
    if OTHERS.iter().any(|other| lower.contains(other)) {
        return false;
    }
    let behind = FACTORS.iter().find_map(|word| {
        let at = lower.find(word)?;
        let is_start = !lower[..at].ends_with(char::is_alphanumeric);
        let rest = &lower[at + word.len()..];
        let rest = rest.strip_prefix("s").unwrap_or(rest);
        // A path.
        let is_part = |c: char| c.is_alphabetic() || "/\\".contains(c);
        (is_start && !rest.starts_with(is_part)).then_some(rest)
    });
    let value = match behind {
        Some(rest) => rest
            .rsplit_once([':', '='])
            .map_or(rest, |(_, value)| value),
        None if UNITS.iter().any(|unit| lower.contains(unit)) => &lower,
        None => return false,
    };
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let words = value.split(|c: char| !is_part(c) && c != 'e' && c != '-' && c != '+');
    let numbers = words.filter_map(|word| word.parse::<f64>().ok());
    let mut numbers = numbers.filter(|number| number.is_finite()).peekable();
    // A decimal comma.
    let is_comma = value
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .starts_with("0,");
    let is_other = |number: f64| number != 1.0 && number != 0.0;
    numbers.peek().is_some() && (is_comma || numbers.any(is_other))
}

#[cfg(test)]
mod tests {
    use super::super::super::Hints;
    use super::super::tests::contents;
    use super::*;

    #[test]
    fn lines_with_factors() {
        for line in [
            "# scale: 2.44e-4 V/count",
            "Sensitivity = 400 V/(m/s)",
            "Gain,16",
            "scale_factor;0,001",
            "# 1 count = 0.0003 V",
            "Calibration factor (m/s/V): 0.035",
            "% 16384 LSB/g",
            "Gains: 1, 2, 4",
            "# resolution 0.061 mg/LSB",
            "# Bit weight: 2.5 uV",
        ] {
            assert!(is_factor(line), "{line}");
        }
        for line in [
            "# gain: 1",
            "Gain,1,1,1",
            "Vertical Scale,2.00E-01,V",
            "Full scale: 2 g",
            "# scale: log",
            "grayscale 5",
            "gainesville 7",
            "# file: data/low_gain/day2.csv",
            "# sampling rate: 100 Hz",
            "# 1200 counts",
        ] {
            assert!(!is_factor(line), "{line}");
        }
    }

    #[test]
    fn factors_are_said() {
        let read = |head: &str, row: &dyn Fn(usize) -> String| {
            let rows: String = (0..200)
                .map(|i| format!("{:.2},{}\n", i as f64 / 100.0, row(i)))
                .collect();
            let recording =
                contents(&format!("{head}\ntime,Z\n{rows}"), &Hints::default()).unwrap();
            (recording.notes.texts(true), recording.notes.texts(false))
        };
        let whole = |i: usize| (i % 17).to_string();
        let (warnings, _) = read("Device;X\n# scale: 2.44e-4 V/count", &whole);
        assert_eq!(
            warnings,
            [
                "line 2 says `# scale: 2.44e-4 V/count`: the samples are read as they are stored, without this factor; if files have \
                 different ones, multiply them before"
            ]
        );
        let broken = |i: usize| format!("{:.3}", i as f64 / 7.0);
        let (warnings, others) = read("# Gain: 24", &broken);
        assert_eq!((warnings.len(), others.len()), (0, 1), "{others:?}");
        let (warnings, others) = read("# Gain: 1", &whole);
        assert_eq!((warnings.len(), others.len()), (0, 0));
    }
}
