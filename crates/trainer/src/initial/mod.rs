//! Initial weights from another model: an experiment, a model folder, a `model.safetensors`, or a Keras file.

mod front_end;
mod keras;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use experiment::ExperimentStore;
use model::{
    CARD_FILE, ModelCard, NamedTensor, Plan, Transferred, WEIGHTS_FILE, Weights, named_tensors,
};

use crate::error::TrainerError;

pub use front_end::FrontEnd;

/// Size limit of a weight file, in bytes.
const MAX_SIZE: u64 = 4 << 30;

/// Tensors of another model.
pub struct Source {
    /// Path they were read from.
    path: PathBuf,
    tensors: HashMap<String, NamedTensor>,
    /// Class names, if a `model.json` next to the weights has them.
    classes: Option<Vec<String>>,
}

/// Reads the source named by `--init-from`: a file, a model folder, or an experiment below `experiments`. Keras
/// layers are matched to the names in `plan`.
///
/// # Errors
/// [`TrainerError`] if nothing is found, or it holds no weights.
pub fn read(named: &str, experiments: &Path, plan: &Plan) -> Result<Source, TrainerError> {
    let path = locate(named, experiments)?;
    let length = std::fs::metadata(&path)
        .map_err(|error| wrong(&path, error))?
        .len();
    if length > MAX_SIZE {
        return Err(wrong(
            &path,
            format!("{length} bytes: too large for a weight file"),
        ));
    }
    let bytes = std::fs::read(&path).map_err(|error| wrong(&path, error))?;
    let tensors = if keras::is(&bytes) {
        keras::tensors(bytes, plan).map_err(|problem| wrong(&path, problem))?
    } else {
        named_tensors(&bytes).map_err(|error| wrong(&path, error))?
    };
    let classes = card(&path)?.map(|card| card.class_names);
    Ok(Source {
        path,
        tensors,
        classes,
    })
}

/// Path of the weights named by `--init-from`.
fn locate(named: &str, experiments: &Path) -> Result<PathBuf, TrainerError> {
    let given = Path::new(named);
    if given.is_file() {
        return Ok(given.to_owned());
    }
    let folder = if given.is_dir() {
        given.to_owned()
    } else {
        ExperimentStore::new(experiments).find(named)?.directory
    };
    let inside = [
        folder.join(WEIGHTS_FILE),
        folder.join("model").join(WEIGHTS_FILE),
    ];
    let found = inside.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| wrong(&folder, "holds no model.safetensors"))
}

/// The `model.json` beside weights, if there is one.
fn card(weights: &Path) -> Result<Option<ModelCard>, TrainerError> {
    let path = weights.with_file_name(CARD_FILE);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let card = serde_json::from_slice(&bytes);
            card.map(Some).map_err(|error| no_card(&path, &error))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(&path, error)),
    }
}

fn no_card(path: &Path, error: &serde_json::Error) -> TrainerError {
    let problem = format!(
        "not the description of a model ({error}), so its front end is not known: name the file with the weights alone, in \
         another folder, and `spectral_processing` in the dataset configuration"
    );
    wrong(path, problem)
}

fn wrong(path: &Path, problem: impl std::fmt::Display) -> TrainerError {
    TrainerError::option(format!("--init-from {}", path.display()), problem)
}

impl Source {
    /// Initial weights for `plan`: tensors that fit are copied, the rest is random from `seed`. Also returns a
    /// description of both for the user.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] if no tensor fits.
    pub fn weights_for(
        &self,
        plan: &Plan,
        seed: u64,
        classes: &[String],
    ) -> Result<(Weights, Vec<String>), TrainerError> {
        // Without a model card, only the shape of the output layer shows whether the classes match.
        let same_classes = self.classes.as_ref().is_none_or(|known| known == classes);
        let (weights, transferred) =
            Weights::init(plan, seed).with_tensors_of(plan, &self.tensors, same_classes);
        let taken = transferred
            .iter()
            .filter(|tensor| tensor.left.is_none())
            .count();
        if taken == 0 {
            let first = transferred.first().and_then(|tensor| tensor.left.clone());
            let problem = format!(
                "no tensor fits this network: of {}, {}",
                transferred.first().map_or("", |tensor| &tensor.name),
                first.unwrap_or_default()
            );
            return Err(wrong(&self.path, problem));
        }
        let mut lines = vec![format!(
            "weights of {}: {taken} of {} tensors taken",
            self.path.display(),
            transferred.len()
        )];
        lines.extend(transferred.iter().filter_map(not_transferred));
        let unused = self
            .tensors
            .keys()
            .filter(|name| !plan.tensors.iter().any(|tensor| tensor.name == **name));
        let mut unused: Vec<&str> = unused.map(String::as_str).collect();
        unused.sort_unstable();
        if !unused.is_empty() {
            lines.push(format!("  not in this network: {}", unused.join(", ")));
        }
        Ok((weights, lines))
    }
}

fn not_transferred(tensor: &Transferred) -> Option<String> {
    let why = tensor.left.as_ref()?;
    Some(format!("  {} is newly initialised: {why}", tensor.name))
}
