//! Tables with rows for starts and stops.

use super::*;

fn of(text: &str, settings: &str) -> Result<LabelRows, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    super::super::read(&path, &parse_yaml(settings).unwrap()).map_err(|error| error.to_string())
}

/// Class, start and end in seconds of all labels.
fn labels(rows: &LabelRows) -> Vec<(&str, f64, f64)> {
    let seconds = |time: Time| match time {
        Time::Seconds(seconds) => seconds,
        other => panic!("{other:?}"),
    };
    let labels = rows.rows.iter().map(|row| &row.label);
    labels
        .map(|label| (&*label.class, seconds(label.start), seconds(label.end)))
        .collect()
}

/// Tabular events of BORIS since version 7.13.
const NEW: &str = "Observation id,Observation date,Description,Observation duration,Observation type,Source,Time offset (s),\
                   Media duration (s),FPS (frame/s),Subject,Behavior,Behavioral category,Modifier #1,Behavior type,Time,Media \
                   file name,Image index,Comment\n";

fn new(rows: &[(&str, &str, &str, &str, &str)]) -> String {
    let row = |(subject, class, modifier, status, time): &(&str, &str, &str, &str, &str)| {
        format!(
            "o1,2024-05-01 10:00:00,,60,Media file(s),player #1:a.mp4,0.0,60.0,25.0,{subject},{class},Gait,{modifier},{status},\
             {time},a.mp4,12,\n"
        )
    };
    NEW.to_owned() + &rows.iter().map(row).collect::<String>()
}

/// A stop ends what the same subject began with the same modifiers; labels are in the order of their starts.
#[test]
fn starts_and_stops_of_subjects() {
    let text = new(&[
        ("Anna", "walk", "", "START", "1.5"),
        ("Ben", "walk", "", "START", "2.0"),
        ("Ben", "walk", "fast", "START", "2.5"),
        ("Ben", "jump", "", "POINT", "3.0"),
        ("Ben", "walk", "fast", "STOP", "4.0"),
        ("Anna", "walk", "", "STOP", "5.0"),
        ("Ben", "walk", "", "STOP", "6.0"),
        ("Anna", "walk", "", "START", "7.0"),
        ("Anna", "walk", "", "STOP", "8.0"),
    ]);
    let rows = of(&text, "x.csv").unwrap();
    let mut expected = [
        ("walk", 1.5, 5.0),
        ("walk", 2.0, 6.0),
        ("walk", 2.5, 4.0),
        ("jump", 3.0, 3.0),
        ("walk", 7.0, 8.0),
    ];
    assert_eq!(labels(&rows), expected);
    assert_eq!(rows.files.as_ref().unwrap().name, "Media file name");
    assert!(!rows.files.unwrap().is_sequence);
    // Only what has no end takes the given length.
    expected[3].2 = 5.0;
    let rows = of(&text, "{file: x.csv, length: 2.0}").unwrap();
    assert_eq!(labels(&rows), expected);
}

