//! Tables of labels in other forms: blanks between the cells, names of the columns in a comment; and files that are no tables.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use super::columns::Columns;
use super::heads::{SEPARATORS, Separated, first_line, reader};
use super::settings::LabelsFile;
use crate::error::import::LabelTableError;
use crate::recording::signatures;

/// Bytes by which a file of another kind is recognised.
const HEAD: u64 = 64 << 10;

/// The text with tabs between its cells, if only blanks separate those of its first line. A line may have more words than
/// there are columns: the last column has them.
pub(super) fn with_tabs(text: &str) -> Cow<'_, str> {
    let Some(head) = first_line(text) else {
        return text.into();
    };
    let words: Vec<&str> = head.split_whitespace().collect();
    if words.len() < 2 || head.contains(SEPARATORS.map(char::from)) || text.contains('"') {
        return text.into();
    }
    let is_number = |word: &&str| word.parse::<f64>().is_ok();
    // Without names, the rows are start, end and class.
    let columns = if words[..2].iter().all(is_number) {
        words.len().min(3)
    } else {
        words.len()
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
        .is_some_and(|own| own.eq_ignore_ascii_case("lab"));
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
    while all.len() + 1 < columns
        && let Some((word, more)) = rest.split_once(char::is_whitespace)
    {
        all.push(word);
        rest = more.trim_start();
    }
    all.push(rest);
    all.join("\t")
}

/// The comment right above the first row, which may have the names of the columns.
pub(super) fn comment_above(text: &str) -> Option<&str> {
    let above = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let comments = above.take_while(|line| line.starts_with('#'));
    comments.last().map(|line| line.trim_start_matches('#'))
}

/// What a file is that is no table of text; `None` if it is unknown.
pub(super) fn other(path: &Path) -> Option<LabelTableError> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(HEAD).read_to_end(&mut head).ok()?;
    let what = if head.starts_with(b"PAR1") {
        "a Parquet table"
    } else {
        signatures::of(&head)?.what
    };
    Some(LabelTableError::Other { what })
}
/// Finds the columns by the names in the first row, or in a comment above it.
///
/// # Errors
/// If a column is missing.
pub(super) fn columns_of(
    text: &str,
    first: &csv::StringRecord,
    separated: Separated,
    settings: &LabelsFile,
) -> Result<Columns, LabelTableError> {
    let found = Columns::find(first, separated, settings);
    if found.as_ref().is_ok_and(|own| own.named) {
        return found;
    }
    let above = comment_above(text)
        .and_then(|comment| reader(comment, separated.0).records().next()?.ok())
        .filter(|names| names.len() == first.len());
    let Some(names) = above else {
        return found;
    };
    let is_number = |cell: &str| separated.number(cell).parse::<f64>().is_ok();
    match Columns::find(&names, separated, settings) {
        Ok(own) if own.named => Ok(Columns { above: true, ..own }),
        // What the names lack, rather than what the first row is.
        Err(lacking)
            if found.is_err() && first.iter().any(is_number) && !names.iter().any(is_number) =>
        {
            Err(lacking)
        }
        _ => found,
    }
}
