//! Assembles traces from the rows of a table.

mod long_rows;
mod packed_rows;

use std::borrow::Cow;

use support::words::counted;

use super::super::{Hints, LabelledRows, Notes, Trace, check_rate};
use super::clock::{self, Clock};
use super::labelled::{LABELS, RowLabels};
use super::packed::Packed;
use super::{Texts, interleaved, order};
use crate::error::recording::{ClockError, TableError};

/// Rows of a table.
pub(super) struct Rows {
    /// The channel of each row, in tables with a row for each sample.
    pub names: Option<Texts>,
    pub channels: Vec<(String, Vec<f64>)>,
    pub times: Option<Vec<i64>>,
    /// Numbers of labels.
    pub labels: Option<Vec<f64>>,
    /// Rows of each sensor; none if there is only one.
    pub sensors: Vec<(String, Vec<usize>)>,
}

impl Rows {
    /// Some of the rows.
    fn of(&self, rows: &[usize]) -> Self {
        fn of_rows<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|row| values[*row]).collect()
        }
        let channels = self.channels.iter();
        let channels = channels.map(|(name, values)| (name.clone(), of_rows(values, rows)));
        Self {
            names: self.names.as_ref().map(|names| names.of_rows(rows)),
            channels: channels.collect(),
            times: self.times.as_ref().map(|times| of_rows(times, rows)),
            labels: self.labels.as_ref().map(|labels| of_rows(labels, rows)),
            sensors: Vec::new(),
        }
    }
}

/// The sensors of some rows of a table; their rows are numbered within these.
fn sensors(table: &Rows, sensor_of: &[usize], rows: &[usize]) -> Vec<(String, Vec<usize>)> {
    let names = table
        .sensors
        .iter()
        .map(|(name, _)| (name.clone(), Vec::new()));
    let mut sensors: Vec<(String, Vec<usize>)> = names.collect();
    if !sensors.is_empty() {
        for (number, row) in rows.iter().enumerate() {
            sensors[sensor_of[*row]].1.push(number);
        }
    }
    sensors.retain(|(_, rows)| !rows.is_empty());
    sensors
}

/// Rows between the times that step back.
fn sessions(rows: &[usize], times: &[i64]) -> Vec<Vec<usize>> {
    let goes_on = |one: &usize, next: &usize| match (times.get(*one), times.get(*next)) {
        (Some(one), Some(next)) => one <= next,
        _ => true,
    };
    let sessions: Vec<Vec<usize>> = rows.chunk_by(goes_on).map(<[usize]>::to_vec).collect();
    // Times without any order are no sessions.
    if sessions.len() * FEWEST_ROWS > rows.len() {
        return Vec::new();
    }
    sessions
}

/// Rows of a session, on average, at least.
const FEWEST_ROWS: usize = 64;

/// Assembles traces.
pub(super) struct Assembly<'a> {
    pub hints: &'a Hints,
    /// Sensor of the rows; empty if the table does not tell.
    pub sensor: String,
    /// Numbers of the labels of the rows that come next; empty if they have none.
    pub labels: Vec<f64>,
    /// Channels with several samples in each row; none if each column is a channel.
    pub packed: Vec<Packed>,
    pub notes: Notes,
    pub traces: Vec<Trace>,
}

