//! Tables: a row is a moment, and columns are times and channels; or `timestamp`, `channel`, `samples`, where a row is
//! one sample of one channel.
//!
//! `layout` finds names and values in a text, `rows` reads them, `clock` fits rate and gaps to the times, `names` knows what
//! columns are called.

mod clock;
mod layout;
mod names;
mod number;
mod parts;
mod rows;
mod sensors;
mod times;

use std::collections::{BTreeMap, HashMap};

use clock::Clock;
pub(crate) use names::{unit, unit_by_size};

use super::time::parse_moment;
use super::{Contents, Hints, Trace, check_rate, text};

/// What the messages say where a table tells no sampling rate.
pub(super) const RATE_UNKNOWN: &str = "give the recording a `sampling_rate`";

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub name: String,
    pub values: Values,
    /// Whether its type holds whole numbers alone.
    pub whole: bool,
}

/// A row without a time.
pub(super) const NO_TIME: i64 = i64::MIN;

/// Values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
    /// Nanoseconds since 1970, or [`NO_TIME`].
    Times(Vec<i64>),
    /// Nanoseconds since midnight, or [`NO_TIME`].
    Clocks(Vec<i64>),
    /// Texts.
    Texts(Texts),
    /// Rows of nothing.
    Nothing(usize),
}

/// A column of texts, of which few are different: names of channels, labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Texts {
    /// Those there are.
    own: Vec<String>,
    numbers: HashMap<String, u32>,
    /// That of the row before.
    last: Option<u32>,
    /// Which of them, by row.
    pub rows: Vec<u32>,
}

impl Texts {
    /// Appends a row.
    pub fn push(&mut self, text: &[u8]) {
        // As the row before it, nearly always.
        let same = self
            .last
            .filter(|last| self.own[*last as usize].as_bytes() == text);
        let number = same.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(text);
            self.number(&text)
        });
        self.last = Some(number);
        self.rows.push(number);
    }

    /// The number of a text, without a row of it.
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.own.len() as u32;
        self.own.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// Appends another column.
    pub fn extend(&mut self, other: &Self) {
        let numbers: Vec<u32> = other.own.iter().map(|text| self.number(text)).collect();
        let rows = other.rows.iter().map(|row| numbers[*row as usize]);
        self.rows.extend(rows);
    }

    /// How many different texts there are at most.
    pub fn different(&self) -> usize {
        self.own.len()
    }

    /// The texts of some rows.
    fn of_rows(&self, rows: &[usize]) -> Self {
        Self {
            rows: rows.iter().map(|row| self.rows[*row]).collect(),
            ..self.clone()
        }
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> &str {
        &self.own[self.rows[row] as usize]
    }
}

impl Values {
    /// Appends values of the same kind; of another, none.
    pub fn extend(&mut self, more: Self) {
        match (self, more) {
            (Self::Numbers(own), Self::Numbers(more)) => own.extend(more),
            (Self::Times(own), Self::Times(more)) => own.extend(more),
            (Self::Clocks(own), Self::Clocks(more)) => own.extend(more),
            (Self::Texts(own), Self::Texts(more)) => own.extend(&more),
            (Self::Nothing(own), Self::Nothing(more)) => *own += more,
            _ => {}
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Times(values) | Self::Clocks(values) => values.len(),
            Self::Texts(values) => values.rows.len(),
            Self::Nothing(rows) => *rows,
        }
    }

    /// Keeps the rows of which `kept` is true.
    fn retain(&mut self, kept: &[bool]) {
        fn keep<T>(values: &mut Vec<T>, kept: &[bool]) {
            let mut kept = kept.iter();
            values.retain(|_| kept.next().copied().unwrap_or(true));
        }
        match self {
            Self::Numbers(values) => keep(values, kept),
            Self::Times(values) | Self::Clocks(values) => keep(values, kept),
            Self::Texts(values) => keep(&mut values.rows, kept),
            Self::Nothing(rows) => *rows = kept.iter().filter(|kept| **kept).count(),
        }
    }
}

