//! Tables with blanks between their cells or names in a comment, in other languages, and files that are no tables.

use super::*;

fn read_text(text: &str, settings: &str) -> Result<Vec<Label>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    read_with(&path, settings).map_err(|error| error.to_string())
}

#[test]
fn blanks_comments_and_languages() {
    let day = "2024-05-01T10:00:";
    for (text, settings) in [
        ("0.5 2.5 steps\n", "x.txt"),
        ("0.5   2.5\tsteps\n".replace('\t', "  ").as_str(), "x.txt"),
        ("start end class\n0.5 2.5 steps\n", "x.txt"),
        ("# start end class\n0.5 2.5 steps\n", "x.txt"),
        (
            "steps 0.5 2.5\n",
            "{file: x.txt, start: 2, end: 3, class: 1}",
        ),
        ("# start_ms,end_ms,label\n500,2500,steps\n", "x.txt"),
        (
            "# a title\n#id;time;length;phase\np1;0.5;2;steps\n",
            "{file: x.txt, start: time, class: phase}",
        ),
        (
            "start,end,class\n0 days 00:00:00.5,0 days 00:00:02.500000,steps\n",
            "x.txt",
        ),
        ("start,duration,class\n0.5,0 days 00:00:02,steps\n", "x.txt"),
        ("onset\tduration\ttrial_type\n0.5\t2\tsteps\n", "x.tsv"),
        ("Début;Fin;Classe\n0,5;2,5;steps\n", "x.csv"),
        ("Inicio;Duración (s);Clase\n0,5;2;steps\n", "x.csv"),
        ("Inizio;Fine;Etichetta\n0,5;2,5;steps\n", "x.csv"),
        ("von;bis;Bezeichnung\n0,5;2,5;steps\n", "x.csv"),
    ] {
        let labels = read_text(text, settings).unwrap_or_else(|error| panic!("{text}: {error}"));
        let times = (Time::Seconds(0.5), Time::Seconds(2.5));
        assert_eq!((labels[0].start, labels[0].end), times, "{text}");
        assert_eq!((labels.len(), &*labels[0].class), (1, "steps"), "{text}");
    }
    // The last column has the words that follow.
    let text = format!("{day}00Z {day}02Z heavy truck\n\n{day}02Z {day}04Z car\n");
    let labels = read_text(&format!("start end class\n{text}"), "x.txt").unwrap();
    let classes: Vec<&str> = labels.iter().map(|label| &*label.class).collect();
    assert_eq!(classes, ["heavy truck", "car"]);
    let error = read_text("# id, start_s, end_s, kind\na, 0, 1, x\n", "x.txt").unwrap_err();
    assert!(
        error.contains("no column `class`: expected") && error.contains("end_s, kind"),
        "{error}"
    );
    // A comment that names nothing.
    let labels = read_text("# made by hand\n0,1,a\n", "x.txt").unwrap();
    assert_eq!(labels[0].class, "a");
}

#[test]
fn files_that_are_no_tables() {
    for (text, what) in [
        (
            "[{\"start\": 0, \"end\": 1, \"label\": \"a\"}]",
            "is JSON: export",
        ),
        ("<?xml version=\"1.0\"?><a/>", "is an XML document: export"),
        (
            "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n",
            "is a file of Praat: export",
        ),
        (
            "1\r\n00:00:00,000 --> 00:00:10,000\r\ncar\r\n",
            "is a file of subtitles (SubRip): export",
        ),
        (
            "WEBVTT\n\n00:00.000 --> 00:10.000\ncar\n",
            "is a file of subtitles (WebVTT): export",
        ),
        ("PK\u{3}\u{4}xl/\u{1}\u{2}", "is an Excel workbook: export"),
        ("PAR1\u{15}\u{4}", "is a Parquet table: export"),
    ] {
        let error = read_text(text, "x.csv").unwrap_err();
        assert!(error.contains(what), "{what}: {error}");
        assert!(
            error.contains("with the columns start, end and class"),
            "{error}"
        );
    }
}

/// HTK counts units of 100 ns; other label files of the name have seconds.
#[test]
fn label_files_of_htk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lab");
    let of = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let rows = read(&path, &LabelsFile::default()).unwrap();
        let labels = rows.rows.into_iter().map(|row| row.label);
        let labels = labels.map(|label| (label.start, label.end, label.class));
        (labels.collect::<Vec<_>>(), rows.notes)
    };
    let seconds = Time::Seconds;
    let (labels, notes) = of("0 5000000 sil\n5000000 1230500000 steps\n");
    let expected = [(0.0, 0.5, "sil"), (0.5, 123.05, "steps")];
    let expected = expected.map(|(start, end, class)| (seconds(start), seconds(end), class.into()));
    assert_eq!(labels, expected);
    assert!(notes[0].contains("100 ns"), "{notes:?}");
    let (labels, notes) = of("0 5 sil\n5 12.5 steps\n");
    assert_eq!(labels[1].0, seconds(5.0));
    assert!(notes.is_empty());
}
