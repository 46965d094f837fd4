use std::path::PathBuf;

use super::*;
use crate::reader;
use crate::recording::Counted;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet_lists")
}

fn records(name: &str, class_names: &[&str]) -> Result<Vec<Record>, String> {
    let wanted = SourceSelection {
        class_names: class_names.iter().map(ToString::to_string).collect(),
        ..Default::default()
    };
    let mut records = Vec::new();
    let read = reader::read(&fixtures().join(name), &wanted, &mut |record| {
        records.push(record);
        Ok(())
    });
    read.map(|()| records).map_err(|error| error.to_string())
}

/// Files of pandas and pyarrow (`scripts/conformance/make_parquet_lists.py`): row `i` has the numbers from `100 i` on.
#[test]
fn a_window_in_each_row() {
    for (name, shape) in [
        ("pandas.parquet", &[1, 8][..]),
        ("float32_nested.parquet", &[2, 4]),
        ("int16_fixed.parquet", &[2, 4]),
        ("float16_deep.parquet", &[2, 2, 2]),
        ("uint32_groups.parquet", &[1, 8]),
        ("structure.parquet", &[2, 4]),
        ("structures_in_lists.parquet", &[2, 4]),
        ("tensors.parquet", &[2, 4]),
        ("decimals.parquet", &[1, 8]),
        ("decimals_int32.parquet", &[1, 8]),
    ] {
        let records = records(name, &[]).unwrap();
        assert_eq!(records.len(), 150, "{name}");
        for (i, record) in records.iter().enumerate() {
            let expected: Vec<f32> = (0..8).map(|k| (10 * i + k) as f32).collect();
            assert_eq!(
                (&record.values, &record.shape[..]),
                (&expected, shape),
                "{name} {i}"
            );
            assert_eq!((record.record, record.label), (i, i as i64 % 3), "{name}");
            let group = format!("run {}", i / 50);
            assert_eq!(record.group.as_deref(), Some(&*group), "{name}");
        }
    }
}

/// A column for each sample of each channel.
#[test]
fn a_column_for_each_sample() {
    let records = records("wide.parquet", &[]).unwrap();
    assert_eq!(records.len(), 150);
    for (i, record) in records.iter().enumerate() {
        let expected = [0, 100].map(|first| (0..16).map(move |k| (10 * i + first + k) as f32));
        let expected: Vec<f32> = expected.into_iter().flatten().collect();
        assert_eq!(
            (&record.values, &record.shape[..]),
            (&expected, &[2, 16][..]),
            "{i}"
        );
        assert_eq!(
            (record.label, record.group.as_deref()),
            (i as i64 % 3, Some(&*format!("run {}", i / 50)))
        );
    }
}

/// The column of labels that the configuration names, though there is another.
#[test]
fn a_given_column_has_the_labels() {
    let by_task = SourceSelection {
        label: "group".into(),
        ..Default::default()
    };
    // A name of groups is none of labels, as a task's.
    assert_eq!(by_task.own_label(), None);
    let wanted = SourceSelection {
        given_label: Some("group".into()),
        class_names: (0..3).map(|i| format!("run {i}")).collect(),
        ..Default::default()
    };
    let mut found = Vec::new();
    reader::read(&fixtures().join("pandas.parquet"), &wanted, &mut |record| {
        found.push(record.label);
        Ok(())
    })
    .unwrap();
    let expected: Vec<i64> = (0..150).map(|i| i / 50).collect();
    assert_eq!(found, expected);
}

