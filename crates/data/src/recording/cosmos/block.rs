//! Headers of a channel.

use super::super::time::{DAY, HOUR, day, of_clock, parse_time};
use super::CosmosProblem;
use super::fortran::Form;

/// How samples are spaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spaced {
    /// Seconds between samples.
    By(f64),
    /// Seconds that all of them take, about.
    Over(f64),
}

/// What stands for unknown numbers, and all below.
const UNKNOWN: f64 = -999.0;

/// The number of samples in a line such as `NO. OF POINTS =  11999  RECORD LENGTH = 59.998 SEC`.
pub(super) fn points(line: &str) -> Option<usize> {
    let lower = line.trim_start().to_ascii_lowercase();
    let rest = lower.strip_prefix("no. of points")?;
    let word = rest.trim_start_matches([' ', '=']).split(' ').next()?;
    word.parse().ok().filter(|count| *count > 0)
}

/// Whether a line has numbers and nothing else.
pub(super) fn is_of_numbers(line: &str) -> bool {
    let line = line.trim_end();
    !line.trim().is_empty()
        && line
            .chars()
            .all(|c| c.is_ascii_digit() || "+-.eE ".contains(c))
}

/// Headers of a channel, above its samples.
#[derive(Debug, Default)]
pub(super) struct Block {
    texts: Vec<String>,
    integers: Vec<f64>,
    reals: Vec<f64>,
    comments: Vec<String>,
    /// Whether samples have followed: the next header is that of another channel.
    pub is_done: bool,
}

impl Block {
    /// Takes a line of the header, or several; returns the line behind.
    pub fn header(&mut self, lines: &[String], at: usize) -> usize {
        let line = lines[at].trim_end();
        let lower = line.to_ascii_lowercase();
        // The end of a channel, as COSMOS and CSMIP write it.
        let is_end = lower.starts_with("end-of-data") || lower.starts_with("/&");
        if is_end || line.trim().is_empty() {
            return at + 1;
        }
        let is_of_numbers = is_of_numbers(line);
        if self.is_done && !is_of_numbers {
            *self = Self::default();
        }
        if lower.contains("integer-header values follow") {
            let (next, numbers) = numbers(lines, at);
            self.integers = numbers;
            return next;
        }
        if lower.contains("real-header values follow") {
            let (next, numbers) = numbers(lines, at);
            self.reals = numbers;
            return next;
        }
        if let Some(comment) = line.strip_prefix('|') {
            self.comments.push(comment.to_owned());
        } else if !is_of_numbers {
            self.texts.push(line.to_owned());
        }
        at + 1
    }

    fn known(values: &[f64], number: usize) -> Option<f64> {
        values
            .get(number - 1)
            .copied()
            .filter(|value| *value > UNKNOWN)
    }

    /// Integer header `number`, from 1.
    fn integer(&self, number: usize) -> Option<i64> {
        Self::known(&self.integers, number).map(|value| value as i64)
    }

    /// Real header `number`, from 1.
    fn real(&self, number: usize) -> Option<f64> {
        Self::known(&self.reals, number)
    }

    /// Number of samples that a text tells.
    pub fn points(&self) -> Option<usize> {
        self.texts.iter().find_map(|line| points(line))
    }

    /// Seconds between samples.
    ///
    /// # Errors
    /// If the headers do not tell them.
    pub fn interval(&self, samples: usize, spaced: Spaced) -> Result<f64, CosmosProblem> {
        let seconds = match spaced {
            Spaced::By(interval) => return Ok(interval),
            Spaced::Over(seconds) => seconds,
        };
        // In milliseconds; some programs write seconds. The other one is that of the recorder, in seconds.
        let stated = self.real(62);
        let all = [stated.map(|millis| millis * 1e-3), stated, self.real(34)];
        let fits = |interval: &f64| {
            let off = (interval * samples as f64 - seconds).abs();
            *interval > 0.0 && off <= (0.02 * seconds).max(1.5)
        };
        let found = all.into_iter().flatten().find(fits);
        found.ok_or(CosmosProblem::NoInterval { samples, seconds })
    }

    /// Time of the first sample in nanoseconds.
    pub fn start(&self) -> Option<i64> {
        self.start_in_numbers().or_else(|| self.start_in_text())
    }

    fn start_in_numbers(&self) -> Option<i64> {
        let part = |number: usize| self.integer(number);
        let days = day(part(40)?, part(42)?, part(43)?).ok()?;
        let clock = of_clock(part(44)?, part(45)?, self.real(30)?)?;
        days.checked_mul(DAY)?.checked_add(clock)
    }

    /// The time in a line such as `Rcrd start time: 3/29/14, 04:09:52.0 UTC` or `TRIGGER TIME: 06/28/92, 11:57:40.0 GMT`.
    fn start_in_text(&self) -> Option<i64> {
        let line = self.texts.iter().find_map(|line| {
            let lower = line.to_ascii_lowercase();
            let words = ["start time", "trigger time", "time of first sample"];
            let at = words
                .iter()
                .find_map(|word| Some(lower.find(word)? + word.len()))?;
            Some(line[at..].trim_start_matches([':', '=', ' ']))
        })?;
        let mut words = line.split([' ', ',']).filter(|word| !word.is_empty());
        let (date, clock) = (words.next()?, words.next()?);
        let late = zone(words.next().unwrap_or_default())?;
        let parts: Vec<&str> = date.split(['/', '-']).collect();
        let [first, second, third] = parts[..] else {
            return None;
        };
        // With the year last, the month is first, as in California.
        let date = match (first.len(), third.len()) {
            (4, _) => format!("{first}-{second}-{third}"),
            (_, 4) => format!("{third}-{first}-{second}"),
            (_, 2) => {
                let year: i64 = third.parse().ok()?;
                let year = year + if year < 40 { 2000 } else { 1900 };
                format!("{year}-{first}-{second}")
            }
            _ => return None,
        };
        let is_clock = clock.matches(':').count() == 2;
        let time = parse_time(&format!("{date} {clock}")).ok()?;
        is_clock.then(|| time.saturating_add(late))
    }

