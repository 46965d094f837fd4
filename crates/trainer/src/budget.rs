//! Checks before the training whether network and front end fit a sensor node.

use data::Preprocessing;
use deploy::network::Network;
use deploy::quantise::{IntegerNetwork, RangeMethod};
use deploy::{TrainedModel, c};
use model::{Architecture, Bundle, Plan, Weights};

use crate::error::TrainerError;

/// Describes the flash and memory that a network and its front end need.
///
/// # Errors
/// [`TrainerError::Usage`] if they need more than `kilobytes` of flash in 8 bits, or the front end has no C
/// implementation.
pub fn check(
    architecture: &Architecture,
    preprocessing: &Preprocessing,
    kilobytes: usize,
) -> Result<String, TrainerError> {
    let plan = Plan::new(architecture)?;
    let names = (0..architecture.num_classes)
        .map(|i| i.to_string())
        .collect();
    let preprocessing = serde_json::json!(preprocessing);
    // The cost depends on shapes alone, so untrained weights give the right answer.
    let bundle = Bundle::new(architecture, Weights::init(&plan, 0), names, preprocessing);
    let model = TrainedModel::new(&bundle, architecture)?;
    let network = Network::new(&model)?;
    let silence = vec![0.0; architecture.input.elements()];
    let integers = IntegerNetwork::with_method(&network, &silence, RangeMethod::Range)?;
    let refused = |error: deploy::DeployError| TrainerError::Usage(format!("--budget-kb: {error}"));
    let int8 = c::cost(&model, &network, c::Numbers::Int8(&integers)).map_err(refused)?;
    let float = c::cost(&model, &network, c::Numbers::Float).map_err(refused)?;
    let kb = |bytes: usize| bytes.div_ceil(1024);
    let needs = format!(
        "with its front end, {} needs about {} KB of flash and {} KB of memory in 8 bits ({} and {} in float32), beside the \
         window of samples",
        architecture.kind,
        kb(int8.flash_bytes()),
        kb(int8.ram_bytes),
        kb(float.flash_bytes()),
        kb(float.ram_bytes),
    );
    if int8.flash_bytes() > kilobytes * 1024 {
        let problem = format!(
            "{needs}: more than --budget-kb {kilobytes}; choose a smaller --model, or fewer features"
        );
        return Err(TrainerError::Usage(problem));
    }
    Ok(format!("{needs}: within the {kilobytes} KB"))
}

#[cfg(test)]
mod tests {
    use data::SpectralConfig;
    use model::{InputShape, ModelKind};

    use super::*;

    #[test]
    fn small_networks_fit_and_large_ones_do_not() {
        let mut preprocessing = Preprocessing::new(Vec::new(), SpectralConfig::default());
        preprocessing.window = Some(1024);
        let of = |kind, kilobytes| {
            let architecture = Architecture::new(kind, InputShape::from([2, 7, 256]), 3);
            check(&architecture, &preprocessing, kilobytes)
        };
        let fits = of(ModelKind::UltraLightweight, 48).unwrap();
        assert!(fits.contains("within the 48 KB"), "{fits}");
        let refused = of(ModelKind::Simple, 48).unwrap_err();
        assert_eq!(refused.exit_code(), 2);
        assert!(
            refused.to_string().contains("more than --budget-kb 48"),
            "{refused}"
        );
    }
}
