//! The table of baselines.

use baselines::Comparison;
use baselines::metrics::Report;

use super::{Draw, scores_of_draws};
use crate::text::{class_table, fold_table, interval};

/// The tables of the first draw with the best baseline of each split marked, the scores of all draws, and the
/// experiment IDs.
pub(super) fn report(draws: &[Draw]) -> String {
    let comparison = &draws[0].comparison;
    let mut text = String::new();
    for at in 0..comparison.references.len() {
        text.push_str(&split_table(comparison, at));
    }
    if draws.len() > 1 {
        text.push_str(&draws_table(draws));
    }
    if let Some(windows) = comparison.learned_from {
        text.push_str(&format!(
            "trained on {windows} windows, stratified by class\n"
        ));
    }
    for id in draws.iter().flat_map(|draw| &draw.ids) {
        text.push_str(&format!("experiment {id}\n"));
    }
    text
}

fn split_table(comparison: &Comparison, at: usize) -> String {
    let reference = &comparison.references[at];
    let best = comparison.best(&reference.split);
    let title = match reference.split.as_str() {
        "validation" => "Validation split",
        "test" => "Test split",
        _ => "Cross-validation by group",
    };
    let scores = best.map(|best| &best.judgements[at].scores);
    let (windows, groups) = scores.map_or((0, 0), |scores| (scores.windows, scores.groups));
    let mut text =
        format!("{title}: {windows} windows of {groups} groups; [95 % interval over groups]\n");
    text.push_str(&format!(
        "  {:<42}  {:<20}  {:<20}  {:>5}\n",
        "baseline", "macro F1", "accuracy", "ECE"
    ));
    for result in &comparison.results {
        let scores = &result.judgements[at].scores;
        let is_best = best.is_some_and(|best| best.baseline == result.baseline);
        let calibration = scores
            .calibration_error
            .map_or("-".into(), |error| format!("{error:.3}"));
        text.push_str(&format!(
            "{} {:<42}  {:<20}  {:<20}  {calibration:>5}\n",
            if is_best { '*' } else { ' ' },
            result.baseline.title(),
            interval(&scores.macro_f1),
            interval(&scores.accuracy),
        ));
    }
    if let Some(best) = best {
        let judgement = &best.judgements[at];
        text.push_str(&format!("\n{}\n", best.baseline.title()));
        text.push_str(&class_table(
            &comparison.class_names,
            &Report::of(&judgement.scores.confusion),
        ));
        text.push_str(&fold_table(&judgement.by_fold));
    }
    text.push('\n');
    text
}

/// Mean and standard deviation of macro F1 over the draws of folds.
fn draws_table(draws: &[Draw]) -> String {
    let mut text = format!("Macro F1 over {} draws of the folds\n", draws.len());
    for (i, result) in draws[0].comparison.results.iter().enumerate() {
        let scores = scores_of_draws(draws, i);
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
        let (low, high) = scores
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), &score| {
                (low.min(score), high.max(score))
            });
        text.push_str(&format!(
            "  {:<42}  {mean:.3} +- {:.3}, from {low:.3} to {high:.3}\n",
            result.baseline.title(),
            (squares / (count - 1.0)).sqrt(),
        ));
    }
    text.push('\n');
    text
}