/// Reads a table in text: its separator is `,`, `;`, `|`, a tab or blanks; lines that begin with `#` are left out.
///
/// # Errors
/// With the line that is wrong.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, String> {
    let zeros = text::zeros_behind(bytes);
    let bytes = text::decode(&bytes[..bytes.len() - zeros])?;
    let mut layout = layout::find(&bytes)?;
    for (name, kind) in layout.names.iter().zip(&mut layout.kinds) {
        // Channels may be called 1, 2 and 3.
        if is_channel(name) && *kind != layout::Kind::Empty {
            *kind = layout::Kind::Text;
        }
    }
    let mut notes = std::mem::take(&mut layout.notes);
    if zeros > 0 {
        notes.push(format!(
            "left out the last {zeros} bytes: zeros, as after a power cut"
        ));
    }
    let columns = rows::read(&bytes, &layout, &mut notes)?;
    let columns = layout.names.into_iter().zip(columns);
    let columns = columns.map(|(name, values)| Column {
        name,
        values,
        whole: false,
    });
    let mut contents =
        assemble(columns.collect(), hints).map_err(|problem| with_notes(problem, &notes))?;
    notes.append(&mut contents.notes);
    contents.notes = notes;
    Ok(contents)
}

/// An error, and what was odd before it: the reason may be there.
pub(super) fn with_notes(problem: String, notes: &[String]) -> String {
    notes
        .iter()
        .fold(problem, |text, note| format!("{text}; {note}"))
}

fn is_channel(name: &str) -> bool {
    name.eq_ignore_ascii_case("channel")
}

/// The traces of a table.
///
/// # Errors
/// Where there is no rate, times follow no even clock, or there is no column of samples.
pub(super) fn assemble(mut columns: Vec<Column>, hints: &Hints) -> Result<Contents, String> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    if let Some(column) = columns.iter().find(|column| column.values.len() != rows) {
        return Err(format!(
            "column `{}` has {} rows of {rows}",
            column.name,
            column.values.len()
        ));
    }
    let mut notes = Vec::new();
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
                notes.push(format!("left out column `{}`: times", column.name));
            }
        }
    }
    let empty = |values: &[f64]| values.iter().all(|value| value.is_nan());
    channels.retain(|(name, values)| {
        let empty = empty(values);
        if empty && name != "unnamed" {
            notes.push(format!("left out column `{name}`: not one value"));
        }
        !empty
    });
    if rows == 0 || channels.is_empty() {
        return Err(with_notes("there is no column of numbers".into(), &notes));
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

/// Why a column of texts is left out: of one that should hold times, what is wrong with the first.
fn of_texts(name: &str, texts: &Texts) -> String {
    let mut rows = (0..texts.rows.len()).map(|row| texts.get(row));
    let first = rows.find(|text| !text.is_empty()).unwrap_or_default();
    match parse_moment(first.as_bytes()) {
        Err(problem) if names::time_name(name).is_some() => {
            let first: String = first.chars().take(40).collect();
            format!("left out column `{name}`: `{first}` {problem}")
        }
        _ => format!("left out column `{name}`: texts"),
    }
}

/// Gives the second and later columns of one name numbers, as pandas does: they are not one channel.
fn rename_twins(columns: &mut [Column], notes: &mut Vec<String>) {
    for i in 1..columns.len() {
        let name = columns[i].name.clone();
        let before = columns[..i]
            .iter()
            .filter(|column| column.name == name)
            .count();
        if before == 0 || name.is_empty() {
            continue;
        }
        columns[i].name = format!("{name}.{before}");
        notes.push(format!(
            "column `{name}` is there twice: the second is called `{name}.{before}`"
        ));
    }
}

/// Traces on the way.
struct Assembly<'a> {
    hints: &'a Hints,
    /// Whose rows they are, where the table says; empty where it does not.
    sensor: String,
    notes: Vec<String>,
    traces: Vec<Trace>,
}

