//! Errors in what the user asks for.

use std::path::PathBuf;

/// Why a request cannot be met.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// A count is zero.
    #[error("{what} must be at least 1")]
    Zero {
        /// The option, or what is counted.
        what: &'static str,
    },
    /// A duration is zero, negative or not finite.
    #[error("{what} must be a number greater than 0, not {value}")]
    NotPositive {
        /// The option or the key.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// An option is invalid, by itself or in this context.
    #[error("{option}: {problem}")]
    Option {
        /// The option, with its value if that helps.
        option: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The content of a file is invalid.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A setting names a class that the data do not have.
    #[error("`{setting}` names the unknown class `{class}`: the classes are {}", classes.join(", "))]
    UnknownClass {
        /// The setting.
        setting: &'static str,
        /// The unknown class.
        class: String,
        /// The existing classes.
        classes: Vec<String>,
    },
    /// The data contain a class that the model does not know.
    #[error("{}: the model has no class `{class}`, only {}{advice}", path.display(), classes.join(", "))]
    NoClass {
        /// Dataset configuration or list of recordings.
        path: PathBuf,
        /// The class.
        class: String,
        /// Classes of the model.
        classes: Vec<String>,
        /// What to do, after a semicolon; may be empty.
        advice: &'static str,
    },
    /// Labels of rows, which only an import reads.
    #[error(
        "{}: recording `{recording}` has a `label_column`, which only `data import` reads: give it `labels` or `labels_file`, \
         or evaluate the imported dataset with `trainer evaluate --dataset-config`",
        path.display()
    )]
    RowLabels {
        /// List of recordings.
        path: PathBuf,
        /// Name of the recording.
        recording: String,
    },
    /// More memory is needed than is available.
    #[error(
        "{what} need about {} MiB of memory, and {} MiB are free: {advice}", needed.div_ceil(MIB), available / MIB
    )]
    Memory {
        /// What needs it.
        what: String,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are available.
        available: u64,
        /// What to do.
        advice: &'static str,
    },
    /// The front end cannot be exported to C, so its cost on a node is unknown.
    #[error(transparent)]
    NoNodeCode(deploy::DeployError),
    /// An option differs from its value when the run was started.
    #[error("{option} cannot change when a run is resumed: {id} was started with {value}")]
    Changed {
        /// The option.
        option: String,
        /// The run.
        id: String,
        /// The value at the start of the run.
        value: String,
    },
    /// A run cannot be resumed.
    #[error("{id} cannot be resumed: {problem}")]
    NotResumable {
        /// The run.
        id: String,
        /// Why it cannot.
        problem: ResumeError,
    },
    /// A run can be resumed once its data are found.
    #[error("{id} cannot be resumed yet: {moved}")]
    NotYetResumable {
        /// The run.
        id: String,
        /// Where its data were.
        moved: MovedData,
    },
    /// An error, together with another that would follow once the first is fixed.
    #[error("{problem}; also, {moved}")]
    Also {
        /// The first error.
        problem: Box<UsageError>,
        /// The second error.
        moved: MovedData,
    },
    /// A number is NaN or infinite.
    #[error("{option} must be a finite number")]
    NotFinite {
        /// The option.
        option: &'static str,
    },
    /// A number is too large.
    #[error("{option} is too large")]
    TooLarge {
        /// The option.
        option: &'static str,
    },
    /// An option has no effect without another.
    #[error("{option} needs {other}")]
    Needs {
        /// The option.
        option: &'static str,
        /// The missing option.
        other: &'static str,
    },
    /// An option describes a new run.
    #[error("{option} is for new runs: leave it out with --resume")]
    NewRunsOnly {
        /// The option.
        option: &'static str,
    },
    /// The length of a run cannot change, because its learning rate was planned for it.
    #[error(
        "--epochs cannot change when {id} is resumed: its learning rate was planned for {epochs} epochs; start a new \
         run, or train with --schedule plateau (or constant) --warmup 0, which can be extended"
    )]
    EpochsArePlanned {
        /// The run.
        id: String,
        /// Its epochs.
        epochs: usize,
    },
    /// The class weights exclude all training samples.
    #[error(
        "`class_weights` gives weight 0 to every class that has training samples: nothing could be learned"
    )]
    WeightlessClasses,
    /// A directory is not inside the experiment.
    #[error("extra subdirectory `{name}` is outside the experiment's directory")]
    OutsideExperiment {
        /// Name of the directory.
        name: String,
    },
    /// The network needs more flash than allowed.
    #[error(
        "{needs}: more than --budget-kb {kib}; choose a smaller --model, or fewer features (`spectral_processing` in the dataset configuration, such as `{{method: bands, bands: {{bands: 8}}}}`)"
    )]
    OverBudget {
        /// What the network needs.
        needs: String,
        /// The limit in KiB.
        kib: usize,
    },
}

const MIB: u64 = 1 << 20;

