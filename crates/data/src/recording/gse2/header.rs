//! The line `WID2` of a waveform, in fixed columns, and the network of the line `STA2`.

use super::super::time::{self, DAY};
use crate::error::recording::GseProblem;

/// Header of a waveform.
pub(super) struct Header {
    network: String,
    station: String,
    auxiliary: String,
    code: String,
    pub start: i64,
    /// How samples are written: `CM6`, `INT`.
    pub form: String,
    pub count: usize,
    pub rate: f64,
}

impl Header {
    /// # Errors
    /// If a number is missing or none.
    pub fn of(line: &[u8]) -> Result<Self, GseProblem> {
        let text = |from: usize, to: usize| {
            let own = line.get(from..to.min(line.len())).unwrap_or_default();
            String::from_utf8_lossy(own.trim_ascii()).into_owned()
        };
        let wrong = |what: &'static str, text: String| GseProblem::Header { what, text };
        let integer = |from: usize, to: usize, what: &'static str| {
            let own = text(from, to);
            own.parse::<u32>().map_err(|_| wrong(what, own))
        };
        let [year, month, day, hour, minute] = [(5, 9), (10, 12), (13, 15), (16, 18), (19, 21)]
            .map(|(from, to)| integer(from, to, "time"));
        let seconds = text(22, 28);
        let second = seconds.parse::<f64>().ok();
        let second = second.filter(|second| (0.0..61.0).contains(second));
        let (hour, minute) = (hour?, minute?);
        let whole = || wrong("time", text(5, 28));
        let days = time::day(year?.into(), month?.into(), day?.into()).ok();
        // Beyond them, nanoseconds have no room.
        let days = days.filter(|days| days.abs() < 100_000 && hour < 24 && minute < 60);
        let days = days.ok_or_else(whole)?;
        let second = second.ok_or_else(whole)?;
        let millis = i64::from(hour * 60 + minute) * 60_000 + (second * 1000.0).round() as i64;
        let rate = text(57, 68);
        let rate = rate.parse().map_err(|_| wrong("sampling rate", rate))?;
        Ok(Self {
            network: String::new(),
            station: text(29, 34),
            code: text(35, 38).to_uppercase(),
            auxiliary: text(39, 43),
            form: text(44, 48).to_uppercase(),
            count: integer(48, 56, "number of samples")? as usize,
            start: days * DAY + millis * 1_000_000,
            rate,
        })
    }

    /// Takes the network from the rest of the line `STA2`.
    pub fn station(&mut self, rest: &[u8]) {
        let own = rest.get(1..rest.len().min(10)).unwrap_or_default();
        self.network = String::from_utf8_lossy(own.trim_ascii()).into_owned();
    }

    /// The name of the channel, with the auxiliary code or without.
    pub fn channel(&self, has_auxiliary: bool) -> String {
        let auxiliary = Some(&self.auxiliary).filter(|_| has_auxiliary);
        let auxiliary = auxiliary.map_or("", String::as_str);
        [&*self.network, &self.station, auxiliary, &self.code].join(".")
    }
}