#[test]
fn labels_that_are_names_of_classes() {
    let labels = |names: &[&str]| {
        let read = records("text_labels.parquet", names);
        read.map(|all| {
            all.iter()
                .take(3)
                .map(|record| record.label)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(labels(&["c", "b", "a"]).unwrap(), [2, 1, 0]);
    let error = labels(&["a", "b"]).unwrap_err();
    assert!(
        error.contains("label 2, counted from 0, is `c`, which is not in"),
        "{error}"
    );
    let error = labels(&[]).unwrap_err();
    assert!(
        error.contains("its labels are texts (a, b, c): give these names in `class_names`"),
        "{error}"
    );
}

/// Windows that are classified may have labels that say nothing here.
#[test]
fn labels_may_be_anything_where_they_are_not_needed() {
    let wanted = SourceSelection {
        label_is_optional: true,
        ..Default::default()
    };
    let mut labels = Vec::new();
    let path = fixtures().join("text_labels.parquet");
    reader::read(&path, &wanted, &mut |record| {
        labels.push(record.label);
        Ok(())
    })
    .unwrap();
    assert!(!labels.is_empty());
    assert!(labels.iter().all(|label| *label == Record::UNLABELLED));
}

#[test]
fn what_is_no_window_is_refused() {
    for (name, problem) in [
        (
            "refused_ragged.parquet",
            "column `x`: row 3, counted from 0, has 7 values, and the first row has 8",
        ),
        (
            "refused_null.parquet",
            "column `x`: row 2, counted from 0, has no list",
        ),
        (
            "refused_channels.parquet",
            "column `x`: row 1, counted from 0, has lists of other lengths",
        ),
        (
            "refused_unlabelled.parquet",
            "no column `label`: beside the lists there is site",
        ),
        // Channels in columns of their own, beside a list of something else.
        ("refused_recording.parquet", "unknown format"),
        (
            "refused_two.parquet",
            "expected one column of lists, with all channels of a window in each row ([channels][samples]): there is x, y",
        ),
    ] {
        let error = records(name, &[]).unwrap_err();
        assert!(error.contains(problem) && error.contains(name), "{error}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// No damage panics, and nothing is read as more windows than there are, or as windows of another length.
    #[test]
    fn damage_is_no_panic(
        file in 0usize..6,
        damage in proptest::collection::vec((proptest::prelude::any::<u16>(), 1u8..), 1..4),
        cut in 0usize..400,
    ) {
        let names = ["pandas", "float32_nested", "int16_fixed", "float16_deep", "uint32_groups", "text_labels"];
        let name = format!("{}.parquet", names[file]);
        let mut bytes = std::fs::read(fixtures().join(&name)).unwrap();
        for (at, flip) in damage {
            let at = usize::from(at) % bytes.len();
            bytes[at] ^= flip;
        }
        bytes.truncate(bytes.len() - cut / 100);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let wanted = SourceSelection {
            class_names: ["a", "b", "c"].map(str::to_owned).into(),
            ..Default::default()
        };
        let mut lengths = Vec::new();
        let _ = reader::read(&path, &wanted, &mut |record| {
            lengths.push(record.values.len());
            Ok(())
        });
        proptest::prop_assert!(lengths.len() <= 150 && lengths.iter().all(|length| *length == lengths[0]));
    }
}

/// Labels that are true or false, and names of classes: of the column, and beside each label.
#[test]
fn flags_and_names_of_classes() {
    let of = |name: &str, known: &[&str]| {
        let records = records(name, known)?;
        Ok::<_, String>(
            records
                .iter()
                .map(|record| record.label)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(of("flags.parquet", &[]).unwrap(), [0, 1, 0, 0, 1, 0]);
    for name in ["class_label.parquet", "class_name.parquet"] {
        for known in [&[][..], &["a", "b", "c"], &["x", "y", "z"]] {
            assert_eq!(of(name, known).unwrap(), [0, 1, 2, 0, 1, 2], "{name}");
        }
    }
    for (name, known, expected) in [
        (
            "class_label.parquet",
            &["a", "c", "b"][..],
            "`label` has the classes in the order a, b, c, but `class_names` of the configuration a, c, b",
        ),
        (
            "class_name.parquet",
            &["a", "c", "b"],
            "the label is 1, which is `c` by `class_names` of the configuration, but `class_name` is `b`",
        ),
        (
            "refused_flag.parquet",
            &[],
            "label 2, counted from 0, is not a whole number",
        ),
        (
            "refused_permuted.parquet",
            &[],
            "tensors of the shape [4, 2], whose axes are stored in another order",
        ),
    ] {
        let error = of(name, known).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

/// A training asks many files for them at its start.
#[test]
fn notes_and_rates_are_read_without_the_windows() {
    let file = Counted::with_rate();
    assert_eq!(note_of(&file, &SourceSelection::default()), None);
    let of_note = file.count();
    assert_eq!(rates_of(&file), Some(vec![100.0, 50.0]));
    let all = file.bytes.len();
    assert!(
        of_note * 50 < all && file.count() * 20 < all,
        "{of_note} and {} of {all} bytes",
        file.count()
    );
}
