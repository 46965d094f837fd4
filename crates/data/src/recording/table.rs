//! Tables: each row is a time, and columns are times and channels; or, with the columns `timestamp`, `channel` and `samples`,
//! each row is one sample of one channel.
//!
//! `layout` finds names and values in a text, `rows` reads them, `clock` fits rate and gaps to the times, `names` recognises
//! the names of columns. Rows as nearly all programs write them are read by `usual`, all others by `cells`.

mod cells;
mod clock;
mod counted;
mod days;
mod digits;
mod kinds;
mod layout;
mod line;
mod monitor;
mod names;
mod nearest;
mod number;
mod order;
mod parts;
mod rows;
mod sensors;
mod stamps;
mod steps;
mod times;
mod usual;
mod values;
mod whole;
mod zones;

use std::borrow::Cow;
use std::collections::BTreeMap;

use clock::Clock;
pub(crate) use names::{unit, unit_by_size};
pub(super) use values::{Column, NO_TIME, Texts, Values};

use super::time::parse_moment;
use super::{Contents, Hints, Note, Notes, Remark, Trace, check_rate, text};
use crate::error::recording::{ClockError, MomentError, RecordingError, TableError};

/// Reads a table in text, whose separator is `,`, `;`, `|`, a tab or blanks; skips lines that begin with `#`.
///
/// # Errors
/// If the file is not text or not a table, or has no samples or no sampling rate.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let zeros = text::trailing_zeros(bytes);
    let mut text = text::decode(&bytes[..bytes.len() - zeros])?;
    text.bytes = monitor::without_arrows(text.bytes);
    let mut layout = layout::find(&text.bytes)?;
    for (name, kind) in layout.names.iter().zip(&mut layout.kinds) {
        // Channels may be called 1, 2 and 3.
        if is_channel(name) && *kind != kinds::Kind::Empty {
            *kind = kinds::Kind::Text;
        }
    }
    let mut notes = std::mem::take(&mut layout.notes);
    if zeros > 0 {
        notes.push(format!(
            "left out the last {zeros} bytes: zeros, as after a power cut"
        ));
    }
    let mut columns = rows::read(&text, &layout, &mut notes)?;
    zones::apply(&text.bytes, &layout, &mut columns, &mut notes);
    let columns = layout.names.into_iter().zip(columns);
    let columns = columns.map(|(name, values)| Column {
        name,
        values,
        whole: false,
    });
    let mut contents =
        assemble(columns.collect(), hints).map_err(|problem| problem.noted(notes.all()))?;
    contents.notes.prepend(notes);
    Ok(contents)
}

fn is_channel(name: &str) -> bool {
    name.eq_ignore_ascii_case("channel")
}

/// Whether the texts of a column tell the channel or the sensor of each row.
pub(super) fn names_rows(name: &str) -> bool {
    is_channel(name) || sensors::is_sensor(name)
}

/// The traces of a table.
///
/// # Errors
/// If the sampling rate is unknown, the times are not evenly spaced, or there is no column of samples.
pub(super) fn assemble(mut columns: Vec<Column>, hints: &Hints) -> Result<Contents, TableError> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    if let Some(column) = columns.iter().find(|column| column.values.len() != rows) {
        return Err(TableError::ColumnLength {
            name: column.name.clone(),
            found: column.values.len(),
            expected: rows,
        });
    }
    let mut notes = Notes::default();
    rename_twins(&mut columns, &mut notes);
    let times = times::of_columns(&mut columns, hints, &mut notes)?;
    let sensors = sensors::of_rows(&mut columns, &mut notes);
    let mut names = None;
    let mut channels = Vec::new();
    for column in columns {
        match column.values {
            Values::Texts(values) if is_channel(&column.name) => names = Some(values),
            Values::Numbers(values) if column.name != "sample_rate" => {
                let unnamed = if column.name.is_empty() {
                    "unnamed".into()
                } else {
                    column.name
                };
                channels.push((unnamed, values));
            }
            Values::Numbers(_) | Values::Nothing(_) => {}
            Values::Texts(values) => notes.push(of_texts(&column.name, &values)),
            Values::Times(_) | Values::Clocks(_) => {
                notes.push(Remark::ColumnLeftOut {
                    name: column.name,
                    what: "times".into(),
                });
            }
        }
    }
    let empty = |values: &[f64]| values.iter().all(|value| value.is_nan());
    channels.retain(|(name, values)| {
        let empty = empty(values);
        if empty && name != "unnamed" {
            notes.push(Remark::ColumnLeftOut {
                name: name.clone(),
                what: "not one value".into(),
            });
        }
        !empty
    });
    if rows == 0 || channels.is_empty() {
        return Err(TableError::NoNumbers.noted(notes.all()));
    }
    let mut assembly = Assembly {
        hints,
        sensor: String::new(),
        notes,
        traces: Vec::new(),
    };
    if sensors.is_empty() {
        assembly.sensor(names.as_ref(), channels, times.as_deref())?;
    } else {
        for (sensor, rows) in sensors {
            assembly.sensor = sensor;
            let names = names.as_ref().map(|names: &Texts| names.of_rows(&rows));
            let own = |values: &[f64]| rows.iter().map(|row| values[*row]).collect();
            let channels = channels
                .iter()
                .map(|(name, values)| (name.clone(), own(values)));
            let times = times
                .as_ref()
                .map(|times| rows.iter().map(|row| times[*row]).collect::<Vec<_>>());
            assembly.sensor(names.as_ref(), channels.collect(), times.as_deref())?;
        }
    }
    assembly.notes.dedup();
    Ok(Contents {
        traces: assembly.traces,
        notes: assembly.notes,
    })
}

