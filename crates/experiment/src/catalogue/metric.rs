//! Metrics of a classifier, defined in one table: see [`Metric::row`].

use std::cmp::Ordering;

use super::layout::LogRun;

/// Whether higher or lower values of a metric are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Higher values are better.
    Higher,
    /// Lower values are better.
    Lower,
}

impl Direction {
    /// Orders from better to worse. NaN comes last.
    pub fn rank(self, a: f64, b: f64) -> Ordering {
        match (a.is_nan(), b.is_nan()) {
            // Not `total_cmp`: -0 is no better than 0.
            (false, false) => match self {
                Direction::Higher => b.partial_cmp(&a),
                Direction::Lower => a.partial_cmp(&b),
            }
            .unwrap_or(Ordering::Equal),
            (a, b) => a.cmp(&b),
        }
    }

    /// The best of the values, or `None` if all are NaN.
    pub fn best(self, values: impl IntoIterator<Item = f64>) -> Option<f64> {
        let known = values.into_iter().filter(|value| !value.is_nan());
        known.min_by(|a, b| self.rank(*a, *b))
    }
}

/// A split of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// The data the network learns from.
    Train,
    /// The data that chooses the best epoch.
    Validation,
    /// The test split, on which the kept weights are evaluated.
    Test,
}

impl Split {
    /// Name in messages, and key of the split's results in `metadata.json`.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "training",
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }

    /// Prefix of the split's metrics in `history.jsonl` and in short field names.
    pub fn prefix(self) -> &'static str {
        match self {
            Split::Train => "",
            Split::Validation => "val_",
            Split::Test => "test_",
        }
    }
}

/// Names of a metric and the files it is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name in `metadata.json`; in `history.jsonl` it follows the prefix of the split.
    pub name: &'static str,
    /// Name in tables and figures.
    pub label: &'static str,
    /// Which values are better.
    pub direction: Direction,
    /// Digits shown after the decimal point.
    pub decimals: usize,
    /// Tag in the event logs, after the prefix of the run.
    pub tag: &'static str,
    /// Short name in `val_...` and `test_...`, the columns of `experiment list`; `None` if it has no column.
    pub short: Option<&'static str>,
    /// The files it is written to.
    pub written: MetricFiles,
    /// Names that other programs give it: lower-case words joined by `_`, without those that name a split.
    pub aliases: &'static [&'static str],
}

/// The files a metric is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricFiles {
    /// Logged every epoch for training and validation as `epoch_...`; otherwise with the detailed validation metrics.
    pub each_split: bool,
    /// Written to `history.jsonl`.
    pub history: bool,
    /// Written to the results in `metadata.json`.
    pub results: bool,
    /// Shown under HPARAMS in TensorBoard.
    pub hparams: bool,
}

/// For each split, in every file.
const EVERYWHERE: MetricFiles = MetricFiles {
    each_split: true,
    history: true,
    results: true,
    hparams: true,
};

/// Event logs only.
const LOGS: MetricFiles = MetricFiles {
    each_split: false,
    history: false,
    results: false,
    hparams: false,
};

/// Event logs and results.
const RESULTS: MetricFiles = MetricFiles {
    results: true,
    ..LOGS
};

/// Event logs, results and history.
const HISTORY: MetricFiles = MetricFiles {
    history: true,
    ..RESULTS
};

macro_rules! metrics {
    ($($(#[$doc:meta])* $id:ident = $row:expr;)*) => {
        /// A score of a classifier on one split.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric { $($(#[$doc])* $id,)* }

        impl Metric {
            /// All metrics, in the order in which files list them.
            pub const ALL: &[Metric] = &[$(Metric::$id,)*];

            /// The metric's row of the table.
            pub const fn row(self) -> &'static Row {
                match self { $(Metric::$id => const { &$row },)* }
            }
        }
    };
}

/// A score between 0 and 1.
const fn score(
    name: &'static str,
    label: &'static str,
    tag: &'static str,
    written: MetricFiles,
    aliases: &'static [&'static str],
) -> Row {
    Row {
        name,
        label,
        direction: Direction::Higher,
        decimals: 4,
        tag,
        short: None,
        written,
        aliases,
    }
}

