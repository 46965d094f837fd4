//! What `data inspect` prints.

use std::collections::{BTreeMap, BTreeSet};

use super::super::table;
use super::{Channel, Note, Pick, SampleStatistics};

pub(super) fn of_samples(found: &[SampleStatistics], names: &BTreeMap<i64, String>) -> String {
    let labels: BTreeSet<i64> = found
        .iter()
        .flat_map(|statistics| statistics.labels.keys().copied())
        .collect();
    let name = |label: &i64| {
        names.get(label).map_or_else(
            || format!("label {label}"),
            |name| format!("{label} {name}"),
        )
    };
    let heads = ["", "samples", "groups"]
        .map(String::from)
        .into_iter()
        .chain(labels.iter().map(name));
    let mut rows = vec![heads.collect::<Vec<_>>()];
    for statistics in found {
        let counts = labels
            .iter()
            .map(|label| statistics.labels.get(label).copied().unwrap_or(0));
        let numbers = [statistics.samples, statistics.groups]
            .into_iter()
            .chain(counts)
            .map(|n| n.to_string());
        rows.push(
            std::iter::once(statistics.name.clone())
                .chain(numbers)
                .collect(),
        );
    }
    let mut text = table(&rows);
    for statistics in found {
        let shapes: Vec<String> = statistics
            .shapes
            .iter()
            .map(|(shape, n)| format!("{n} of {shape}"))
            .collect();
        let range = match (statistics.smallest, statistics.largest) {
            (Some(low), Some(high)) => format!("values from {low} to {high}"),
            _ => "no values".into(),
        };
        text.push_str(&format!(
            "\n{}: {}; {range}",
            statistics.name,
            shapes.join(", ")
        ));
        if statistics.not_finite > 0 {
            text.push_str(&format!(
                "; {} samples have values that are not finite",
                statistics.not_finite
            ));
        }
        if statistics.constant_channels > 0 {
            text.push_str(&format!(
                "; {} channels of samples are constant",
                statistics.constant_channels
            ));
        }
    }
    text.push('\n');
    text
}

pub(super) fn of_recordings(channels: &[Channel], picks: &[Pick], notes: &[Note]) -> String {
    let unknown = || "not known".to_owned();
    // Without a finite sample, there is none.
    let extreme = |value: f64| {
        let finite = Some(value).filter(|value| value.is_finite());
        finite.map_or_else(|| "-".to_owned(), |value| value.to_string())
    };
    let heads = [
        "channel",
        "start",
        "Hz",
        "samples",
        "seconds",
        "stretches",
        "smallest",
        "largest",
        "not finite",
    ];
    let mut text = String::new();
    let files: BTreeSet<&String> = channels.iter().map(|channel| &channel.file).collect();
    for file in files {
        let mut rows = vec![heads.map(String::from).to_vec()];
        for row in channels.iter().filter(|channel| channel.file == *file) {
            rows.push(vec![
                row.channel.clone(),
                row.start.clone(),
                row.sampling_rate
                    .map_or_else(unknown, |rate| rate.to_string()),
                row.samples.to_string(),
                row.seconds
                    .map_or_else(unknown, |seconds| format!("{seconds:.3}")),
                row.stretches.to_string(),
                extreme(row.smallest),
                extreme(row.largest),
                row.not_finite.to_string(),
            ]);
        }
        text.push_str(&format!("{file}\n{}", table(&rows)));
        for pick in picks.iter().filter(|pick| pick.file == *file) {
            let name = Some(&pick.name).filter(|name| !name.is_empty());
            let name = name.map_or(String::new(), |name| format!(" `{name}`"));
            let (field, time, seconds) = (pick.field, &pick.time, pick.seconds);
            text.push_str(&format!(
                "pick: {field}{name} {time}, {seconds:.3} s from the first sample\n"
            ));
        }
        for note in notes.iter().filter(|note| note.file == *file) {
            text.push_str(&format!("note: {}\n", note.note));
        }
    }
    text
}
