//! Output of events and windows.

use clap::Args;
use data::recording::NANOS;
use serde_json::{Value, json};

use super::output::{Format, Output, OutputArgs, by_class, csv_field, number};
use super::{FORMAT_VERSION, UNKNOWN};
use crate::analysis::Finding;
use crate::classifier::{Classifier, Prediction};
use crate::error::PredictError;
use crate::events::{Event, EventSettings};
use crate::slide::Span;

/// Thresholds and durations of events.
#[derive(Clone, Debug, Args)]
pub struct EventArgs {
    /// An event starts with a window in which its class is the most probable with at least this probability
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        default_value_t = 0.7
    )]
    pub on: f32,
    /// An event ends before the first window in which the probability of its class is below this
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        default_value_t = 0.5
    )]
    pub off: f32,
    /// Drop events shorter than this, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        allow_negative_numbers = true,
        default_value_t = 0.0
    )]
    pub min_duration: f64,
    /// Merge events of one class with at most this gap, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        allow_negative_numbers = true,
        default_value_t = 0.0
    )]
    pub merge_gap: f64,
    /// Windows whose highest probability is below this are `unknown` and part of no event
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        default_value_t = 0.0
    )]
    pub threshold: f32,
    /// Class that produces no events; may be repeated [default: background, noise and no_event, if present]
    #[arg(long, value_name = "CLASS")]
    pub ignore: Vec<String>,
    /// Print every window instead of events
    #[arg(long)]
    pub windows: bool,
}

impl EventArgs {
    /// Event settings for these classes.
    ///
    /// # Errors
    /// [`PredictError::Usage`] naming the invalid option.
    pub(crate) fn settings(&self, classes: &[String]) -> Result<EventSettings, PredictError> {
        let settings = EventSettings {
            on: self.on,
            off: self.off,
            min_duration: self.min_duration,
            merge_gap: self.merge_gap,
            threshold: self.threshold,
            ignored: EventSettings::ignored(classes, &self.ignore)?,
        };
        settings.check()?;
        Ok(settings)
    }
}

/// Times before this count from the start of a recording without date.
const FIRST_DATE: i64 = 30 * 86_400_000_000_000;

/// Time in JSON: RFC 3339 in UTC with microseconds, or seconds if there is no date.
pub(crate) fn time(nanos: i64) -> Value {
    match date(nanos) {
        Some(text) => text.into(),
        None => (nanos as f64 / NANOS).into(),
    }
}

