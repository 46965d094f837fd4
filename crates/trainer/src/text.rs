//! Tables of scores for standard output.

use baselines::evaluate::PartScores;
use baselines::metrics::Report;
use baselines::metrics::bootstrap::Interval;

/// Maximum number of rows in a table of folds or groups.
const MAX_ROWS: usize = 20;

/// `0.845 [0.790, 0.881]`.
pub fn interval(interval: &Interval) -> String {
    format!(
        "{:.3} [{:.3}, {:.3}]",
        interval.score, interval.low, interval.high
    )
}

/// Table of precision, recall and F1 by class.
pub fn class_table(names: &[String], report: &Report) -> String {
    let width = names.iter().map(|name| name.chars().count());
    let width = width.max().unwrap_or(0).max(5);
    let mut text = format!("{:<width$}  precision  recall      F1  support\n", "class");
    for (i, name) in names.iter().enumerate() {
        text.push_str(&format!(
            "{name:<width$}  {:>9.4}  {:>6.4}  {:>6.4}  {:>7}\n",
            report.precision.per_class[i],
            report.recall.per_class[i],
            report.f1.per_class[i],
            report.support[i],
        ));
    }
    text
}

/// Table of scores by fold; empty if there are none or too many.
pub fn fold_table(folds: &[PartScores]) -> String {
    if folds.is_empty() || folds.len() > MAX_ROWS {
        return String::new();
    }
    let mut text = String::from("\nfold  windows  macro F1  accuracy\n");
    for fold in folds {
        text.push_str(&format!(
            "{:>4}  {:>7}  {:>8.3}  {:>8.3}\n",
            fold.name, fold.windows, fold.macro_f1, fold.accuracy
        ));
    }
    text
}

/// Table of accuracy by group, worst first.
pub fn group_table(groups: &[PartScores]) -> String {
    let mut sorted: Vec<&PartScores> = groups.iter().collect();
    sorted.sort_by(|a, b| a.accuracy.total_cmp(&b.accuracy));
    let shown = sorted.len().min(MAX_ROWS);
    let width = sorted[..shown]
        .iter()
        .map(|group| group.name.chars().count());
    let width = width.max().unwrap_or(0).max(5);
    let mut text = format!("\n{:<width$}  windows  accuracy\n", "group");
    for group in &sorted[..shown] {
        text.push_str(&format!(
            "{:<width$}  {:>7}  {:>8.3}\n",
            group.name, group.windows, group.accuracy
        ));
    }
    if sorted.len() > shown {
        text.push_str(&format!("... and {} better ones\n", sorted.len() - shown));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_groups_come_first() {
        let group = |i: usize| PartScores {
            name: format!("g{i}"),
            windows: 2,
            accuracy: i as f64 / 30.0,
            macro_f1: 0.0,
        };
        let groups: Vec<PartScores> = (0..23).rev().map(group).collect();
        let text = group_table(&groups);
        let lines: Vec<&str> = text.trim().lines().collect();
        assert_eq!(lines.len(), 22, "{text}");
        assert!(
            lines[1].starts_with("g0 ") && lines[1].ends_with("0.000"),
            "{text}"
        );
        assert_eq!(lines[21], "... and 3 better ones");
    }
}
