//! Tags of event logs: how to interpret those of other programs, and how to name those of classes.

use std::collections::BTreeSet;

use super::layout::LogRun;
use super::metric::{ClassMetric, Metric, Split};

/// Tag of the learning rate.
pub const LEARNING_RATE: &str = "epoch_learning_rate";

/// Tag of the precision-recall curve of `class` in the event log of `run`; [`class_tags`] makes the class names.
pub fn pr_curve(run: LogRun, class: &str) -> String {
    let prefix = if run == LogRun::Test { "test_" } else { "" };
    format!("{prefix}pr_curve_per_class/{class}")
}

/// Interpretation of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMeaning {
    /// A metric over a split.
    Metric(Metric, Split, Certainty),
    /// The learning rate.
    LearningRate,
    /// The number of the epoch, as programs log it that count steps: `epoch`, `train/epoch`.
    Epoch,
    /// Known, but not a metric of an epoch: a value by class, by batch, or of the configuration.
    Other,
    /// Unknown.
    Unknown,
}

/// How the split of a metric was determined. Later variants take precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nothing names the split, so it is training, as in Keras.
    Convention,
    /// The name of the folder names it.
    Folder,
    /// The tag itself names it.
    Tag,
}

/// Whether the tag's name implies that its steps are epochs.
pub fn counts_epochs(tag: &str) -> bool {
    tag.starts_with("epoch_")
}

/// Whether folder and tag are those that Keras writes, whose epochs count from 0. Others who log `epoch_loss` may begin with 1.
pub fn is_of_keras(folder: &str, tag: &str) -> bool {
    let last = folder.rsplit(['/', '\\']).next().unwrap_or_default();
    let splits = words(tag).iter().any(|word| is_split(word));
    counts_epochs(tag) && !splits && ["train", "validation"].contains(&last)
}

/// Whether the tag says that its values are percentages: `Accuracy (%)`, `val_acc_pct`.
pub fn is_percent(tag: &str) -> bool {
    tag.contains('%') || words(tag).iter().any(|word| is_unit(word))
}

/// Whether a word is the unit of percentages.
fn is_unit(word: &str) -> bool {
    matches!(word, "percent" | "percentage" | "pct")
}

/// Interprets a scalar by its folder (relative to the logs) and its tag: `training/validation` and `epoch_loss`, `.`
/// and `val_acc`, or `runs/fold 1` and `Loss/train`.
pub fn meaning(folder: &str, tag: &str) -> TagMeaning {
    // Keras' own batch tags: their steps are not epochs.
    let by_batch = tag.ends_with("_vs_iterations") || tag.starts_with("batch_");
    if folder == LogRun::Metadata.path() || is_of_a_class(tag) || by_batch {
        return TagMeaning::Other;
    }
    let mut words = words(tag);
    let mut splits: Vec<Split> = words.iter().filter_map(|word| split(word)).collect();
    splits.dedup();
    words.retain(|word| {
        split(word).is_none() && word != "epoch" && word != "epochs" && !is_unit(word)
    });
    // `metrics/val_loss`; of `metrics/accuracy`, the split is not certain.
    words.retain(|word| word != "metrics" || splits.is_empty());
    let name = words.join("_");
    if name == "learning_rate" || name == "lr" {
        return TagMeaning::LearningRate;
    }
    if name.is_empty() && is_epoch(tag) {
        return TagMeaning::Epoch;
    }
    let alias = |metric: &&Metric| metric.row().aliases.contains(&&name[..]);
    let Some(metric) = Metric::ALL.iter().find(alias) else {
        return TagMeaning::Unknown;
    };
    // Only scores are fractions.
    if is_percent(tag) && *metric == Metric::Loss {
        return TagMeaning::Unknown;
    }
    let (split, certainty) = match splits[..] {
        [split] => (split, Certainty::Tag),
        [] => match split_of_folder(folder) {
            Some(split) => (split, Certainty::Folder),
            None => (Split::Train, Certainty::Convention),
        },
        _ => return TagMeaning::Unknown,
    };
    TagMeaning::Metric(*metric, split, certainty)
}

/// Whether a name that is unknown is that of a score on validation or test split, such as `val_dice` or `metrics/mAP50(B)` of YOLO.
pub(crate) fn is_own_score(tag: &str) -> bool {
    let is_judged = |word: &String| split(word).is_some_and(|split| split != Split::Train);
    let words = words(tag);
    let is_score = tag.starts_with("metrics/") || words.iter().any(is_judged);
    is_score && words.len() > 1 && meaning("", tag) == TagMeaning::Unknown
}

/// Whether a tag has the word for an epoch.
fn is_epoch(tag: &str) -> bool {
    words(tag)
        .iter()
        .any(|word| word == "epoch" || word == "epochs")
}

fn is_of_a_class(tag: &str) -> bool {
    let base = tag.strip_prefix("test_").unwrap_or(tag);
    let group = base.split_once('/').map(|(group, _)| group);
    ClassMetric::ALL
        .iter()
        .any(|metric| group == Some(metric.group()))
}

/// The split named by a folder; the last path component counts most: `training/validation` is validation.
fn split_of_folder(folder: &str) -> Option<Split> {
    if folder == LogRun::Detailed.path() {
        return Some(Split::Validation);
    }
    folder.rsplit(['/', '\\']).find_map(|part| {
        let words = words(part);
        let mut splits: Vec<Split> = words.iter().filter_map(|word| split(word)).collect();
        splits.dedup();
        match splits[..] {
            [split] => Some(split),
            _ => None,
        }
    })
}

