//! Text of the EarthScope (IRIS) web services: `TIMESERIES` headers, and below them samples (`SLIST`) or times and
//! samples (`TSPAIR`), as ObsPy reads them too.

use super::time::parse_time;
use super::{Contents, Hints, Trace, check_rate, text};
use crate::error::recording::{RecordingError, TimeSeriesError};

const HEADER: &[u8] = b"TIMESERIES ";

/// Whether a file begins as one of these.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(HEADER)
}

/// Reads all traces.
///
/// # Errors
/// If a line is malformed; names the line.
pub(super) fn read(bytes: &[u8], _hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let mut contents = Contents::default();
    // Number of samples according to the header of the last trace, and whether lines are pairs of time and sample.
    let (mut promised, mut pairs) = (0, false);
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        let at = |problem| RecordingError::TimeSeries {
            line: number + 1,
            problem,
        };
        if line.starts_with(HEADER) {
            complete(&mut contents, promised);
            let trace;
            (trace, promised, pairs) = header(&text::cell(line)).map_err(at)?;
            contents.traces.push(trace);
            continue;
        }
        let Some(trace) = contents.traces.last_mut() else {
            continue;
        };
        let mut cells = line
            .split(u8::is_ascii_whitespace)
            .filter(|cell| !cell.is_empty());
        if pairs && cells.next().is_some_and(|time| !time.contains(&b':')) {
            return Err(at(TimeSeriesError::NoTime));
        }
        for cell in cells {
            let sample = str::from_utf8(cell).ok().and_then(|cell| cell.parse().ok());
            let sample = sample.ok_or_else(|| {
                at(TimeSeriesError::Sample {
                    text: text::cell(cell),
                })
            })?;
            trace.samples.push(sample);
        }
        if trace.samples.len() > promised {
            return Err(at(TimeSeriesError::TooMany { count: promised }));
        }
    }
    complete(&mut contents, promised);
    Ok(contents)
}

/// Adds a note if the last trace has fewer samples than its header says.
fn complete(contents: &mut Contents, promised: usize) {
    let Some(trace) = contents.traces.last() else {
        return;
    };
    let there = trace.samples.len();
    if there < promised {
        contents.notes.push(format!(
            "channel {}: the header says {promised} samples, there are {there}",
            trace.channel
        ));
    }
}

/// Parses a header: a trace without samples, the number of its samples, and whether each follows its time.
fn header(line: &str) -> Result<(Trace, usize, bool), TimeSeriesError> {
    let cells: Vec<&str> = line[HEADER.len()..].split(',').map(str::trim).collect();
    let [name, samples, rate, start, form, ..] = cells[..] else {
        return Err(TimeSeriesError::Header);
    };
    let number = |cell: &str, unit: &str| {
        let number = cell.strip_suffix(unit).map(str::trim);
        number.and_then(|number| number.parse::<f64>().ok())
    };
    let codes: Vec<&str> = name.split('_').collect();
    let [network, station, location, channel, ..] = codes[..] else {
        return Err(TimeSeriesError::Name { text: name.into() });
    };
    let promised = number(samples, "samples").filter(|count| *count >= 0.0 && count.fract() == 0.0);
    let promised = promised.ok_or_else(|| TimeSeriesError::Count {
        text: samples.into(),
    })?;
    let rate =
        number(rate, "sps").ok_or_else(|| TimeSeriesError::RateText { text: rate.into() })?;
    let pairs = match form {
        "SLIST" => false,
        "TSPAIR" => true,
        other => return Err(TimeSeriesError::Form { text: other.into() }),
    };
    let trace = Trace {
        channel: format!("{network}.{station}.{location}.{channel}"),
        start: parse_time(start)?,
        rate: check_rate(rate)?,
        samples: Vec::new(),
    };
    Ok((trace, promised as usize, pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Same result as `obspy.read`.
    #[test]
    fn samples_alone_and_with_times() {
        let text = "TIMESERIES XX_NODE_00_EHZ_D, 7 samples, 100 sps, 2024-05-13T10:00:00.010000, SLIST, INTEGER, Counts\n\
                    1\t-2\t3\t4\t5\t6\n7\n\
                    TIMESERIES XX_NODE__EHN_R, 2 samples, 0.5 sps, 2024-05-13T10:00:00.000000, TSPAIR, FLOAT, M/S\r\n\
                    2024-05-13T10:00:00.000000  1.5e-9\r\n2024-05-13T10:00:02.000000  -2\r\n";
        let contents = read(text.as_bytes(), &Hints::default()).unwrap();
        let [z, n] = &contents.traces[..] else {
            panic!("{contents:?}");
        };
        assert_eq!(
            (&*z.channel, z.rate, z.start),
            ("XX.NODE.00.EHZ", 100.0, 1_715_594_400_010_000_000)
        );
        assert_eq!(z.samples, [1.0, -2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(
            (&*n.channel, n.rate, &n.samples[..]),
            ("XX.NODE..EHN", 0.5, &[1.5e-9, -2.0][..])
        );
        let short = read(
            text.replace("7 samples", "9 samples").as_bytes(),
            &Hints::default(),
        )
        .unwrap();
        assert_eq!(
            short.notes,
            ["channel XX.NODE.00.EHZ: the header says 9 samples, there are 7"]
        );
        for (wrong, expected) in [
            ("7 samples", "2 samples"),
            ("4\t5", "four\t5"),
            ("100 sps", "0 sps"),
            ("SLIST", "XLIST"),
        ] {
            read(text.replace(wrong, expected).as_bytes(), &Hints::default()).unwrap_err();
        }
    }
}
