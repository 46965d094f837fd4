//! Columns of a table of labels that are not read, and whose texts may tell whose labels the rows are.

use std::collections::BTreeSet;

use super::columns::Columns;
use super::heads::cell;

/// A column with different texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnusedColumn {
    pub name: String,
    pub texts: BTreeSet<String>,
}

/// Columns with more texts tell something of each row.
const MOST: usize = 1000;

/// The columns with two texts or more that [`Columns`] does not name; times are among them. There are none if a column tells
/// files or stations.
pub(super) fn unused(
    heads: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    columns: &Columns,
) -> Vec<UnusedColumn> {
    if !columns.named || columns.files.is_some() || columns.station.is_some() {
        return Vec::new();
    }
    let used = [Some(columns.class), columns.event, columns.status];
    let others = heads.iter().enumerate();
    let others = others.filter(|(at, _)| !used.contains(&Some(*at)));
    let column = |(at, name): (usize, &str)| {
        let texts = rows.iter().map(|row| cell(row, at).trim());
        let texts = texts.filter(|text| text.parse::<f64>().is_err() && text.chars().count() > 1);
        let texts: BTreeSet<String> = texts.map(str::to_owned).collect();
        (2..=MOST).contains(&texts.len()).then(|| UnusedColumn {
            name: name.to_owned(),
            texts,
        })
    };
    others.filter_map(column).collect()
}
