//! Tables of labels in other forms: blanks between the cells, names of the columns in a comment; and files that are no tables.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use support::words::counted;

use super::columns::Columns;
use super::heads::{SEPARATORS, STARTS, Separated, all_plain, first_line, reader, separator};
use super::numbers;
use super::settings::LabelsFile;
use crate::error::import::LabelTableError;
use crate::gzip;
use crate::recording::{parse_time, signatures, zone_of_heading};

/// Bytes by which a file of another kind is recognised.
const HEAD: u64 = 64 << 10;

/// The text with tabs between its cells, if only blanks separate those of its first line. A line may have more words than
/// there are columns: the last column has them.
pub(super) fn with_tabs(text: &str) -> Cow<'_, str> {
    let Some(head) = first_line(text) else {
        return text.into();
    };
    let words = words(head);
    if words.len() < 2 || head.contains(SEPARATORS.map(char::from)) {
        return text.into();
    }
    let is_number = |word: &&str| word.parse::<f64>().is_ok();
    // Without names, the rows are start, end and class.
    let columns = if words[..2].iter().all(is_number) {
        words.len().min(3)
    } else {
        // R gives its numbers of rows no name.
        let mut below = text.lines().skip_while(|line| line.trim() != head).skip(1);
        words.len() + usize::from(below.all(|line| has_row_name(line, words.len())))
    };
    let line = |line: &str| match line.trim_start().strip_prefix('#') {
        Some(comment) => format!("#{}\n", cells(comment, columns)),
        None => cells(line, columns) + "\n",
    };
    text.lines().map(line).collect::<String>().into()
}

/// Units of HTK's label files in a second.
const HTK: f64 = 1e7;
/// Whole seconds that no label file has, and HTK's has in a hundredth of a second.
const MANY: u64 = 100_000;

/// The text of a label file of HTK, `0 5000000 class`, with times in seconds; `None` for other files.
pub(super) fn htk(path: &Path, text: &str) -> Option<String> {
    let is_lab = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("lab"));
    if !is_lab {
        return None;
    }
    let parts = |line: &str| -> Option<(u64, u64, String)> {
        let mut words = line.split_whitespace();
        let times = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((times.0, times.1, words.collect::<Vec<_>>().join(" ")))
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let all: Vec<_> = lines.map(parts).collect::<Option<_>>()?;
    let largest = all.iter().map(|(_, end, _)| *end).max()?;
    let line = |(start, end, rest): &(u64, u64, String)| {
        format!("{} {} {rest}\n", *start as f64 / HTK, *end as f64 / HTK)
    };
    (largest >= MANY).then(|| all.iter().map(line).collect())
}

fn cells(line: &str, columns: usize) -> String {
    let mut rest = line.trim();
    let mut all = Vec::new();
    while all.len() + 1 < columns && word_end(rest) < rest.len() {
        let (word, more) = rest.split_at(word_end(rest));
        all.push(word);
        rest = more.trim_start();
    }
    all.push(rest);
    all.join("\t")
}

fn words(line: &str) -> Vec<&str> {
    let mut rest = line.trim();
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, more) = rest.split_at(word_end(rest));
        words.push(word);
        rest = more.trim_start();
    }
    words
}

/// Whether a line, if it is none without words, has a word more than there are columns, and the first is in quotation marks.
fn has_row_name(line: &str, columns: usize) -> bool {
    let words = words(line);
    words.is_empty() || words.len() == columns + 1 && words[0].starts_with('"')
}

/// Where the first word of a line ends; blanks in quotation marks belong to it.
fn word_end(line: &str) -> usize {
    let quoted = line.strip_prefix('"').and_then(|rest| rest.find('"'));
    let from = quoted.map_or(0, |at| at + 2);
    let end = line[from..].find(char::is_whitespace);
    end.map_or(line.len(), |end| from + end)
}

/// The comment right above the first row, which may have the names of the columns.
pub(super) fn comment_above(text: &str) -> Option<&str> {
    let above = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let comments = above.take_while(|line| line.starts_with('#'));
    comments.last().map(|line| line.trim_start_matches('#'))
}