metrics! {
    /// Mean cross-entropy.
    Loss = Row {
        direction: Direction::Lower,
        short: Some("loss"),
        ..score("loss", "loss", "loss", EVERYWHERE, &[
            "loss", "losses", "cross_entropy", "crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy",
        ])
    };
    /// Fraction of samples classified correctly.
    Accuracy = Row {
        short: Some("acc"),
        ..score("accuracy", "accuracy", "accuracy", EVERYWHERE, &[
            "accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy",
            "accuracies", "accs", "accuracy_top1", "top1_accuracy", "acc_top1", "top1_acc", "top1", "acc1", "acc_1",
        ])
    };
    /// Mean F1 over the classes.
    F1Macro = Row {
        short: Some("f1"),
        written: MetricFiles { hparams: true, ..HISTORY },
        ..score("f1_macro", "macro F1", "f1_score/macro", HISTORY, &["f1_score_macro", "f1_macro", "macro_f1", "macro_avg_f1_score"])
    };
    /// F1 with all samples counted together.
    F1Micro = score("f1_micro", "micro F1", "f1_score/micro", LOGS, &["f1_score_micro", "f1_micro", "micro_f1", "micro_avg_f1_score"]);
    /// Mean F1 weighted by support.
    F1Weighted = score(
        "f1_weighted", "weighted F1", "f1_score/weighted", HISTORY, &["f1_score_weighted", "f1_weighted", "weighted_f1", "weighted_avg_f1_score"],
    );
    /// Mean precision over the classes.
    PrecisionMacro = score(
        "precision_macro", "macro precision", "precision/macro", HISTORY, &["precision_macro", "macro_precision", "macro_avg_precision"],
    );
    /// Precision with all samples counted together.
    PrecisionMicro = score(
        "precision_micro", "micro precision", "precision/micro", LOGS, &["precision_micro", "micro_precision", "micro_avg_precision"],
    );
    /// Mean precision weighted by support.
    PrecisionWeighted = score(
        "precision_weighted", "weighted precision", "precision/weighted", RESULTS,
        &["precision_weighted", "weighted_precision", "weighted_avg_precision"],
    );
    /// Mean recall over the classes.
    RecallMacro = score("recall_macro", "macro recall", "recall/macro", HISTORY, &["recall_macro", "macro_recall", "macro_avg_recall"]);
    /// Recall with all samples counted together.
    RecallMicro = score("recall_micro", "micro recall", "recall/micro", LOGS, &["recall_micro", "micro_recall", "micro_avg_recall"]);
    /// Mean recall weighted by support.
    RecallWeighted = score(
        "recall_weighted", "weighted recall", "recall/weighted", RESULTS, &["recall_weighted", "weighted_recall", "weighted_avg_recall"],
    );
}

impl Metric {
    /// The metrics people look at first, in that order.
    pub const HEADLINES: [Metric; 3] = [Metric::F1Macro, Metric::Accuracy, Metric::Loss];

    /// Name in `metadata.json`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The value of the metric called `name`, also as a percentage with its sign: `93.5%` is 0.935. A loss has none.
    pub fn read(name: &str, value: &serde_json::Value) -> Option<f64> {
        if name.ends_with(Self::Loss.name()) {
            return crate::json::number(value);
        }
        crate::json::score(value)
    }

    /// Whether higher or lower values are better.
    pub const fn direction(self) -> Direction {
        self.row().direction
    }

    /// Key of its value on `split` in `history.jsonl`.
    pub fn history_key(self, split: Split) -> String {
        format!("{}{}", split.prefix(), self.name())
    }

    /// Whether each line of `history.jsonl` has its value on `split`.
    pub fn is_in_history(self, split: Split) -> bool {
        let written = self.row().written;
        match split {
            Split::Train => written.each_split,
            Split::Validation => written.history,
            Split::Test => false,
        }
    }

    /// Label for people, such as `validation macro F1`.
    pub fn label(self, split: Split) -> String {
        format!("{} {}", split.name(), self.row().label)
    }

    /// Tag in the event log of `run`, or `None` if that log does not have it.
    pub fn tag(self, run: LogRun) -> Option<String> {
        let row = self.row();
        match run {
            LogRun::Train | LogRun::Validation if row.written.each_split => {
                Some(format!("epoch_{}", row.tag))
            }
            LogRun::Detailed if !row.written.each_split => Some(row.tag.to_owned()),
            LogRun::Test => Some(format!("test_{}", row.tag)),
            _ => None,
        }
    }

