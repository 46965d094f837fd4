//! New names of columns: of those of the same name, and of those without one.

use std::collections::{HashMap, HashSet};

use super::super::{Notes, Remark};
use super::{Column, Values, counted};

/// Numbers the second and later columns of one name, as pandas does: they are different channels.
pub(super) fn rename_twins(columns: &mut [Column], notes: &mut Notes) {
    let mut taken: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut seen = HashMap::<String, usize>::new();
    for column in columns {
        let name = column.name.clone();
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 || name.is_empty() {
            continue;
        }
        // A name that another column has is passed over.
        let mut numbers = *count - 1..;
        let new = numbers.find_map(|number| {
            let new = format!("{name}.{number}");
            taken.insert(new.clone()).then_some(new)
        });
        let Some(new) = new else { continue };
        column.name.clone_from(&new);
        notes.push(Remark::Renamed { name, new });
    }
}

/// Names several columns of samples without names by their positions, as pandas does; one alone is called `unnamed`.
pub(super) fn name_unnamed(columns: &mut [Column], notes: &mut Notes) {
    let is_unnamed = |column: &Column| match &column.values {
        Values::Numbers(values) if column.name.is_empty() => {
            values.iter().any(|value| !value.is_nan()) && !counted::counts(values)
        }
        _ => false,
    };
    let all: Vec<usize> = (0..columns.len())
        .filter(|at| is_unnamed(&columns[*at]))
        .collect();
    if all.len() < 2 {
        return;
    }
    let new: Vec<String> = all.iter().map(|at| format!("Unnamed: {at}")).collect();
    for (at, new) in all.iter().zip(&new) {
        columns[*at].name.clone_from(new);
    }
    notes.push(Remark::Unnamed(new));
}
