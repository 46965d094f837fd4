//! Weights of another model to begin with: of an experiment, a model folder, a `model.safetensors`, or a file of Keras.

mod keras;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use experiment::ExperimentStore;
use model::{
    CARD_FILE, ModelCard, NamedTensor, Plan, Transferred, WEIGHTS_FILE, Weights, named_tensors,
};

use crate::error::TrainerError;

/// Largest file of weights that is read, in bytes.
const LARGEST: u64 = 4 << 30;

/// Tensors of another model.
pub struct Source {
    /// Where they are from.
    path: PathBuf,
    tensors: HashMap<String, NamedTensor>,
    /// Its classes, where a `model.json` beside it tells them.
    classes: Option<Vec<String>>,
}

/// Reads what `--init-from` names: a file, a folder with a model, or an experiment below `experiments`. Layers of Keras go
/// by the names that `plan` has.
///
/// # Errors
/// [`TrainerError`] where there is none, or it holds no weights.
pub fn read(named: &str, experiments: &Path, plan: &Plan) -> Result<Source, TrainerError> {
    let given = Path::new(named);
    let path = if given.is_file() {
        given.to_owned()
    } else {
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
        found.ok_or_else(|| wrong(&folder, "holds no model.safetensors"))?
    };
    let length = std::fs::metadata(&path)
        .map_err(|error| wrong(&path, error))?
        .len();
    if length > LARGEST {
        return Err(wrong(
            &path,
            format!("{length} bytes are too many for weights"),
        ));
    }
    let bytes = std::fs::read(&path).map_err(|error| wrong(&path, error))?;
    let tensors = if keras::is(&bytes) {
        keras::tensors(bytes, plan).map_err(|problem| wrong(&path, problem))?
    } else {
        named_tensors(&bytes).map_err(|error| wrong(&path, error))?
    };
    let card = std::fs::read(path.with_file_name(CARD_FILE)).ok();
    let card = card.and_then(|bytes| serde_json::from_slice::<ModelCard>(&bytes).ok());
    Ok(Source {
        path,
        tensors,
        classes: card.map(|card| card.class_names),
    })
}

fn wrong(path: &Path, problem: impl std::fmt::Display) -> TrainerError {
    TrainerError::Usage(format!("--init-from {}: {problem}", path.display()))
}

impl Source {
    /// Weights for `plan`: random ones of `seed` where the source has none that fit. What was taken and what was not, and
    /// why, comes back for people.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] where no tensor fits.
    pub fn weights_for(
        &self,
        plan: &Plan,
        seed: u64,
        classes: &[String],
    ) -> Result<(Weights, Vec<String>), TrainerError> {
        // Without a card, the shape of the head alone can tell.
        let same_classes = self.classes.as_ref().is_none_or(|own| own == classes);
        let (weights, transferred) =
            Weights::init(plan, seed).with_tensors_of(plan, &self.tensors, same_classes);
        let taken = transferred.iter().filter(|own| own.left.is_none()).count();
        if taken == 0 {
            let first = transferred.first().and_then(|own| own.left.clone());
            let problem = format!(
                "no tensor fits this network: of {}, {}",
                transferred.first().map_or("", |own| &own.name),
                first.unwrap_or_default()
            );
            return Err(wrong(&self.path, problem));
        }
        let mut lines = vec![format!(
            "weights of {}: {taken} of {} tensors taken",
            self.path.display(),
            transferred.len()
        )];
        lines.extend(transferred.iter().filter_map(left));
        let unused = self
            .tensors
            .keys()
            .filter(|name| !plan.tensors.iter().any(|own| own.name == **name));
        let mut unused: Vec<&str> = unused.map(String::as_str).collect();
        unused.sort_unstable();
        if !unused.is_empty() {
            lines.push(format!("  not in this network: {}", unused.join(", ")));
        }
        Ok((weights, lines))
    }
}

fn left(own: &Transferred) -> Option<String> {
    let why = own.left.as_ref()?;
    Some(format!("  {} begins anew: {why}", own.name))
}
