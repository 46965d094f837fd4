//! What names of files, folders and columns tell.

use support::words::letters_and_digits;

use crate::import::split_named;

/// The ending of a name in lower case, of `a.csv.gz` that before `gz`.
pub(super) fn ending(name: &str) -> String {
    let name = name.to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let parts = plain.rsplit_once('.');
    parts
        .map(|(_, ending)| ending.to_owned())
        .unwrap_or_default()
}

/// What a file is by its name alone: texts of people and programs, which could pass for tables.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let stem = lower.split('.').next().unwrap_or_default();
    if lower.contains("tfevents") {
        return Some("event logs of TensorBoard");
    }
    if [
        "readme",
        "license",
        "licence",
        "copying",
        "changelog",
        "authors",
        "citation",
    ]
    .contains(&stem)
    {
        return Some("documents");
    }
    match ending(name).as_str() {
        "md" | "rst" | "tex" | "bib" | "doc" | "docx" => Some("documents"),
        "py" | "pyc" | "m" | "r" | "c" | "h" | "cc" | "cpp" | "hpp" | "ino" | "js" | "ts"
        | "java" | "rs" | "sh" | "bat" | "ps1" | "go" | "jl" | "ipynb" | "html" | "css" => {
            Some("programs and notebooks")
        }
        "json" | "jsonl" | "xml" | "toml" | "ini" | "cfg" | "lock" | "iml" | "sqlite" | "db" => {
            Some("settings and metadata")
        }
        "png" | "jpg" | "jpeg" | "gif" | "svg" | "bmp" | "mp4" | "avi" | "mov" => {
            Some("pictures and videos")
        }
        "log" => Some("logs"),
        "w" => Some("samples of CSS 3.0, which a .wfdisc describes"),
        "qbn" => Some("samples of Seismic Handler, which a .QHD describes"),
        "affiliation" | "arrival" | "assoc" | "lastid" | "network" | "origin" | "sitechan" => {
            Some("tables of CSS 3.0 without samples")
        }
        _ => None,
    }
}

/// Names of columns and folders that tell who or when.
const GROUPS: [&str; 27] = [
    "s",
    "p",
    "u",
    "subject",
    "subj",
    "sub",
    "person",
    "people",
    "participant",
    "user",
    "volunteer",
    "patient",
    "driver",
    "animal",
    "session",
    "trial",
    "run",
    "experiment",
    "exp",
    "recording",
    "rec",
    "day",
    "site",
    "node",
    "station",
    "sa",
    "se",
];

/// Names of columns that tell the class.
const LABELS: [&str; 19] = [
    "label",
    "labels",
    "class",
    "classes",
    "activity",
    "activities",
    "target",
    "category",
    "gesture",
    "state",
    "event",
    "annotation",
    "species",
    "condition",
    "fault",
    "behaviour",
    "behavior",
    "movement",
    "eventtype",
];

/// Whether a column of this name tells the class of each row.
pub(super) fn is_label(column: &str) -> bool {
    let column = letters_and_digits(column);
    let trimmed = ["name", "id", "code", "type"]
        .iter()
        .find_map(|end| column.strip_suffix(end));
    LABELS.contains(&column.as_str()) || trimmed.is_some_and(|name| LABELS.contains(&name))
}

/// Whether a column of this name tells the group of each row.
pub(super) fn is_group(column: &str) -> bool {
    let column = letters_and_digits(column);
    let trimmed = ["name", "id", "no", "nr", "number"]
        .iter()
        .find_map(|end| column.strip_suffix(end));
    let is = |name: &str| name.len() > 2 && GROUPS.contains(&name);
    is(&column) || trimmed.is_some_and(is)
}

/// What a part of a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// `train`, `val` or `test`.
    Split,
    /// A kind of sensor or a channel, such as `gyro`.
    Sensor,
    /// Digits of a date, a time or a serial number.
    Date,
    /// A short number.
    Number,
    /// A number after the letters of a person, a day or a place: `s01`, `day3`.
    Subject,
    /// A number after other letters.
    Numbered,
    /// A word of a class that is usual: `walk`, `noise`.
    Class,
    /// Any other word.
    Other,
    /// Letters of a random name.
    Random,
}

