//! Which recordings a table of labels is for, by the names of the files.

use std::collections::BTreeSet;

/// Words that tell a table of labels from its recording.
const OF_LABELS: [&str; 15] = [
    "label",
    "labels",
    "event",
    "events",
    "annotation",
    "annotations",
    "annotated",
    "marks",
    "selections",
    "table",
    "intervals",
    "class",
    "classes",
    "gt",
    "truth",
];

/// Words of a file's name without its ending, in lower case.
fn words(path: &[String]) -> Vec<String> {
    let name = path.last().map_or("", String::as_str).to_lowercase();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let words = stem
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// For each recording the number of its table; `None` if no table is for it. A table is for the recordings in whose names
/// are all words of its own name, but for words such as `labels`; the table with most words counts, in the same folder if
/// there is one. A table called `labels.csv` is for all recordings in its folder and below it.
pub(super) fn pairs(recordings: &[&[String]], tables: &[&[String]]) -> Vec<Option<usize>> {
    let of_tables: Vec<Vec<String>> = tables
        .iter()
        .map(|path| {
            let mut rest = words(path);
            rest.retain(|word| !OF_LABELS.contains(&word.as_str()));
            rest
        })
        .collect();
    let folder = |path: &[String]| path[..path.len().saturating_sub(1)].to_vec();
    let table_of = |path: &&[String]| {
        let path_words: BTreeSet<String> = words(path).into_iter().collect();
        let fits = |i: &usize| {
            let is_below = folder(path).starts_with(&folder(tables[*i]));
            let named = !of_tables[*i].is_empty()
                && of_tables[*i].iter().all(|word| path_words.contains(word));
            named || of_tables[*i].is_empty() && is_below
        };
        let rank = |i: &usize| {
            (
                folder(path) == folder(tables[*i]),
                of_tables[*i].len(),
                folder(tables[*i]).len(),
                usize::MAX - i,
            )
        };
        (0..tables.len()).filter(fits).max_by_key(rank)
    };
    recordings.iter().map(table_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_by_name() {
        let cut = |path: &&str| -> Vec<String> { path.split('/').map(str::to_owned).collect() };
        let paired = |recordings: &[&str], tables: &[&str]| {
            let paths: Vec<Vec<String>> = recordings.iter().map(cut).collect();
            let others: Vec<Vec<String>> = tables.iter().map(cut).collect();
            let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
            pairs(
                &paths,
                &others.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            )
        };
        let recordings = ["day1.mseed", "day2.mseed", "day3.mseed"];
        assert_eq!(
            paired(&recordings, &["day1.csv", "day2_labels.csv"]),
            [Some(0), Some(1), None]
        );
        assert_eq!(
            paired(
                &["wav/a.wav", "wav/b.wav"],
                &["labels/b.txt", "labels/a.txt"]
            ),
            [Some(1), Some(0)]
        );
        let cuts = [
            "2E.JULA.HH1.20200419T233929.ms",
            "2E.JULA.HHZ.20200713T010753.ms",
        ];
        assert_eq!(
            paired(&cuts, &["jula-20200419T233929.csv"]),
            [Some(0), None]
        );
        assert_eq!(
            paired(&["a/x.ms", "b/y.ms"], &["a/labels.csv"]),
            [Some(0), None]
        );
        let archive = ["2024/XX/A/HHZ.D/XX.A.00.HHZ.D.2024.122", "a/x.ms"];
        assert_eq!(
            paired(&archive, &["labels.csv", "a/labels.csv"]),
            [Some(0), Some(1)]
        );
    }
}
