use super::super::labels::Time;
use super::*;

/// Reads a table for recordings of these files, and returns the starts of the labels of each, with the number of the file
/// that they count from.
fn starts(
    table: &str,
    keys: &str,
    recordings: &[&[&str]],
) -> Result<(Vec<Vec<String>>, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), table).unwrap();
    for file in recordings.iter().copied().flatten() {
        if let Some(station) = file.strip_suffix(".geocsv") {
            let text = format!(
                "# dataset: GeoCSV 2.0\n# SID: XX_{station}_00_HHZ\n# sample_rate_hz: 100\n# start_time: 2024-05-01T10:00:00Z\n\
                 Sample\n1\n2\n"
            );
            std::fs::write(folder.path().join(file), text).unwrap();
        }
    }
    let settings = format!("{{file: t.csv, {keys}}}");
    let table: LabelsFile = crate::config::parse_yaml(&settings).unwrap();
    let recording = |files: &&[&str]| Recording {
        name: Some(format!("name of {}", files[0])),
        files: files.iter().map(|file| folder.path().join(file)).collect(),
        labels_file: Some(table.clone()),
        ..Default::default()
    };
    let mut all: Vec<Recording> = recordings.iter().map(recording).collect();
    let (notes, warnings) =
        add_labels(&mut all, (&[], &[]), folder.path()).map_err(|error| error.to_string())?;
    let start = |label: &super::super::labels::Label| {
        let of = label
            .file
            .map(|file| format!(" of {file}"))
            .unwrap_or_default();
        match label.start {
            Time::Seconds(seconds) => format!("{seconds}{of}"),
            Time::Moment(_) | Time::Clock(_) => format!("moment{of}"),
        }
    };
    let starts = all
        .iter()
        .map(|recording| recording.labels.iter().map(start).collect());
    Ok((starts.collect(), [notes, warnings].concat()))
}

#[test]
fn rows_go_to_the_recordings_that_they_name() {
    let table = "file,start,end,class\na.wav,1,2,x\nb,3,4,x\nsite/c.csv.gz,5,6,x\nsite\\c.csv,7,8,x\nname of d.wav,9,10,x\n,11,12,x\n\
                 e.wav,13,14,x\ne.wav,15,16,x\n";
    let recordings: [&[&str]; 4] = [&["a.wav"], &["b.wav"], &["site/c.csv.gz"], &["d.wav"]];
    let (found, notes) = starts(table, "", &recordings).unwrap();
    assert_eq!(found, [vec!["1"], vec!["3"], vec!["5", "7"], vec!["9"]]);
    assert_eq!(notes.len(), 1);
    let expected = "t.csv: column `file`: 3 of 8 rows are of files or recordings that the list does not have with this table, and \
                    are left out: no name (1), `e.wav` (2)";
    assert!(notes[0].ends_with(expected), "{notes:?}");
    // By a given column, also without names.
    for (table, keys) in [
        (
            "start,end,class,which\n1,2,x,a\n3,4,x,b\n",
            "recording: which",
        ),
        (
            "1,2,x,a\n3,4,x,b\n",
            "start: 1, end: 2, class: 3, recording: 4",
        ),
    ] {
        let (found, notes) = starts(table, keys, &[&["b.wav"], &["a.wav"]]).unwrap();
        assert_eq!(found, [["3"], ["1"]]);
        assert!(notes.is_empty());
    }
}

