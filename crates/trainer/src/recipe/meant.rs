//! What users of other programs mean by keys that a preset does not have.

use support::words::{letters_and_digits, nearest};

/// Names of other programs, as letters and digits alone, and what to write here.
const OTHERS: [(&[&str], &str); 19] = [
    (
        &["lr", "initiallearningrate", "initlr", "baselr", "maxlr"],
        "`learning_rate`",
    ),
    (
        &["numepochs", "nepochs", "maxepochs", "trainepochs"],
        "`epochs`",
    ),
    (&["batch", "trainbatchsize", "bs"], "`batch_size`"),
    (
        &[
            "modeltype",
            "modelname",
            "arch",
            "architecture",
            "network",
            "backbone",
        ],
        "`model`",
    ),
    (
        &["randomstate", "randomseed", "rngseed", "manualseed"],
        "`seed`",
    ),
    (
        &["optimizer", "optimiser", "opt"],
        "the optimiser is AdamW, and Adam with `weight_decay: 0`; there is no other",
    ),
    (
        &["momentum", "beta1", "beta2", "betas", "epsilon", "eps"],
        "AdamW has 0.9, 0.999 and 1e-7, which cannot be changed",
    ),
    (
        &["loss", "lossfunction", "criterion"],
        "the loss is the cross-entropy; see `label_smoothing` and `class_weights`",
    ),
    (
        &["l2", "l2regularization", "kernelregularizer"],
        "do you mean `weight_decay`, which is apart from the loss?",
    ),
    (
        &[
            "patience",
            "earlystoppingpatience",
            "espatience",
            "earlystop",
            "restorebestweights",
            "savebestonly",
            "monitor",
        ],
        "`early_stopping: {patience: 10}` watches the validation loss; `keep: best` keeps the weights of its lowest value",
    ),
    (
        &[
            "reducelronplateau",
            "reduceonplateau",
            "reducelr",
            "lrpatience",
            "lrfactor",
            "minlr",
        ],
        "write `schedule: plateau` and `plateau: {patience: 3, factor: 0.5, min_learning_rate: 1e-7}`",
    ),
    (
        &[
            "scheduler",
            "lrscheduler",
            "lrschedule",
            "learningrateschedule",
        ],
        "`schedule`",
    ),
    (
        &[
            "warmupepochs",
            "warmupsteps",
            "warmupratio",
            "warmupproportion",
        ],
        "do you mean `warmup`, a fraction of all steps?",
    ),
    (&["classweight"], "`class_weights`"),
    (&["augment", "dataaugmentation"], "`augmentation`"),
    (
        &["normalize", "normalise", "normalization", "scaler"],
        "`normalisation`",
    ),
    (
        &["gpu", "gpus", "accelerator", "cuda"],
        "write `backend` and `device`",
    ),
    (&["workers", "numworkers", "njobs"], "`threads`"),
    (
        &[
            "numclasses",
            "classnames",
            "inputshape",
            "validationsplit",
            "valsplit",
            "testsplit",
            "trainindexfile",
            "valindexfile",
            "samplingrate",
        ],
        "the data are described by the dataset configuration, `dataset_config`",
    ),
];

/// What to write in place of `key`, in words; `None` if nothing is near.
pub(super) fn meant(key: &str, known: &[String]) -> Option<String> {
    let letters = letters_and_digits(key);
    let others = OTHERS.iter();
    let other = others.filter(|(names, _)| names.contains(&&*letters));
    let mut other = other.map(|(_, meant)| match meant.strip_prefix('`') {
        // A key alone.
        Some(rest) if rest.find('`') == Some(rest.len() - 1) => do_you_mean(rest),
        _ => (*meant).to_owned(),
    });
    let same = || {
        known
            .iter()
            .find(|candidate| letters_and_digits(candidate) == letters)
    };
    let near = || nearest(key, known.iter().map(String::as_str)).map(str::to_owned);
    let of_known = || same().cloned().or_else(near);
    other
        .next()
        .or_else(|| of_known().map(|candidate| do_you_mean(&candidate)))
}

fn do_you_mean(key: &str) -> String {
    format!("do you mean `{}`?", key.trim_end_matches('`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_is_meant() {
        let known = ["learning_rate", "batch_size", "epochs", "class_weights"].map(String::from);
        for (key, expected) in [
            ("lr", "do you mean `learning_rate`?"),
            ("learningRate", "do you mean `learning_rate`?"),
            ("learning-rate", "do you mean `learning_rate`?"),
            ("learnig_rate", "do you mean `learning_rate`?"),
            ("batchsize", "do you mean `batch_size`?"),
            ("n_epochs", "do you mean `epochs`?"),
            ("ReduceLROnPlateau", "write `schedule: plateau` and"),
            ("colour", ""),
        ] {
            let found = meant(key, &known).unwrap_or_default();
            assert!(found.starts_with(expected), "{key}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{key}: {found}");
        }
        // None of the names of others is a key here.
        let fields = super::super::Recipe::parameters();
        for name in OTHERS.iter().flat_map(|(names, _)| *names) {
            let same = fields
                .iter()
                .find(|field| letters_and_digits(field) == *name);
            assert_eq!(same, None);
        }
    }
}
