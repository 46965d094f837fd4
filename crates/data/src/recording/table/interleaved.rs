//! Rows of several sensors in one table without a column that tells them apart: read as one, they have several times the rate.
//!
//! Times that come in groups may as well be those of a coarse clock. The values tell more: those of one sensor go on from row
//! to row, and those of two from every second row to the next.

mod groups;
mod phases;

use std::ops::Range;

use super::super::{Note, Remark};
use super::clock::median;
use crate::error::recording::TableError;
use groups::Groups;
use phases::{PlaceDifference, unlike};

/// Rows that are looked at: parts of so many, and how many parts.
const ROWS: usize = 1024;
const PARTS: usize = 4;
/// Rows of a table, at least.
const FEWEST: usize = 64;
/// Different values of a channel, at least: states and toggles may alternate.
const VALUES: usize = 5;
/// Factors by which a channel changes more from row to row than from row to row of one sensor: certainly, and perhaps. A
/// signal of one sensor reaches them with a strong tone near half its rate only.
const ROUGHER: f64 = 4.0;
const ROUGH: f64 = 2.0;
/// The same of a channel that goes on from row to row.
const SMOOTH: f64 = 0.8;
/// Correlation of two sensors, at least.
const OPPOSED: f64 = -0.3;
/// Part by which the given rate may differ from that of all rows.
const NEAR: f64 = 0.05;

/// A channel, with its name.
pub(super) type Channel<'a> = (&'a str, &'a [f64]);

/// A note if rows seem to be those of several sensors. It is a warning if the values say so.
///
/// # Errors
/// If they are those of two, unless the `given` sampling rate is that of all rows.
pub(super) fn check(
    times: Option<&[i64]>,
    channels: &[Channel<'_>],
    given: Option<f64>,
) -> Result<Option<Note>, TableError> {
    let rows = channels.first().map_or(0, |(_, values)| values.len());
    if rows < FEWEST {
        return Ok(None);
    }
    let groups = times.and_then(Groups::of);
    let sensors = groups.as_ref().map_or(2, |groups| groups.rows);
    let is_told = groups.is_some();
    let rough = channels
        .iter()
        .filter(|(_, values)| is_told || !are_opposed(values))
        .filter_map(|(name, values)| Some((*name, roughness(values, sensors)?)));
    let rough: Vec<(&str, f64)> = rough.collect();
    let Some(&(channel, most)) = rough.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Ok(None);
    };
    let are_rougher = rough.iter().filter(|column| column.1 >= ROUGHER).count();
    let is_certain = |groups: &Groups| {
        let is_given = given.is_some_and(|given| (groups.rate / given - 1.0).abs() < NEAR);
        sensors == 2 && 2 * are_rougher >= rough.len() && !is_given
    };
    let found = match groups {
        Some(groups) if is_certain(&groups) => {
            return Err(TableError::Interleaved {
                channel: channel.to_owned(),
                groups: groups.to_string(),
                rate: groups.rate,
            });
        }
        Some(groups) if most >= ROUGH => Some(Note::from(format!(
            "{groups}, and the values of column `{channel}` rather go on from every {} row to the next than from row to row: if the \
             rows are those of {sensors} sensors, each channel mixes them, and the rate is too high; add a column `sensor` that \
             tells them apart",
            ordinal(sensors)
        ))),
        None if most >= ROUGHER => Some(Note::from(format!(
            "the values of column `{channel}` jump from row to row, and go on from every second row to the next{OF_TWO}"
        ))),
        groups => {
            let is_doubt = groups.as_ref().is_some_and(Groups::is_note);
            let is_said = is_doubt && rough.iter().all(|column| column.1 > SMOOTH);
            let doubt = groups.filter(|_| is_said).map(|groups| {
                Note::from(Remark::Records(format!(
                    "{groups}: the rows are taken for samples that follow each other; if they are those of {}, add a column `sensor` \
                     that tells them apart",
                    groups.sensors()
                )))
            });
            by_place(channels, sensors).or(doubt)
        }
    };
    Ok(found)
}

/// What a warning says of rows of two sensors.
const OF_TWO: &str = ": if the rows are those of two sensors in turn, each channel mixes them, and the rate is too high; add a \
                      column `sensor` that tells them apart";