impl Assembly<'_> {
    /// The rows of one sensor.
    fn sensor(
        &mut self,
        names: Option<&Texts>,
        channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), String> {
        match names {
            Some(names) => self.long(names, channels, times),
            None => self.wide(channels, times),
        }
    }

    /// A column is a channel.
    fn wide(
        &mut self,
        channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), String> {
        let rows = channels[0].1.len();
        let clock = self.stretches("", rows, times)?;
        for (name, samples) in channels {
            self.cut(&name, samples, &clock);
        }
        Ok(())
    }

    /// One channel after the other, or mixed.
    fn long(
        &mut self,
        names: &Texts,
        mut channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), String> {
        if channels.len() > 1 {
            // Beside `samples` there may be others: as numbers they are none.
            let named = |(name, _): &(String, Vec<f64>)| {
                ["samples", "sample", "value", "values", "data", "amplitude"]
                    .contains(&&*name.to_lowercase())
            };
            match channels.iter().position(named) {
                Some(own) => channels = vec![channels.swap_remove(own)],
                None => return Err("beside `channel` one column of samples is expected".into()),
            }
        }
        let (_, values) = channels.swap_remove(0);
        if names.rows.iter().all(|name| *name == names.rows[0]) {
            let name = names.get(0).to_owned();
            let clock = self.stretches(&name, values.len(), times)?;
            self.cut(&name, values, &clock);
            return Ok(());
        }
        let mut own: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        (0..values.len()).for_each(|row| own.entry(names.get(row)).or_default().push(row));
        for (name, rows) in own {
            let samples = rows.iter().map(|row| values[*row]).collect();
            let times: Option<Vec<i64>> =
                times.map(|times| rows.iter().map(|row| times[*row]).collect());
            let clock = self.stretches(name, rows.len(), times.as_deref())?;
            self.cut(name, samples, &clock);
        }
        Ok(())
    }

    /// Rate and stretches of `rows` rows of a channel.
    fn stretches(
        &mut self,
        channel: &str,
        rows: usize,
        times: Option<&[i64]>,
    ) -> Result<Clock, String> {
        let Some(times) = times else {
            let rate = self.hints.sampling_rate.ok_or_else(|| {
                with_notes(
                    format!("there is no column of times: {RATE_UNKNOWN}"),
                    &self.notes,
                )
            })?;
            let start = self.hints.start.unwrap_or(0);
            return Ok(Clock {
                rate: check_rate(rate)?,
                stretches: vec![(0..rows, start)],
                notes: Vec::new(),
            });
        };
        let of = match (channel, &*self.sensor) {
            ("", "") => String::new(),
            ("", sensor) => format!("sensor `{sensor}`: "),
            (channel, "") => format!("channel `{channel}`: "),
            (channel, sensor) => format!("channel `{sensor}.{channel}`: "),
        };
        let mut clock = clock::fit(times, self.hints.sampling_rate)
            .map_err(|problem| format!("{of}{problem}"))?;
        let notes = std::mem::take(&mut clock.notes).into_iter();
        self.notes.extend(notes.map(|note| format!("{of}{note}")));
        Ok(clock)
    }

    /// Cuts a channel where its times have gaps.
    fn cut(&mut self, name: &str, samples: Vec<f64>, clock: &Clock) {
        let name = match &*self.sensor {
            "" => name.to_owned(),
            sensor => format!("{sensor}.{name}"),
        };
        let trace = |samples: Vec<f64>, start: i64| Trace {
            channel: name.clone(),
            start,
            rate: clock.rate,
            samples,
        };
        if let [(_, start)] = clock.stretches[..] {
            self.traces.push(trace(samples, start));
            return;
        }
        for (rows, start) in &clock.stretches {
            self.traces
                .push(trace(samples[rows.clone()].to_vec(), *start));
        }
    }
}

#[cfg(test)]
mod tests;
