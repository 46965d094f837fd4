//! Station-days of an archive in the SeisComP Data Structure.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use data::recording::parse_time;

use super::DAY;
use crate::error::PredictError;

/// Files by site and day; days are counted from 1970-01-01.
pub(super) type Days = BTreeMap<(String, i64), Vec<PathBuf>>;

/// The station-days below `root`.
///
/// # Errors
/// [`PredictError::Data`] if a folder cannot be read, or no file is named as in an archive.
pub(super) fn find(root: &Path) -> Result<Days, PredictError> {
    let mut days = Days::new();
    walk(root, 0, &mut days)?;
    if days.is_empty() {
        return Err(PredictError::source(
            root,
            "no file below it is named as in an SDS archive: NET.STA.LOC.CHA.D.YEAR.DAY",
        ));
    }
    Ok(days)
}

/// Name of a station-day: `NET.STA.LOC.CH.YEAR.DAY`.
pub(super) fn day_name(site: &str, day: i64) -> String {
    let date = chrono::DateTime::from_timestamp_nanos(day * DAY);
    format!("{site}.{}", date.format("%Y.%j"))
}

/// Adds the files below `folder`.
fn walk(folder: &Path, depth: usize, days: &mut Days) -> Result<(), PredictError> {
    let unreadable = |source| {
        PredictError::Data(data::DataError::Read {
            what: "the archive's folder",
            path: folder.to_owned(),
            source,
        })
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    for path in paths {
        // Layout YEAR/NET/STA/CHA.D
        if path.is_dir() && depth < 4 {
            walk(&path, depth + 1, days)?;
        } else if let Some(key) = path
            .file_name()
            .and_then(|name| site_and_day(name.to_str()?))
        {
            days.entry(key).or_default().push(path);
        }
    }
    Ok(())
}

/// Parses `NET.STA.LOC.CHA.D.YEAR.DAY` into site and days since 1970-01-01.
fn site_and_day(name: &str) -> Option<(String, i64)> {
    let parts: Vec<&str> = name.split('.').collect();
    let [network, station, location, channel, _, year, day] = parts[..] else {
        return None;
    };
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(day, 3) || channel.len() != 3 || !channel.is_ascii() {
        return None;
    }
    let start = parse_time(&format!("{year}-{day}T00:00:00")).ok()?;
    let site = format!("{network}.{station}.{location}.{}", &channel[..2]);
    Some((site, start.div_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_sds() {
        let of = |name| site_and_day(name).map(|(site, day)| day_name(&site, day));
        assert_eq!(
            of("XX.MADE.00.HHZ.D.2024.060").unwrap(),
            "XX.MADE.00.HH.2024.060"
        );
        assert_eq!(
            of("XX.MADE..HHN.D.2023.365").unwrap(),
            "XX.MADE..HH.2023.365"
        );
        for other in [
            "a.mseed",
            "XX.MADE.00.HHZ.D.2024.6",
            "XX.MADE.00.HZ.D.2024.060",
            "XX.MADE.00.HHZ.D.2023.366",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
