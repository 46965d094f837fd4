//! Meaning of column names: times and their units, row numbers.

use super::units::{DAY_UNIT, unit};

/// Names of times.
const TIMES: [&str; 36] = [
    "time",
    "times",
    "timestamp",
    "timestamps",
    "datetime",
    "date",
    "t",
    "ts",
    "epoch",
    "unixtime",
    "utc",
    "zeit",
    "zeitstempel",
    "uhrzeit",
    "tiempo",
    "temps",
    "tijd",
    "tempo",
    "czas",
    "zaman",
    "время",
    "时间",
    "時間",
    "时刻",
    "時刻",
    "日時",
    "시간",
    "시각",
    "aika",
    "čas",
    "idő",
    "laikas",
    "timp",
    "waktu",
    "χρόνος",
    "الوقت",
];

/// Words that may accompany them.
const BESIDE: [&str; 20] = [
    "elapsed", "relative", "rel", "absolute", "abs", "local", "gmt", "unix", "sample", "sensor",
    "device", "system", "sys", "host", "gps", "stamp", "posix", "start", "since", "in",
];

/// Names of columns that count rows.
const COUNTERS: [&str; 31] = [
    "",
    "index",
    "idx",
    "row",
    "rows",
    "sample",
    "samples_no",
    "sampleno",
    "samplenumber",
    "sampleindex",
    "no",
    "nr",
    "number",
    "count",
    "counter",
    "record",
    "rn",
    "lfdnr",
    "#",
    "seq",
    "seqno",
    "seqnum",
    "sequence",
    "sequencenumber",
    "packetcounter",
    "framecounter",
    "framenumber",
    "samplecounter",
    "samplecount",
    "scannumber",
    "rowid",
];

/// A column of times, by its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeName {
    /// Size of its unit in seconds, if the name contains one.
    pub unit: Option<f64>,
}

/// Whether a name is that of a statistic other than the minimum.
pub(super) fn is_statistic(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "max", "maximum", "mean", "avg", "average", "median", "std", "stdev", "sd", "rms", "var",
        "range",
    ];
    NAMES.contains(&&*name.trim().to_lowercase())
}

/// A time column with the unit given in a line below the names, `ms` or `(s)`; `None` for other columns, and if the
/// name itself contains a unit.
pub(super) fn with_unit(name: &str, below: &str) -> Option<String> {
    let known = time_name(name)?;
    let said = below.trim_matches(|c| "()[]{} ".contains(c)).to_lowercase();
    (known.unit.is_none() && unit(&said).is_some()).then(|| format!("{name} ({said})"))
}

/// Whether a name is that of a sampling rate: `fs`, `sampling_rate`, `Sample Rate (Hz)`.
pub(crate) fn is_rate(name: &str) -> bool {
    let name = support::words::letters_and_digits(name);
    let name = name.strip_suffix("hz").unwrap_or(&name);
    [
        "fs",
        "sr",
        "sps",
        "sfreq",
        "samplingrate",
        "samplerate",
        "samplingfrequency",
        "samplefrequency",
        "samplingfreq",
        "samplefreq",
    ]
    .contains(&name)
}

/// Whether `name` means times: `time`, `Time (s)`, `t [ms]`, `timestamp_us`, `elapsedMillis`, `seconds`.
pub(super) fn time_name(name: &str) -> Option<TimeName> {
    let name = name.trim().to_lowercase();
    // `Latest: Time (s)`, `Data Set 1:Time(s)`.
    let name = name.rsplit(':').next().unwrap_or_default().trim();
    if name.contains('=') {
        // A setting, such as `T=1.0s`.
        return None;
    }
    if name == "x_value" {
        // LabVIEW's name for seconds.
        return Some(TimeName { unit: Some(1.0) });
    }
    if is_day_number(name) {
        return Some(TimeName {
            unit: Some(DAY_UNIT),
        });
    }
    let (base, inside) = match name.find(['(', '[', '{']) {
        Some(at) => (
            &name[..at],
            Some(bracketed(&name[at..]).trim_matches(|c| "()[]{} ".contains(c))),
        ),
        None => (name, None),
    };
    let mut words: Vec<&str> = base
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let said = match inside {
        // `t (°C)` is a temperature.
        Some(inside) if !inside.is_empty() => match unit(inside) {
            // `X [s]`, as of axes.
            Some(unit) if words == ["x"] => return Some(TimeName { unit: Some(unit) }),
            Some(unit) => Some(unit),
            None if words != ["t"]
                && inside.split(' ').all(|w| is_word(w) || unit(w).is_some()) =>
            {
                None
            }
            None => return None,
        },
        _ => None,
    };
    let mut found = said;
    // `timestamp_ms`, `seconds`; a lone `s` or `h` may be anything.
    if let [.., last] = words[..]
        && let Some(unit) = unit(last)
        && (words.len() > 1 || last.len() > 2 || matches!(last, "ms" | "us" | "µs" | "ns"))
    {
        words.pop();
        found = found.or(Some(unit));
        if words.is_empty() {
            return Some(TimeName { unit: found });
        }
    }
    // `seconds since start`; a leading `min` rather means a minimum.
    if let [first, rest @ ..] = &words[..]
        && !rest.is_empty()
        && rest.iter().all(|word| is_word(word))
        && let Some(unit) = unit(first).filter(|unit| *unit <= 1.0 && first.len() > 1)
    {
        return Some(TimeName {
            unit: found.or(Some(unit)),
        });
    }
    if let [word] = words[..]
        && let Some(unit) = unit_at_the_end(word)
    {
        return Some(TimeName {
            unit: found.or(Some(unit)),
        });
    }
    let core = words.iter().any(|word| TIMES.contains(word))
        || (found.is_some()
            && words
                .iter()
                .all(|word| ["elapsed", "epoch", "unix", "since", "start"].contains(word)));
    let all = !words.is_empty() && words.iter().all(|word| is_word(word));
    (core && all).then_some(TimeName { unit: found })
}

