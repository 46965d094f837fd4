//! Tables as programs print them: databases with rulers, Octave with several variables.

use super::*;

/// Tables as clients of databases print them.
#[test]
fn rulers_are_no_rows() {
    let row = |i: u32| format!("| {:.2} | {i} | {} |\n", f64::from(i) / 100.0, i % 7);
    let rows: String = (0..300).map(row).collect();
    let bare = rows.replace("\n| ", "\n ").replace(" |\n", "\n");
    let ruler = "+------+------+------+\n";
    for text in [
        format!("{ruler}| time | z    | n    |\n{ruler}{rows}{ruler}300 rows in set\n"),
        format!(
            " time | z | n\n------+---+---\n{}\n(300 rows)\n",
            &bare[2..]
        ),
        format!("| time | z | n |\n|:---|---:|:---:|\n{rows}"),
    ] {
        let recording = contents(&text, &Hints::default()).unwrap();
        let names = channel_names(&recording.traces);
        assert_eq!(names, ["z", "n"], "{text:.60}");
        assert_eq!(
            (recording.traces[0].rate, recording.traces[0].samples.len()),
            (100.0, 300)
        );
    }
}

/// The rows of several variables of Octave are not those of one table.
#[test]
fn variables_of_octave() {
    let variable = |name: &str| {
        let rows: String = (0..300).map(|i| format!(" {i}\n")).collect();
        format!("# name: {name}\n# type: matrix\n# rows: 300\n# columns: 1\n{rows}\n\n")
    };
    let hints = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let head = "# Created by Octave 8.4.0, Wed May 01 10:00:00 2024 UTC <me@here>\n";
    let one = format!("{head}{}", variable("z"));
    assert_eq!(parse(&one, &hints).unwrap()[0].samples.len(), 300);
    let error = parse(&format!("{one}{}", variable("t")), &hints).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("line 308 begins another variable of Octave"),
        "{error}"
    );
}

/// Names behind the mark of a comment of another program.
#[test]
fn names_behind_marks() {
    let row = |i: u32| format!("{:.2} {i} {}\n", f64::from(i) / 100.0, i % 7);
    let rows: String = (0..300).map(row).collect();
    for head in [
        "% time z n",
        "%% time z n",
        "! time z n",
        "// time z n",
        "; time z n",
    ] {
        let recording = contents(&format!("{head}\n{rows}"), &Hints::default()).unwrap();
        let names = channel_names(&recording.traces);
        assert_eq!(
            (&names[..], recording.traces[0].rate),
            (&["z", "n"][..], 100.0),
            "{head}"
        );
    }
}