/// RFC 3339 in UTC with microseconds; `None` if there is no date.
pub(crate) fn date(nanos: i64) -> Option<String> {
    if nanos.abs() < FIRST_DATE {
        return None;
    }
    let time = chrono::DateTime::from_timestamp_nanos(nanos);
    Some(time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
}

fn time_text(nanos: i64) -> String {
    date(nanos).unwrap_or_else(|| format!("{:.6}", nanos as f64 / NANOS))
}

/// Writes findings in the chosen format.
pub(crate) struct Findings {
    format: Format,
    output: Output,
    names: Vec<String>,
    threshold: f32,
    windows: bool,
    /// Column widths of site and class in text output.
    widths: [usize; 2],
    /// Number of windows and events written.
    pub counts: [usize; 2],
}

impl Findings {
    pub(crate) fn open(
        output: &OutputArgs,
        events: &EventArgs,
        classifier: &Classifier,
        sites: &[&str],
    ) -> Result<Self, PredictError> {
        let names = classifier.class_names().to_vec();
        let width = |text: &str| text.chars().count();
        let site = sites
            .iter()
            .map(|site| width(site))
            .max()
            .unwrap_or(0)
            .max(4);
        let class = names
            .iter()
            .map(|name| width(name))
            .max()
            .unwrap_or(0)
            .max(7);
        let mut findings = Self {
            format: output.format(),
            output: Output::open(output.out.as_deref())?,
            threshold: events.threshold,
            windows: events.windows,
            widths: [site, class],
            counts: [0; 2],
            names,
        };
        findings.head()?;
        Ok(findings)
    }

    fn head(&mut self) -> Result<(), PredictError> {
        let [site, class] = self.widths;
        let line = match (self.format, self.windows) {
            (Format::Json, _) => return Ok(()),
            (Format::Csv, false) => {
                "site,start,end,class,confidence,peak,peak_time,windows\n".to_owned()
            }
            (Format::Csv, true) => {
                let names: Vec<String> = self.names.iter().map(|name| csv_field(name)).collect();
                format!("site,start,end,class,confidence,{}\n", names.join(","))
            }
            (Format::Text, windows) => format!(
                "{:<site$}  {:<27}  {:<27}  {:<class$}  confidence{}\n",
                "site",
                "start",
                "end",
                "class",
                if windows { "" } else { "    peak  windows" }
            ),
        };
        self.output.write(&line)
    }

    /// Writes and drains `findings`.
    ///
    /// # Errors
    /// Those of [`Output::write`].
    pub(crate) fn write(
        &mut self,
        site: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<(), PredictError> {
        for finding in findings.drain(..) {
            match finding {
                Finding::Window(span, prediction) => {
                    self.counts[0] += 1;
                    if self.windows {
                        let line = self.window(site, span, &prediction);
                        self.output.write(&line)?;
                    }
                }
                Finding::Event(event) => {
                    self.counts[1] += 1;
                    if !self.windows {
                        let line = self.event(site, &event);
                        self.output.write(&line)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn window(&self, site: &str, span: Span, prediction: &Prediction) -> String {
        let class = if prediction.confidence < self.threshold {
            UNKNOWN
        } else {
            &self.names[prediction.class]
        };
        let [site_width, class_width] = self.widths;
        match self.format {
            Format::Json => {
                let line = json!({
                    "version": FORMAT_VERSION,
                    "kind": "window",
                    "site": site,
                    "start": time(span.start),
                    "end": time(span.end),
                    "class": class,
                    "confidence": number(prediction.confidence),
                    "probabilities": by_class(&self.names, &prediction.probabilities),
                });
                format!("{line}\n")
            }
            Format::Csv => {
                let probabilities: Vec<String> = prediction
                    .probabilities
                    .iter()
                    .map(f32::to_string)
                    .collect();
                format!(
                    "{},{},{},{},{},{}\n",
                    csv_field(site),
                    time_text(span.start),
                    time_text(span.end),
                    csv_field(class),
                    prediction.confidence,
                    probabilities.join(",")
                )
            }
            Format::Text => format!(
                "{site:<site_width$}  {:<27}  {:<27}  {class:<class_width$}  {:>10.4}\n",
                time_text(span.start),
                time_text(span.end),
                prediction.confidence
            ),
        }
    }

    fn event(&self, site: &str, event: &Event) -> String {
        let class = &self.names[event.class];
        let [site_width, class_width] = self.widths;
        match self.format {
            Format::Json => format!("{}\n", event_json(site, class, event)),
            Format::Csv => format!(
                "{},{},{},{},{},{},{},{}\n",
                csv_field(site),
                time_text(event.start),
                time_text(event.end),
                csv_field(class),
                event.mean(),
                event.peak,
                time_text(event.peak_time),
                event.windows
            ),
            Format::Text => format!(
                "{site:<site_width$}  {:<27}  {:<27}  {class:<class_width$}  {:>10.4}  {:>6.4}  {:>7}\n",
                time_text(event.start),
                time_text(event.end),
                event.mean(),
                event.peak,
                event.windows
            ),
        }
    }

    /// Flushes the output.
    ///
    /// # Errors
    /// Those of [`Output::write`].
    pub(crate) fn flush(&mut self) -> Result<(), PredictError> {
        self.output.flush()
    }

    /// Completes the output.
    ///
    /// # Errors
    /// Those of [`Output::write`].
    pub(crate) fn finish(self) -> Result<(), PredictError> {
        self.output.finish()
    }
}

/// An event as JSON.
pub(crate) fn event_json(site: &str, class: &str, event: &Event) -> Value {
    json!({
        "version": FORMAT_VERSION,
        "kind": "event",
        "site": site,
        "start": time(event.start),
        "end": time(event.end),
        "class": class,
        "confidence": number(event.mean()),
        "peak": number(event.peak),
        "peak_time": time(event.peak_time),
        "windows": event.windows,
    })
}
