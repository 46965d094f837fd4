//! `trainer baselines`: fits simple classifiers to a dataset and records them as experiments.

mod text;
mod track;

use std::path::PathBuf;
use std::time::Duration;

use ::baselines::model::Baseline;
use ::baselines::{CompareOptions, Comparison, Splits, compare};
use clap::Args;
use data::folds::FoldScheme;
use data::{DataError, DatasetConfig, demo};
use serde_json::{Value, json};

use crate::error::{TrainerError, UsageError};
use crate::progress::Progress;
use crate::system::limit_threads;

/// Maximum number of windows that a baseline learns from.
const MAX_WINDOWS: usize = 10_000;

/// Options of `trainer baselines`.
#[derive(Clone, Debug, Args)]
pub struct BaselinesArgs {
    /// Dataset: a dataset_config.yaml [default: the embedded demo]
    #[arg(long, value_name = "FILE")]
    pub dataset_config: Option<PathBuf>,
    /// Task of the dataset configuration [default: the first in the file]
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
    /// Cross-validate over training and validation split together, keeping groups whole: a number of folds, or
    /// `groups` to leave out one group at a time
    #[arg(long, value_name = "K", value_parser = fold_scheme)]
    pub folds: Option<FoldScheme>,
    /// With --folds: assign groups to folds this many times, and report mean and standard deviation over the draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub draws: u64,
    /// Only the two baselines that every training is compared with: logistic regression and extra trees
    #[arg(long)]
    pub quick: bool,
    /// Seed of trees, kernels and bootstrap intervals
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// Seed that assigns groups to folds in the first draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub fold_seed: u64,
    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,
    /// Number of CPU threads [default: all]; it does not change the results
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Directory of the experiments
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments_dir: PathBuf,
    /// Directory for the embedded demo
    #[arg(long, value_name = "DIR", default_value = "datasets")]
    pub datasets_dir: PathBuf,
    /// Print the results without recording experiments
    #[arg(long)]
    pub untracked: bool,
}

/// `--folds`.
fn fold_scheme(text: &str) -> Result<FoldScheme, String> {
    if text == "groups" {
        return Ok(FoldScheme::LeaveOneGroupOut);
    }
    match text.parse() {
        Ok(count) if count >= 2 => Ok(FoldScheme::Stratified(count)),
        _ => Err("expected a number of folds, 2 or more, or `groups`".into()),
    }
}

/// Results of one draw of folds, or of the dataset's own splits.
struct Draw {
    comparison: Comparison,
    /// Seconds spent on each baseline.
    times: Vec<Duration>,
    /// One experiment ID per baseline; empty if nothing is recorded.
    ids: Vec<String>,
}

/// Fits all baselines, records an experiment for each, and returns the text for standard output.
///
/// # Errors
/// [`TrainerError`]. Data and groups are checked before any experiment is created.
pub fn run(args: &BaselinesArgs, progress: &mut Progress) -> Result<String, TrainerError> {
    check(args)?;
    limit_threads(args.threads)?;
    let path = match &args.dataset_config {
        Some(path) => path.clone(),
        None => demo::ensure(&args.datasets_dir)?,
    };
    if args.dataset_config.is_none() {
        progress.say(&format!(
            "no --dataset-config: the embedded demo, a simulation ({})",
            path.display()
        ));
    }
    let config = DatasetConfig::load(&path, args.task.as_deref())?;
    for warning in &config.warnings {
        progress.warn(&warning.to_string());
    }
    let baselines = if args.quick {
        Baseline::quick()
    } else {
        Baseline::all()
    };
    let splits = Splits::read(&config, Baseline::needs(&baselines))?;
    let mut draws = Vec::new();
    for number in 0..args.draws {
        let options = CompareOptions {
            baselines: baselines.clone(),
            folds: args.folds,
            most_windows: MAX_WINDOWS,
            fold_seed: args.fold_seed + number,
            seed: args.seed,
        };
        let mut times = Vec::new();
        let compared = compare(&splits, &options, &mut |baseline, time| {
            progress.say(&format!(
                "{}: {:.1} s",
                baseline.title(),
                time.as_secs_f64()
            ));
            times.push(time);
        });
        let comparison = compared.map_err(DataError::Fold)?;
        if number == 0 {
            comparison
                .warnings
                .iter()
                .for_each(|warning| progress.warn(warning));
            comparison
                .left_out
                .iter()
                .for_each(|reason| progress.say(reason));
        }
        let ids = if args.untracked {
            Vec::new()
        } else {
            track::all(args, &config, &splits, (&comparison, &options), &times)?
        };
        draws.push(Draw {
            comparison,
            times,
            ids,
        });
    }
    Ok(if args.json {
        format!("{:#}\n", as_json(&draws))
    } else {
        text::report(&draws)
    })
}

fn check(args: &BaselinesArgs) -> Result<(), TrainerError> {
    if args.threads == Some(0) {
        let what = "the number of threads";
        return Err(UsageError::Zero { what }.into());
    }
    if args.draws == 0 {
        return Err(UsageError::Zero { what: "--draws" }.into());
    }
    if args.draws > 1 && args.folds.is_none() {
        let (option, other) = ("--draws", "--folds");
        return Err(UsageError::Needs { option, other }.into());
    }
    if args.fold_seed.checked_add(args.draws).is_none() {
        let option = "--fold-seed";
        return Err(UsageError::TooLarge { option }.into());
    }
    Ok(())
}

/// The first draw without per-window values, and the scores of all draws.
fn as_json(draws: &[Draw]) -> Value {
    let first = &draws[0];
    let mut value = json!(first.comparison);
    if let Some(object) = value.as_object_mut() {
        object.remove("references");
    }
    for (i, result) in first.comparison.results.iter().enumerate() {
        let entry = &mut value["results"][i];
        for at in 0..result.judgements.len() {
            if let Some(judgement) = entry["judgements"][at].as_object_mut() {
                judgement.remove("predicted");
            }
        }
        entry["title"] = json!(result.baseline.title());
        entry["seconds"] = json!(first.times.get(i).map(Duration::as_secs_f64));
        entry["experiment"] = json!(first.ids.get(i));
        if draws.len() > 1 {
            entry["macro_f1_of_draws"] = json!(scores_of_draws(draws, i));
        }
    }
    value
}

/// Macro F1 of baseline `i` over the folds of each draw.
fn scores_of_draws(draws: &[Draw], i: usize) -> Vec<f64> {
    let of = |draw: &Draw| {
        draw.comparison.results[i].judgements[0]
            .scores
            .macro_f1
            .score
    };
    draws.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_a_number_or_groups() {
        assert_eq!(fold_scheme("4"), Ok(FoldScheme::Stratified(4)));
        assert_eq!(fold_scheme("groups"), Ok(FoldScheme::LeaveOneGroupOut));
        for wrong in ["1", "0", "-2", "four", ""] {
            assert!(fold_scheme(wrong).is_err(), "{wrong}");
        }
    }
}