impl Assembly<'_> {
    /// Adds all rows of a table, sensor by sensor.
    pub fn rows(&mut self, mut table: Rows) -> Result<(), TableError> {
        if table.sensors.is_empty() {
            return self.of_sensor(table);
        }
        for (sensor, rows) in std::mem::take(&mut table.sensors) {
            self.sensor = sensor;
            self.of_sensor(table.of(&rows))?;
        }
        Ok(())
    }

    fn of_sensor(&mut self, table: Rows) -> Result<(), TableError> {
        self.labels = table.labels.unwrap_or_default();
        self.sensor(table.names.as_ref(), table.channels, table.times.as_deref())
    }

    /// Adds the rows of a table part by part, and returns the parts with their labels. A group whose clock starts again
    /// is in several parts, and one that cannot be read is left out.
    pub fn labelled(
        &mut self,
        labels: &RowLabels,
        table: &Rows,
    ) -> Result<Vec<LabelledRows>, TableError> {
        let has_times = table.times.is_some();
        let (mut found, mut unusable) = (Vec::new(), None);
        let mut sensor_of = vec![0; labels.numbers().len()];
        for (number, (_, rows)) in table.sensors.iter().enumerate() {
            rows.iter().for_each(|row| sensor_of[*row] = number);
        }
        for (group, rows) in labels.parts(has_times) {
            let problem = match self.part((labels, &group, &sensor_of), table, &rows) {
                Ok(part) => {
                    found.push(LabelledRows { has_times, ..part });
                    continue;
                }
                // Without a rate, no group can be read.
                Err(problem) if labels.groups().is_none() || !has_times => return Err(problem),
                Err(problem) => problem,
            };
            let sessions = sessions(&rows, table.times.as_deref().unwrap_or_default());
            let read = sessions
                .iter()
                .map(|rows| self.part((labels, &group, &sensor_of), table, rows));
            let read: Vec<LabelledRows> = read.filter_map(Result::ok).collect();
            if read.is_empty() {
                self.notes
                    .push(format!("group `{group}`: left out: {problem}"));
                let problem = Box::new(problem);
                unusable.get_or_insert(TableError::OfGroup { group, problem });
                continue;
            }
            self.notes.push(format!(
                "group `{group}`: its clock steps back {}: the parts between are read by themselves, and {} left out",
                counted(sessions.len() - 1, "time"),
                counted(sessions.len() - read.len(), "part")
            ));
            found.extend(read);
        }
        match unusable {
            Some(problem) if found.is_empty() => Err(problem),
            _ => Ok(found),
        }
    }

    /// Adds some rows, as a part that is apart from others of its group.
    fn part(
        &mut self,
        (labels, group, sensor_of): (&RowLabels, &str, &[usize]),
        table: &Rows,
        rows: &[usize],
    ) -> Result<LabelledRows, TableError> {
        let first = self.traces.len();
        let mut part = table.of(rows);
        part.sensors = sensors(table, sensor_of, rows);
        let before = std::mem::take(&mut self.notes);
        let added = self.rows(part);
        let notes = std::mem::replace(&mut self.notes, before);
        if let Err(problem) = added {
            self.traces.truncate(first);
            return Err(problem);
        }
        let of = if group.is_empty() {
            String::new()
        } else {
            format!("group `{group}`: ")
        };
        self.notes
            .extend(notes.into_iter().map(|note| note.after(&of)));
        Ok(labels.runs(group.to_owned(), (&mut self.traces, first)))
    }

    /// Adds the rows of one sensor.
    fn sensor(
        &mut self,
        names: Option<&Texts>,
        channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), TableError> {
        if !self.packed.is_empty() {
            return self.packed_rows(names, &channels, times);
        }
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
        let labels = std::mem::take(&mut self.labels);
        if !labels.is_empty() {
            channels.push((LABELS.to_owned(), labels));
        }
        let mut samples: Vec<&mut Vec<f64>> =
            channels.iter_mut().map(|(_, values)| values).collect();
        let times = times.map(|times| self.in_order("", times, &mut samples));
        let rows = channels[0].1.len();
        let all = channels.iter().filter(|(name, _)| name != LABELS);
        let all: Vec<(&str, &[f64])> = all.map(|(name, values)| (&**name, &**values)).collect();
        self.interleaved("", times.as_deref(), &all)?;
        let clocks = self.stretches("", rows, times.as_deref())?;
        for (name, samples) in channels {
            self.cut(&name, samples, &clocks);
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
        let columns: Vec<&[f64]> = samples.iter().map(|column| column.as_slice()).collect();
        let Some(order) = order::of_rows(times, &columns) else {
            return Cow::Borrowed(times);
        };
        for column in samples {
            **column = order.rows.iter().map(|row| column[*row]).collect();
        }
        let of = self.prefix(channel);
        let notes = order.notes.into_iter();
        self.notes.extend(notes.map(|note| format!("{of}{note}")));
        Cow::Owned(order.rows.iter().map(|row| times[*row]).collect())
    }

    /// Adds a warning if rows of `channels` seem to be those of several sensors.
    fn interleaved(
        &mut self,
        channel: &str,
        times: Option<&[i64]>,
        channels: &[interleaved::Channel<'_>],
    ) -> Result<(), TableError> {
        let found = interleaved::check(times, channels, self.hints.sampling_rate);
        let note = found.map_err(|problem| problem.noted(self.notes.all()))?;
        let of = self.prefix(channel);
        self.notes.extend(note.map(|note| note.after(of)));
        Ok(())
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

    /// Cuts the labels of a channel's rows, if it has some, as its samples were cut.
    fn cut_labels(&mut self, labels: Vec<f64>, clocks: &[Clock]) {
        if !labels.is_empty() {
            self.cut(LABELS, labels, clocks);
        }
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
                let stretch = samples[rows.clone()].to_vec();
                self.traces.push(trace(stretch, *start, clock.rate));
            }
        }
    }
}
