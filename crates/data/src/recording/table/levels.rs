//! Names of columns in several lines, one a level, as pandas writes them.

use super::super::text::cell;
use super::units::{UNITS, plain_unit, unit};

/// Joins the `names` in line `found` with those of the other lines of a `block`, as `A.Z`: lines above if it names the
/// first column alone, and the next line below if names are there twice without it.
pub(super) fn join(names: &mut [String], found: usize, block: &[usize], above: &[&[Vec<u8>]]) {
    let is_full = |line: &usize| {
        let cells = above[*line].get(1..names.len());
        cells.is_some_and(|cells| !cells.is_empty() && cells.iter().all(|cell| !cell.is_empty()))
    };
    let (first, others) = match &names {
        [first, others @ ..] if !others.is_empty() => (first, others),
        _ => return,
    };
    let levels: Vec<usize> = if others.iter().all(String::is_empty) && !first.is_empty() {
        let upper = block.iter().copied().filter(|line| *line < found);
        let mut upper: Vec<usize> = upper.take_while(is_full).collect();
        upper.reverse();
        upper
    } else if is_full(&found) && is_any_twice(others) {
        let lower = found + 1;
        let is_level = block.contains(&lower) && is_full(&lower);
        if !is_level || above[lower].iter().any(|cell| is_unit(cell)) {
            return;
        }
        vec![found, lower]
    } else {
        return;
    };
    let joined = (1..names.len()).map(|column| {
        let parts = levels.iter().map(|line| cell(&above[*line][column]));
        parts.collect::<Vec<String>>().join(".")
    });
    let joined: Vec<String> = joined.collect();
    if !levels.is_empty() && !is_any_twice(&joined) {
        names[1..].clone_from_slice(&joined);
    }
}

fn is_unit(cell: &[u8]) -> bool {
    let cell = plain_unit(cell);
    UNITS.contains(&&*cell) || unit(&cell).is_some()
}

fn is_any_twice(names: &[String]) -> bool {
    (1..names.len()).any(|i| names[..i].contains(&names[i]))
}