/// Whether a word stands for a split.
pub(crate) fn is_split(word: &str) -> bool {
    split(word).is_some()
}

/// The split that a name stands for, if it is no other word.
pub(crate) fn split_of_name(name: &str) -> Option<Split> {
    split(&name.to_lowercase())
}

/// The split that a word stands for.
fn split(word: &str) -> Option<Split> {
    match word {
        "train" | "training" | "trn" => Some(Split::Train),
        "val" | "valid" | "validation" | "vld" | "dev" | "eval" | "evaluation" => {
            Some(Split::Validation)
        }
        "test" | "testing" => Some(Split::Test),
        _ => None,
    }
}

/// Splits a name into lower-case words: runs of letters and digits, also cut where a capital follows a lower-case
/// letter.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (before.is_lowercase() && c.is_uppercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words
                .last_mut()
                .expect("never empty")
                .extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A name as its lower-case words without one of them; `None` if it does not have it.
pub(crate) fn without_word(name: &str, word: &str) -> Option<String> {
    let all = words(name);
    let others: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|other| *other != word)
        .collect();
    (others.len() < all.len()).then(|| others.join("_"))
}

/// Whether the name of a column or list, without that of a file, is that of a metric.
pub(crate) fn is_metric(name: &str) -> bool {
    matches!(meaning("", name), TagMeaning::Metric(..))
}

/// Unique tag components for class names. A slash would start a new group, so it becomes `_`; the class number is
/// appended if that collides with another class.
pub fn class_tags(classes: &[String]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    // Names without a slash stay as they are, whatever their position.
    let plain = classes.iter().filter(|class| !class.contains('/'));
    taken.extend(plain.cloned());
    let tag = |(i, class): (usize, &String)| {
        if !class.contains('/') {
            return class.clone();
        }
        let mut tag = class.replace('/', "_");
        while !taken.insert(tag.clone()) {
            tag = format!("{tag}_{i}");
        }
        tag
    };
    classes.iter().enumerate().map(tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_call_it() {
        use Certainty::{Convention, Folder, Tag};
        let loss = |split, by| TagMeaning::Metric(Metric::Loss, split, by);
        let accuracy = |split, by| TagMeaning::Metric(Metric::Accuracy, split, by);
        for (folder, tag, expected) in [
            ("training/train", "epoch_loss", loss(Split::Train, Folder)),
            (
                "training/validation",
                "epoch_loss",
                loss(Split::Validation, Folder),
            ),
            ("", "acc", accuracy(Split::Train, Convention)),
            ("", "val_acc", accuracy(Split::Validation, Tag)),
            (
                "val",
                "epoch_sparse_categorical_accuracy",
                accuracy(Split::Validation, Folder),
            ),
            ("x", "Loss/train", loss(Split::Train, Tag)),
            ("train", "Loss/val", loss(Split::Validation, Tag)),
            ("x", "validAcc", accuracy(Split::Validation, Tag)),
            ("x", "vld_acc", accuracy(Split::Validation, Tag)),
            ("x", "trn_loss", loss(Split::Train, Tag)),
            ("x", "Accuracy (%)/val", accuracy(Split::Validation, Tag)),
            ("x", "val_acc_percent", accuracy(Split::Validation, Tag)),
            (
                "x",
                "metrics/val_accuracy",
                accuracy(Split::Validation, Tag),
            ),
            ("x", "metrics/accuracy", TagMeaning::Unknown),
            ("Loss_test", "Loss", loss(Split::Test, Folder)),
            ("test_metrics", "test_accuracy", accuracy(Split::Test, Tag)),
            ("x", "train_loss_epoch", loss(Split::Train, Tag)),
            (
                "detailed_metrics",
                "f1_score/macro",
                TagMeaning::Metric(Metric::F1Macro, Split::Validation, Folder),
            ),
            (
                "training/train",
                "epoch_learning_rate",
                TagMeaning::LearningRate,
            ),
            ("", "lr", TagMeaning::LearningRate),
            (
                "detailed_metrics",
                "f1_score_per_class/a",
                TagMeaning::Other,
            ),
            (
                "experiment_metadata",
                "results/test_loss",
                TagMeaning::Other,
            ),
            (
                "validation",
                "evaluation_loss_vs_iterations",
                TagMeaning::Other,
            ),
        ] {
            assert_eq!(meaning(folder, tag), expected, "{folder} {tag}");
        }
        // Unnamed averages, batch steps, and tags that name two splits.
        for tag in [
            "f1",
            "loss (%)",
            "train_loss_step",
            "train_val_loss",
            "top5_acc",
        ] {
            assert_eq!(meaning("", tag), TagMeaning::Unknown, "{tag}");
        }
    }

    #[test]
    fn every_class_has_a_tag_of_its_own() {
        let tags =
            |names: &[&str]| class_tags(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(tags(&["a/b", "c"]), ["a_b", "c"]);
        assert_eq!(tags(&["a/b", "a_b"]), ["a_b_0", "a_b"]);
        assert_eq!(tags(&["a_b", "a/b", "a_b_1"]), ["a_b", "a_b_1_1", "a_b_1"]);
        assert_eq!(tags(&["a/b/c", "a_b/c"]), ["a_b_c", "a_b_c_1"]);
    }
}
