//! `--folds`: trains once per fold and scores all test windows together.

use baselines::compare::TestedWindows;
use baselines::evaluate::{PartScores, PredictedWindows, Scores};
use baselines::metrics::Report;
use baselines::{Baseline, Verdict};
use chrono::Local;
use data::folds::FoldChoice;
use serde::Serialize;

use crate::error::TrainerError;
use crate::job::Job;
use crate::progress::Progress;
use crate::run::{Finished, SEED, run};
use crate::text::{class_table, fold_table, group_table, interval};
use crate::training::{Interrupt, StoppedBy};

/// Result of a cross-validation.
#[derive(Clone, Debug, Serialize)]
pub struct CrossValidation {
    /// Study name in the metadata of its experiments.
    pub study: String,
    /// Experiment IDs, one per fold.
    pub experiments: Vec<String>,
    /// Class names.
    pub class_names: Vec<String>,
    /// Scores over all test windows. Each was tested once, by a network trained without its group.
    pub scores: Scores,
    /// Scores of each fold.
    pub by_fold: Vec<PartScores>,
    /// Scores of each group.
    pub by_group: Vec<PartScores>,
    /// Scores of simple baselines trained on the same windows.
    pub baselines: Vec<PooledBaseline>,
    /// Comparison of the network with the best baseline.
    pub verdict: Option<Verdict>,
    /// Whether some windows have no group, which makes the intervals too narrow.
    pub ungrouped: bool,
    /// Whether it was interrupted; the scores then cover the completed folds.
    pub interrupted: bool,
}

/// A baseline on the test windows of all folds.
#[derive(Clone, Debug, Serialize)]
pub struct PooledBaseline {
    /// Model and features.
    pub baseline: Baseline,
    /// Its scores.
    pub scores: Scores,
}

/// Test windows of the folds so far, concatenated.
#[derive(Default)]
struct Pool {
    labels: Vec<u32>,
    groups: Vec<String>,
    predicted: Vec<u32>,
    probabilities: Vec<f64>,
    fold_of: Vec<usize>,
    ungrouped: bool,
    /// Predicted classes of each baseline.
    baselines: Vec<(Baseline, Vec<u32>)>,
    /// Whether every fold so far was compared with baselines.
    compared: bool,
}

/// Trains one network per fold. `job` is that of an ordinary training.
///
/// # Errors
/// [`TrainerError`] of the first fold that fails; the experiments of earlier folds are reported first.
pub fn cross_validate(
    job: &Job,
    (k, seed): (usize, u64),
    interrupt: &Interrupt,
    progress: &mut Progress,
) -> Result<CrossValidation, TrainerError> {
    let mut job = job.clone();
    let study = match job
        .tracking
        .meta
        .get("study")
        .and_then(|name| name.as_str())
    {
        Some(study) => study.to_owned(),
        None => {
            let time = Local::now().format("%Y%m%d_%H%M%S");
            format!("folds_{time}_{}", job.recipe.hash())
        }
    };
    job.tracking
        .meta
        .insert("study".into(), study.clone().into());
    let mut pool = Pool {
        compared: true,
        ..Pool::default()
    };
    let (mut experiments, mut class_names) = (Vec::new(), Vec::new());
    let mut interrupted = false;
    for index in 0..k.max(1) {
        let fold = FoldChoice { k, index, seed };
        job.recipe.fold = Some(fold);
        job.recipe.check()?;
        progress.say(&format!("fold {} of {k}", index + 1));
        let finished = run(&job, interrupt, progress).inspect_err(|_| {
            if !experiments.is_empty() {
                progress.say(&format!("folds done: {}", experiments.join(", ")));
            }
        })?;
        if finished.outcome.stopped_by == StoppedBy::Interrupted {
            interrupted = true;
            if experiments.is_empty() {
                pool.add(&finished, index);
                class_names = finished.class_names;
                experiments.push(finished.metadata.experiment_id);
            }
            break;
        }
        pool.add(&finished, index);
        class_names = finished.class_names;
        experiments.push(finished.metadata.experiment_id);
    }
    Ok(pool.judge(study, experiments, class_names, interrupted))
}

