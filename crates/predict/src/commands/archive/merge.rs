//! Joins the results of all days.

use std::fs;
use std::path::{Path, PathBuf};

use data::recording::{NANOS, parse_time};
use serde_json::{Value, json};

use super::super::output::{Output, number};
use crate::error::PredictError;

/// Times in results are rounded to microseconds.
const ROUNDING: i64 = 1_000;

/// How the events of days become those of the archive, in nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Joining {
    /// Longest gap within an event.
    pub reach: i64,
    /// Shortest event.
    pub shortest: i64,
}

/// Writes the events of all days sorted by site and time. Events of one class that continue over midnight are joined.
pub(super) fn merge(results: &[PathBuf], out: &Path, joining: Joining) -> Result<(), PredictError> {
    let mut output = Output::open(Some(&out.join("events.jsonl")))?;
    let mut write = |event: Value| match duration(&event) {
        Some(duration) if duration < joining.shortest - ROUNDING => Ok(()),
        _ => output.write(&format!("{event}\n")),
    };
    let mut last: Option<Value> = None;
    for path in results {
        let text = fs::read_to_string(path)
            .map_err(|error| PredictError::source(path, error.to_string()))?;
        for (number, line) in text.lines().enumerate() {
            let event: Value = serde_json::from_str(line).map_err(|error| {
                PredictError::source(path, format!("line {}: {error}", number + 1))
            })?;
            let joined = match &mut last {
                Some(previous) if number == 0 => join(previous, &event, joining.reach).is_some(),
                _ => false,
            };
            if !joined && let Some(previous) = last.replace(event) {
                write(previous)?;
            }
        }
    }
    last.map_or(Ok(()), write)?;
    output.finish()
}

/// Nanoseconds of a time in the results: a date, or seconds if there is none.
fn nanos(time: &Value) -> Option<i64> {
    match time.as_f64() {
        Some(seconds) => Some((seconds * NANOS).round() as i64),
        None => parse_time(time.as_str()?).ok(),
    }
}

fn duration(event: &Value) -> Option<i64> {
    Some(nanos(&event["end"])?.saturating_sub(nanos(&event["start"])?))
}

/// Merges `next` into `last` if both belong to one event.
fn join(last: &mut Value, next: &Value, reach: i64) -> Option<()> {
    let same = ["site", "class"].iter().all(|key| last[key] == next[key]);
    let end = nanos(&last["end"])?;
    let start = nanos(&next["start"])?;
    if !same || start.saturating_sub(end) > reach.saturating_add(ROUNDING) {
        return None;
    }
    let windows = [&*last, next].map(|event| event["windows"].as_f64());
    let confidence = [&*last, next].map(|event| event["confidence"].as_f64());
    let (first, second) = (windows[0]?, windows[1]?);
    let mean = (confidence[0]? * first + confidence[1]? * second) / (first + second);
    last["confidence"] = number(mean as f32);
    last["windows"] = json!((first + second) as u64);
    if next["peak"].as_f64() > last["peak"].as_f64() {
        last["peak"] = next["peak"].clone();
        last["peak_time"] = next["peak_time"].clone();
    }
    if nanos(&next["end"])? > end {
        last["end"] = next["end"].clone();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_over_midnight_are_one() {
        let event = |start: &str, end: &str, confidence: f64, windows: u64| {
            json!({"site": "a", "class": "b", "start": start, "end": end, "confidence": confidence, "peak": confidence,
                "peak_time": start, "windows": windows})
        };
        let mut last = event("2024-05-01T23:59:50Z", "2024-05-02T00:00:02Z", 0.5, 1);
        let next = event("2024-05-02T00:00:00Z", "2024-05-02T00:00:05Z", 0.75, 3);
        join(&mut last, &next, 0).unwrap();
        assert_eq!((&last["windows"], &last["end"]), (&json!(4), &next["end"]));
        assert_eq!(last["confidence"], 0.6875);
        // Windows that follow each other without overlap, whose times are rounded.
        let mut last = event(
            "2024-05-01T23:59:50Z",
            "2024-05-01T23:59:59.999999Z",
            0.5,
            1,
        );
        let next = event("2024-05-02T00:00:00Z", "2024-05-02T00:00:05Z", 0.75, 3);
        assert!(join(&mut last, &next, 0).is_some());
        let far = event("2024-05-02T00:01:00Z", "2024-05-02T00:01:05Z", 0.9, 3);
        assert!(join(&mut last, &far, 1_000_000_000).is_none());
    }
}