/// Older versions write the observation above the names.
#[test]
fn description_above_the_names() {
    let text = |separator: &str, offset: &str| {
        format!(
            "Observation id,walk 1,,,,,,,\n,,,,,,,,\nMedia file(s),,,,,,,,\nPlayer #1,a.mp4,,,,,,,\n,,,,,,,,\nTime offset \
             (s),{offset},,,,,,,\nindependent variables,,,,,,,,\nvariable,value,,,,,,,\nbehavior,12,,,,,,,\nTime,Media file \
             path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status\n3.300,v/a.mp4,359.960,25.0,anna,s,,,\
             START\n7.750,v/a.mp4,359.960,25.0,anna,s,,,STOP\n"
        )
        .replace(',', separator)
    };
    for separator in [",", "\t"] {
        let rows = of(&text(separator, "0.0"), "x.csv").unwrap();
        assert_eq!(labels(&rows), [("s", 3.3, 7.75)]);
        assert_eq!(rows.rows[0].file.as_deref(), Some("v/a.mp4"));
        assert!(rows.notes.is_empty(), "{:?}", rows.notes);
    }
    let rows = of(&text(",", "12.5"), "x.csv").unwrap();
    assert!(rows.notes[0].contains("time offset of the observation: 12.5 s"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.csv");
    std::fs::write(&path, text(",", "0.0")).unwrap();
    let (labels, files) = labels_of(&path).unwrap().unwrap();
    assert_eq!((labels.len(), &*files[0]), (1, "v/a.mp4"));
    // A table of samples may have such columns.
    std::fs::write(&path, "time,activity,status,x\n0.01,walk,ok,5\n").unwrap();
    assert!(labels_of(&path).is_none());
}

/// Nothing says where a label without its other row begins or ends.
#[test]
fn starts_without_stops() {
    for (rows, problem) in [
        (
            &[
                ("A", "walk", "", "START", "1"),
                ("B", "walk", "", "START", "2"),
                ("A", "walk", "", "STOP", "3"),
            ][..],
            "line 3: `walk` starts and has no row with its STOP",
        ),
        (
            &[
                ("A", "walk", "", "START", "1"),
                ("A", "run", "", "STOP", "2"),
            ],
            "line 3: `run` stops and has no row with its START before",
        ),
        (
            &[
                ("A", "walk", "", "START", "1"),
                ("A", "walk", "", "START", "2"),
                ("A", "walk", "", "STOP", "3"),
            ],
            "line 3: `walk` starts, but it has no STOP since its START in line 2",
        ),
        (
            &[
                ("A", "walk", "", "START", "1"),
                ("A", "walk", "", "END", "2"),
            ],
            "line 3: `END` in column `Behavior type`: expected START, STOP or POINT",
        ),
        (
            &[
                ("A", "walk", "", "START", "1"),
                ("A", "walk", "", "STOP", ""),
            ],
            "line 3: a time is missing",
        ),
        (
            &[
                ("A", "walk", "", "START", "5"),
                ("A", "walk", "", "STOP", "4"),
            ],
            "line 2: ends before it begins: from `5` to `4`",
        ),
    ] {
        for settings in ["x.csv", "{file: x.csv, length: 2.0}"] {
            let error = of(&new(rows), settings).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}

/// The times of an observation of several files count from the first, in both forms of export.
#[test]
fn observations_of_several_files() {
    let aggregated = "Observation id,Media file,Behavior,Behavior type,Start (s),Stop (s)\no1,a.mp4,s,STATE,0.5,2.5\n\
                      o1,b.mp4,s,STATE,182,190\n";
    let tabular = new(&[
        ("A", "s", "", "START", "0.5"),
        ("A", "s", "", "STOP", "182"),
    ])
    .replace("182,a.mp4", "182,b.mp4");
    for text in [aggregated, &tabular] {
        let rows = of(text, "x.csv").unwrap();
        assert!(rows.files.unwrap().is_sequence, "{text}");
        let other = text.replace("o1,", "o2,");
        let both = format!("{text}{}", other.split_once('\n').unwrap().1);
        let error = of(&both, "x.csv").unwrap_err();
        assert!(
            error.contains("names 2 files of the observation `o1`")
                && error.contains("has 2 observations"),
            "{error}"
        );
    }
}

/// Times of the clock form count from the start of the media, and those of a live observation may be of the day.
#[test]
fn times_with_colons_count_from_the_start() {
    let text = new(&[
        ("Anna", "walk", "", "START", "00:00:01.500"),
        ("Anna", "walk", "", "STOP", "00:01:05.000"),
        ("Ben", "jump", "", "POINT", "01:00:00.25"),
    ]);
    let rows = of(&text, "x.csv").unwrap();
    let expected = [("walk", 1.5, 65.0), ("jump", 3600.25, 3600.25)];
    assert_eq!(labels(&rows), expected);
    let live = text.replace("Media file(s)", "Live").replace("a.mp4", "");
    let error = of(&live, "x.csv").unwrap_err();
    assert!(error.contains("the observation is a live one"), "{error}");
    let aggregated = "Observation id,Observation date,Media file name,Behavior,Start (s),Stop (s)\n\
                      o1,2024-05-01 10:00:00,a.mp4,walk,00:00:01.5,00:01:05\n";
    assert_eq!(labels(&of(aggregated, "x.csv").unwrap()), expected[..1]);
}
