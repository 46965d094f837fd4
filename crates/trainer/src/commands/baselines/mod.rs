//! `trainer baselines`: what simple classifiers reach on a dataset, tracked as experiments.

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

use crate::error::TrainerError;
use crate::progress::Progress;
use crate::system::limit_threads;

/// Windows that a baseline learns from at most.
const MOST_WINDOWS: usize = 10_000;

/// Options of `trainer baselines`.
#[derive(Clone, Debug, Args)]
pub struct BaselinesArgs {
    /// Data: a dataset_config.yaml [default: the embedded demo]
    #[arg(long, value_name = "FILE")]
    pub dataset_config: Option<PathBuf>,
    /// Task of the dataset configuration [default: the first in the file]
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
    /// Cross-validate over training and validation split together, groups kept whole: a number of folds, or `groups` to
    /// leave out one group at a time
    #[arg(long, value_name = "K", value_parser = fold_scheme)]
    pub folds: Option<FoldScheme>,
    /// With --folds: deal the groups to folds this many times, and give mean and deviation over the draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub draws: u64,
    /// Only the two that every training is compared with: logistic regression and extra trees
    #[arg(long)]
    pub quick: bool,
    /// Seed of trees, kernels and intervals
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// Seed that deals groups to folds, that of the first draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub fold_seed: u64,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// CPU threads [default: all]; the results are the same
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Where experiments are kept
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments_dir: PathBuf,
    /// Where the embedded demo is written
    #[arg(long, value_name = "DIR", default_value = "datasets")]
    pub datasets_dir: PathBuf,
    /// Write no experiments
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

/// One draw of folds, or the splits.
struct Draw {
    comparison: Comparison,
    /// Seconds of each baseline.
    times: Vec<Duration>,
    /// Experiments, one a baseline; none where nothing is tracked.
    ids: Vec<String>,
}

/// Fits all baselines, writes an experiment for each, and returns what belongs on standard output.
///
/// # Errors
/// [`TrainerError`]. Data and groups are checked before any experiment exists.
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
            most_windows: MOST_WINDOWS,
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
    let usage = |problem: &str| Err(TrainerError::Usage(problem.into()));
    if args.threads == Some(0) {
        return usage("the number of threads must be at least 1");
    }
    if args.draws == 0 {
        return usage("--draws must be at least 1");
    }
    if args.draws > 1 && args.folds.is_none() {
        return usage("--draws deals groups to folds again and again: give --folds, too");
    }
    if args.fold_seed.checked_add(args.draws).is_none() {
        return usage("--fold-seed is too large");
    }
    Ok(())
}

/// The first draw without the values of single windows, and the scores of all draws.
fn as_json(draws: &[Draw]) -> Value {
    let first = &draws[0];
    let mut value = json!(first.comparison);
    if let Some(object) = value.as_object_mut() {
        object.remove("references");
    }
    for (i, result) in first.comparison.results.iter().enumerate() {
        let own = &mut value["results"][i];
        for at in 0..result.judgements.len() {
            if let Some(judgement) = own["judgements"][at].as_object_mut() {
                judgement.remove("predicted");
            }
        }
        own["title"] = json!(result.baseline.title());
        own["seconds"] = json!(first.times.get(i).map(Duration::as_secs_f64));
        own["experiment"] = json!(first.ids.get(i));
        if draws.len() > 1 {
            own["macro_f1_of_draws"] = json!(scores_of_draws(draws, i));
        }
    }
    value
}

/// Macro-F1 over the folds of every draw, of baseline number `i`.
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
