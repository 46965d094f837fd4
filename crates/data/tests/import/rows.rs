//! Tables whose column tells the class of each row.

use std::fmt::Write;

use super::*;

/// Rows at 50 Hz of two persons after each other, whose clocks both begin at 0. Each does four activities of ten seconds;
/// the first second of each is without a label.
fn activities(times: bool) -> String {
    let mut text = String::from(if times {
        "person,t,activity,x,y\n"
    } else {
        "person,activity,x,y\n"
    });
    for person in 1..=6 {
        for row in 0..2000 {
            let block = row / 500;
            let activity = ["walk", "sit", "walk", "jump"][block];
            let activity = if row % 500 < 50 { "" } else { activity };
            let time = format!("{:.2},", f64::from(row as u32) / 50.0);
            let time = if times { time } else { String::new() };
            // The value tells person and row.
            let x = person * 10_000 + row;
            writeln!(
                text,
                "{person},{time}{activity},{x},{}",
                x * x % 997 + x / 997
            )
            .unwrap();
        }
    }
    text
}

fn of_table(folder: &Path, table: &str, recording: &str, more: &str) -> Result<Imported, String> {
    std::fs::write(folder.join("all.csv"), table).unwrap();
    let list = format!(
        "sampling_rate: 50\nwindow: 1.28\nchannels: [x, y]\nclass_names: [sit, walk]\n{more}recordings:\n  - {{files: [all.csv], \
         {recording}}}\nsplit: {{train: 0.5, val: 0.25, test: 0.25}}\n"
    );
    std::fs::write(folder.join("list.yaml"), list).unwrap();
    let config = RecordingsConfig::load(&folder.join("list.yaml")).map_err(|e| e.to_string())?;
    import(&config, &folder.join("out"), 1000, &mut |_| {}).map_err(|error| error.to_string())
}

/// Windows of `out`: split, label, group, and the person and row of the first sample of `x`.
fn windows(out: &Path) -> Vec<(usize, i64, String, usize, usize)> {
    let mut found = Vec::new();
    for (split, name) in ["train", "val", "test"].into_iter().enumerate() {
        let shard = out.join(format!("{name}-00000-of-00001.tfrecord"));
        data::reader::read(&shard, &Default::default(), &mut |record| {
            let first = record.values[0] as usize;
            let last = record.values[63] as usize;
            assert_eq!(last - first, 63, "rows follow each other");
            let group = record.group.unwrap_or_default();
            found.push((split, record.label, group, first / 10_000, first % 10_000));
            Ok(())
        })
        .unwrap();
    }
    found
}

