//! Reads tables of labels.

use std::io::Read;
use std::path::Path;

use support::words::counted;

use super::Label;
use super::columns::{Columns, FileColumn, no_end};
use super::events::{self, are_events, is_sequence, names_at, offset};
use super::heads::{Separated, cell, is_of_elan, line, reader, separator};
use super::numbers;
use super::row::Reading;
use super::settings::LabelsFile;
use super::zones::Zones;
use super::{contradictions, digits, flags, forms, units};
use crate::error::import::{LabelTableError, LabelTimeError};
use crate::error::{DataError, ImportError, in_file};
use crate::recording::DateOrders;
use crate::text;

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
    let rows = parse(&forms::with_tabs(&text), settings);
    let mut rows = rows
        .map_err(|problem| known().unwrap_or_else(|| in_file(path)(ImportError::from(problem))))?;
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

fn parse(text: &str, settings: &LabelsFile) -> Result<LabelRows, LabelTableError> {
    let separator = separator(text);
    let separated = Separated(separator);
    let mut reader = reader(text, separator);
    let rows = reader.records().collect::<Result<Vec<_>, _>>()?;
    let above = names_at(&rows);
    let (description, rows) = rows.split_at(above);
    let Some(first) = rows.first() else {
        return Err(LabelTableError::Empty);
    };
    let mut columns = forms::columns_of(text, first, separated, settings)?;
    let has_heads = columns.named && !columns.above;
    // Audacity writes the frequencies of a label on a separate line below it.
    let rows = rows.iter().skip(usize::from(has_heads));
    let rows = rows.filter(|row| row.get(0) != Some("\\"));
    // Spreadsheets write the empty rows below a table.
    let rows = rows.filter(|row| row.iter().any(|cell| !cell.is_empty()));
    let mut rows: Vec<&csv::StringRecord> = rows.collect();
    for row in &rows {
        // Some programs leave out empty cells at the end.
        if row.iter().skip(first.len()).any(|cell| !cell.is_empty()) {
            return Err(LabelTableError::Cells {
                line: line(row),
                cells: row.len(),
                columns: first.len(),
            });
        }
    }
    let mut said = Vec::new();
    let marked;
    if has_heads {
        said = flags::apply(first, &columns, &mut rows);
        contradictions::check_names(first, &rows, &columns, settings)?;
        units::apply(first, &rows, &mut columns)?;
        if let Some((own, note)) = digits::with_marks(first, &rows, &columns, separated) {
            marked = own;
            rows = marked.iter().collect();
            said.push(note);
        }
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
    let heads = Some(first).filter(|_| has_heads && settings.end.is_none());
    let mut read = labels(
        (heads, &rows),
        pairs,
        (columns, separated),
        (settings.length, zones),
    )?;
    if from_start {
        let labels = read.rows.iter_mut().map(|row| &mut row.label);
        events::from_start(first, &rows, labels)?;
    }
    read.notes
        .extend(said.into_iter().chain(offset(description)));
    Ok(read)
}

/// Reads labels, each from a row and, if starts and ends are in different rows, from that of its end. `rows` are those of all;
/// `heads` name the columns, if the list does not give that of the ends.
fn labels(
    (heads, rows): (Option<&csv::StringRecord>, &[&csv::StringRecord]),
    pairs: Vec<(&csv::StringRecord, Option<&csv::StringRecord>)>,
    (columns, separated): (Columns, Separated),
    (length, zones): (Option<f64>, Zones),
) -> Result<LabelRows, LabelTableError> {
    // A single date may determine for all whether the day or the month comes first.
    let places = [Some(columns.start), columns.end].into_iter().flatten();
    let cells = rows.iter().flat_map(|row| {
        let dates = places.clone().flat_map(|place| place.dates());
        dates.map(|at| cell(row, at)).collect::<Vec<_>>()
    });
    let order = DateOrders::of(cells.map(str::as_bytes)).order();
    let reading = Reading {
        columns: &columns,
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
            .map(|own| cell(row, own.at).to_owned());
        Ok(LabelRow {
            label,
            file,
            station: station(row, &columns),
        })
    };
    let own = pairs.iter().map(|pair| label(*pair));
    let mut own = own.collect::<Result<Vec<_>, LabelTableError>>()?;
    let has_lengths = columns.is_duration || length.is_some();
    let mut labels: Vec<&mut Label> = own.iter_mut().map(|row| &mut row.label).collect();
    columns.numbers.apply(&mut labels, has_lengths)?;
    let mut files = columns.files.clone();
    if let Some((at, unit)) = columns.offset
        && let Some(offsets) = pairs
            .iter()
            .map(|(row, _)| separated.seconds(cell(row, at), unit))
            .collect::<Option<Vec<f64>>>()
    {
        numbers::from_files(&mut labels, &offsets);
        files.iter_mut().for_each(|own| own.is_sequence = false);
    }
    let starts = own.iter().zip(&pairs);
    let starts = starts.map(|(own, (row, _))| (own.label.start, columns.start.shown(row)));
    let (mut warnings, zones) = reading.zones.said(starts);
    if let Some(heads) = heads.filter(|_| rows.len() == own.len()) {
        let labels: Vec<&Label> = own.iter().map(|row| &row.label).collect();
        warnings.extend(contradictions::of_ends(
            heads,
            rows,
            &labels,
            (&columns, separated, order),
        ));
    }
    Ok(LabelRows {
        notes: nights.note().into_iter().chain(zones).collect(),
        rows: own,
        files,
        warnings,
    })
}

/// The station of a row, and the network before it, if columns tell them.
fn station(row: &csv::StringRecord, columns: &Columns) -> Option<String> {
    let (at, network) = columns.station?;
    let network = network.map(|at| cell(row, at));
    let own = cell(row, at);
    Some(match network.filter(|own| !own.is_empty()) {
        Some(network) => format!("{network}.{own}"),
        None => own.to_owned(),
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
    let labels = read.map(|own| {
        let rows = own.rows.into_iter();
        let (labels, files): (Vec<_>, Vec<_>) = rows.map(|row| (row.label, row.file)).unzip();
        (labels, files.into_iter().flatten().collect())
    });
    let is_word = |label: &Label| label.class.parse::<f64>().is_err();
    let are_words = labels
        .as_ref()
        .is_ok_and(|(labels, _): &LabelsOfFiles| labels.iter().all(is_word));
    (columns.named || are_words).then_some(labels)
}

/// Labels whose end is earlier in the day than their start, and has no date of its own.
#[derive(Default)]
struct Nights {
    count: usize,
    /// The first of them: its line and its times.
    first: String,
}

impl Nights {
    fn add(&mut self, line: u64, (start, end): (String, String)) {
        if self.count == 0 {
            self.first = format!("line {line}, from `{start}` to `{end}`");
        }
        self.count += 1;
    }

    fn note(self) -> Option<String> {
        let labels = counted(self.count, "label");
        (self.count > 0).then(|| {
            format!(
                "{labels} with an end before the start, taken for one on the next day (the first: {})",
                self.first
            )
        })
    }
}
