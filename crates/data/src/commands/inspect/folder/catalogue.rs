//! Tables that name files and tell the class of each.

use std::collections::BTreeSet;
use std::path::Path;

use super::names::{is_group, is_label};
use crate::import::split_named;
use support::words::letters_and_digits;

/// A table with a row for each file.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    /// Names of its columns of files and of classes.
    pub columns: [String; 2],
    pub rows: Vec<Row>,
}

/// What a catalogue tells of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub file: String,
    pub class: String,
    pub group: Option<String>,
    pub split: Option<String>,
}

/// Reads a catalogue; `None` if a file is another table.
pub(super) fn of(path: &Path) -> Option<Catalogue> {
    let text = crate::text::read(path).ok()?;
    let head = text.lines().find(|line| !line.trim().is_empty())?;
    let count = |separator: &u8| head.bytes().filter(|byte| byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(count)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heads = reader.headers().ok()?.clone();
    let find = |is: &dyn Fn(&str) -> bool| heads.iter().position(is);
    let file = find(&names_files)?;
    find(&is_label)?;
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().ok()?;
    // A table of samples names its file in each row.
    let files: BTreeSet<&str> = rows.iter().map(|row| &row[file]).collect();
    if 2 * files.len() <= rows.len() {
        return None;
    }
    let is_text = |at: usize| rows.iter().any(|row| row[at].parse::<f64>().is_err());
    let mut labels = (0..heads.len()).filter(|at| is_label(&heads[*at]));
    // Often a number stands beside the name of the class.
    let class = labels.clone().find(|at| is_text(*at)).or(labels.next())?;
    let group = find(&is_group).filter(|at| *at != file);
    let split = find(&|head| {
        matches!(
            &*letters_and_digits(head),
            "split" | "set" | "subset" | "partition"
        )
    });
    let cell = |row: &csv::StringRecord, at: usize| {
        Some(row[at].to_owned()).filter(|value| !value.is_empty())
    };
    let row = |row: &csv::StringRecord| {
        Some(Row {
            file: cell(row, file)?,
            class: cell(row, class)?,
            group: group.and_then(|at| cell(row, at)),
            split: split
                .and_then(|at| split_named(&row[at]))
                .map(str::to_owned),
        })
    };
    Some(Catalogue {
        columns: [heads[file].to_owned(), heads[class].to_owned()],
        rows: rows.iter().filter_map(row).collect(),
    })
}

/// Whether a column of this name has the names of files.
fn names_files(head: &str) -> bool {
    let head = letters_and_digits(head);
    ["file", "path"].iter().any(|part| head.contains(part))
        || matches!(&*head, "fname" | "recording" | "audio" | "wav")
}
