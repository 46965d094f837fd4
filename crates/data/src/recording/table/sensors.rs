//! Tables with columns shared by several sensors: every row names its sensor.

use super::{Column, Notes, Remark, Values};

/// Names of columns that identify the sensor of a row.
const SENSORS: [&str; 20] = [
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
];
/// Sensors that a table may have; what has more values is a measurement.
const MOST: usize = 256;

/// Removes the columns that identify the sensor of a row from `columns`, if there are several sensors. Returns the name
/// of each sensor and its rows, in the order of their first rows.
pub(super) fn of_rows(columns: &mut Vec<Column>, notes: &mut Notes) -> Vec<(String, Vec<usize>)> {
    let mut names: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    columns.retain(|column| {
        if !is_sensor(&column.name) {
            return true;
        }
        let own = match of_column(&column.values) {
            Some(own) => own,
            None => return true,
        };
        if keys.is_empty() {
            keys = own;
        } else {
            keys.iter_mut()
                .zip(own)
                .for_each(|(key, own)| *key = format!("{key}.{own}"));
        }
        names.push(column.name.clone());
        false
    });
    let mut sensors: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known: std::collections::HashMap<&String, usize> = std::collections::HashMap::new();
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

/// Whether a column of this name identifies the sensor of a row.
pub(super) fn is_sensor(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    let plain = letters.collect::<String>().to_lowercase();
    SENSORS.contains(&&*plain)
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
