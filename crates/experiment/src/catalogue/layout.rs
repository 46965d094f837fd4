//! Files and folders of an experiment, from its own directory.

/// What every experiment has: see [`crate::Metadata`].
pub const METADATA: &str = "metadata.json";
/// The run as one value.
pub const RECIPE: &str = "recipe.json";
/// One line an epoch: see [`crate::Epoch`].
pub const HISTORY: &str = "history.jsonl";
/// The network's layers, as text.
pub const MODEL_SUMMARY: &str = "model_summary.txt";
/// Held by the process that trains; the operating system frees it when the process is gone.
pub const LOCK_FILE: &str = ".lock";

/// How the network names of simple classifiers begin: they have no epochs and no weights.
pub const BASELINE: &str = "baseline_";

/// Folder of all that using the network needs.
pub const MODEL: &str = "model";
/// Its weights.
pub const WEIGHTS: &str = "model/model.safetensors";
/// Its architecture, classes and preprocessing.
pub const ARCHITECTURE: &str = "model/model.json";

/// Folder of checkpoints.
pub const CHECKPOINT_FOLDER: &str = "checkpoints";
/// The newest checkpoint and the one before it.
pub const CHECKPOINTS: [&str; 2] = ["checkpoints/last", "checkpoints/previous"];

/// Folder of figures.
pub const FIGURES: &str = "figures";
/// Confusion matrix over the test split.
pub const TEST_CONFUSION_FIGURE: &str = "test_confusion_matrix";
/// Confusion matrix of the best epoch over the validation split.
pub const VALIDATION_CONFUSION_FIGURE: &str = "validation_confusion_matrix";
/// Loss and accuracy by epoch.
pub const LEARNING_CURVES_FIGURE: &str = "learning_curves";

/// Path of a figure.
pub fn figure(name: &str) -> String {
    format!("{FIGURES}/{name}.png")
}

/// Folder of what evaluations found after the training, one folder each.
pub const EVALUATIONS: &str = "evaluations";

/// Folder of the event logs.
pub const LOGS: &str = "logs";
/// What the names of event files have in common; TensorBoard knows them by it.
pub const EVENT_FILE_MARK: &str = "tfevents";

/// Folder of deleted experiments, below that of all experiments.
pub const TRASH: &str = ".trash";
/// How directories of runs without tracking begin, in `logs/` beside the experiments.
pub const UNTRACKED: &str = "seismic_training_";

/// Field of the metadata that holds SHA-256 by file.
pub const FILES: &str = "files";
/// Field of a split's results with [`crate::catalogue::ClassMetric`]s.
pub const PER_CLASS: &str = "per_class";
/// Field of a split's results with the confusion matrix, and its tag in the event logs.
pub const CONFUSION_MATRIX: &str = "confusion_matrix";

/// Folders that every experiment has beside its logs.
pub const SUBDIRECTORIES: [&str; 3] = [MODEL, CHECKPOINT_FOLDER, FIGURES];

/// The event logs of an experiment, each a run of TensorBoard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogRun {
    /// Metrics and weights over the training split.
    Train,
    /// Metrics over the validation split.
    Validation,
    /// Precision, recall, F1 and confusion matrices over the validation split.
    Detailed,
    /// Metrics of the kept weights over the test split.
    Test,
    /// Configuration, summary, hyperparameters.
    Metadata,
}

impl LogRun {
    /// All of them.
    pub const ALL: [LogRun; 5] = [
        LogRun::Train,
        LogRun::Validation,
        LogRun::Detailed,
        LogRun::Test,
        LogRun::Metadata,
    ];

    /// Path below `logs/`, which is the run's name in TensorBoard.
    pub fn path(self) -> &'static str {
        match self {
            LogRun::Train => "training/train",
            LogRun::Validation => "training/validation",
            LogRun::Detailed => "detailed_metrics",
            LogRun::Test => "test_metrics",
            LogRun::Metadata => "experiment_metadata",
        }
    }
}