const SENSORS: [&str; 13] = [
    "acc", "gyr", "mag", "rot", "grv", "grav", "lac", "linacc", "orient", "baro", "imu", "ecg",
    "emg",
];

const CLASSES: [&str; 46] = [
    "walk",
    "run",
    "jog",
    "sit",
    "stand",
    "jump",
    "stair",
    "lying",
    "fall",
    "idle",
    "rest",
    "noise",
    "quiet",
    "silence",
    "background",
    "ambient",
    "normal",
    "healthy",
    "fault",
    "damage",
    "anomal",
    "event",
    "quake",
    "blast",
    "explosion",
    "foot",
    "step",
    "vehicle",
    "car",
    "truck",
    "train_pass",
    "bike",
    "bus",
    "dig",
    "drill",
    "knock",
    "hit",
    "open",
    "close",
    "signal",
    "positive",
    "negative",
    "heel",
    "slow",
    "fast",
    "crack",
];

/// Whether a word is one of usual classes, such as `running` of `run`; short ones are also in names of persons.
fn is_class(word: &str) -> bool {
    let ends = ["", "s", "ing", "ed", "ning", "ting", "ging", "per", "er"];
    let fits = |class: &&str| {
        if class.len() > 3 {
            return word.starts_with(*class) || word.ends_with(*class);
        }
        word.strip_prefix(*class)
            .is_some_and(|rest| ends.contains(&rest))
    };
    CLASSES.iter().any(fits)
}

/// What a part of a name is.
pub(super) fn word(text: &str) -> Word {
    if split_named(text).is_some() {
        return Word::Split;
    }
    let lower = text.to_lowercase();
    let letters: String = lower.chars().take_while(|c| !c.is_ascii_digit()).collect();
    let digits = &lower[letters.len()..];
    // What follows the number says no more: `S1_Dataset`.
    let digits = digits
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let many = lower.bytes().filter(u8::is_ascii_digit).count();
    let is_channel = lower.len() == 3
        && ["h", "l", "n"].contains(&&lower[1..2])
        && ["z", "n", "e", "1", "2", "3"].contains(&&lower[2..]);
    if SENSORS.iter().any(|sensor| lower.starts_with(sensor)) || is_channel && lower.is_ascii() {
        return Word::Sensor;
    }
    if many >= 6 && 2 * many > lower.len() {
        return Word::Date;
    }
    if letters.is_empty() && is_number && digits.len() == lower.len() {
        let is_year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        return if is_year { Word::Date } else { Word::Number };
    }
    let mut words = lower.split(|c: char| !c.is_alphabetic());
    if words.any(is_class) {
        return Word::Class;
    }
    if lower.len() >= 8 && many > 2 && lower.chars().all(|c| c.is_ascii_hexdigit()) {
        return Word::Random;
    }
    match is_number {
        true if GROUPS.contains(&letters_and_digits(&letters).as_str()) => Word::Subject,
        true => Word::Numbered,
        false => Word::Other,
    }
}

/// Whether a part of a name announces who or when in the next one: `subject` of `subject_1`.
pub(super) fn announces_group(text: &str) -> bool {
    GROUPS.contains(&letters_and_digits(text).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names() {
        for (text, expected) in [
            ("Train", Word::Split),
            ("accm", Word::Sensor),
            ("HHZ", Word::Sensor),
            ("20250518", Word::Date),
            ("20200419T233929", Word::Date),
            ("12", Word::Number),
            ("S01", Word::Subject),
            ("day3", Word::Subject),
            ("D14", Word::Numbered),
            ("S1_Dataset", Word::Subject),
            ("2019", Word::Date),
            ("3_walk", Word::Class),
            ("walking", Word::Class),
            ("running", Word::Class),
            ("carl", Word::Other),
            ("Marble", Word::Other),
            ("39bba221", Word::Random),
            ("é", Word::Other),
        ] {
            assert_eq!(word(text), expected, "{text}");
        }
        assert!(is_label("Activity_ID") && is_label("class") && !is_label("acc_x"));
        assert!(is_group("Subject ID") && is_group("person") && !is_group("s"));
    }
}
