//! Tables of scores for standard output.

use baselines::evaluate::PartScores;
use baselines::metrics::Report;
use baselines::metrics::bootstrap::Interval;
use support::table::table;

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
    let head = ["class", "precision", "recall", "F1", "support"];
    let rows = names.iter().enumerate().map(|(i, name)| {
        let shares = [&report.precision, &report.recall, &report.f1];
        let shares = shares.map(|share| format!("{:.4}", share.per_class[i]));
        let ends = [name.clone()].into_iter().chain(shares);
        ends.chain([report.support[i].to_string()]).collect()
    });
    table(&head, &rows.collect::<Vec<_>>(), &[1, 2, 3, 4])
}

/// Table of scores by fold; empty if there are none or too many.
pub fn fold_table(folds: &[PartScores]) -> String {
    if folds.is_empty() || folds.len() > MAX_ROWS {
        return String::new();
    }
    let head = ["fold", "windows", "macro F1", "accuracy"];
    let rows = folds.iter().map(|fold| {
        vec![
            fold.name.clone(),
            fold.windows.to_string(),
            format!("{:.3}", fold.macro_f1),
            format!("{:.3}", fold.accuracy),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    format!("\n{}", table(&head, &rows, &[0, 1, 2, 3]))
}

/// Table of accuracy by group, worst first.
pub fn group_table(groups: &[PartScores]) -> String {
    let mut sorted: Vec<&PartScores> = groups.iter().collect();
    sorted.sort_by(|a, b| a.accuracy.total_cmp(&b.accuracy));
    let shown = sorted.len().min(MAX_ROWS);
    let rows = sorted[..shown].iter().map(|group| {
        let (windows, accuracy) = (group.windows.to_string(), format!("{:.3}", group.accuracy));
        vec![group.name.clone(), windows, accuracy]
    });
    let head = ["group", "windows", "accuracy"];
    let mut text = format!("\n{}", table(&head, &rows.collect::<Vec<_>>(), &[1, 2]));
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