/// Why a run cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The metadata do not name the backend.
    #[error("its metadata.json does not say which backend computed it")]
    NoBackend,
    /// There is no checkpoint that is complete and matches the run.
    #[error("it has no usable checkpoint in {}; start a new run", folder.display())]
    NoCheckpoint {
        /// Folder of the checkpoints.
        folder: PathBuf,
    },
    /// A split contains other samples than at the start.
    #[error("its {split} split has changed since (SHA-256 {then} then, {now} now)")]
    Split {
        /// The split.
        split: String,
        /// Its fingerprint at the start.
        then: String,
        /// Its fingerprint now, or `none`.
        now: String,
    },
    /// The preprocessing differs from that at the start.
    #[error("its preprocessing has changed since")]
    Preprocessing,
}

/// Why the data of an experiment cannot be used again.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The dataset is no longer there.
    #[error(
        "the experiment's dataset {} does not exist: give its path with --dataset-config", path.display()
    )]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// The windows have another rate than those of the training.
    #[error(
        "{}: its windows have {rate} Hz, but the model was trained on {model} Hz: import the recordings with `sampling_rate: {model}`", path.display()
    )]
    OtherRate {
        /// The dataset's configuration.
        path: PathBuf,
        /// Its sampling rate in Hz.
        rate: f64,
        /// The model's.
        model: f64,
    },
    /// The experiment does not say what it was trained on.
    #[error("the experiment does not record its dataset: give it with --dataset-config")]
    NotRecorded,
    /// The data are not those of the training.
    #[error(
        "the data of {id} are not preprocessed as those the model was trained on: name the same with --dataset-config"
    )]
    OtherPreprocessing {
        /// The experiment.
        id: String,
    },
}

/// Why a model cannot be exported as requested.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Exports overwrite nothing.
    #[error("{} exists already: name another --out", path.display())]
    Exists {
        /// The requested path.
        path: PathBuf,
    },
    /// The path has no last part, such as `..`.
    #[error("--out {} has no file name", path.display())]
    NoFileName {
        /// The requested path.
        path: PathBuf,
    },
    /// The C code takes samples, which are not in 8 bits.
    #[error("--int8-io is for --format tflite: C takes samples")]
    Int8Io,
    /// The model's windows have another length.
    #[error("--window-samples {given}: the model was trained on windows of {stored} samples")]
    WindowSamples {
        /// As given.
        given: usize,
        /// As the model stores it.
        stored: usize,
    },
    /// The format stores float32.
    #[error("--quantise is for --format tflite and c")]
    Quantise,
}

/// The data of a run are no longer where they were.
#[derive(Debug, thiserror::Error)]
#[error(
    "its data are no longer at {}: say where they are now, with --dataset-config FILE", path.display()
)]
pub struct MovedData {
    /// Where they were.
    pub path: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_to_change() {
        let classes = || vec!["car".to_owned(), "truck".to_owned()];
        let moved = || MovedData {
            path: "a/data.yaml".into(),
        };
        let resumed = |problem| UsageError::NotResumable {
            id: "x".into(),
            problem,
        };
        let cases = [
            (
                UsageError::UnknownClass {
                    setting: "class_weights",
                    class: "bus".into(),
                    classes: classes(),
                },
                "`class_weights` names the unknown class `bus`: the classes are car, truck",
            ),
            (
                UsageError::NoClass {
                    path: "list.yaml".into(),
                    class: "bus".into(),
                    classes: classes(),
                    advice: "; keep others with `included_classes`",
                },
                "list.yaml: the model has no class `bus`, only car, truck; keep others with `included_classes`",
            ),
            (
                UsageError::Memory {
                    what: "the samples".into(),
                    needed: (3 << 20) + 1,
                    available: (2 << 20) - 1,
                    advice: "use --stream, or fewer samples",
                },
                "the samples need about 4 MiB of memory, and 1 MiB are free: use --stream, or fewer samples",
            ),
            (
                UsageError::Also {
                    problem: Box::new(UsageError::Changed {
                        option: "--seed".into(),
                        id: "x".into(),
                        value: "42".into(),
                    }),
                    moved: moved(),
                },
                "--seed cannot change when a run is resumed: x was started with 42; also, its data are no longer at \
                 a/data.yaml: say where they are now, with --dataset-config FILE",
            ),
            (
                UsageError::NotYetResumable {
                    id: "x".into(),
                    moved: moved(),
                },
                "x cannot be resumed yet: its data are no longer at a/data.yaml: say where they are now, with \
                 --dataset-config FILE",
            ),
            (
                resumed(ResumeError::NoBackend),
                "x cannot be resumed: its metadata.json does not say which backend computed it",
            ),
            (
                resumed(ResumeError::NoCheckpoint {
                    folder: "x/checkpoints".into(),
                }),
                "x cannot be resumed: it has no usable checkpoint in x/checkpoints; start a new run",
            ),
            (
                resumed(ResumeError::Split {
                    split: "train".into(),
                    then: "aa".into(),
                    now: "none".into(),
                }),
                "x cannot be resumed: its train split has changed since (SHA-256 aa then, none now)",
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn labels_of_rows_are_for_imports() {
        let error = UsageError::RowLabels {
            path: "list.yaml".into(),
            recording: "walk".into(),
        };
        assert_eq!(
            error.to_string(),
            "list.yaml: recording `walk` has a `label_column`, which only `data import` reads: give it `labels` or \
             `labels_file`, or evaluate the imported dataset with `trainer evaluate --dataset-config`"
        );
    }
}
