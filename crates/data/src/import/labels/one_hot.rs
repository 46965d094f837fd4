//! Classes in columns of their own, of which each row marks one: `start,end,walk,run` with 1 and 0.

use csv::StringRecord;

use super::flags::{CHANNELS, FLAGS, is_mark, is_yes};
use super::heads::{
    CLASSES, DURATIONS, ENDS, EVENTS, FILES, PICKS, STARTS, STATIONS, STATUS, all_plain, cell,
    with_cells,
};
use super::settings::LabelsFile;

/// The rows, the names first, with a column of classes if there is none and each row marks at most one of several columns; and
/// information on it. Rows that mark none are left out.
pub(super) fn with_class(
    rows: Vec<StringRecord>,
    settings: &LabelsFile,
) -> (Vec<StringRecord>, Option<String>) {
    let Some(columns) = marked(&rows, settings) else {
        return (rows, None);
    };
    let mut rows = rows.into_iter();
    let names = rows.next().unwrap_or_default();
    let mut left_out = 0;
    let mut all = vec![with_cells(&names, names.iter().chain(["class"]))];
    for row in rows {
        let is_blank = row.iter().all(str::is_empty);
        let Some(at) = columns.iter().find(|at| is_yes(cell(&row, **at))) else {
            left_out += usize::from(!is_blank);
            continue;
        };
        let cells = (0..names.len()).map(|at| cell(&row, at));
        all.push(with_cells(&row, cells.chain([cell(&names, *at)])));
    }
    let shown = columns.iter().map(|at| format!("`{}`", cell(&names, *at)));
    let left_out = match left_out {
        0 => String::new(),
        1 => "; one row that marks none is left out".into(),
        rows => format!("; {rows} rows that mark none are left out"),
    };
    let note = format!(
        "columns {} mark the class of each row{left_out}",
        shown.collect::<Vec<_>>().join(", ")
    );
    (all, Some(note))
}

/// The columns that mark classes, two or more.
fn marked(rows: &[StringRecord], settings: &LabelsFile) -> Option<Vec<usize>> {
    let (names, below) = rows.split_first()?;
    let plain = all_plain(names);
    let has = |known: &[&str]| plain.iter().any(|(name, _)| known.contains(&&**name));
    if settings.class.is_some() || !has(&STARTS) || has(&CLASSES) {
        return None;
    }
    let others = [
        &STARTS[..],
        &ENDS,
        &DURATIONS,
        &EVENTS,
        &FILES,
        &PICKS,
        &STATIONS,
        &STATUS,
        &CHANNELS,
    ];
    let is_other = |name: &str| {
        let is_flag = FLAGS.iter().any(|(flag, _)| *flag == name);
        name.is_empty() || is_flag || others.iter().any(|known| known.contains(&name))
    };
    let is_class = |at: &usize| {
        let mut cells = below.iter().map(|row| cell(row, *at));
        !is_other(&plain[*at].0) && cells.clone().all(is_mark) && cells.any(is_yes)
    };
    let columns: Vec<usize> = (0..names.len()).filter(is_class).collect();
    let marks = |row: &StringRecord| columns.iter().filter(|at| is_yes(cell(row, **at))).count();
    (columns.len() > 1 && below.iter().all(|row| marks(row) < 2)).then_some(columns)
}
