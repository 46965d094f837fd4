//! Tables with columns shared by several sensors: every row names its sensor.

mod turns;

use std::collections::HashMap;

use support::words::{first_few, letters_and_digits};

pub(super) use self::turns::Turns;
use super::{Column, Notes, Remark, Values};

/// Names of columns that identify the sensor of a row.
const SENSORS: [&str; 33] = [
    "network",
    "net",
    "station",
    "sta",
    "stationid",
    "location",
    "loc",
    "site",
    "sensor",
    "sensorid",
    "node",
    "nodeid",
    "device",
    "deviceid",
    "mote",
    "moteid",
    "logger",
    "loggerid",
    "unitid",
    "mac",
    "macaddress",
    "macaddr",
    "address",
    "addr",
    "deviceaddress",
    "board",
    "boardid",
    "devid",
    "devicename",
    "sensorname",
    "nodename",
    "stationname",
    "boardname",
];
/// Names of columns that may identify it, or count, or measure: their values must come in turn. No name is one of them, if
/// the values are texts.
const PERHAPS: [&str; 10] = [
    "id", "uid", "uuid", "dev", "imu", "imuid", "tag", "tagid", "sensorno", "",
];
/// Values that a note names.
const NAMED: usize = 4;

/// Sensors that a table may have; what has more values is a measurement.
const MOST: usize = 256;

/// Removes the columns that identify the sensor of a row from `columns`, if there are several sensors. Returns the name
/// of each sensor and its rows, in the order of their first rows. Other columns whose values come in turn are noted.
pub(super) fn of_rows(
    columns: &mut Vec<Column>,
    times: Option<&[i64]>,
    notes: &mut Notes,
) -> Vec<(String, Vec<usize>)> {
    let mut names: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    let in_turn = in_turn(columns, times, notes);
    let mut at = 0;
    columns.retain(|column| {
        at += 1;
        if !is_sensor(&column.name) && in_turn != Some(at - 1) {
            return true;
        }
        let added = match of_column(&column.values) {
            Some(added) => added,
            None => return true,
        };
        if keys.is_empty() {
            keys = added;
        } else {
            keys.iter_mut()
                .zip(added)
                .for_each(|(key, more)| *key = format!("{key}.{more}"));
        }
        names.push(column.name.clone());
        false
    });
    let mut sensors: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known: HashMap<&String, usize> = HashMap::new();
    for (row, key) in keys.iter().enumerate() {
        let at = *known.entry(key).or_insert_with(|| {
            sensors.push((key.clone(), Vec::new()));
            sensors.len() - 1
        });
        sensors[at].1.push(row);
    }
    if !sensors.is_empty() {
        notes.push(Remark::Sensors {
            columns: names,
            sensors: sensors.len(),
            example: sensors[0].0.clone(),
        });
    }
    sensors
}

/// The column whose values tell sensors apart by coming in turn, if no column says so by its name. Where it is not sure
/// that they do, a note says what to do.
fn in_turn(columns: &[Column], times: Option<&[i64]>, notes: &mut Notes) -> Option<usize> {
    let is_told = |column: &Column| is_sensor(&column.name) && of_column(&column.values).is_some();
    if columns
        .iter()
        .any(|column| is_told(column) || super::is_channel(&column.name))
    {
        return None;
    }
    let mut found = None;
    for (at, column) in columns.iter().enumerate() {
        let Some(turns) = Turns::of(column) else {
            continue;
        };
        let is_text = matches!(column.values, Values::Texts(_));
        // A table without names has numbers for them.
        let unnamed = column.name.is_empty() || column.name.parse::<usize>().is_ok();
        let may_be = PERHAPS.contains(&&*letters_and_digits(&column.name)) || unnamed && is_text;
        let is_seen = || turns.same_times(times) || turns.levels_differ(columns, at);
        if may_be && (is_text && turns.are_regular() || is_seen()) {
            found = found.or(Some(at));
        } else if may_be && turns.are_regular()
            || is_text && (turns.are_regular() || is_seen())
            || turns.are_regular() && turns.levels_differ(columns, at)
        {
            let names = turns.names.iter().map(|name| format!("`{name}`"));
            let names: Vec<String> = names.collect();
            notes.push(format!(
                "the values of column `{}` alternate from row to row ({}): if they tell sensors apart, each channel mixes \
                 the rows of several; call the column `sensor` to read each for itself",
                column.name,
                first_few(&names, NAMED)
            ));
        }
    }
    found
}

/// Whether the texts of a column of this name may tell sensors apart.
pub(super) fn may_be_sensor(name: &str) -> bool {
    is_sensor(name) || !name.is_empty() && PERHAPS.contains(&&*letters_and_digits(name))
}

/// Whether a column of this name identifies the sensor of a row.
pub(super) fn is_sensor(name: &str) -> bool {
    SENSORS.contains(&&*letters_and_digits(name))
}

/// Names of the sensors of the rows, if there are several and not too many.
fn of_column(values: &Values) -> Option<Vec<String>> {
    let several = |same: bool, different: usize| !same && different <= MOST;
    match values {
        Values::Texts(texts) => {
            let same = texts.rows.windows(2).all(|pair| pair[0] == pair[1]);
            let name = |row: usize| texts.get(row).to_owned();
            several(same, texts.different()).then(|| (0..texts.rows.len()).map(name).collect())
        }
        Values::Numbers(values) if values.iter().all(|value| value.fract() == 0.0) => {
            let same = values.windows(2).all(|pair| pair[0] == pair[1]);
            let mut different: std::collections::HashSet<u64> = std::collections::HashSet::new();
            let few = values.iter().all(|value| {
                different.insert(value.to_bits());
                different.len() <= MOST
            });
            (!same && few).then(|| values.iter().map(f64::to_string).collect())
        }
        _ => None,
    }
}

/// Whether a column that has one number for each row of a long table is the sampling rate, not samples.
pub(super) fn is_rate(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_ascii_alphabetic());
    let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let plain = plain.strip_suffix("hz").unwrap_or(&plain);
    [
        "fs",
        "sps",
        "samplingrate",
        "samplerate",
        "samplingfrequency",
    ]
    .contains(&plain)
}
