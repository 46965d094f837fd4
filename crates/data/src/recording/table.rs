//! Tables: each row is a time, and columns are times and channels; or, with the columns `timestamp`, `channel` and `samples`,
//! each row is one sample of one channel.
//!
//! `layout` finds names and values in a text, `rows` reads them, `clock` fits rate and gaps to the times, `names` recognises
//! the names of columns. Rows as nearly all programs write them are read by `usual`, many at a time by `wide` where the processor has
//! instructions for it, and all others by `cells`.

mod assembly;
mod bare;
mod begin;
mod begun;
mod behind;
mod blocks;
mod careless;
mod cells;
mod clock;
mod counted;
mod counts;
mod cut_fractions;
mod days;
mod digits;
mod divided;
mod doubts;
mod empatica;
mod ends;
mod factors;
mod gps;
mod heading;
mod headings;
mod influx;
mod interleaved;
mod joined;
mod kinds;
mod labelled;
mod labview;
mod layout;
mod left_out;
mod levels;
mod line;
mod long;
mod midnight;
mod mixed;
mod monitor;
mod names;
mod nanos;
mod nearest;
mod noise;
mod number;
mod numbered;
mod octave;
mod of_day;
mod order;
mod other_clocks;
mod packed;
mod packets;
mod padded;
mod pairs;
mod parts;
mod renamed;
mod rows;
mod saf;
mod scan;
mod scope;
mod sensors;
mod spelled;
mod spreadsheet;
mod stamps;
mod statistics;
mod steps;
mod summer_time;
mod timeless;
mod times;
mod told;
mod two_parts;
mod unit_sizes;
mod units;
mod usual;
mod values;
mod whole;
mod wild;
mod wrapped;
mod zones;

use assembly::{Assembly, Rows};
pub(crate) use days::DayCount;
use heading::{Heading, below};
pub(crate) use kinds::is_missing;
pub use labelled::LabelColumn;
use labelled::RowLabels;
use layout::Layout;
pub(crate) use names::is_rate;
pub(crate) use packed::numbered_names;
pub(super) use packets::{Packet, Packets};
use renamed::{name_unnamed, rename_twins};
pub(crate) use told::zone as zone_of_heading;
pub(crate) use units::{unit, unit_by_size};
pub(super) use values::{Column, NO_TIME, Texts, Values};
pub(super) use zones::as_utc_by_name;
pub(crate) use zones::{is_offset, is_zone, zone_word};

use super::{Contents, Hints, Notes, Remark, text};
use crate::error::recording::{RecordingError, TableError};
use crate::quotes;

/// Reads a table in text, whose separator is `,`, `;`, `|`, a tab or blanks; skips lines that begin with `#`.
///
/// # Errors
/// If the file is not text or not a table, or has no samples or no sampling rate.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let zeros = text::trailing_zeros(bytes);
    let bytes = &bytes[..bytes.len() - zeros];
    let mut notes = Notes::default();
    let holes = noise::without_zeros(bytes, &mut notes);
    let mut text = text::decode(holes.as_deref().unwrap_or(bytes))?;
    octave::check(&text.bytes)?;
    text.bytes = spreadsheet::plain(text.bytes, text.quoted, &mut notes);
    let pairs::Plain { bytes, line } =
        pairs::as_rows(monitor::without_arrows(text.bytes), &mut notes);
    text.bytes = bytes;
    let of_header = match labview::read(&mut text, hints, &mut notes)? {
        None => saf::read(&mut text, hints, &mut notes),
        found => found,
    };
    let of_header = of_header.or_else(|| empatica::read(&mut text, hints, &mut notes));
    let scope = if of_header.is_none() {
        scope::read(&mut text, hints, &mut notes)
    } else {
        None
    };
    let line = scope.as_ref().map_or(line, |scope| scope.line);
    let of_header = of_header.or_else(|| scope.map(|scope| scope.hints));
    let hints = of_header.as_ref().unwrap_or(hints);
    text.bytes = behind::without(ends::without_semicolons(text.bytes), &mut notes);
    text.bytes = divided::joined(cut_fractions::joined(text.bytes, &mut notes), &mut notes);
    if text.quoted
        && let Some((closed, count, first)) = quotes::closed(&text.bytes)
    {
        notes.push(quotes::note(count, line + first - 1));
        text.bytes = closed.into();
    }
    let mut layout = layout::find(&text.bytes, line)?;
    for (name, kind) in layout.names.iter().zip(&mut layout.kinds) {
        // Channels may be called 1, 2 and 3.
        let is_label = hints.labels.as_ref().is_some_and(|labels| labels.has(name));
        if is_label || is_channel(name) && *kind != kinds::Kind::Empty {
            *kind = kinds::Kind::Text;
        }
    }
    layout.notes.prepend(notes);
    let mut notes = std::mem::take(&mut layout.notes);
    if text::is_of_several_bytes(&layout.header) {
        notes.push(format!(
            "the names of the columns are not UTF-8, but in another encoding, such as GBK or Shift-JIS, and are read byte by byte, such as \
             `{}`: save the file as UTF-8",
            layout.names.iter().rfind(|name| !name.is_ascii()).map_or("", |name| name)
        ));
    }
    if zeros > 0 {
        notes.push(format!(
            "left out the last {zeros} bytes: zeros, as after a power cut"
        ));
    }
    if let Some(with_fractions) = two_parts::with_fractions(&text.bytes, &mut layout, &mut notes) {
        text.bytes = with_fractions.into();
    }
    statistics::cut(&mut text, &layout, &mut notes);
    let values = values_of(&mut text, &layout, hints, &mut notes)?;
    let heading = Heading::of(&text.bytes, line, &layout);
    let columns = layout.names.into_iter().zip(values);
    let columns = columns.map(|(name, values)| Column {
        name,
        values,
        whole: false,
    });
    below(columns.collect(), &heading, hints, notes)
}

