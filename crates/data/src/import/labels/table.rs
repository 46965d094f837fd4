//! Reads tables of labels.

use std::io::Read;
use std::path::Path;

use super::columns::{Columns, FileColumn, no_end};
use super::days::Nights;
use super::doubts::Table;
use super::events::{self, are_events, is_sequence, names_at, offset};
use super::heads::{Separated, cell, is_of_elan, line, reader, separator, spelled_order};
use super::places::TimePosition;
use super::row::RowReader;
use super::settings::LabelsFile;
use super::unused::{UnusedColumn, unused};
use super::zones::Zones;
use super::{Label, Time};
use super::{
    contradictions, digits, flags, forms, layout, minutes, numbers, one_hot, tails, units,
};
use crate::error::import::{LabelTableError, LabelTimeError};
use crate::error::{DataError, ImportError, in_file};
use crate::recording::{DateOrder, DateOrders, format_time};
use crate::{formulas, quotes, text};

/// A row of a table of labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelRow {
    pub label: Label,
    /// The recording or its file, if a column tells it; may be empty.
    pub file: Option<String>,
    /// The station, if a column tells it; may be empty.
    pub station: Option<String>,
}

/// The rows of a table of labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelRows {
    pub rows: Vec<LabelRow>,
    /// The column of files.
    pub files: Option<FileColumn>,
    /// Information on how it was read: on its characters, and on labels that end after midnight.
    pub notes: Vec<String>,
    /// Warnings, such as on times whose zone is not known.
    pub warnings: Vec<String>,
    /// Whether times are dates, and neither they nor columns tell a zone.
    pub lacks_zone: bool,
    /// Columns that are not read.
    pub unused: Vec<UnusedColumn>,
}

impl LabelRows {
    /// Makes moments of times that count from `zero` in nanoseconds since 1970.
    fn count_from(&mut self, zero: i64) {
        let mut has_relative = false;
        let labels = self.rows.iter_mut().map(|row| &mut row.label);
        for time in labels.flat_map(|label| [&mut label.start, &mut label.end]) {
            if time.is_relative() {
                *time = Time::Moment(time.nanos(zero));
                has_relative = true;
            }
        }
        if has_relative {
            let zero = format_time(zero);
            self.notes
                .push(format!("times count from its `orig_time`, {zero}"));
        }
    }
}

/// Reads a table of labels with the columns `start`, `end` (or `duration`, or a length of all), `class` and optionally `event`
/// and one of files, whose names the list may give. Times are dates, or numbers in the unit given in the column's name.
///
/// # Errors
/// [`DataError`] naming the line or the missing column.
pub(crate) fn read(path: &Path, settings: &LabelsFile) -> Result<LabelRows, DataError> {
    let known = || forms::other(path).map(|problem| in_file(path)(ImportError::from(problem)));
    let (text, other) = text::read_table(path).map_err(|source| {
        known().unwrap_or_else(|| DataError::Read {
            what: "the table of labels",
            path: path.to_owned(),
            source,
        })
    })?;
    let htk = forms::htk(path, &text);
    let is_htk = htk.is_some();
    let text = htk.unwrap_or(text);
    let plain = formulas::without(text.as_bytes());
    let plain = plain.and_then(|(plain, _)| String::from_utf8(plain).ok());
    let text = plain.unwrap_or(text);
    let stray = quotes::closed(text.as_bytes());
    let text = match &stray {
        Some((closed, ..)) => str::from_utf8(closed).unwrap_or(&text),
        None => &text,
    };
    let text = forms::without_sep(text);
    let mut rows = parse_below(text, settings)
        .map_err(|problem| known().unwrap_or_else(|| in_file(path)(ImportError::from(problem))))?;
    let heading = forms::zone(text).filter(|_| rows.lacks_zone);
    rows.warnings.extend(heading);
    if let Some(zero) = forms::orig_time(text) {
        rows.count_from(zero);
    }
    if let Some((_, count, first)) = &stray {
        rows.warnings.push(quotes::note(*count, *first));
    }
    if is_htk {
        let note = "times are read in units of 100 ns, as HTK writes them in label files";
        rows.notes.push(note.into());
    }
    if let Some((line, first)) = other {
        let note =
            format!("is not UTF-8, and read as Windows-1252 (Latin-1): line {line} is `{first}`");
        rows.notes.insert(0, note);
    }
    Ok(rows)
}

/// Reads a table that may have a description above the names of its columns.
fn parse_below(text: &str, settings: &LabelsFile) -> Result<LabelRows, LabelTableError> {
    let found = parse(&forms::with_tabs(text), settings);
    let lacks_names = |problem: &LabelTableError| {
        use LabelTableError::{NoColumn, NoEnd, NoGivenColumn};
        matches!(
            problem,
            NoColumn { .. } | NoGivenColumn { .. } | NoEnd { .. }
        )
    };
    if found
        .as_ref()
        .err()
        .is_none_or(|problem| !lacks_names(problem))
    {
        return found;
    }
    let Some((below, line)) = forms::names_below(text, settings) else {
        return found;
    };
    let mut rows = parse(&forms::with_tabs(&below), settings)?;
    rows.notes
        .push(format!("the names of its columns are in line {line}"));
    Ok(rows)
}

