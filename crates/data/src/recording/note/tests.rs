//! Notes that say the same, and doubts among them.

use super::*;

#[test]
fn notes_that_say_the_same_are_one_line() {
    let mut notes = Notes::default();
    for i in 0..5 {
        notes.push(Note::from("is silent").after(format_args!("r{i}: ")));
        notes.push(Note::from(Remark::NamesInLine(3)).after(format_args!("{i}.csv: ")));
    }
    notes.push(Note::from("is loud").after("r1: "));
    notes.push("said once");
    let doubts = [
        "5 times: is silent (r0, r1, r2 and 2 more)",
        "r1: is loud",
        "said once",
    ];
    assert_eq!(notes.grouped(Note::is_doubt), doubts);
    assert_eq!(notes.grouped(|_| true).len(), 4);
    // All of them are there one by one.
    assert_eq!(notes.texts(true).len(), 7);
}

#[test]
fn notes_with_other_numbers_are_few_lines() {
    let notes = |count: usize| {
        let mut notes = Notes::default();
        for i in 0..count {
            for channel in ["E1", "E2"] {
                let text = format!(
                    "channel `{channel}`: {}.{i} s of 0 at 08:{i:02}: is it off?",
                    i * 7
                );
                notes.push(Note::from(text).after(format_args!("day{i}: ")));
            }
            notes.push(format!("split {i} is small"));
        }
        notes.grouped(|_| true)
    };
    let many = notes(9);
    assert_eq!(many.len(), 9 + 2 * 4, "{many:#?}");
    assert_eq!(
        many[4],
        "day1: channel `E2`: 7.1 s of 0 at 08:01: is it off?"
    );
    let rest = "6 times more, with other numbers: channel `E1`: 21.3 s of 0 at 08:03: is it off? (day3, day4, day5 and 3 more)";
    assert_eq!(many[9], rest);
    // One line instead of one is no gain.
    assert_eq!(notes(4).len(), 4 + 2 * 4);
}

#[test]
fn notes_on_texts_are_one_line_whatever_the_texts() {
    let mut notes = Notes::default();
    for i in 0..3 {
        let left_out = Remark::ColumnLeftOut {
            name: "session".into(),
            what: format!("texts, such as `{i}_a`"),
        };
        notes.push(Note::from(left_out).after(format_args!("{i}.csv: ")));
    }
    let line = "3 times: left out column `session`: texts, such as `0_a` (0.csv, 1.csv, 2.csv)";
    assert_eq!(notes.grouped(|_| true), [line]);
}

#[test]
fn texts_are_doubts_and_remarks_are_not() {
    let mut notes = Notes::default();
    notes.push("12 records left out");
    notes.push(Remark::NamesInLine(3));
    assert_eq!(notes.texts(true), ["12 records left out"]);
    assert_eq!(
        notes.texts(false),
        ["the names of the columns are in line 3"]
    );
    let before = notes[1].clone().after("a.csv: ");
    assert!(!before.is_doubt());
    assert_eq!(before, "a.csv: the names of the columns are in line 3");
}