/// A warning if the values at the places of groups of `rows` rows differ.
fn by_place(channels: &[Channel<'_>], rows: usize) -> Option<Note> {
    if !(2..=3).contains(&rows) {
        return None;
    }
    let mut found = channels
        .iter()
        .filter_map(|(name, values)| Some((name, unlike(values, rows)?)));
    let (name, unlike) = found.next()?;
    let what = match (unlike, rows) {
        (PlaceDifference::FromGroupToGroup, _) => {
            format!(
                "the values of column `{name}` go on from every second row to the next, not from row to row"
            )
        }
        (PlaceDifference::FromSomeRows, 2) => format!(
            "the values of column `{name}` go on within each pair of rows rather than from one pair to the next"
        ),
        (PlaceDifference::FromSomeRows, _) => {
            format!(
                "of every three rows, the value of column `{name}` in one does not go on from those in the others"
            )
        }
        (PlaceDifference::Deviations(factor), _) => format!(
            "the values of column `{name}` vary {factor:.1} times as much in every {} row as in others",
            ordinal(rows)
        ),
    };
    let two = if rows == 2 {
        OF_TWO.to_owned()
    } else {
        OF_TWO.replace("two sensors in turn", "a sensor and one at half its rate")
    };
    Some(format!("{what}{two}").into())
}

fn ordinal(number: usize) -> String {
    match number {
        2 => "second".into(),
        3 => "third".into(),
        other => format!("{other}th"),
    }
}

/// Parts of a table that are looked at.
fn parts(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let (each, count) = if rows <= ROWS * PARTS {
        (rows, 1)
    } else {
        (ROWS, PARTS)
    };
    let last = rows - each;
    (0..count).map(move |part| {
        let start = last * part / count.saturating_sub(1).max(1);
        start..start + each
    })
}

/// How much more a channel changes from row to row than over `sensors` rows. `None` if it has few values.
fn roughness(values: &[f64], sensors: usize) -> Option<f64> {
    let mut known: Vec<f64> = Vec::new();
    let (mut next, mut same) = (Vec::new(), Vec::new());
    for rows in parts(values.len()) {
        let values = &values[rows];
        for (i, value) in values.iter().enumerate().skip(sensors) {
            let steps = (value - values[i - 1], value - values[i - sensors]);
            if steps.0.is_finite() && steps.1.is_finite() {
                next.push(steps.0.abs());
                same.push(steps.1.abs());
            }
            if known.len() < VALUES && value.is_finite() && !known.contains(value) {
                known.push(*value);
            }
        }
    }
    let is_channel = known.len() == VALUES && next.len() >= FEWEST / 2;
    // Medians, as some values may be far from all others.
    let (next, same) = (median(&mut next), median(&mut same));
    (is_channel && next + same > 0.0).then(|| next / same)
}

/// Whether the even and the odd rows of a channel are opposed, as those of one sensor with a tone near half its rate.
fn are_opposed(values: &[f64]) -> bool {
    let pairs = || {
        let all = parts(values.len()).flat_map(|rows| values[rows].chunks_exact(2));
        all.filter(|pair| pair[0].is_finite() && pair[1].is_finite())
    };
    let count = pairs().count() as f64;
    let mean = |at: usize| pairs().map(|pair| pair[at]).sum::<f64>() / count;
    let means = [mean(0), mean(1)];
    let product = |one: usize, other: usize| {
        let all = pairs().map(|pair| (pair[one] - means[one]) * (pair[other] - means[other]));
        all.sum::<f64>()
    };
    product(0, 1) < OPPOSED * (product(0, 0) * product(1, 1)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::super::Hints;
    use super::super::tests::{contents, noise};

    /// Signals of sensor `sensor`, at 100 Hz: quiet at a level of its own, a slow wave, noise.
    const KINDS: [fn(usize, usize) -> f64; 3] = [
        |sensor, i| sensor as f64 + 0.1 * noise(9000 * sensor + i),
        |sensor, i| (i as f64 * 0.15 * (1.0 + 0.3 * sensor as f64) + sensor as f64).sin(),
        |sensor, i| noise(9000 * sensor + i),
    ];
    const LEVEL: usize = 0;
    const WAVE: usize = 1;
    const NOISE: usize = 2;

    /// Rows of `(milliseconds, sensor, number of the sample)`.
    type Rows = [(f64, usize, usize)];

    /// What is said of rows, and the rate of the first trace.
    fn read(kind: usize, rows: &Rows) -> Result<(f64, String), String> {
        read_at(kind, rows, None)
    }

    fn read_at(kind: usize, rows: &Rows, rate: Option<f64>) -> Result<(f64, String), String> {
        let hints = Hints {
            sampling_rate: rate,
            ..Hints::default()
        };
        let row = |(time, sensor, i): &(f64, usize, usize)| {
            let value = KINDS[kind](*sensor, *i);
            format!("{:.6},{value:.5}\n", time / 1e3)
        };
        let text: String = rows.iter().map(row).collect();
        let recording = contents(&format!("time,Z\n{text}"), &hints);
        let recording = recording.map_err(|error| error.to_string())?;
        Ok((recording.traces[0].rate, recording.notes.all().join("; ")))
    }

    /// Rows in the order of their times, of sensors with a first time and a step in milliseconds.
    fn rows(sensors: &[(f64, f64)]) -> Vec<(f64, usize, usize)> {
        let of = |(sensor, (first, step)): (usize, &(f64, f64))| {
            let (first, step) = (*first, *step);
            (0..1000).map(move |i| (first + step * i as f64, sensor, i))
        };
        let mut rows: Vec<_> = sensors.iter().enumerate().flat_map(of).collect();
        rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
        rows
    }

    #[test]
    fn two_sensors_with_times_in_pairs_are_refused() {
        for late in [0.0, 1.0] {
            let rows = rows(&[(0.0, 10.0), (late, 10.0)]);
            for kind in [LEVEL, WAVE] {
                let error = read(kind, &rows).unwrap_err();
                assert!(error.contains("two sensors in turn"), "{late}: {error}");
                assert!(error.contains("column `sensor`"), "{late}: {error}");
            }
        }
        // Rows are lost of each.
        let mut lost = rows(&[(0.0, 10.0), (0.0, 10.0)]);
        lost.retain(|(_, sensor, i)| noise(sensor * 5000 + i) > -0.48);
        assert!(read(LEVEL, &lost).unwrap_err().contains("two sensors"));
        // A given rate says whether the rows are those of one.
        let rows_of_two = rows(&[(0.0, 10.0), (0.0, 10.0)]);
        let error = read_at(LEVEL, &rows_of_two, Some(100.0)).unwrap_err();
        assert!(error.contains("`sampling_rate: 200`"), "{error}");
        let (rate, said) = read_at(LEVEL, &rows_of_two, Some(200.0)).unwrap();
        assert!(
            rate == 200.0 && said.contains("2 sensors"),
            "{rate}: {said}"
        );
        // Noise tells nothing.
        let (_, said) = read(NOISE, &rows(&[(0.0, 10.0), (0.0, 10.0)])).unwrap();
        assert!(said.starts_with("each time is there in 2 rows"), "{said}");
    }

    #[test]
    fn other_patterns_of_several_sensors_are_said() {
        let sensors: [&[(f64, f64)]; 4] = [
            // In the middle between the rows of the other; free-running; three sensors; half the rate.
            &[(0.0, 10.0), (5.0, 10.0)],
            &[(0.0, 10.0), (0.0, 10.03)],
            &[(0.0, 10.0), (0.0, 10.0), (0.0, 10.0)],
            &[(0.0, 10.0), (0.0, 20.0)],
        ];
        for sensors in sensors {
            let mut rows = rows(sensors);
            rows.truncate(1400);
            // At half the rate, most values of the other go on as those of a wave.
            let kinds: &[usize] = if sensors[sensors.len() - 1].1 > 15.0 {
                &[LEVEL]
            } else {
                &[LEVEL, WAVE]
            };
            for &kind in kinds {
                // While two clocks are close to each other, they are in pairs.
                let said = read(kind, &rows).map_or_else(|error| error, |(_, said)| said);
                assert!(said.contains("sensors"), "{sensors:?} {kind}: {said}");
            }
        }
    }

    /// A tone near half the rate.
    #[test]
    fn tones_are_no_two_sensors() {
        let row = |i: u32| {
            let value = (f64::from(i) * 3.0).sin();
            format!("{:.2},{value:.5}\n", f64::from(i) / 100.0)
        };
        let text: String = (0..2000).map(row).collect();
        let recording = contents(&format!("time,Z\n{text}"), &Hints::default()).unwrap();
        assert!(recording.notes.is_empty(), "{:?}", recording.notes);
    }

    /// Milliseconds of a row.
    type TimeOf = fn(usize) -> f64;

    /// A clock that rounds, one that ticks, packets, and jitter.
    #[test]
    fn one_sensor_is_read_as_before() {
        let clocks: [(f64, TimeOf); 7] = [
            (100.0, |i| 10.0 * i as f64),
            (200.0, |i| (i / 2 * 10) as f64),
            (400.0, |i| (i / 4 * 10) as f64),
            (150.0, |i| (i * 20 / 3 / 10 * 10) as f64),
            (400.0, |i| (i * 5 / 2) as f64),
            (100.0, |i| 10.0 * i as f64 + 4.0 * noise(i)),
            (200.0, |i| (i / 2 * 10) as f64 + 0.3 * (i % 2) as f64),
        ];
        for (rate, time) in clocks {
            let rows: Vec<_> = (0..2000).map(|i| (time(i), 0, i)).collect();
            let (found, said) = read(WAVE, &rows).unwrap();
            assert!((found / rate - 1.0).abs() < 1e-3, "{found} is not {rate}");
            assert!(!said.contains("sensors"), "{said}");
            let (found, _) = read(NOISE, &rows).unwrap();
            assert!((found / rate - 1.0).abs() < 1e-3, "{found} is not {rate}");
        }
    }
}