/// Seconds count from the start of the file that a row names; dates do not.
#[test]
fn files_of_one_recording() {
    let parts: [&[&str]; 1] = [&["a.wav", "b.wav"]];
    let (found, _) = starts(
        "file,start,end,class\nb.wav,1,2,x\na.wav,3,4,x\n",
        "",
        &parts,
    )
    .unwrap();
    assert_eq!(found, [["1 of 1", "3 of 0"]]);
    let (found, _) = starts("file,start,end,class\nname of a.wav,1,2,x\n", "", &parts).unwrap();
    assert_eq!(found, [["1"]]);
    // Raven's times count from the start of a sequence.
    let raven = "Begin File,Begin Time (s),End Time (s),class\na.wav,1,2,x\nb.wav,3,4,x\n";
    assert_eq!(starts(raven, "", &parts).unwrap().0, [["1", "3"]]);
    let error = starts(raven, "", &[&["a.wav"], &["b.wav"]]).unwrap_err();
    let expected = "column `Begin File` names 2 files, such as `a.wav` and `b.wav`, and the times count from the start of their \
                    sequence";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn files_that_no_recording_has() {
    let rows = "file,start,end,class\na.wav,0,1,x\nb.wav,0,1,x\n";
    let error = starts(rows, "", &[&["c.wav"]]).unwrap_err();
    let expected = "t.csv: column `file` names 2 files, such as `a.wav`, `b.wav`, but no recording with this table is called so \
                    or has such files: there are `c.wav`";
    assert!(error.contains(expected), "{error}");
    // One file may have been converted to another, and dates tell what they mean.
    let one = "file,start,end,class\na.wav,0,1,x\na.wav,1,2,x\n";
    assert_eq!(starts(one, "", &[&["a.csv"]]).unwrap().0, [["0", "1"]]);
    assert!(starts(one, "recording: file", &[&["a.csv"]]).is_err());
    assert!(starts(one, "", &[&["b.wav"], &["c.wav"]]).is_err());
    let dated = "file,start,end,class\na,2024-05-01T10:00:00Z,2024-05-01T10:00:01Z,x\nb,2024-05-01T11:00:00Z,\
                 2024-05-01T11:00:01Z,x\n";
    assert_eq!(starts(dated, "", &[&["c.wav"]]).unwrap().0[0].len(), 2);
    assert_eq!(starts(dated, "", &[&["b.wav"]]).unwrap().0[0].len(), 1);
}

/// Tables are made on other computers, and programs differ in the case of endings.
#[test]
fn paths_of_other_places() {
    let recordings: [&[&str]; 2] = [&["a/x.WAV"], &["b/x.WAV"]];
    for folder in [
        "C:\\data\\",
        "/home/anna/data/",
        "https://x.org/upload/",
        "\\\\server\\data\\",
    ] {
        let rows =
            ["a/x.wav,1", "b/x.wav,2", "b/x.wav,3"].map(|row| format!("{folder}{row},9,x\n"));
        let table = format!("file,start,end,class\n{}", rows.concat());
        let (found, notes) = starts(&table, "", &recordings).unwrap();
        assert_eq!(found, [vec!["1"], vec!["2", "3"]], "{folder}");
        assert!(notes[0].contains("has paths of another place"), "{notes:?}");
    }
    // What the paths do not share has to be there.
    let table = "file,start,end,class\n/data/c/x.wav,1,9,x\n/data/d/x.wav,2,9,x\n";
    assert!(starts(table, "", &recordings).is_err());
    let table = "file,start,end,class\nx.Wav,1,9,x\ny.wav,2,9,x\n";
    assert_eq!(
        starts(table, "", &[&["x.wav"], &["y.WAV"]]).unwrap().0,
        [["1"], ["2"]]
    );
}

#[test]
fn names_of_several_files_need_their_folders() {
    let table = |name: &str| format!("file,start,end,class\n{name},0,1,x\n");
    let recordings: [&[&str]; 3] = [&["anna/walk.csv"], &["ben/walk.csv"], &["ben/sit.csv"]];
    let error = starts(&table("walk.csv"), "", &recordings).unwrap_err();
    assert!(
        error.contains("`walk.csv` may be ") && error.contains("anna/walk.csv or "),
        "{error}"
    );
    for name in ["ben/walk.csv", "ben/walk", "ben\\walk"] {
        let (found, _) = starts(&table(name), "", &recordings).unwrap();
        let counts: Vec<usize> = found.iter().map(Vec::len).collect();
        assert_eq!(counts, [0, 1, 0], "{name}");
    }
    // Two recordings of one file both have its labels.
    let (found, _) = starts(&table("a.csv"), "", &[&["a.csv"], &["a.csv"]]).unwrap();
    assert_eq!(found, [["0"], ["0"]]);
}

/// Rows of other stations are no labels of a recording.
#[test]
fn rows_go_to_the_stations_that_they_name() {
    let recordings: [&[&str]; 2] = [&["A.geocsv"], &["B.geocsv"]];
    let table = |station: &str, rows: [&str; 5]| {
        let row = |(i, code): (usize, &&str)| format!("{code},{i},{},x\n", i + 1);
        let rows: String = rows.iter().enumerate().map(row).collect();
        format!("{station},start,end,class\n{rows}")
    };
    let read = |table: &str| starts(table, "", &recordings).unwrap();
    for (name, rows) in [
        ("station", ["A", "b", "C", "", "XX.A"]),
        ("station_id", ["XX.A", "XX.B..", "XX.C", "", "XX.A.00.HH"]),
        (
            "Trace ID",
            ["XX.A.00.HHZ", "XX.B.00.HHZ", "YY.A.00.HHZ", "", "xx_a_00"],
        ),
        ("network,station", ["XX,A", "XX,B", "YY,A", ",", "XX,A"]),
    ] {
        let (found, notes) = read(&table(name, rows));
        assert_eq!(found, [vec!["0", "3", "4"], vec!["1", "3"]], "{name}");
        assert!(
            notes[0].contains("left out 1 row of stations that"),
            "{notes:?}"
        );
        assert!(
            notes[1].contains("1 row without a station: labels of all 2 recordings"),
            "{notes:?}"
        );
    }
    // Other names of places tell nothing.
    let (found, notes) = read(&table("station", ["east", "west", "east", "", "west"]));
    assert!(found.iter().all(|times| times.len() == 5));
    assert!(notes[0].contains("has none of the recordings' (`east`, `west`)"));
    // The only station of the only recording may be called otherwise, which is said if the recording has a code.
    let one = table("station", ["Z"; 5]);
    let (found, notes) = starts(&one, "", &[&["A.geocsv"]]).unwrap();
    assert_eq!((found[0].len(), notes.len()), (5, 1));
    assert!(notes[0].contains("none of the recordings' (`Z`)"));
    let (found, notes) = starts(&table("station", ["A"; 5]), "", &[&["A.geocsv"]]).unwrap();
    assert_eq!((found[0].len(), notes.len()), (5, 0));
}

/// Raven gives times from the start of each file, too.
#[test]
fn offsets_in_files_of_a_sequence() {
    let table = "Begin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tLabel\n\
                 1\t2\ta.wav\t1\tx\n401.5\t403\tb.wav\t1.5\tx\n";
    let (found, _) = starts(table, "", &[&["a.wav"], &["b.wav"]]).unwrap();
    assert_eq!(found, [["1"], ["1.5"]]);
    let (found, _) = starts(table, "", &[&["a.wav", "b.wav"]]).unwrap();
    assert_eq!(found, [["1 of 0", "1.5 of 1"]]);
    let without = table.replace("\t1.5\t", "\t\t");
    assert!(starts(&without, "", &[&["a.wav"], &["b.wav"]]).is_err());
}