    /// Tag of the run's result under HPARAMS in TensorBoard, or `None` if it is not shown there.
    pub fn hparam_tag(self, split: Split) -> Option<String> {
        let begin = match split {
            Split::Train => return None,
            Split::Validation => "results/best_val_",
            Split::Test => "results/test_",
        };
        let written = self.row().written.hparams;
        written.then(|| format!("{begin}{}", self.name()))
    }

    /// Parses a field name of `experiment list` into metric and split: `val_f1`, `test.f1_macro`,
    /// `results.validation.loss`.
    pub fn of_field(field: &str) -> Option<(Self, Split)> {
        let splits = [
            (Split::Validation, ["val_", "val.", "results.validation."]),
            (Split::Test, ["test_", "test.", "results.test."]),
        ];
        splits.iter().find_map(|(split, prefixes)| {
            let name = prefixes
                .iter()
                .find_map(|prefix| field.strip_prefix(prefix))?;
            let named =
                |metric: &&Metric| metric.name() == name || metric.row().short == Some(name);
            Some((*Metric::ALL.iter().find(named)?, *split))
        })
    }
}

/// A metric that results and logs give for every class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassMetric {
    /// Fraction of the samples predicted as the class that belong to it.
    Precision,
    /// Fraction of the samples of the class that were predicted as it.
    Recall,
    /// Harmonic mean of precision and recall.
    F1,
    /// Number of samples of the class.
    Support,
}

impl ClassMetric {
    /// All metrics by class.
    pub const ALL: [ClassMetric; 4] = [
        ClassMetric::Precision,
        ClassMetric::Recall,
        ClassMetric::F1,
        ClassMetric::Support,
    ];

    /// Key in `per_class` of `metadata.json`.
    pub const fn name(self) -> &'static str {
        match self {
            ClassMetric::Precision => "precision",
            ClassMetric::Recall => "recall",
            ClassMetric::F1 => "f1",
            ClassMetric::Support => "support",
        }
    }

    /// Name in tables.
    pub const fn label(self) -> &'static str {
        match self {
            ClassMetric::F1 => "F1",
            other => other.name(),
        }
    }

    /// Group of its tags, after the prefix of the run.
    pub(super) const fn group(self) -> &'static str {
        match self {
            ClassMetric::Precision => "precision_per_class",
            ClassMetric::Recall => "recall_per_class",
            ClassMetric::F1 => "f1_score_per_class",
            ClassMetric::Support => "class_support",
        }
    }

    /// Tag of `class` in the event log of `run`; [`super::tags::class_tags`] makes the class names.
    pub fn tag(self, run: LogRun, class: &str) -> String {
        let prefix = if run == LogRun::Test { "test_" } else { "" };
        format!("{prefix}{}/{class}", self.group())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_once() {
        for (i, a) in Metric::ALL.iter().enumerate() {
            for b in &Metric::ALL[i + 1..] {
                assert_ne!(a.name(), b.name());
                assert_ne!(a.row().tag, b.row().tag);
                let shared = |alias: &&&str| b.row().aliases.contains(*alias);
                assert_eq!(a.row().aliases.iter().find(shared), None);
            }
            let tag = a.row().tag.replace('/', "_");
            assert!(a.row().aliases.contains(&&tag[..]), "{tag}");
        }
    }

    #[test]
    fn fields() {
        let field = |name| Metric::of_field(name);
        assert_eq!(field("val_f1"), Some((Metric::F1Macro, Split::Validation)));
        assert_eq!(field("test.loss"), Some((Metric::Loss, Split::Test)));
        assert_eq!(
            field("results.test.f1_weighted"),
            Some((Metric::F1Weighted, Split::Test))
        );
        assert_eq!(field("loss"), None);
        assert_eq!(field("val_nonsense"), None);
    }

    #[test]
    fn the_best_of_some() {
        let values = [0.5, f64::NAN, 0.25];
        assert_eq!(Direction::Lower.best(values), Some(0.25));
        assert_eq!(Direction::Higher.best(values), Some(0.5));
        assert_eq!(Direction::Lower.best([f64::NAN]), None);
        assert_eq!(Direction::Lower.rank(-0.0, 0.0), Ordering::Equal);
    }
}
