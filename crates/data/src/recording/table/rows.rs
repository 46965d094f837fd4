//! Reads the rows of a table in text, in parts on all threads.

use std::ops::Range;

use rayon::prelude::*;

use super::super::text::{Text, has};
use super::cells::{Occurrences, Part, row};
use super::kinds::Kind;
use super::layout::Layout;
use super::line::{split, trimmed};
use super::usual::UsualReader;
use super::{Notes, Remark, Values};
use crate::error::recording::TableError;

/// Number of bytes that a thread reads at a time.
pub(super) const PART: usize = 1 << 20;

/// Parts that each thread reads before their columns are appended to those of the parts before.
const PARTS_AT_A_TIME: usize = 4;

/// Reads all rows of a table; what does not fit is counted in the notes.
///
/// # Errors
/// If most rows have too few or too many cells.
pub(super) fn read(
    text: &Text,
    layout: &Layout,
    notes: &mut Notes,
) -> Result<Vec<Values>, TableError> {
    let bytes = &*text.bytes;
    // The names alone may have them.
    let quoted = text.quoted && has(&bytes[layout.start..], b'"');
    let mut all = Part::new(layout);
    // A row has as many bytes as cells, at least.
    all.reserve(text.ends.min(bytes.len() / layout.names.len().max(1)) + 1);
    let parts = parts(bytes, layout.start, quoted);
    let threads = rayon::current_num_threads();
    if threads == 1 || parts.len() == 1 {
        for part in parts {
            rows(bytes, part, (layout, quoted), &mut all)?;
        }
    } else {
        // The columns of a part are appended while the caches hold them, and all parts take no more memory than some.
        for parts in parts.chunks(PARTS_AT_A_TIME * threads) {
            let read = parts.par_iter().map(|part| {
                let mut output = Part::new(layout);
                rows(bytes, part.clone(), (layout, quoted), &mut output).map(|()| output)
            });
            for part in read.collect::<Vec<_>>() {
                all.extend(part?);
            }
        }
    }
    for column in &mut all.columns {
        (0..all.last_cut).for_each(|_| column.pop());
    }
    let line = |offset: usize| {
        let before = &bytes[layout.start..offset];
        layout.line + before.iter().filter(|byte| **byte == b'\n').count()
    };
    let told = |odd: &Occurrences| {
        odd.first
            .as_ref()
            .map(|(offset, what)| (line(*offset), what.clone()))
            .unwrap_or_default()
    };
    if all.cut.count > 0 {
        let (line, what) = told(&all.cut);
        let columns = layout.names.len();
        if all.cut.count * 2 > all.rows {
            return Err(TableError::RowLengths {
                line,
                cells: what,
                columns,
                wrong: all.cut.count,
                rows: all.rows,
            });
        }
        notes.push(format!(
            "left out {}: line {line}: {what}, but there are {columns} columns",
            rows_of(all.cut.count)
        ));
    }
    if let (line @ 1.., names) = told(&all.other_names) {
        return Err(TableError::NamesChange { line, names });
    }
    if all.names.count > 0 {
        let (line, rows) = (told(&all.names).0, rows_of(all.names.count));
        notes.push(Remark::NamesAgain { rows, line });
    }
    for (name, odd) in layout.names.iter().zip(&all.wrong) {
        if odd.count == 0 {
            continue;
        }
        let (line, what) = told(odd);
        let place = format!("line {line}, column `{name}`: {what}");
        notes.push(format!("{place}; taken for missing, {} in all", odd.count));
    }
    Ok(all.columns)
}

pub(super) fn rows_of(count: usize) -> String {
    if count == 1 {
        "one row".into()
    } else {
        format!("{count} rows")
    }
}

