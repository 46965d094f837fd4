//! File and folder names of an experiment, relative to its directory.

/// The metadata file, which every experiment has: see [`crate::Metadata`].
pub const METADATA: &str = "metadata.json";
/// The recipe: everything that decides the result of the run.
pub const RECIPE: &str = "recipe.json";
/// One JSON line per epoch: see [`crate::Epoch`].
pub const HISTORY: &str = "history.jsonl";
/// The network's layers as text.
pub const MODEL_SUMMARY: &str = "model_summary.txt";
/// Locked by the process that trains; the operating system releases the lock when the process ends.
pub const LOCK_FILE: &str = ".lock";

/// Prefix of the network names of baselines, which have no epochs and no weights.
pub const BASELINE: &str = "baseline_";

/// Folder with everything needed to use the trained model.
pub const MODEL: &str = "model";
/// Weights of the model.
pub const WEIGHTS: &str = "model/model.safetensors";
/// Architecture, classes and preprocessing of the model.
pub const ARCHITECTURE: &str = "model/model.json";

/// Ranges of the model's values in 8 bits, once `trainer quantise` has found them.
pub const RANGES: &str = "model/int8.json";

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

/// Folder of later evaluations, one subfolder each.
pub const EVALUATIONS: &str = "evaluations";

/// Folder of the event logs.
pub const LOGS: &str = "logs";
/// Part of every event file's name, by which TensorBoard recognises it.
pub const EVENT_FILE_MARK: &str = "tfevents";

/// Features of windows for TensorBoard's projector, next to the event file of the run: one line of numbers per window.
pub const PROJECTOR_TENSORS: &str = "tensors.tsv";
/// Properties of these windows in the projector, after a line with the names of the columns.
pub const PROJECTOR_METADATA: &str = "metadata.tsv";
/// Names the two files; by it TensorBoard finds them.
pub const PROJECTOR_CONFIG: &str = "projector_config.pbtxt";

/// Folder of deleted experiments, inside the experiments directory.
pub const TRASH: &str = ".trash";
/// Prefix of directories of untracked runs, in `logs/` next to the experiments directory.
pub const UNTRACKED: &str = "seismic_training_";

/// Field of `model_info`: bytes of flash on a sensor node, network and front end in 8 bits, code estimated.
pub const NODE_FLASH: &str = "node_flash_bytes";
/// Field of `model_info`: bytes of static memory on a sensor node, without the window of samples.
pub const NODE_RAM: &str = "node_ram_bytes";

/// Metadata field with the SHA-256 of every file.
pub const FILES: &str = "files";
/// Field of a split's results that holds the [`crate::catalogue::ClassMetric`]s.
pub const PER_CLASS: &str = "per_class";
/// Field of a split's results that holds the confusion matrix, and its tag in the event logs.
pub const CONFUSION_MATRIX: &str = "confusion_matrix";

/// Folders of every experiment besides its logs.
pub const SUBDIRECTORIES: [&str; 3] = [MODEL, CHECKPOINT_FOLDER, FIGURES];

/// The event logs of an experiment; each is a run in TensorBoard.
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
    /// All event logs.
    pub const ALL: [LogRun; 5] = [
        LogRun::Train,
        LogRun::Validation,
        LogRun::Detailed,
        LogRun::Test,
        LogRun::Metadata,
    ];

    /// Path below `logs/`, which is also the run's name in TensorBoard.
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
