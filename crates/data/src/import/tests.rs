//! Properties of whole imports.

use std::collections::HashSet;
use std::path::Path;

use proptest::prelude::*;

use super::{RecordingsConfig, SPLITS, import};
use crate::reader;

/// A table of `rows` rows at 10 Hz whose samples are all different.
fn table(path: &Path, rows: usize, first: usize) {
    let lines: String = (0..rows)
        .map(|i| {
            format!(
                "{:.1},{},{}\n",
                i as f64 / 10.0,
                first + i,
                first + i + 50_000
            )
        })
        .collect();
    std::fs::write(path, format!("time,Z,N\n{lines}")).unwrap();
}

/// Begin in tenths of a second, length in tenths, class, event.
type Event = (u32, u32, usize, usize);

fn labels(events: &[Event]) -> String {
    let label = |(start, length, class, event): &Event| {
        format!(
            "      - {{start: {}, end: {}, class: {}, event: e{event}}}\n",
            f64::from(*start) / 10.0,
            f64::from(start + length) / 10.0,
            ["quiet", "steps"][*class]
        )
    };
    events.iter().map(label).collect()
}

/// The samples of every split, and the groups.
fn samples(out: &Path) -> [(HashSet<u32>, HashSet<String>); 3] {
    SPLITS.map(|split| {
        let mut own = (HashSet::new(), HashSet::new());
        let shard = out.join(format!("{split}-00000-of-00001.tfrecord"));
        if shard.exists() {
            reader::read(&shard, &Default::default(), &mut |record| {
                own.0.extend(record.values.iter().map(|v| *v as u32));
                own.1.extend(record.group);
                Ok(())
            })
            .unwrap();
        }
        own
    })
}

fn event() -> impl Strategy<Value = Event> {
    (0u32..560, 4u32..60, 0usize..2, 0usize..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the events, the way to split and the distance of windows: no sample is in two splits. The second recording
    /// is the same file by another name, the third another channel of it, the fourth a file of its own.
    #[test]
    fn no_two_windows_of_different_splits_share_a_sample(
        events in proptest::collection::vec(event(), 4..14),
        others in proptest::collection::vec(event(), 1..6),
        by in 0usize..4,
        hop in 3u32..10,
        splits in (0usize..3, 0usize..3, 0usize..3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        table(&at("a.csv"), 600, 0);
        std::fs::copy(at("a.csv"), at("copy.csv")).unwrap();
        table(&at("b.csv"), 300, 1000);
        let recording = |name: &str, file: &str, split: usize, events: &[Event]| format!(
            "  - name: {name}\n    files: [{file}]\n    split: {}\n    labels:\n{}", SPLITS[split], labels(events)
        );
        let mut text = format!(
            "sampling_rate: 10\nwindow: 0.8\nhop: {}\nchannels: [Z, N]\nclass_names: [quiet, steps]\nsplit: {{by: {}}}\n\
             recordings:\n",
            f64::from(hop) / 10.0, ["recording", "event", "time", "given"][by]
        );
        text += &recording("one", "a.csv", splits.0, &events);
        text += &recording("two", "copy.csv", splits.1, &others);
        text += &recording("three", "a.csv", splits.2, &others).replace("labels:", "channels: [N, Z]\n    labels:");
        text += &recording("four", "b.csv", 1, &events);
        std::fs::write(at("list.yaml"), text).unwrap();
        let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
        let result = import(&config, &at("out"), 100_000, &mut |_| ());
        if let Err(error) = result {
            // Too few groups for every split is all that may go wrong.
            prop_assert!(error.to_string().contains("more recordings or events are needed"), "{error}");
            return Ok(());
        }
        let [train, val, test] = samples(&at("out"));
        for (a, b) in [(&train, &val), (&train, &test), (&val, &test)] {
            prop_assert!(a.0.is_disjoint(&b.0));
            prop_assert!(a.1.is_disjoint(&b.1));
        }
    }
}

/// Two imports of one list are equal to the byte, reports included.
#[test]
fn imports_repeat_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    table(&at("a.csv"), 600, 0);
    let events: Vec<Event> = (0..10)
        .map(|i| (i * 60, 40, i as usize % 2, i as usize))
        .collect();
    let text = format!(
        "sampling_rate: 10\nwindow: 0.8\nchannels: [Z, N]\nclass_names: [quiet, steps]\nsplit: {{by: event}}\nrecordings:\n\
         \x20 - files: [a.csv]\n    labels:\n{}",
        labels(&events)
    );
    std::fs::write(at("list.yaml"), text).unwrap();
    let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
    let files = |out: &Path| {
        import(&config, out, 7, &mut |_| ()).unwrap();
        let mut names: Vec<_> = std::fs::read_dir(out)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        names.sort();
        names
    };
    let (one, two) = (files(&at("one")), files(&at("two")));
    assert!(one.len() > 6);
    assert_eq!(one.len(), two.len());
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(one.file_name(), two.file_name());
        assert!(
            std::fs::read(one).unwrap() == std::fs::read(two).unwrap(),
            "{}",
            one.display()
        );
    }
}