/// Cuts the rows into parts that end with a line; a single part if quotes could contain line ends.
fn parts(bytes: &[u8], start: usize, quoted: bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = start;
    while start < bytes.len() {
        let least = start + if quoted { bytes.len() } else { PART };
        let rest = bytes.get(least..).unwrap_or_default();
        let end = rest.iter().position(|b| *b == b'\n');
        let end = end.map_or(bytes.len(), |end| least + end + 1);
        parts.push(start..end);
        start = end;
    }
    parts
}

/// Adds the rows in `part` of a table, which may have quotes.
fn rows(
    bytes: &[u8],
    part: Range<usize>,
    (layout, quoted): (&Layout, bool),
    output: &mut Part,
) -> Result<(), TableError> {
    if quoted && layout.separator != b' ' {
        return quoted_rows(bytes, part, layout, output);
    }
    let usual = (!quoted).then(|| UsualReader::new(bytes, layout));
    lines(bytes, part, (layout, usual), output);
    Ok(())
}

/// Adds the rows in `part` of a table with quotes.
fn quoted_rows(
    bytes: &[u8],
    part: Range<usize>,
    layout: &Layout,
    output: &mut Part,
) -> Result<(), TableError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(layout.separator)
        .comment(Some(b'#'))
        .has_headers(false)
        .flexible(true)
        .from_reader(&bytes[part.clone()]);
    let names = split(&layout.header, layout.separator);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let offset = record.position().map_or(0, csv::Position::byte) as usize;
        if record
            .iter()
            .map(<[u8]>::trim_ascii)
            .eq(names.iter().map(Vec::as_slice))
        {
            output.names.add(part.start + offset, String::new);
            continue;
        }
        // The reader gives the position before the blank lines above a record.
        let blanks = bytes[part.start + offset..].iter();
        let blanks = blanks
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        row(output, record.iter(), part.start + offset + blanks, layout);
    }
    Ok(())
}

/// Adds the lines in `part` of a table, of which the reader of usual rows takes those that it can.
pub(super) fn lines(
    bytes: &[u8],
    part: Range<usize>,
    (layout, mut usual): (&Layout, Option<UsualReader>),
    output: &mut Part,
) {
    let mut start = part.start;
    while start < part.end {
        if let Some(usual) = &mut usual {
            let (rows, next) = usual.rows(start, part.end, &mut output.columns);
            if rows > 0 {
                output.rows += rows;
                output.last_cut = 0;
            }
            start = next;
            if start == part.end {
                return;
            }
        }
        let rest = &bytes[start..part.end];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(rest.len(), |end| end + 1);
        line(&rest[..length], start, layout, output);
        start += length;
    }
}

/// Adds the line at byte `start`, unless it is blank or a comment.
fn line(line: &[u8], start: usize, layout: &Layout, output: &mut Part) {
    let line = trimmed(line, layout.separator);
    if line == layout.header && !line.is_empty() {
        output.names.add(start, String::new);
        return;
    }
    if is_comment(line, layout) || line.is_empty() {
        return;
    }
    if layout.separator == b' ' && line.contains(&b'"') {
        // R writes dates in quotation marks: the blank within them separates nothing.
        let cells = split(line, layout.separator);
        row(output, cells.iter().map(Vec::as_slice), start, layout);
    } else if layout.separator == b' ' {
        let cells = line
            .split(u8::is_ascii_whitespace)
            .filter(|cell| !cell.is_empty());
        row(output, cells, start, layout);
    } else {
        let cells = line.split(|byte| *byte == layout.separator);
        row(output, cells, start, layout);
    }
}

/// Whether a line below the names is a comment. But for `#`, only where the first column has no texts, which may begin so.
fn is_comment(line: &[u8], layout: &Layout) -> bool {
    let has_texts = layout.kinds.first() == Some(&Kind::Text);
    match line.trim_ascii_start() {
        [b'#', ..] => true,
        [b'%', ..] | [b'/', b'/', ..] => !has_texts,
        [b';', ..] => !has_texts && layout.separator != b';',
        _ => false,
    }
}
