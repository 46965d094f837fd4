//! The lines `WID1` and `WID2` of a waveform, in fixed columns, and the network of the line `STA2`.

use super::super::time::{self, DAY, days_to_year};
use crate::error::recording::GseProblem;

/// Version of the format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// Keywords of a version.
pub(super) struct Words {
    /// Before samples.
    pub data: &'static str,
    /// Before their checksum.
    pub check: &'static str,
}

impl Version {
    pub fn words(self) -> Words {
        match self {
            Self::One => Words {
                data: "DAT1",
                check: "CHK1",
            },
            Self::Two => Words {
                data: "DAT2",
                check: "CHK2",
            },
        }
    }
}

/// How samples are written.
pub(super) enum Form {
    /// As characters of six bits: `CM6`, `CMP6`.
    Characters,
    /// As bytes: `CM8`, `CMP8`.
    Bytes,
    /// As text: `INT`, `INTV`.
    Integers,
    /// In another way.
    Other(String),
}

impl Form {
    fn of(word: String) -> Self {
        match &*word {
            "CM6" | "CMP6" => Self::Characters,
            "CM8" | "CMP8" => Self::Bytes,
            "INT" | "INTV" => Self::Integers,
            _ => Self::Other(word),
        }
    }

    /// How often differences may have been taken, if the header does not say it: as is usual, and for bytes in the other ways
    /// that a header may say.
    fn orders(&self) -> &'static [u8] {
        match self {
            Self::Characters => &[2],
            Self::Bytes => &[2, 0, 1],
            Self::Integers | Self::Other(_) => &[0],
        }
    }
}

/// Header of a waveform.
pub(super) struct Header {
    pub version: Version,
    network: String,
    station: String,
    auxiliary: String,
    code: String,
    pub start: i64,
    pub form: Form,
    /// How often differences were taken, if the header says it.
    differences: Option<u8>,
    pub count: usize,
    pub rate: f64,
}

impl Header {
    /// # Errors
    /// If a number is missing or none.
    pub fn of(line: &[u8]) -> Result<Self, GseProblem> {
        let columns = Columns(line);
        if line.starts_with(b"WID1") {
            columns.version_1()
        } else {
            columns.version_2()
        }
    }

    /// How often differences may have been taken, the likeliest first.
    pub fn orders(&self) -> Vec<u8> {
        let orders = self.form.orders().iter().copied();
        let others = orders.filter(|order| Some(*order) != self.differences);
        self.differences.into_iter().chain(others).collect()
    }

    /// Takes the network from the rest of the line `STA2`.
    pub fn station(&mut self, rest: &[u8]) {
        let network = rest.get(1..rest.len().min(10)).unwrap_or_default();
        self.network = String::from_utf8_lossy(network.trim_ascii()).into_owned();
    }

    /// The name of the channel, with the auxiliary code or without.
    pub fn channel(&self, has_auxiliary: bool) -> String {
        let auxiliary = Some(&self.auxiliary).filter(|_| has_auxiliary);
        let auxiliary = auxiliary.map_or("", String::as_str);
        [&*self.network, &self.station, auxiliary, &self.code].join(".")
    }
}

/// A line with fields in fixed columns.
struct Columns<'a>(&'a [u8]);

impl Columns<'_> {
    fn version_1(&self) -> Result<Header, GseProblem> {
        let [year, day, hour, minute, second, milli] =
            [(5, 10), (10, 13), (14, 16), (17, 19), (20, 22), (23, 26)]
                .map(|(from, to)| self.integer(from, to, "time"));
        let (year, day) = (i64::from(year?), i64::from(day?));
        let is_year = (1678..2262).contains(&year);
        let days = || days_to_year(year + 1) - days_to_year(year);
        let days = (is_year && (1..=days()).contains(&day)).then(|| days_to_year(year) + day - 1);
        let millis = i64::from(second?) * 1000 + i64::from(milli?);
        let start = start(days, [hour?, minute?], (millis < 61_000).then_some(millis))
            .ok_or_else(|| self.wrong("time", 5, 26))?;
        Ok(Header {
            version: Version::One,
            network: String::new(),
            station: self.text(36, 42),
            auxiliary: String::new(),
            code: self.text(52, 54).to_uppercase(),
            start,
            form: Form::of(self.text(74, 78).to_uppercase()),
            differences: self.text(79, 80).parse().ok().filter(|order| *order <= 2),
            count: self.integer(27, 35, "number of samples")? as usize,
            rate: self.rate(55, 66)?,
        })
    }

    fn version_2(&self) -> Result<Header, GseProblem> {
        let [year, month, day, hour, minute] = [(5, 9), (10, 12), (13, 15), (16, 18), (19, 21)]
            .map(|(from, to)| self.integer(from, to, "time"));
        let second = self.text(22, 28).parse::<f64>().ok();
        let second = second.filter(|second| (0.0..61.0).contains(second));
        let (hour, minute) = (hour?, minute?);
        let days = time::day(year?.into(), month?.into(), day?.into()).ok();
        let millis = second.map(|second| (second * 1000.0).round() as i64);
        let start = start(days, [hour, minute], millis).ok_or_else(|| self.wrong("time", 5, 28))?;
        Ok(Header {
            version: Version::Two,
            network: String::new(),
            station: self.text(29, 34),
            auxiliary: self.text(39, 43),
            code: self.text(35, 38).to_uppercase(),
            rate: self.rate(57, 68)?,
            form: Form::of(self.text(44, 48).to_uppercase()),
            differences: None,
            count: self.integer(48, 56, "number of samples")? as usize,
            start,
        })
    }

    fn text(&self, from: usize, to: usize) -> String {
        let field = self.0.get(from..to.min(self.0.len())).unwrap_or_default();
        String::from_utf8_lossy(field.trim_ascii()).into_owned()
    }

    fn wrong(&self, what: &'static str, from: usize, to: usize) -> GseProblem {
        let text = self.text(from, to);
        GseProblem::Header { what, text }
    }

    fn integer(&self, from: usize, to: usize, what: &'static str) -> Result<u32, GseProblem> {
        let number = self.text(from, to).parse();
        number.map_err(|_| self.wrong(what, from, to))
    }

    fn rate(&self, from: usize, to: usize) -> Result<f64, GseProblem> {
        let rate = self.text(from, to).parse();
        rate.map_err(|_| self.wrong("sampling rate", from, to))
    }
}

/// Nanoseconds of a day, a time of it in hours and minutes, and milliseconds after these.
fn start(days: Option<i64>, [hour, minute]: [u32; 2], millis: Option<i64>) -> Option<i64> {
    // Beyond them, nanoseconds have no room.
    let days = days.filter(|days| days.abs() < 100_000 && hour < 24 && minute < 60)?;
    let millis = i64::from(hour * 60 + minute) * 60_000 + millis?;
    Some(days * DAY + millis * 1_000_000)
}