/// Information on lines with a number of `cells` that `#` makes comments.
pub(super) fn comments(text: &str, separator: u8, cells: usize) -> Option<String> {
    let is_row = |(_, line): &(usize, &str)| {
        line.starts_with('#') && line.split(char::from(separator)).count() == cells
    };
    let lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()));
    let below = lines.skip_while(|(_, line)| line.is_empty() || line.starts_with('#'));
    let all: Vec<(usize, &str)> = below.filter(is_row).collect();
    let (line, first) = all.first().filter(|_| cells > 1)?;
    Some(format!(
        "{} beginning with `#` not read, as comments are: line {line} is `{first}`",
        counted(all.len(), "line")
    ))
}

/// The text without the line `sep=;` that spreadsheets read.
pub(super) fn without_sep(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default().trim_end();
    match line.strip_prefix("sep=") {
        // The lines keep their numbers.
        Some(separator) if separator.chars().count() < 2 => &text[line.len()..],
        _ => text,
    }
}

/// Lines in which the names of columns are sought.
const LINES: usize = 50;

/// The text with empty lines in place of those above the names of its columns, and the line of the names from 1; `None` if no
/// line below the first has the names that are needed.
pub(super) fn names_below(text: &str, settings: &LabelsFile) -> Option<(String, usize)> {
    let mut rest = text;
    for above in 1..LINES {
        rest = rest.split_once('\n')?.1;
        let line = rest.lines().next()?.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = with_tabs(line);
        let separator = separator(&line);
        let names = reader(&line, separator).records().next()?.ok()?;
        let found = Columns::find(&names, Separated(separator), settings);
        if found.is_ok_and(|columns| columns.named) {
            return Some(("\n".repeat(above) + rest, above + 1));
        }
    }
    None
}

/// The time from which those of annotations of MNE count, if a comment tells it: `# orig_time : 2024-05-01 10:00:00`.
pub(super) fn orig_time(text: &str) -> Option<i64> {
    let lines = text.lines().map(str::trim).take(LINES);
    let mut comments = lines.filter_map(|line| line.strip_prefix('#'));
    let time = comments.find_map(|line| {
        line.trim()
            .strip_prefix("orig_time")?
            .trim()
            .strip_prefix(':')
    })?;
    parse_time(time).ok()
}

/// A warning of a zone other than UTC that a line above the rows tells, where the times have none.
pub(super) fn zone(text: &str) -> Option<String> {
    let end = text.match_indices('\n').nth(LINES - 1);
    let head = &text[..end.map_or(text.len(), |(at, _)| at)];
    zone_of_heading(head.as_bytes()).map(|line| {
        format!(
            "the heading says `{line}`, but the times have no offset and are read as UTC: write them in UTC, or with an offset such \
             as -05:00"
        )
    })
}

/// What a file is that is no table of text; `None` if it is unknown.
pub(super) fn other(path: &Path) -> Option<LabelTableError> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(HEAD).read_to_end(&mut head).ok()?;
    let what = if head.starts_with(b"PAR1") {
        "a Parquet table"
    } else if gzip::is(&head) {
        // Unpacked, or an error of its own.
        return None;
    } else {
        signatures::of(&head)?.what
    };
    Some(LabelTableError::Other { what })
}

/// Finds the columns by the names in the first row, or in a comment above it; and the row of names.
///
/// # Errors
/// If a column is missing.
pub(super) fn columns_of(
    text: &str,
    first: &csv::StringRecord,
    separated: Separated,
    settings: &LabelsFile,
) -> Result<(Columns, csv::StringRecord), LabelTableError> {
    let found = Columns::find(first, separated, settings);
    let found = found.map(|columns| (columns, first.clone()));
    if found.as_ref().is_ok_and(|(columns, _)| columns.named) {
        return found;
    }
    let above = comment_above(text)
        .and_then(|comment| reader(comment, separated.0).records().next()?.ok())
        .filter(|names| names.len() == first.len());
    let Some(names) = above else {
        return found;
    };
    let is_number = |cell: &str| separated.number(cell).parse::<f64>().is_ok();
    let are_names = first.iter().any(is_number)
        && !names.iter().any(is_number)
        && (found.is_err()
            || all_plain(&names)
                .iter()
                .any(|(name, _)| STARTS.contains(&&**name))
            || names.iter().any(|name| numbers::counted(name).is_some()));
    match Columns::find(&names, separated, settings) {
        Ok(columns) if columns.named => Ok((
            Columns {
                above: true,
                ..columns
            },
            names,
        )),
        // What the names lack, rather than what the first row is.
        Err(lacking) if are_names => Err(lacking),
        _ => found,
    }
}