/// Reason why a text column is left out; if its name is that of a time column, the problem of its first value.
fn of_texts(name: &str, texts: &Texts) -> Note {
    let is_text = |text: &&[u8]| !text.is_empty() && !number::may_be_number(text);
    let mut rows = (0..texts.rows.len()).map(|row| texts.get(row));
    let first = rows.find(|text| !text.is_empty()).unwrap_or_default();
    match parse_moment(first.as_bytes()) {
        Err(problem)
            if names::time_name(name).is_some()
                || matches!(
                    problem,
                    MomentError::DayOrMonth { .. } | MomentError::Zone | MomentError::ShortYear
                ) =>
        {
            let first: String = first.chars().take(40).collect();
            format!("left out column `{name}`: `{first}` {problem}").into()
        }
        _ => Note::from(Remark::ColumnLeftOut {
            name: name.into(),
            what: match texts.all().find(|text| is_text(text)) {
                Some(text) => {
                    let shown: String = String::from_utf8_lossy(text).chars().take(40).collect();
                    format!("texts, such as `{shown}`")
                }
                None => "texts".into(),
            },
        }),
    }
}

/// Numbers the second and later columns of one name, as pandas does: they are different channels.
fn rename_twins(columns: &mut [Column], notes: &mut Notes) {
    for i in 1..columns.len() {
        let name = columns[i].name.clone();
        let before = columns[..i]
            .iter()
            .filter(|column| column.name == name)
            .count();
        if before == 0 || name.is_empty() {
            continue;
        }
        let new = format!("{name}.{before}");
        columns[i].name.clone_from(&new);
        notes.push(Remark::Renamed { name, new });
    }
}

/// Assembles traces.
struct Assembly<'a> {
    hints: &'a Hints,
    /// Sensor of the rows; empty if the table does not tell.
    sensor: String,
    notes: Notes,
    traces: Vec<Trace>,
}

