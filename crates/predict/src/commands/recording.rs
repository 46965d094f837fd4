//! `predict recording`: detects events in continuous recordings, or classifies their windows.

use std::path::PathBuf;

use clap::Args;
use data::recording::{Hints, NANOS, parse_time};

use super::findings::{EventArgs, Findings};
use super::output::OutputArgs;
use super::quakeml::Catalogue;
use super::share::ShareArgs;
use super::{Interrupt, ModelArgs, unknown_class};
use crate::analysis::{Analysis, Finding};
use crate::classifier::Classifier;
use crate::error::PredictError;
use crate::events::{Event, EventDetector, EventSettings};
use crate::feed::{Recordings, RequestedChannels, Site, other_order};
use crate::join::Joiner;
use crate::notes::joining_notes;
use crate::slide::{Cutting, Slider};

/// How windows are cut from recordings.
#[derive(Clone, Debug, Args)]
pub struct CutArgs {
    /// Hop between windows in samples at the model's rate [default: half a window]
    #[arg(long, value_name = "N")]
    pub hop: Option<usize>,
    /// Sampling rate in Hz of the training data, for a model that does not store it
    #[arg(long, value_name = "HZ", allow_negative_numbers = true)]
    pub model_rate: Option<f64>,
}

impl CutArgs {
    /// The cutting parameters for a model.
    ///
    /// # Errors
    /// [`PredictError::Usage`] if a value is missing or invalid.
    pub(crate) fn cutting(&self, classifier: &Classifier) -> Result<Cutting, PredictError> {
        Cutting::new(classifier, self.hop, self.model_rate)
    }
}

/// Arguments of `predict recording`.
#[derive(Clone, Debug, Args)]
pub struct RecordingArgs {
    /// Model options.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Recordings (miniSEED, SAC, WAV, Parquet, tables), or the folder of an SDS archive. For an archive, --out is a
    /// folder: it gets one result file per day and all events in events.jsonl. Several processes may share the work,
    /// and an interrupted run continues
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Channels in the model's order: full names, last parts of names, or orientation codes [default: all channels of
    /// a site, in the order Z, N, E, if their number matches the model]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub channels: Vec<String>,
    /// Sampling rate in Hz, for recordings that do not store it
    #[arg(long, value_name = "HZ", allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Time of the first sample, for recordings that do not store it
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Column of the times of a table: its name, or its number from 1 [default: found by names and values]
    #[arg(long, value_name = "COLUMN")]
    pub time_column: Option<String>,
    /// Each row of a table has several samples of a channel, in columns whose names are numbered; false: they are
    /// channels [default: found by the samples]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub samples_in_rows: Option<bool>,
    /// How windows are cut.
    #[command(flatten)]
    pub cut: CutArgs,
    /// Event options.
    #[command(flatten)]
    pub events: EventArgs,
    /// Output options.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Also write the events to this QuakeML file
    #[arg(long, value_name = "FILE")]
    pub quakeml: Option<PathBuf>,
    /// How the days of an archive are shared.
    #[command(flatten)]
    pub share: ShareArgs,
}

impl RecordingArgs {
    /// What files may lack; most have the `rate` of the model.
    pub(super) fn hints(&self, rate: f64) -> Result<Hints, PredictError> {
        let start = self.start.as_deref().map(parse_time).transpose();
        if let Some(rate) = self.rate.filter(|rate| !(1e-6..=1e9).contains(rate)) {
            return Err(PredictError::Usage(format!(
                "--rate {rate} is not a valid sampling rate in Hz"
            )));
        }
        Ok(Hints {
            sampling_rate: self.rate,
            expected_rate: Some(rate),
            time_column: self.time_column.clone(),
            samples_in_rows: self.samples_in_rows,
            channels: self.channels.clone(),
            start: start.map_err(|problem| PredictError::Usage(format!("--start: {problem}")))?,
            ..Default::default()
        })
    }
}

/// Classifier and settings for the analysis of recordings.
pub(super) struct Analyst<'a> {
    pub classifier: Classifier,
    pub cutting: Cutting,
    pub settings: EventSettings,
    pub interrupt: &'a Interrupt,
}

/// Receives and drains findings.
type FindingSink<'a> = &'a mut dyn FnMut(&mut Vec<Finding>) -> Result<(), PredictError>;

impl<'a> Analyst<'a> {
    pub(super) fn new(
        arguments: &RecordingArgs,
        interrupt: &'a Interrupt,
    ) -> Result<Self, PredictError> {
        let classifier = arguments.model.open()?;
        if let Some(warning) = unknown_class(&classifier, arguments.events.threshold) {
            arguments.model.say(&warning);
        }
        Ok(Self {
            cutting: arguments.cut.cutting(&classifier)?,
            settings: arguments.events.settings(classifier.class_names())?,
            classifier,
            interrupt,
        })
    }

