//! The names of the columns of a table of metrics, and what the columns are for.

use std::collections::BTreeSet;

use crate::catalogue::tags::{TagMeaning, is_metric, is_own_score, meaning, words};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Epoch,
    Step,
    /// A column without a name, as pandas writes the numbers of rows.
    Index,
    Value,
}

impl Role {
    pub fn of(i: usize, name: &str) -> Self {
        match &name.to_lowercase()[..] {
            "epoch" | "epochs" => Role::Epoch,
            "step" | "steps" | "global_step" | "iteration" | "iter" | "training_iteration" => {
                Role::Step
            }
            "" | "unnamed: 0" if i == 0 => Role::Index,
            _ => Role::Value,
        }
    }
}

/// The names of the columns.
pub(super) struct Header<'a> {
    pub separator: char,
    pub line: &'a str,
    pub roles: Vec<Role>,
    pub names: Vec<String>,
}

impl<'a> Header<'a> {
    /// The header, if it is one of metrics.
    pub fn of(text: &'a str) -> Option<Self> {
        let line = lines(text).next()?.1;
        let count = |separator: &char| line.matches(*separator).count();
        let separator = [',', ';', '\t'].into_iter().max_by_key(count)?;
        Self::of_line(line, separator)
    }

    /// Another header within the table, as after a change of the program that appends to it.
    pub fn again(line: &'a str, separator: char) -> Option<Self> {
        let is_number = |cell: &String| cell.trim_end_matches('%').parse::<f64>().is_ok();
        let is_begin = line
            .trim_start()
            .starts_with(|c: char| c.is_alphabetic() || c == '"');
        let header = Self::of_line(line, separator).filter(|_| is_begin)?;
        (!header.names.iter().any(is_number)).then_some(header)
    }

    /// Why rows below it are those of several runs, in words.
    pub fn several_runs(&self, text: &str) -> Option<String> {
        let columns: Vec<usize> = (0..self.names.len())
            .filter(|at| tells_runs(&self.names[*at]))
            .collect();
        if columns.is_empty() {
            return None;
        }
        let rows = lines(text).skip(1).map(|(_, line)| line);
        let rows = rows.filter(|line| *line != self.line);
        let rows = rows.map(|line| cells(line, self.separator));
        let rows = rows.filter(|cells| cells.len() == self.names.len());
        several_runs(
            rows.flat_map(|cells| {
                let cells = columns.iter().map(move |at| (*at, cells[*at].clone()));
                cells.collect::<Vec<_>>()
            })
            .map(|(at, cell)| (&self.names[at][..], cell)),
        )
    }

    fn of_line(line: &'a str, separator: char) -> Option<Self> {
        let names = cells(line, separator);
        let roles: Vec<Role> = names
            .iter()
            .enumerate()
            .map(|(i, name)| Role::of(i, name))
            .collect();
        let has = |role| roles.contains(&role);
        let named = roles.iter().zip(&names);
        let named = named.filter(|(role, _)| **role != Role::Index);
        let named: Vec<&str> = named.map(|(_, name)| &name[..]).collect();
        let is_counted =
            has(Role::Epoch) || has(Role::Step) || has(Role::Index) && is_of_epochs(&named);
        let is_table = is_counted && names.iter().any(|name| is_metric(name))
            || has(Role::Epoch) && names.iter().any(|name| is_own_score(name));
        is_table.then_some(Self {
            separator,
            line,
            roles,
            names,
        })
    }
}

/// Whether these are the names of a history, whose rows are epochs although nothing counts them: it has nothing but metrics, those
/// of the user with their validation. Rows may be those of folds or models, too.
pub(super) fn is_of_epochs(names: &[&str]) -> bool {
    names.iter().all(|name| {
        let meaning = meaning("", name);
        matches!(meaning, TagMeaning::Metric(..) | TagMeaning::LearningRate)
            || name.starts_with("val_")
            || names.contains(&&*format!("val_{name}"))
    })
}

/// Words of columns that tell runs apart, and of settings that do not change within a run.
const OF_RUNS: [&str; 13] = [
    "fold",
    "kfold",
    "run",
    "run_id",
    "run_name",
    "name",
    "model",
    "trial",
    "trial_id",
    "experiment",
    "rev",
    "seed",
    "batch_size",
];

/// Whether a column or field tells runs apart.
pub(super) fn tells_runs(name: &str) -> bool {
    OF_RUNS.contains(&&*words(name).join("_"))
}

/// The first name in `runs` that has several values, and how many, in words that follow the name of the file.
pub(super) fn several_runs<'a>(values: impl Iterator<Item = (&'a str, String)>) -> Option<String> {
    let mut found: Vec<(&str, BTreeSet<String>)> = Vec::new();
    for (name, value) in values {
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => drop(values.insert(value)),
            None => found.push((name, BTreeSet::from([value]))),
        }
    }
    let (name, values) = found.into_iter().find(|(_, values)| values.len() > 1)?;
    Some(format!(
        "whose rows are those of several runs, as `{name}` has {} values: write the rows of each into a file in a folder of its own",
        values.len()
    ))
}

/// Lines with their numbers, without empty ones and comments.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
}

/// The cells of a line, without quotes.
pub(super) fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == separator && !quoted => cells.push(String::new()),
            c => cells.last_mut().expect("never empty").push(c),
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_files_are_tables() {
        for (text, expected) in [
            ("epoch,accuracy,loss,val_accuracy,val_loss\n", true),
            ("\u{feff}epoch;loss;val_loss\r\n", true),
            (",loss,accuracy\n0,1,0.5\n", true),
            ("step,train_loss_step,val_loss\n", true),
            ("  epoch,  metrics/mAP50(B),  lr/pg0\n", true),
            ("epoch,train_dice,val_dice\n", true),
            ("epoch,train_dice\n", false),
            ("Wall time,Step,Value\n", false),
            ("time,accuracy\n", false),
            ("epoch,x,y\n", false),
            ("loss,accuracy\n", false),
            ("Epoch 1/10: loss 0.5\n", false),
            ("", false),
        ] {
            assert_eq!(Header::of(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn cells_of_a_line() {
        assert_eq!(cells("0, 0.5,\"[1, 2]\",", ','), ["0", "0.5", "[1, 2]", ""]);
    }
}