    /// The name of the channel of a `quantity`.
    pub fn name(&self, quantity: &str) -> String {
        let suffix = match quantity {
            _ if quantity.contains("vel") => "-vel",
            _ if quantity.contains("disp") || quantity.contains(" dis ") => "-disp",
            _ => "",
        };
        let [network, station, location, channel] = self.codes();
        format!("{network}.{station}.{location}.{channel}{suffix}")
    }

    /// Network and station of a record such as `15481673.CI.WLT.--.HN`.
    fn record(&self) -> Option<[String; 2]> {
        self.texts.iter().find_map(|line| {
            let parts: Vec<&str> = line.split_whitespace().next()?.split('.').collect();
            let [_, network, station, _, _] = parts[..] else {
                return None;
            };
            let is_network = (1..=2).contains(&network.len())
                && network.chars().all(|c| c.is_ascii_alphanumeric());
            is_network.then(|| [network, station].map(str::to_owned))
        })
    }

    /// What follows `STATION NO.` or `Station Id.`.
    fn station(&self) -> Option<String> {
        self.texts.iter().find_map(|line| {
            let mut words = line.split_whitespace();
            let is_named = words.next()?.eq_ignore_ascii_case("station")
                && matches!(&*words.next()?.to_ascii_lowercase(), "no." | "id.");
            // Without a number, the coordinates follow.
            let number = words
                .next()
                .filter(|word| is_named && !word.contains('.'))?;
            Some(number.to_owned())
        })
    }

    fn codes(&self) -> [String; 4] {
        let plain = |code: &str| code.trim().trim_matches('-').to_owned();
        let behind = |texts: &[String], word: &str| {
            let line = texts.iter().find_map(|line| line.split_once(word));
            line.map(|(_, rest)| rest.trim().to_owned())
        };
        let word = |text: String| {
            text.split([' ', '\t'])
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        if let Some(scnl) = behind(&self.comments, "<SCNL>").map(word) {
            let codes: Vec<&str> = scnl.split('.').collect();
            if let [station, channel, network, location] = codes[..] {
                return [network, station, location, channel].map(plain);
            }
        }
        // `Code:NP-1795`; CSMIP: `STATION NO. 24436`, or `15481673.CI.WLT.--.HN` before the time.
        let code = behind(&self.texts, "Code:").map(word).unwrap_or_default();
        let (network, station) = match code.split_once('-') {
            Some((network, station)) => (network.to_owned(), station.to_owned()),
            None => match self.record() {
                Some([network, station]) => (network, station),
                None => (String::new(), self.station().unwrap_or(code)),
            },
        };
        let seed = behind(&self.comments, "SEED Chan:")
            .map(word)
            .filter(|seed| !seed.is_empty());
        let number = || {
            self.integer(50)
                .filter(|value| *value > 0)
                .map(|value| value.to_string())
        };
        let in_text = || {
            self.texts.iter().find_map(|line| {
                let at = line.to_ascii_lowercase().find("chan")?;
                let rest =
                    line[at + 4..].trim_start_matches(|c: char| c.is_alphabetic() || c == ' ');
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                (!digits.is_empty()).then_some(digits)
            })
        };
        // `COMP N08W` of the University of Southern California.
        let component = || {
            let mut lines = self.texts.iter();
            let line = lines.find_map(|line| line.trim_start().strip_prefix("COMP "))?;
            line.split_whitespace().next().map(str::to_owned)
        };
        let channel = seed.or_else(number).or_else(in_text).or_else(component);
        let channel = channel.unwrap_or_default();
        [network, station, String::new(), channel]
    }
}

/// The numbers below line `at`, which says how many there are, in how many lines and which format; and the line behind.
fn numbers(lines: &[String], at: usize) -> (usize, Vec<f64>) {
    let line = &lines[at];
    let mut stated = line
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|text| text.parse::<usize>().ok());
    let (_, rows) = (stated.next(), stated.next().unwrap_or(0));
    let rows = rows.min(lines.len() - at - 1);
    let form = Form::of(line);
    let mut values = Vec::new();
    for row in &lines[at + 1..at + 1 + rows] {
        match form {
            Some(form) => {
                // A malformed number makes those behind it unknown.
                if form.numbers(row, &mut values).is_err() {
                    break;
                }
            }
            None => values.extend(
                row.split_whitespace()
                    .map(|word| word.parse().unwrap_or(f64::NAN)),
            ),
        }
    }
    (at + 1 + rows, values)
}

/// Nanoseconds by which UTC is ahead of the zone of a time; none if that is not certain.
fn zone(word: &str) -> Option<i64> {
    match &*word.to_ascii_uppercase() {
        "PST" => Some(8 * HOUR),
        "PDT" => Some(7 * HOUR),
        "UTC" | "GMT" | "UT" | "Z" => Some(0),
        other => (!other.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(0),
    }
}