impl Pool {
    fn add(&mut self, finished: &Finished, fold: usize) {
        let tested = &finished.tested;
        let first = self.labels.len();
        let windows = tested.labels.len();
        self.labels.extend(&tested.labels);
        self.predicted.extend(&tested.predicted);
        self.probabilities.extend(&tested.probabilities);
        self.fold_of.extend(vec![fold; windows]);
        match &tested.groups {
            Some(groups) => self.groups.extend_from_slice(groups),
            None => {
                self.ungrouped = true;
                let alone = (first..first + windows).map(|window| format!("window {window}"));
                self.groups.extend(alone);
            }
        }
        let comparison = finished
            .baselines
            .as_ref()
            .map(|baselines| &baselines.comparison);
        let at = comparison.and_then(|comparison| comparison.position("test"));
        let (Some(comparison), Some(at)) = (comparison, at) else {
            self.compared = false;
            return;
        };
        for (i, result) in comparison.results.iter().enumerate() {
            if fold == 0 {
                self.baselines.push((result.baseline, Vec::new()));
            }
            if let Some((_, pooled)) = self.baselines.get_mut(i) {
                pooled.extend(&result.judgements[at].predicted);
            }
        }
    }

    fn judge(
        self,
        study: String,
        experiments: Vec<String>,
        class_names: Vec<String>,
        interrupted: bool,
    ) -> CrossValidation {
        let classes = class_names.len();
        let judged = PredictedWindows {
            labels: &self.labels,
            groups: &self.groups,
            predicted: &self.predicted,
            probabilities: Some(&self.probabilities),
            classes,
        };
        let baselines = if self.compared {
            &self.baselines[..]
        } else {
            &[]
        };
        let of_baseline = |(baseline, predicted): &(Baseline, Vec<u32>)| PooledBaseline {
            baseline: *baseline,
            scores: PredictedWindows {
                predicted,
                probabilities: None,
                ..judged
            }
            .scores(SEED),
        };
        let tested = TestedWindows {
            labels: &self.labels,
            groups: &self.groups,
            classes,
        };
        CrossValidation {
            study,
            experiments,
            scores: judged.scores(SEED),
            by_fold: judged.by_fold(&self.fold_of),
            by_group: judged.by_group(),
            baselines: baselines.iter().map(of_baseline).collect(),
            verdict: Verdict::new(tested, &self.predicted, baselines, SEED),
            ungrouped: self.ungrouped,
            interrupted,
            class_names,
        }
    }
}

impl CrossValidation {
    /// Text for standard output.
    pub fn text(&self) -> String {
        let scores = &self.scores;
        let mut text = format!("study {}\n", self.study);
        for id in &self.experiments {
            text.push_str(&format!("experiment {id}\n"));
        }
        if self.interrupted {
            text.push_str("INTERRUPTED: the scores are of the folds above\n");
        }
        text.push_str(&format!(
            "\nCross-validation by group, all test windows together: {} windows of {} groups; [95 % interval over \
             groups]\nmacro F1 {}, accuracy {}, calibration error {:.3}\n",
            scores.windows,
            scores.groups,
            interval(&scores.macro_f1),
            interval(&scores.accuracy),
            scores.calibration_error.unwrap_or(f64::NAN),
        ));
        text.push_str(&class_table(
            &self.class_names,
            &Report::of(&scores.confusion),
        ));
        text.push_str(&fold_table(&self.by_fold));
        if !self.ungrouped {
            text.push_str(&group_table(&self.by_group));
        }
        for baseline in &self.baselines {
            text.push_str(&format!(
                "\n{}: macro F1 {}, accuracy {}",
                baseline.baseline.title(),
                interval(&baseline.scores.macro_f1),
                interval(&baseline.scores.accuracy)
            ));
        }
        if let Some(verdict) = &self.verdict {
            text.push_str(&format!("\n{verdict}\n"));
        }
        if self.ungrouped {
            text.push_str("\nsome windows name no group, so these intervals are too narrow\n");
        }
        text
    }
}
