//! Arrays of labels that the configuration names, or that are called as the task.

use super::*;

/// Of several lists of labels, the one that the configuration names, or the task.
#[test]
fn a_given_array_has_the_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let speeds = (
        "speed",
        npy("<i8", "(2,)", &[3i64, 0].map(i64::to_le_bytes).concat()),
    );
    let arrays = [
        ("x", npy("<f4", "(2, 2, 8)", &floats(32))),
        labels(),
        speeds,
    ];
    std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
    for (task, given, expected) in [
        ("", None, [1, 2]),
        ("", Some("speed"), [3, 0]),
        ("", Some("other"), [1, 2]),
        // The task's name is one of labels, but for those of samples; what the configuration gives counts before it.
        ("speed", None, [3, 0]),
        ("other", None, [1, 2]),
        ("x", None, [1, 2]),
        ("speed", Some("y"), [1, 2]),
    ] {
        let wanted = SourceSelection {
            label: task.into(),
            given_label: given.map(str::to_owned),
            ..Default::default()
        };
        let said = match (task, given) {
            ("speed", None) => {
                "the labels are those in `speed`, which is called as the task, not those in `y`"
            }
            (_, Some("other")) => {
                "there is no `other`, which `label_field` names: the labels are those in `y`"
            }
            _ => "",
        };
        let note = Npz.note(&path, &wanted);
        assert_eq!(note.is_some(), !said.is_empty(), "{note:?}");
        assert!(note.unwrap_or_default().starts_with(said));
        let mut found = Vec::new();
        let mut sink = |record: Record| {
            found.push(record.label);
            Ok(())
        };
        Npz.read(&path, &wanted, &mut sink).unwrap();
        assert_eq!(found, expected, "{given:?}");
    }
}

/// Another array of numbers could have the labels as well; texts and lists of classes could not.
#[test]
fn a_second_array_of_labels_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let note = |name: &'static str, array: Vec<u8>, given: Option<&str>| {
        let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
        let arrays = [x, labels(), (name, array)];
        std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
        let wanted = SourceSelection {
            given_label: given.map(str::to_owned),
            ..Default::default()
        };
        Npz.note(&path, &wanted)
    };
    let numbers = || labels().1;
    let said = note("target", numbers(), None).unwrap();
    let expected =
        "the labels are those in `y`, not those in `target`: `label_field: target` takes these";
    assert!(said.starts_with(expected), "{said}");
    for given in ["y", "target"] {
        assert_eq!(note("target", numbers(), Some(given)), None);
    }
    assert_eq!(note("target", npy("|S2", "(2,)", b"abcd"), None), None);
    assert_eq!(note("classes", numbers(), None), None);
    assert_eq!(note("offset", numbers(), None), None);
}

/// `x` is taken, whatever is in `X`.
#[test]
fn names_that_differ_in_case_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let note = |name: &'static str| {
        let array = || npy("<f4", "(2, 2, 8)", &floats(32));
        let arrays = [(name, array()), ("x", array()), labels()];
        std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
        Npz.note(&path, &SourceSelection::default())
    };
    let expected =
        "the samples are those in `x`, not those in `X`: leave out the one that is not meant";
    let said = note("X").unwrap();
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(note("raw"), None);
}

#[test]
fn a_given_file_has_the_labels() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("train_x.npy"), npy("<f4", "(2, 2, 8)", &floats(32))).unwrap();
    std::fs::write(at("train_y.npy"), labels().1).unwrap();
    let speeds = npy("<i8", "(2,)", &[3i64, 0].map(i64::to_le_bytes).concat());
    std::fs::write(at("train_speed.npy"), speeds).unwrap();
    let wanted = SourceSelection {
        label: "speed".into(),
        ..Default::default()
    };
    let note = crate::reader::Npy.note(&at("train_x.npy"), &wanted);
    assert!(note.unwrap().contains("not those in `y`"));
    let mut found = Vec::new();
    let mut sink = |record: Record| {
        found.push(record.label);
        Ok(())
    };
    crate::reader::Npy
        .read(&at("train_x.npy"), &wanted, &mut sink)
        .unwrap();
    assert_eq!(found, [3, 0]);
}

/// Windows that are classified may have labels that say nothing here.
#[test]
fn labels_may_be_anything_where_they_are_not_needed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
    let texts = ("y", npy("|S3", "(2,)", b"catdog"));
    let bytes = archive(&[x.clone(), texts.clone()], zip::CompressionMethod::Stored);
    std::fs::write(at("a.npz"), bytes).unwrap();
    std::fs::write(at("x.npy"), x.1).unwrap();
    std::fs::write(at("y.npy"), texts.1).unwrap();
    let wanted = SourceSelection {
        label_is_optional: true,
        ..Default::default()
    };
    for name in ["a.npz", "x.npy"] {
        let mut labels = Vec::new();
        let mut sink = |record: Record| {
            labels.push(record.label);
            Ok(())
        };
        crate::reader::read(&at(name), &wanted, &mut sink).unwrap();
        assert_eq!(labels, [Record::UNLABELLED; 2], "{name}");
        assert!(
            crate::reader::read(&at(name), &SourceSelection::default(), &mut |_| Ok(())).is_err()
        );
    }
}

/// A sampling rate beside the samples that the configuration lacks or contradicts.
#[test]
fn a_stored_rate_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
    let note = |rate: Option<(&str, Vec<u8>)>, configured: Option<f64>| {
        let arrays: Vec<_> = [x.clone(), labels()].into_iter().chain(rate).collect();
        std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
        crate::reader::rate_note([&*path], configured)
    };
    let float = || npy("<f8", "()", &100f64.to_le_bytes());
    let whole = || npy("<i4", "(1,)", &100i32.to_le_bytes());
    for (name, rate) in [
        ("fs", float()),
        ("Sampling_Rate", whole()),
        ("sfreq", float()),
    ] {
        let said = note(Some((name, rate.clone())), Some(50.0)).unwrap();
        assert!(
            said.contains("100 Hz, but the configuration has 50 Hz"),
            "{said}"
        );
        let said = note(Some((name, rate.clone())), None).unwrap();
        assert!(said.contains("add `sampling_rate: 100`"), "{said}");
        assert_eq!(note(Some((name, rate)), Some(100.0)), None);
        let said = crate::reader::rate_of_other_model(&path, 50.0).unwrap();
        assert!(
            said.contains("100 Hz, but the model was trained with 50 Hz"),
            "{said}"
        );
        assert_eq!(crate::reader::rate_of_other_model(&path, 100.0), None);
    }
    let several = npy(
        "<f8",
        "(2,)",
        &[100f64, 50.0].map(f64::to_le_bytes).concat(),
    );
    let said = note(Some(("fs", several)), Some(50.0)).unwrap();
    assert!(
        said.contains("has a sampling rate of 100 Hz, and the same file also has 50 Hz: windows of a dataset have one rate"),
        "{said}"
    );
    assert_eq!(note(Some(("offset", float())), Some(50.0)), None);
    assert_eq!(note(None, None), None);
}