impl Assembly<'_> {
    /// Adds the rows of one sensor.
    fn sensor(
        &mut self,
        names: Option<&Texts>,
        channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), TableError> {
        match names {
            Some(names) => self.long(names, channels, times),
            None => self.wide(channels, times),
        }
    }

    /// Adds rows in which each column is a channel.
    fn wide(
        &mut self,
        mut channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), TableError> {
        let mut samples: Vec<&mut Vec<f64>> = channels.iter_mut().map(|(_, own)| own).collect();
        let times = times.map(|times| self.in_order("", times, &mut samples));
        let rows = channels[0].1.len();
        let clocks = self.stretches("", rows, times.as_deref())?;
        for (name, samples) in channels {
            self.cut(&name, samples, &clocks);
        }
        Ok(())
    }

    /// Adds rows of one sample each, of one channel after the other or interleaved.
    fn long(
        &mut self,
        names: &Texts,
        mut channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), TableError> {
        if channels.len() > 1 {
            // Other columns of numbers beside `samples` are ignored.
            let named = |(name, _): &(String, Vec<f64>)| {
                ["samples", "sample", "value", "values", "data", "amplitude"]
                    .contains(&&*name.to_lowercase())
            };
            match channels.iter().position(named) {
                Some(own) => channels = vec![channels.swap_remove(own)],
                None => return Err(TableError::SamplesColumn),
            }
        }
        let (_, mut values) = channels.swap_remove(0);
        if names.rows.iter().all(|name| *name == names.rows[0]) {
            let name = names.get(0).to_owned();
            let times = times.map(|times| self.in_order(&name, times, &mut [&mut values]));
            let clocks = self.stretches(&name, values.len(), times.as_deref())?;
            self.cut(&name, values, &clocks);
            return Ok(());
        }
        let mut by_number: Vec<Vec<usize>> = vec![Vec::new(); names.different()];
        for (row, name) in names.rows.iter().enumerate() {
            by_number[*name as usize].push(row);
        }
        let filled = by_number.into_iter().filter(|rows| !rows.is_empty());
        let own: BTreeMap<&str, Vec<usize>> =
            filled.map(|rows| (names.get(rows[0]), rows)).collect();
        for (name, rows) in own {
            let mut samples = rows.iter().map(|row| values[*row]).collect();
            let times: Option<Vec<i64>> =
                times.map(|times| rows.iter().map(|row| times[*row]).collect());
            let times = times.map(|times| {
                let ordered = self.in_order(name, &times, &mut [&mut samples]);
                ordered.into_owned()
            });
            let clocks = self.stretches(name, samples.len(), times.as_deref())?;
            self.cut(name, samples, &clocks);
        }
        Ok(())
    }

    /// The times in order, with the samples of each row: see [`order`].
    fn in_order<'t>(
        &mut self,
        channel: &str,
        times: &'t [i64],
        samples: &mut [&mut Vec<f64>],
    ) -> Cow<'t, [i64]> {
        let columns: Vec<&[f64]> = samples.iter().map(|own| own.as_slice()).collect();
        let Some(order) = order::of_rows(times, &columns) else {
            return Cow::Borrowed(times);
        };
        for own in samples {
            **own = order.rows.iter().map(|row| own[*row]).collect();
        }
        let of = self.prefix(channel);
        let notes = order.notes.into_iter();
        self.notes.extend(notes.map(|note| format!("{of}{note}")));
        Cow::Owned(order.rows.iter().map(|row| times[*row]).collect())
    }

    /// Beginning of a note or an error about a channel.
    fn prefix(&self, channel: &str) -> String {
        match (channel, &*self.sensor) {
            ("", "") => String::new(),
            ("", sensor) => format!("sensor `{sensor}`: "),
            (channel, "") => format!("channel `{channel}`: "),
            (channel, sensor) => format!("channel `{sensor}.{channel}`: "),
        }
    }

    /// Rates and stretches of `rows` rows of a channel.
    fn stretches(
        &mut self,
        channel: &str,
        rows: usize,
        times: Option<&[i64]>,
    ) -> Result<Vec<Clock>, TableError> {
        let Some(times) = times else {
            let rate = self.hints.sampling_rate;
            let rate = rate.ok_or_else(|| TableError::NoTimes.noted(self.notes.all()))?;
            let start = self.hints.start.unwrap_or(0);
            return Ok(vec![Clock {
                rate: check_rate(rate)?,
                stretches: vec![(0..rows, start)],
                notes: Vec::new(),
            }]);
        };
        let of = self.prefix(channel);
        let fitted = clock::fit_parts(times, self.hints.sampling_rate);
        let mut clocks = fitted.map_err(|problem: ClockError| TableError::Clock {
            of: of.clone(),
            problem,
        })?;
        for clock in &mut clocks {
            let notes = std::mem::take(&mut clock.notes).into_iter();
            self.notes.extend(notes.map(|note| format!("{of}{note}")));
        }
        Ok(clocks)
    }

    /// Cuts a channel at the gaps in its times, and where its rate changes.
    fn cut(&mut self, name: &str, samples: Vec<f64>, clocks: &[Clock]) {
        let name = match &*self.sensor {
            "" => name.to_owned(),
            sensor => format!("{sensor}.{name}"),
        };
        let trace = |samples: Vec<f64>, start: i64, rate: f64| Trace {
            channel: name.clone(),
            start,
            rate,
            samples,
        };
        if let [
            Clock {
                rate, stretches, ..
            },
        ] = clocks
            && let [(_, start)] = stretches[..]
        {
            self.traces.push(trace(samples, start, *rate));
            return;
        }
        for clock in clocks {
            for (rows, start) in &clock.stretches {
                let own = samples[rows.clone()].to_vec();
                self.traces.push(trace(own, *start, clock.rate));
            }
        }
    }
}

#[cfg(test)]
mod tests;