    /// The model's channels, for which these names are given.
    pub(super) fn wanted<'w>(&'w self, given: &'w [String]) -> RequestedChannels<'w> {
        RequestedChannels {
            given,
            trained: self.classifier.trained_channels(),
            count: self.cutting.channels,
        }
    }

    /// Analyses the windows of `channels` of `site` that begin at `from` or later and before `until`;
    /// returns notes for the user.
    ///
    /// # Errors
    /// [`PredictError`] if a file becomes unreadable or a window cannot be classified, or an error of `sink`.
    pub(super) fn analyse(
        &mut self,
        site: &mut Site,
        channels: &[String],
        [from, until]: [i64; 2],
        sink: FindingSink<'_>,
    ) -> Result<Vec<String>, PredictError> {
        let cutting = Cutting {
            from,
            until,
            ..self.cutting
        };
        let detector = EventDetector::new(self.settings.clone());
        let classifier = &mut self.classifier;
        let slider = Slider::of_model(classifier, cutting)?;
        let mut analysis = Analysis::new(slider, detector, classifier.at_once());
        let mut found = Vec::new();
        classifier.reset_warnings();
        let mut joiner = Joiner::new(channels.len()).resampled_to(cutting.rate);
        // The last window extends beyond `until`, and so does the resampling filter.
        let length = (cutting.window as f64 / cutting.rate * NANOS) as i64;
        let limit = until
            .saturating_add(2 * length)
            .saturating_add(NANOS as i64);
        site.feed(channels, limit, &mut joiner, &mut |joined| {
            self.interrupt.check()?;
            analysis.take(joined, classifier, &mut found)?;
            sink(&mut found)
        })?;
        analysis.finish(classifier, &mut found)?;
        sink(&mut found)?;
        let mut notes = joining_notes(site, joiner.counts(), &analysis, cutting)?;
        let order = other_order(classifier.trained_channels(), channels);
        notes.extend(order.map(|order| format!("warning: {order}")));
        notes.extend(super::warnings(classifier));
        Ok(notes)
    }
}

/// Runs the command.
pub(super) fn run(arguments: &RecordingArgs, interrupt: &Interrupt) -> Result<(), PredictError> {
    arguments.share.refuse()?;
    let mut analyst = Analyst::new(arguments, interrupt)?;
    let hints = arguments.hints(analyst.cutting.rate)?;
    let mut recordings = Recordings::open(&arguments.paths, &hints)?;
    recordings.rename_sensors(&arguments.channels);
    for note in &recordings.notes {
        arguments.model.say(&format!("note: {note}"));
    }
    let chosen = recordings.choose(analyst.wanted(&arguments.channels))?;
    for note in &chosen.notes {
        arguments.model.say(&format!("note: {note}"));
    }
    for (site, channels) in &chosen.sites {
        check_overlap(site, channels, hints.start)?;
    }
    let names = chosen.sites.iter().map(|(site, _)| site.name.as_str());
    let names: Vec<&str> = names.collect();
    let mut findings = Findings::open(
        &arguments.output,
        &arguments.events,
        &analyst.classifier,
        &names,
    )?;
    let mut catalogue = arguments.quakeml.as_ref().map(|_| Catalogue::default());
    for (mut site, channels) in chosen.sites {
        if arguments.channels.is_empty() && channels.len() > 1 {
            let names = channels.join(", ");
            arguments.model.say(&format!(
                "note: {}: channels in the order {names}",
                site.name
            ));
        }
        let name = site.name.clone();
        let always = [i64::MIN, i64::MAX];
        let notes = analyst.analyse(&mut site, &channels, always, &mut |found| {
            if let Some(catalogue) = &mut catalogue {
                catalogue.extend(&channels[0], events(found));
            }
            findings.write(&name, found)
        })?;
        for line in notes {
            arguments.model.say(&format!("{name}: {line}"));
        }
    }
    if let (Some(path), Some(catalogue)) = (&arguments.quakeml, &catalogue) {
        catalogue.write(path, analyst.classifier.class_names())?;
    }
    findings.finish()
}

/// Refuses files of a site that have different samples for the same time, as the import does.
fn check_overlap(site: &Site, channels: &[String], start: Option<i64>) -> Result<(), PredictError> {
    let Some((channel, overlap)) = site.overlap(channels, start) else {
        return Ok(());
    };
    let [other, file] = overlap.files.map(std::path::Path::to_path_buf);
    Err(PredictError::OverlappingFiles {
        channel: channel.to_owned(),
        file,
        other,
        seconds: overlap.seconds,
    })
}

/// The events among findings.
fn events(found: &[Finding]) -> impl Iterator<Item = &Event> {
    found.iter().filter_map(|finding| match finding {
        Finding::Event(event) => Some(event),
        Finding::Window(..) => None,
    })
}
