//! Tables whose columns are numbered, as pandas writes arrays: their line of names, and windows in their rows.

use super::super::Hints;
use super::packed::{Channels, numbered_names};

/// Numbers of a line of names, at least.
const FEWEST: usize = 8;
/// Columns of a table of windows, at least: few recorders have as many channels.
const MANY: usize = 64;
/// Names of columns, without their numbers, that are not those of channels.
const VALUES: [&str; 25] = [
    "",
    "s",
    "samples",
    "sample",
    "v",
    "val",
    "value",
    "values",
    "d",
    "data",
    "p",
    "point",
    "x",
    "y",
    "w",
    "f",
    "feat",
    "feature",
    "features",
    "t",
    "col",
    "column",
    "signal",
    "amplitude",
    "unnamed",
];
/// Names of columns of classes.
const CLASSES: [&str; 8] = [
    "label", "labels", "class", "target", "y", "classes", "category", "activity",
];

/// Whether a row has the numbers of columns, from 0 or 1 on, and names or nothing at its ends, while the next row is none such.
pub(super) fn is_names(row: &[Vec<u8>], next: Option<&Vec<Vec<u8>>>) -> bool {
    let is_first = counted(row).is_some_and(|first| first <= 1);
    is_first && next.is_some_and(|next| counted(next).is_none())
}

/// The first of numbers that a row counts.
fn counted(row: &[Vec<u8>]) -> Option<u64> {
    let number = |cell: &Vec<u8>| str::from_utf8(cell).ok()?.trim().parse::<u64>().ok();
    let numbers: Vec<Option<u64>> = row.iter().map(number).collect();
    let begin = numbers.iter().position(Option::is_some)?;
    let end = numbers.iter().rposition(Option::is_some)? + 1;
    let inner = &numbers[begin..end];
    let is_next =
        |pair: &[Option<u64>]| matches!(pair, [Some(one), Some(next)] if one + 1 == *next);
    (inner.len() >= FEWEST && inner.windows(2).all(is_next)).then(|| inner[0])?
}

/// What to say of many numbered columns without times, which are rather windows in rows than channels.
pub(super) fn note(channels: &Channels, times: Option<&[i64]>, hints: &Hints) -> Option<String> {
    if times.is_some() || hints.samples_in_rows.is_some() {
        return None;
    }
    let name = |at: usize| &*channels[at].0;
    let found = numbered_names(channels.iter().map(|(name, _)| &**name)).into_iter();
    let (stem, columns) = found.max_by_key(|(_, columns)| columns.len())?;
    let is_wanted = |at: &usize| hints.channels.iter().any(|wanted| wanted == name(*at));
    let is_value = VALUES.contains(&&*stem.to_lowercase());
    if columns.len() < MANY || !is_value || columns.iter().any(is_wanted) {
        return None;
    }
    let is_class = |name: &&str| CLASSES.contains(&&*name.to_lowercase());
    let class = channels.iter().map(|(name, _)| &**name).find(is_class);
    let class = class.map_or(String::new(), |name| {
        format!(", whose classes are in `{name}`")
    });
    Some(format!(
        "columns `{}` to `{}` are taken for {count} channels, but each row rather looks like a window of {count} samples{class}: save \
         windows with NumPy, such as `np.savez('windows.npz', x=x, y=y)` with `x` of [windows, channels, samples], for an index file; \
         give the recording `samples_in_rows: true` if each row goes on where the one above ends, or `false` if they are channels",
        name(columns[0]),
        name(columns[columns.len() - 1]),
        count = columns.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{contents, noise};
    use super::*;

    const ROWS: usize = 40;

    /// A table of `count` columns called as `name` says, and others in front of and behind them.
    fn table(
        count: usize,
        name: impl Fn(usize) -> String,
        [front, behind]: [(&str, &str); 2],
    ) -> String {
        let cells = |front: &str, behind: &str, cell: &dyn Fn(usize) -> String| {
            let cells: Vec<String> = (0..count).map(cell).collect();
            format!("{front}{}{behind}\n", cells.join(","))
        };
        let rows = (0..ROWS).map(|row| {
            let front = front.1.replace('#', &row.to_string());
            cells(&front, behind.1, &|i| {
                format!("{:.3}", noise(row * count + i))
            })
        });
        cells(front.0, behind.0, &|i| name(i)) + &rows.collect::<String>()
    }

    fn counted_hints() -> Hints {
        Hints {
            sampling_rate: Some(100.0),
            ..Hints::default()
        }
    }

    /// pandas writes the numbers of columns, and of rows below nothing.
    #[test]
    fn numbers_of_columns_are_names() {
        let none = ("", "");
        for (ends, first) in [
            ([none, none], "0"),
            ([none, (",label", ",car")], "0"),
            ([none, (",label", ",3")], "0"),
            ([(",", "#,"), none], "0"),
        ] {
            for count in [10, 256] {
                let text = table(count, |i| i.to_string(), ends);
                let recording = contents(&text, &counted_hints()).unwrap();
                let trace = recording
                    .traces
                    .iter()
                    .find(|trace| trace.channel == first)
                    .unwrap();
                assert_eq!(trace.samples.len(), ROWS, "{count} {ends:?}");
                let most = trace
                    .samples
                    .iter()
                    .fold(0.0f64, |most, sample| most.max(sample.abs()));
                assert!(most < 1.0, "{most}");
            }
        }
        // Samples that count.
        let text: String = (0..20)
            .map(|row| {
                format!(
                    "{}\n",
                    (10 * row..10 * row + 10)
                        .map(|i| i.to_string())
                        .collect::<Vec<_>>()
                        .join(",")
                )
            })
            .collect();
        let recording = contents(
            &text,
            &Hints {
                samples_in_rows: Some(false),
                ..counted_hints()
            },
        );
        assert!(recording.is_err() || recording.unwrap().traces[0].samples.len() == 20);
    }

    #[test]
    fn windows_in_rows_are_said() {
        let said = |count: usize, stem: &str, behind: (&str, &str), hints: &Hints| {
            let text = table(count, |i| format!("{stem}{i}"), [("", ""), behind]);
            match contents(&text, hints) {
                Ok(recording) => recording.notes.all().join("; "),
                Err(problem) => problem.to_string(),
            }
        };
        let label = (",label", ",3");
        for stem in ["", "s", "feature_", "X"] {
            for hints in [counted_hints(), Hints::default()] {
                let said = said(256, stem, label, &hints);
                let expected = format!(
                    "columns `{stem}0` to `{stem}255` are taken for 256 channels, but each row rather looks like a window of 256 \
                     samples, whose classes are in `label`: save windows"
                );
                assert!(said.contains(&expected), "{said}");
            }
        }
        let given = Hints {
            samples_in_rows: Some(false),
            ..counted_hints()
        };
        for (count, stem, hints) in [
            (256, "ch", counted_hints()),
            (32, "s", counted_hints()),
            (256, "s", given),
        ] {
            let said = said(count, stem, label, &hints);
            assert!(!said.contains("looks like a window"), "{said}");
        }
    }
}
