//! What names of columns say: times and their units, numbers of rows.

/// Names of times.
const TIMES: [&str; 17] = [
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
];

/// Words that may stand beside them.
const BESIDE: [&str; 19] = [
    "elapsed", "relative", "rel", "absolute", "abs", "local", "gmt", "unix", "sample", "sensor",
    "device", "system", "sys", "host", "gps", "stamp", "posix", "start", "since",
];

/// Names of columns that count rows.
const COUNTERS: [&str; 19] = [
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
];

/// A column of times, by its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeName {
    /// Seconds of its unit, where the name says so.
    pub unit: Option<f64>,
}

/// Seconds of a unit.
fn unit(word: &str) -> Option<f64> {
    let word = word.trim().trim_end_matches('.');
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "sekunden" => 1.0,
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisec" | "millisecond"
        | "milliseconds" | "millisekunden" => 1e-3,
        "us" | "µs" | "μs" | "usec" | "usecs" | "micro" | "micros" | "microsecond"
        | "microseconds" | "mikrosekunden" => 1e-6,
        "ns" | "nsec" | "nsecs" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1e-9,
        "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86400.0,
        _ => return None,
    })
}

/// Whether `name` means times: `time`, `Time (s)`, `t [ms]`, `timestamp_us`, `elapsedMillis`, `seconds`.
pub(super) fn time_name(name: &str) -> Option<TimeName> {
    let name = name.trim().to_lowercase();
    let (base, inside) = match name.find(['(', '[', '{']) {
        Some(at) => (
            &name[..at],
            Some(name[at..].trim_matches(|c| "()[]{} ".contains(c))),
        ),
        None => (&*name, None),
    };
    let mut words: Vec<&str> = base
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let said = match inside {
        // `t (°C)` is a temperature.
        Some(inside) if !inside.is_empty() => match unit(inside) {
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
        && let Some(own) = unit(last)
        && (words.len() > 1 || last.len() > 2 || matches!(last, "ms" | "us" | "µs" | "ns"))
    {
        words.pop();
        found = found.or(Some(own));
        if words.is_empty() {
            return Some(TimeName { unit: found });
        }
    }
    // `timestampms`, `elapsedmillis`.
    if let [word] = words[..]
        && !is_word(word)
        && let Some(own) = TIMES.iter().chain(&BESIDE[..3]).find_map(|start| {
            let rest = word.strip_prefix(start)?;
            (start.len() > 2).then(|| unit(rest)).flatten()
        })
    {
        return Some(TimeName {
            unit: found.or(Some(own)),
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
