//! Where the front end comes from: the dataset configuration, a preset, or the model of `--init-from`.

use data::{DatasetConfig, SpectralConfig};

use crate::error::TrainerError;
use crate::initial::FrontEnd;
use crate::job::Job;
use crate::progress::Progress;
use crate::recipe::Recipe;

/// Completes the front end of the dataset configuration from the recipe, or else from the model whose weights the
/// training starts from. Returns that of the model.
pub(super) fn set_front_end(
    config: &mut DatasetConfig,
    job: &Job,
    progress: &Progress,
) -> Result<Option<FrontEnd>, TrainerError> {
    let recipe = &job.recipe;
    for key in unused_keys(config, recipe) {
        progress.say(&format!(
            "the dataset configuration names `{key}`: that of the preset is not used"
        ));
    }
    config.set_defaults(
        recipe.spectral_processing.as_ref(),
        recipe.preprocessing.as_deref(),
    )?;
    let root = &job.tracking.experiments_dir;
    let of_source = match &recipe.init_from {
        Some(source) if job.resume.is_none() => FrontEnd::read(source, root)?,
        _ => None,
    };
    if !config.names_front_end {
        let spectral = of_source
            .as_ref()
            .map(|front| front.spectral_for(&config.spectral));
        config.set_defaults(spectral.as_ref(), None)?;
        progress.say(match &of_source {
            Some(_) => {
                "the dataset configuration names no `spectral_processing`: the front end is that of the model in \
                 --init-from"
            }
            None => {
                "the dataset configuration names no `spectral_processing`: the front end is `bands`, log power in \
                 frequency bands"
            }
        });
    }
    Ok(of_source)
}

/// What both a preset and the dataset configuration name, unless they agree. The latter takes precedence.
fn unused_keys(config: &DatasetConfig, recipe: &Recipe) -> Vec<&'static str> {
    let differs = |spectral: &SpectralConfig| {
        let sampling_rate = config.spectral.sampling_rate;
        let preset = SpectralConfig {
            sampling_rate,
            ..spectral.clone()
        };
        config.names_front_end && preset != config.spectral
    };
    let spectral = recipe.spectral_processing.as_ref().is_some_and(differs);
    let steps = recipe.preprocessing.as_ref();
    let steps = steps.is_some_and(|steps| !config.steps.is_empty() && *steps != config.steps);
    let keys = [(spectral, "spectral_processing"), (steps, "preprocessing")];
    keys.into_iter()
        .filter(|(unused, _)| *unused)
        .map(|(_, key)| key)
        .collect()
}