#[test]
fn windows_have_the_label_of_all_their_rows() {
    for times in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let recording = "label_column: activity, group_column: person";
        let rate = if times { "" } else { ", sampling_rate: 50" };
        let recording = format!("{recording}{rate}");
        let imported = of_table(folder.path(), &activities(times), &recording, "").unwrap();
        let found = windows(&folder.path().join("out"));
        // Seven windows of 64 rows in each block of 450 labelled rows; three blocks of each of six persons.
        assert_eq!(found.len(), 6 * 3 * 7);
        for (split, label, group, person, row) in &found {
            let block = row / 500;
            assert!(row % 500 >= 50 && (row + 63) / 500 == block, "row {row}");
            assert_eq!(*label, [1, 0, 1][block]);
            assert_eq!(*group, person.to_string());
            let others = found.iter().filter(|(_, _, other, ..)| other == group);
            assert!(
                others.into_iter().all(|(other, ..)| other == split),
                "person {person}"
            );
        }
        assert_eq!(imported.groups.iter().sum::<usize>(), 6);
        let said = imported.warnings.join("\n");
        for part in [
            "all: column `activity`: 1200 of 12000 rows have no label and are left out",
            "all: column `activity`: 2700 of 12000 rows have labels that are not in `class_names` and are left out: `jump` \
             (2700)",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}

/// Whole numbers as labels have names in `classes`; without `group_column` the table is one recording.
#[test]
fn numbers_have_names() {
    numbers("", "{1: sit, 2: walk}");
}

/// As pandas writes numbers where some are missing.
#[test]
fn numbers_with_fractions_of_zeros_have_names() {
    numbers(".0", "{1: sit, 2: walk}");
    numbers(".0", "{1.0: sit, 2.0: walk}");
    numbers("", "{1.0: sit, 2.0: walk}");
}

fn numbers(fraction: &str, classes: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::from("t,label,x,y\n");
    for row in 0..4000 {
        let label = 1 + row / 250 % 3;
        let time = f64::from(row) / 50.0;
        writeln!(
            table,
            "{time:.2},{label}{fraction},{row},{}",
            row * row % 991
        )
        .unwrap();
    }
    let recording = format!("label_column: label, classes: {classes}");
    let imported = of_table(folder.path(), &table, &recording, "").unwrap_err();
    assert!(imported.contains("of 1 group(s)"), "{imported}");
    std::fs::write(folder.path().join("all.csv"), &table).unwrap();
    let list = std::fs::read_to_string(folder.path().join("list.yaml")).unwrap();
    let list = list.replace("split: {", "split: {by: time, ");
    std::fs::write(folder.path().join("list.yaml"), list).unwrap();
    let config = RecordingsConfig::load(&folder.path().join("list.yaml")).unwrap();
    let imported = import(&config, &folder.path().join("out"), 1000, &mut |_| {}).unwrap();
    let totals: Vec<usize> = (0..2)
        .map(|class| imported.windows.iter().map(|counts| counts[class]).sum())
        .collect();
    // Six and five blocks of three windows, but for those at the boundaries of splits.
    assert!(totals[0] >= 15 && totals[1] >= 13, "{totals:?}");
    for (_, label, _, _, row) in windows(&folder.path().join("out")) {
        assert_eq!(row / 250 % 3, label as usize, "row {row}");
        assert_eq!((row + 63) / 250, row / 250);
    }
}

#[test]
fn mistakes_about_columns_are_named() {
    let table = activities(true);
    for (recording, problem) in [
        (
            "label_column: action",
            "all.csv: there is no column `action`: there are person, t, activity, x, y",
        ),
        (
            "label_column: activity, group_column: user",
            "there is no column `user`: there are person",
        ),
        (
            "label_column: activity, classes: {walk: run}",
            "the class `run` is not in `class_names`: sit, walk",
        ),
        (
            "label_column: activity, class: sit",
            "has a `label_column` and other labels: keep one of them",
        ),
        (
            "group_column: person, class: sit",
            "`group_column` needs `label_column`",
        ),
        (
            "label_column: y, group_column: person",
            "column `y` has no value of `class_names` (sit, walk): it has `",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = of_table(folder.path(), &table, recording, "").unwrap_err();
        assert!(error.contains(problem), "{error}\nexpected: {problem}");
    }
    // No rate: the reason is not one group alone.
    let folder = tempfile::tempdir().unwrap();
    let recording = "label_column: activity, group_column: person";
    let error = of_table(folder.path(), &activities(false), recording, "").unwrap_err();
    let expected = "all.csv: there is no column of times: give the recording a `sampling_rate`";
    assert!(error.contains(expected), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let list = format!(
        "sampling_rate: 100\nwindow: 0.64\nchannels: [EHZ]\nclass_names: [a, b]\nrecordings:\n  - files: ['{}']\n    label_column: \
         label\n",
        fixtures().join("steim2.mseed").display()
    );
    std::fs::write(folder.path().join("list.yaml"), list).unwrap();
    let config = RecordingsConfig::load(&folder.path().join("list.yaml")).unwrap();
    let error = import(&config, &folder.path().join("out"), 10, &mut |_| {}).unwrap_err();
    let expected = "there is no column `label`: only tables (CSV, Parquet) have columns";
    assert!(error.to_string().contains(expected), "{error}");
}

/// Rows of several sensors, and of one channel each: labels stay with their rows.
#[test]
fn rows_of_sensors_and_of_channels() {
    let folder = tempfile::tempdir().unwrap();
    let mut by_channel = String::from("t,channel,samples,label\n");
    let mut by_sensor = String::from("t,sensor,x,label\n");
    for row in 0..2000 {
        let (time, label) = (
            f64::from(row) / 50.0,
            ["sit", "walk"][row as usize / 250 % 2],
        );
        for (i, name) in ["x", "y"].into_iter().enumerate() {
            let value = row * (1 + i as u32) + 7 * (row % 13);
            writeln!(by_channel, "{time:.2},{name},{value},{label}").unwrap();
            writeln!(by_sensor, "{time:.2},s{i},{value},{label}").unwrap();
        }
    }
    for (table, channels) in [(by_channel, "x, y"), (by_sensor, "s0.x, s1.x")] {
        let recording = format!("label_column: label, channels: [{channels}]");
        let _ = std::fs::remove_dir_all(folder.path().join("out"));
        let error = of_table(folder.path(), &table, &recording, "").unwrap_err();
        assert!(error.contains("of 1 group(s)"), "{error}");
        let list = std::fs::read_to_string(folder.path().join("list.yaml")).unwrap();
        std::fs::write(
            folder.path().join("list.yaml"),
            list.replace("split: {", "split: {by: time, "),
        )
        .unwrap();
        let config = RecordingsConfig::load(&folder.path().join("list.yaml")).unwrap();
        let imported = import(&config, &folder.path().join("out"), 1000, &mut |_| {}).unwrap();
        assert!(
            (20..=24).contains(&imported.counts.windows),
            "{:?}",
            imported.counts
        );
        assert_eq!(imported.counts.contradicting, 0);
    }
}

/// A person whose clock begins again for each activity; and one with times in no order, who is left out.
#[test]
fn sessions_of_a_group_are_read_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::from("person,t,activity,x,y\n");
    for person in 1..=5 {
        for row in 0..1500 {
            let (session, step) = (row / 500, row % 500);
            let step = if person == 5 { row * row % 777 } else { step };
            let time = f64::from(step as u32) / 50.0;
            let activity = ["walk", "sit", "walk"][session];
            let x = person * 10_000 + row;
            writeln!(
                table,
                "{person},{time:.2},{activity},{x},{}",
                x * x % 997 + x / 997
            )
            .unwrap();
        }
    }
    let recording = "label_column: activity, group_column: person";
    let imported = of_table(folder.path(), &table, recording, "").unwrap();
    let found = windows(&folder.path().join("out"));
    assert_eq!(found.len(), 4 * 3 * 7);
    assert!(found.iter().all(|(.., row)| (row + 63) / 500 == row / 500));
    assert_eq!(imported.groups.iter().sum::<usize>(), 4);
    let said = imported.warnings.join("\n");
    let expected = "group `1`: its clock steps back 2 times: the parts between are read by themselves, and 0 parts left out";
    assert!(said.contains(expected), "{said}");
    assert!(said.contains("group `5`: left out"), "{said}");
}