/// The unit of `timestampms`, `elapsedmillis`.
fn unit_at_the_end(word: &str) -> Option<f64> {
    let mut starts = TIMES.iter().chain(&BESIDE[..3]).filter(|_| !is_word(word));
    starts.find_map(|start| {
        let rest = word.strip_prefix(start)?;
        (start.len() > 2).then(|| unit(rest)).flatten()
    })
}

/// What is in the brackets at the beginning of a text: of `(s) Run #1`, only the unit.
fn bracketed(text: &str) -> &str {
    let end = text.find([')', ']', '}']).unwrap_or(text.len());
    let run = text[end..].trim_start_matches([')', ']', '}', ' ']);
    if run.starts_with("run") {
        &text[..end]
    } else {
        text
    }
}

/// Whether a name in lower case means numbers of days: `datenum`, `MATLAB time`, `Excel date`, `serial date`, `MJD`.
fn is_day_number(name: &str) -> bool {
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let is_program = |word: &&str| matches!(*word, "matlab" | "excel" | "serial");
    match words[..] {
        ["datenum" | "datenumber" | "serialdate" | "exceldate" | "matlabtime" | "mjd" | "jd"] => {
            true
        }
        [.., "date", "number"] | ["date", "num"] => true,
        _ => {
            words.iter().any(is_program)
                && words.iter().any(|word| TIMES.contains(word))
                && words
                    .iter()
                    .all(|word| TIMES.contains(word) || is_program(word))
        }
    }
}

fn is_word(word: &str) -> bool {
    TIMES.contains(&word) || BESIDE.contains(&word)
}

/// Whether `name` may count rows: `index`, `Unnamed: 0`, `Sample No.`
pub(super) fn counts_rows(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    if name.starts_with("unnamed: ") || name == "__index_level_0__" {
        return true;
    }
    let plain: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '#')
        .collect();
    COUNTERS.contains(&&*plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_their_units() {
        for (name, expected) in [
            ("time", None),
            ("Timestamp", None),
            ("DateTime", None),
            ("t", None),
            ("Zeit", None),
            ("TIMESTAMP (UTC)", None),
            ("seconds", Some(1.0)),
            ("time (s)", Some(1.0)),
            ("t [ms]", Some(1e-3)),
            ("time_ms", Some(1e-3)),
            ("timestamp_ms", Some(1e-3)),
            ("timestampMs", Some(1e-3)),
            ("Zeit (µs)", Some(1e-6)),
            ("time[us]", Some(1e-6)),
            ("time_ns", Some(1e-9)),
            ("millis", Some(1e-3)),
            ("elapsed_ms", Some(1e-3)),
            ("Elapsed Time (sec)", Some(1.0)),
            ("unix_time", None),
            ("sample_time_us", Some(1e-6)),
            ("Time in ms", Some(1e-3)),
            ("t/s", Some(1.0)),
            ("X_Value", Some(1.0)),
            ("seconds since start", Some(1.0)),
            ("ms_elapsed", Some(1e-3)),
            ("Time (s) Run #1", Some(1.0)),
            ("Latest: Time (s)", Some(1.0)),
            ("Data Set 1:Time(s)", Some(1.0)),
            ("datenum", Some(86400.0)),
            ("Serial Date", Some(86400.0)),
            ("Excel time", Some(86400.0)),
            ("X [s]", Some(1.0)),
            ("Время, с", Some(1.0)),
            ("时间(毫秒)", Some(1e-3)),
            ("시간(초)", Some(1.0)),
            ("Tempo (milissegundos)", Some(1e-3)),
            ("Χρόνος (s)", Some(1.0)),
        ] {
            assert_eq!(time_name(name), Some(TimeName { unit: expected }), "{name}");
        }
        for name in [
            "Z",
            "loop_us",
            "global_ms",
            "t (°C)",
            "temp_c",
            "accel_x",
            "s",
            "S",
            "velocity_ms",
            "voltage",
            "N",
            "vel-T (mm/s)",
            "E",
            "H",
            "runtime_v",
            "count",
            "depth (m)",
            "time_delta",
            "min_sample",
            "d_start",
            "Day number",
            "serial number",
            "Unnamed: 0",
            "time: 5",
            "T=1.0s",
            "T=?",
            "x (m)",
        ] {
            assert_eq!(time_name(name), None, "{name}");
        }
    }

    #[test]
    fn numbers_of_rows() {
        for name in [
            "Unnamed: 0",
            "index",
            "",
            "Sample",
            "RECORD",
            "count",
            "NO.",
            "#",
        ] {
            assert!(counts_rows(name), "{name}");
        }
        for name in ["Z", "counts", "noise", "samples", "North"] {
            assert!(!counts_rows(name), "{name}");
        }
    }
}