/// The rows that count, with each time whole in its cells, and information on them.
///
/// # Errors
/// If columns contradict each other.
fn whole(
    heads: &csv::StringRecord,
    mut rows: Vec<&csv::StringRecord>,
    (columns, separated): (&mut Columns, Separated),
    settings: &LabelsFile,
) -> Result<(Vec<csv::StringRecord>, Vec<String>), LabelTableError> {
    let mut said = flags::apply(heads, columns, &mut rows);
    contradictions::check_names(heads, &rows, columns, settings)?;
    contradictions::check_forms(heads, &rows, (&*columns, separated), settings)?;
    units::apply(heads, &rows, columns)?;
    let mut owned: Vec<csv::StringRecord> = rows.iter().map(|row| (*row).clone()).collect();
    let marked = digits::with_marks(heads, &rows, columns, separated);
    let marked = marked.or_else(|| minutes::as_seconds(heads, &rows, columns, separated));
    if let Some((marked, note)) = marked {
        owned = marked;
        said.push(note);
    }
    said.extend(tails::join(heads, &mut owned, columns)?);
    said.extend(columns.middles_note(heads));
    Ok((owned, said))
}

fn parse(text: &str, settings: &LabelsFile) -> Result<LabelRows, LabelTableError> {
    let separator = separator(text);
    let separated = Separated(separator);
    let mut reader = reader(text, separator);
    let mut description = reader.records().collect::<Result<Vec<_>, _>>()?;
    let above = names_at(&description);
    let (rows, marks) = one_hot::with_class(layout::fitted(description.split_off(above)), settings);
    let Some(first) = rows.first() else {
        return Err(LabelTableError::Empty);
    };
    let (mut columns, names) = forms::columns_of(text, first, separated, settings)?;
    let has_heads = columns.named;
    let mut rows = layout::below(
        &rows[usize::from(has_heads && !columns.above)..],
        names.len(),
    )?;
    let first = &names;
    let mut said = Vec::new();
    let owned;
    if has_heads {
        (owned, said) = whole(first, rows, (&mut columns, separated), settings)?;
        rows = owned.iter().collect();
    }
    if columns.observation.is_some() || above > 0 {
        let is_sequence = is_sequence(&rows, &columns)?;
        if let Some(files) = &mut columns.files {
            files.is_sequence |= is_sequence;
        }
    }
    let pairs = match columns.status {
        Some(at) if are_events(rows.iter().copied(), at) => {
            let pairs = events::pairs(first, &rows, (&columns, at))?.into_iter();
            pairs.map(|(start, stop)| (start, Some(stop))).collect()
        }
        Some(_) if settings.length.is_none() => return Err(no_end(first)),
        _ => rows.iter().map(|row| (*row, None)).collect(),
    };
    let from_start = columns.observation.is_some() || above > 0 || is_of_elan(first);
    let zones = if has_heads {
        Zones::of(first, &columns, &rows)
    } else {
        Zones::default()
    };
    let table = Table {
        heads: first,
        rows: &rows,
        columns: &columns,
        separated,
        length: settings.length,
    };
    table.check_thousands()?;
    let order = order(first, &rows, &columns);
    let mut read = labels(
        pairs,
        (&columns, separated, order),
        (settings.length, zones),
    )?;
    if from_start {
        let labels = read.rows.iter_mut().map(|row| &mut row.label);
        events::from_start(first, &rows, labels)?;
    }
    if has_heads && rows.len() == read.rows.len() {
        let labels: Vec<&Label> = read.rows.iter().map(|row| &row.label).collect();
        let how = (&columns, separated, order);
        let mut warnings = table.doubts(&labels);
        if settings.end.is_none() {
            warnings.extend(contradictions::of_ends(first, &rows, &labels, how));
        }
        read.warnings.extend(warnings);
    }
    read.unused = unused(first, &rows, &columns);
    read.notes
        .extend(marks.into_iter().chain(said).chain(offset(&description)));
    read.notes
        .extend(forms::comments(text, separator, names.len()));
    Ok(read)
}

