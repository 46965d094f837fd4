//! Properties of whole imports.

use std::cell::Cell;
use std::collections::HashSet;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{RecordingsConfig, SPLITS, import};
use crate::reader;

/// A table of `rows` rows at 10 Hz with all samples different.
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

/// Start and length in tenths of a second, class, event.
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

/// The samples and the groups of every split.
fn samples(out: &Path) -> [(HashSet<u32>, HashSet<String>); 3] {
    SPLITS.map(|split| {
        let mut found = (HashSet::new(), HashSet::new());
        let shard = out.join(format!("{split}-00000-of-00001.tfrecord"));
        if shard.exists() {
            reader::read(&shard, &Default::default(), &mut |record| {
                found.0.extend(record.values.iter().map(|v| *v as u32));
                found.1.extend(record.group);
                Ok(())
            })
            .unwrap();
        }
        found
    })
}

fn event() -> impl Strategy<Value = Event> {
    (0u32..560, 4u32..60, 0usize..2, 0usize..12)
}

/// Imports four recordings: the second is a copy of the file, the third another channel of it, the fourth a separate
/// file. `None` if there are too few groups for every split.
fn imported(
    out: &Path,
    (events, others): (&[Event], &[Event]),
    (by, hop, splits): (usize, u32, (usize, usize, usize)),
) -> Option<[(HashSet<u32>, HashSet<String>); 3]> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    table(&at("a.csv"), 600, 0);
    std::fs::copy(at("a.csv"), at("copy.csv")).unwrap();
    table(&at("b.csv"), 300, 1000);
    let recording = |name: &str, file: &str, split: usize, events: &[Event]| {
        let split = format!("    split: {}\n", SPLITS[split]);
        format!(
            "  - name: {name}\n    files: [{file}]\n{}    labels:\n{}",
            if by == 3 { split } else { String::new() },
            labels(events)
        )
    };
    let mut text = format!(
        "sampling_rate: 10\nwindow: 0.8\nhop: {}\nchannels: [Z, N]\nclass_names: [quiet, steps]\nsplit: {{by: {}}}\n\
         recordings:\n",
        f64::from(hop) / 10.0,
        ["recording", "event", "time", "given"][by]
    );
    text += &recording("one", "a.csv", splits.0, events);
    text += &recording("two", "copy.csv", splits.1, others);
    text += &recording("three", "a.csv", splits.2, others)
        .replace("labels:", "channels: [N, Z]\n    labels:");
    text += &recording("four", "b.csv", 1, events);
    std::fs::write(at("list.yaml"), text).unwrap();
    let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
    match import(&config, out, 100_000, &mut |_| ()) {
        Ok(_) => Some(samples(out)),
        Err(error) => {
            let error = error.to_string();
            assert!(
                error.contains("windows for training and") && error.contains("needed")
                    || error.contains("give recordings with labels `split: train`"),
                "{error}"
            );
            None
        }
    }
}

/// For any events, split method and hop, no sample is in two splits.
#[test]
fn no_two_windows_of_different_splits_share_a_sample() {
    let strategy = (
        (
            proptest::collection::vec(event(), 4..14),
            proptest::collection::vec(event(), 1..6),
        ),
        (0usize..4, 3u32..10, (0usize..3, 0usize..3, 0usize..3)),
    );
    // Counts imports with windows in both the training and the validation split; only those could share samples.
    let compared = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    });
    let result = runner.run(&strategy, |((events, others), settings)| {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let Some([train, val, test]) = imported(&out, (&events, &others), settings) else {
            return Ok(());
        };
        compared.set(compared.get() + usize::from(!train.0.is_empty() && !val.0.is_empty()));
        for (a, b) in [(&train, &val), (&train, &test), (&val, &test)] {
            prop_assert!(a.0.is_disjoint(&b.0));
            prop_assert!(a.1.is_disjoint(&b.1));
        }
        Ok(())
    });
    result.unwrap();
    assert!(
        compared.get() >= 12,
        "only {} of 48 imports had two splits",
        compared.get()
    );
}

/// Importing the same list twice gives identical bytes, including the reports.
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
    are_equal(&at("list.yaml"), [4, 4]);
}

/// Imports a list twice, with some numbers of threads, and compares all bytes.
fn are_equal(list: &Path, threads: [usize; 2]) {
    let config = RecordingsConfig::load(list).unwrap();
    let imports = threads.into_iter().enumerate().map(|(number, threads)| {
        let out = list.with_file_name(format!("out{number}"));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let mut said = Vec::new();
        let done = pool.unwrap().install(|| {
            import(&config, &out, 7, &mut |line| {
                said.push(line.replace(&*out.to_string_lossy(), ""));
            })
        });
        let done = done.unwrap();
        let names = std::fs::read_dir(&out).unwrap();
        let mut files: Vec<_> = names
            .map(|entry| {
                let path = entry.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                (path.file_name().unwrap().to_owned(), bytes)
            })
            .collect();
        files.sort();
        (files, said, done.warnings.all())
    });
    let imports: Vec<_> = imports.collect();
    let [one, two] = &imports[..] else {
        panic!("two imports");
    };
    assert!(one.0.len() > 6 && !one.1.is_empty());
    assert_eq!((&one.1, &one.2), (&two.1, &two.2));
    assert_eq!(one.0.len(), two.0.len());
    for (one, two) in one.0.iter().zip(&two.0) {
        assert!(one == two, "{:?}, {:?}", one.0, two.0);
    }
}

/// The same for recordings of several formats, with warnings, however many threads read them.
#[test]
fn mixed_imports_repeat_with_any_threads() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    (0..4).for_each(|i| table(&at(&format!("{i}.csv")), 300, 1_000 * i));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings");
    let mut list = String::from(
        "sampling_rate: 100\nwindow: 0.32\nchannels: [Z, N]\nclass_names: [quiet, steps]\nrecordings:\n\
         \x20 - {files: '*.csv', each_file: true, class: quiet}\n",
    );
    for (name, channels) in [
        ("steim2.mseed", "[EHZ, EHN]"),
        ("float32.mseed", "[EHZ, EHN]"),
        ("int16.wav", "['1', '2']"),
        ("float32.wav", "['2', '1']"),
    ] {
        let path = fixtures.join(name).display().to_string();
        list += &format!("  - {{files: ['{path}'], channels: {channels}, class: steps}}\n");
    }
    std::fs::write(at("list.yaml"), list).unwrap();
    are_equal(&at("list.yaml"), [1, 5]);
}

/// Lists of people with Windows have its separators in their paths.
#[test]
fn paths_with_backslashes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("day")).unwrap();
    table(&folder.path().join("day/a.csv"), 60, 0);
    std::fs::write(
        folder.path().join("day/a_labels.csv"),
        "start,end,class\n0,1,quiet\n",
    )
    .unwrap();
    let text = "sampling_rate: 10\nwindow: 0.8\nchannels: [Z, N]\nclass_names: [quiet, steps]\nrecordings:\n\
                \x20 - {files: 'day\\*a.csv', labels_file: day\\a_labels.csv}\n";
    let config = RecordingsConfig::parse(text, &folder.path().join("list.yaml")).unwrap();
    assert_eq!(
        config.recordings[0].files,
        [folder.path().join("day/a.csv")]
    );
    assert_eq!(config.recordings[0].labels.len(), 1);
}