/// The values of all columns.
///
/// # Errors
/// If most rows have too few or too many cells, or all columns are one channel.
fn values_of(
    text: &mut text::Text,
    layout: &Layout,
    hints: &Hints,
    notes: &mut Notes,
) -> Result<Vec<Values>, TableError> {
    let mut read = Notes::default();
    let mut columns = rows::read(text, layout, &mut read)?;
    if let Some((padded, proven)) = careless::padded(&text.bytes, layout, &columns) {
        text.bytes = padded.into();
        read = Notes::default();
        read.extend(proven);
        columns = rows::read(text, layout, &mut read)?;
    }
    notes.extend(read);
    let heading = &text.bytes[..layout.start];
    let rows = columns.first().map_or(0, Values::len);
    if hints.samples_in_rows.is_none() && told::is_counted(heading, layout, rows) {
        let columns = layout.names.len();
        return Err(TableError::Wrapped { columns });
    }
    padded::apply(&text.bytes, layout, &mut columns, notes);
    if zones::apply(&text.bytes, layout, &mut columns, notes) {
        notes.extend(told::zone(heading).map(|line| zones::as_utc_below(&line)));
    }
    Ok(columns)
}

/// Columns for each row, from which a table is rather one of channels or windows in rows.
const WIDE: usize = 10;
/// Columns that a table of a recording may have.
const MANY: usize = 64;

fn is_channel(name: &str) -> bool {
    name.eq_ignore_ascii_case("channel")
}

/// Whether the texts of a column tell the channel or the sensor of each row.
pub(super) fn names_rows(name: &str) -> bool {
    is_channel(name) || sensors::may_be_sensor(name)
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
    name_unnamed(&mut columns, &mut notes);
    if !hints.finds_labels {
        return of_columns(columns, hints, notes);
    }
    let label_columns = labelled::candidates(&columns);
    let contents = of_columns(columns, hints, notes);
    // Rows of several persons or sessions may be the reason for an error; not for a missing rate, with which the table is
    // read again.
    let contents = contents.map_err(|problem| {
        if problem.is_rate_unknown() {
            problem
        } else {
            let varying = label_columns.iter().filter(|column| column.varies());
            problem.noted(varying.map(ToString::to_string).collect())
        }
    })?;
    Ok(Contents {
        label_columns,
        ..contents
    })
}

/// The traces of columns that all have different names.
///
/// # Errors
/// As for [`assemble`].
fn of_columns(
    mut columns: Vec<Column>,
    hints: &Hints,
    mut notes: Notes,
) -> Result<Contents, TableError> {
    influx::leave_out_series(&mut columns, &mut notes);
    if hints.labels.is_none()
        && hints.time_column.is_none()
        && let Some(blocks) = blocks::divide(&mut columns, &mut notes)
    {
        return of_blocks(blocks, hints, notes);
    }
    let rows = columns.first().map_or(0, |column| column.values.len());
    if let Some(labels) = &hints.labels {
        labelled::set_apart(&mut columns, labels)?;
    }
    let times = times::of_columns(&mut columns, hints, &mut notes)?;
    let others = other_clocks::notes(&columns, times.as_deref(), hints);
    notes.extend(others);
    let labels = RowLabels::take(&mut columns);
    long::name_channels(&mut columns, times.as_deref());
    let sensors = sensors::of_rows(&mut columns, times.as_deref(), &mut notes);
    let (names, channels) = left_out::channels(columns, &mut notes);
    if rows == 0 || channels.is_empty() {
        return Err(TableError::NoNumbers.noted(notes.all()));
    }
    let packed = packed::find(&channels, times.as_deref(), hints, &mut notes)?;
    if packed.is_empty() && times.is_none() && wrapped::is(&channels) {
        let columns = channels.len();
        return Err(TableError::Wrapped { columns });
    }
    if packed.is_empty() && channels.len() > (WIDE * rows).max(MANY) {
        notes.push(format!(
            "{} columns and {}: if each row is a channel, transpose the table; if each is a window, save them with NumPy, for an \
             index file",
            channels.len(),
            rows::rows_of(rows)
        ));
    } else if packed.is_empty() {
        notes.extend(numbered::note(&channels, times.as_deref(), hints));
    }
    let mut assembly = Assembly {
        hints,
        sensor: String::new(),
        labels: Vec::new(),
        packed,
        notes,
        traces: Vec::new(),
    };
    let table = Rows {
        names,
        channels,
        times,
        labels: labels.as_ref().map(RowLabels::numbers),
        sensors,
    };
    let rows = match labels {
        None => {
            assembly.joined(table)?;
            Vec::new()
        }
        Some(labels) => assembly.labelled(&labels, &table)?,
    };
    assembly.notes.dedup();
    Ok(Contents {
        traces: assembly.traces,
        notes: assembly.notes,
        rows,
        ..Contents::default()
    })
}

/// The traces of blocks of columns, each with times of its own.
///
/// # Errors
/// As for [`assemble`].
fn of_blocks(
    blocks: Vec<Vec<Column>>,
    hints: &Hints,
    notes: Notes,
) -> Result<Contents, TableError> {
    let mut all = Contents {
        notes,
        ..Contents::default()
    };
    for block in blocks {
        let contents = of_columns(block, hints, Notes::default())?;
        all.traces.extend(contents.traces);
        all.notes.extend(contents.notes.iter().cloned());
    }
    all.notes.dedup();
    Ok(all)
}

#[cfg(test)]
mod tests;