/// Reads labels, each from a row and, if starts and ends are in different rows, from that of its end.
fn labels(
    pairs: Vec<(&csv::StringRecord, Option<&csv::StringRecord>)>,
    (columns, separated, order): (&Columns, Separated, DateOrder),
    (length, zones): (Option<f64>, Zones),
) -> Result<LabelRows, LabelTableError> {
    let reading = RowReader {
        columns,
        how: (separated, order),
        length,
        zones,
    };
    let mut nights = Nights::default();
    let mut label = |(row, stop): (&csv::StringRecord, Option<&csv::StringRecord>)| {
        let wrong = |row: &csv::StringRecord| {
            let line = line(row);
            move |problem| LabelTableError::Row { line, problem }
        };
        if let Some(stop) = stop {
            let time = reading.time(&columns.start, stop);
            let time = time.and_then(|time| time.ok_or(LabelTimeError::Missing));
            time.map_err(wrong(stop))?;
        }
        let (label, is_night) = reading.label(row, stop).map_err(wrong(row))?;
        if is_night {
            nights.add(line(row), reading.shown(row, stop));
        }
        let file = columns
            .files
            .as_ref()
            .map(|column| cell(row, column.at).to_owned());
        Ok(LabelRow {
            label,
            file,
            station: station(row, columns),
        })
    };
    let rows = pairs.iter().map(|pair| label(*pair));
    let mut rows = rows.collect::<Result<Vec<_>, LabelTableError>>()?;
    let has_lengths = columns.is_duration || length.is_some();
    let mut labels: Vec<&mut Label> = rows.iter_mut().map(|row| &mut row.label).collect();
    let are_days = columns.numbers.apply(&mut labels, has_lengths)?;
    if are_days {
        reading.shift_days(&pairs, &mut labels);
    }
    reading.around_middles(&mut labels);
    let mut files = columns.files.clone();
    if let Some((at, unit)) = columns.offset
        && let Some(offsets) = pairs
            .iter()
            .map(|(row, _)| separated.seconds(cell(row, at), unit))
            .collect::<Option<Vec<f64>>>()
    {
        numbers::from_files(&mut labels, &offsets);
        files
            .iter_mut()
            .for_each(|column| column.is_sequence = false);
    }
    let starts = rows.iter().zip(&pairs);
    let starts = starts.map(|(labelled, (row, _))| {
        // Days in numbers are no Unix time, which has a zone.
        let shown = if are_days {
            String::new()
        } else {
            columns.start.shown(row)
        };
        (labelled.label.start, shown)
    });
    let (warnings, zones, lacks_zone) = reading.zones.said(starts);
    Ok(LabelRows {
        lacks_zone,
        notes: nights.note().into_iter().chain(zones).collect(),
        rows,
        files,
        warnings,
        unused: Vec::new(),
    })
}

/// Whether the day or the month comes first in dates: a single one may determine it for all, or else the names of their columns,
/// such as `Date (dd/mm/yyyy)`.
fn order(heads: &csv::StringRecord, rows: &[&csv::StringRecord], columns: &Columns) -> DateOrder {
    let places = [Some(columns.start), columns.end].into_iter().flatten();
    let dates: Vec<usize> = places.flat_map(TimePosition::dates).collect();
    let cells = rows
        .iter()
        .flat_map(|row| dates.iter().map(move |at| cell(row, *at)));
    match DateOrders::of(cells.map(str::as_bytes)).order() {
        DateOrder::Unknown => {
            let mut spelled = dates
                .iter()
                .filter_map(|at| spelled_order(cell(heads, *at)));
            spelled.next().unwrap_or_default()
        }
        known => known,
    }
}

/// The station of a row, and the network before it, if columns tell them.
fn station(row: &csv::StringRecord, columns: &Columns) -> Option<String> {
    let (at, network) = columns.station?;
    let network = network.map(|at| cell(row, at));
    let code = cell(row, at);
    Some(match network.filter(|network| !network.is_empty()) {
        Some(network) => format!("{network}.{code}"),
        None => code.to_owned(),
    })
}

/// Bytes of the first line of a table.
const HEAD: u64 = 64 << 10;

/// Labels, and their files if a column tells them.
pub(crate) type LabelsOfFiles = (Vec<Label>, Vec<String>);

/// The labels of a file if it is a table of labels, and their files if a column tells them; `None` if it is something
/// else. A table without names of columns is one only if its classes are words.
///
/// # Errors
/// [`DataError`] if it is a table of labels, but cannot be used.
pub(crate) fn labels_of(path: &Path) -> Option<Result<LabelsOfFiles, DataError>> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(HEAD).read_to_end(&mut head).ok()?;
    let end = head.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    let (text, _) = text::decode_table(&head[..end.unwrap_or(head.len())]).ok()?;
    let separator = separator(&text);
    let mut reader = reader(&text, separator);
    let head: Vec<csv::StringRecord> = reader.records().map_while(Result::ok).collect();
    let head = &head[names_at(&head)..];
    let settings = LabelsFile::default();
    let columns = Columns::find(head.first()?, Separated(separator), &settings).ok()?;
    if let Some(at) = columns.status
        && !are_events(head.iter(), at)
    {
        return None;
    }
    let read = read(path, &settings);
    let labels = read.map(|table| {
        let rows = table.rows.into_iter();
        let (labels, files): (Vec<_>, Vec<_>) = rows.map(|row| (row.label, row.file)).unzip();
        (labels, files.into_iter().flatten().collect())
    });
    let is_word = |label: &Label| label.class.parse::<f64>().is_err();
    let are_words = labels
        .as_ref()
        .is_ok_and(|(labels, _): &LabelsOfFiles| labels.iter().all(is_word));
    (columns.named || are_words).then_some(labels)
}
