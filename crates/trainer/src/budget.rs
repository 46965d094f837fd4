//! Cost of network and front end on a sensor node, known before training.

use data::Preprocessing;
use deploy::network::Network;
use deploy::quantise::{IntegerNetwork, RangeMethod};
use deploy::{TrainedModel, c};
use experiment::catalogue::layout::{NODE_FLASH, NODE_RAM};
use model::{Architecture, Bundle, Plan, Weights};
use serde_json::{Map, Value};

use crate::error::{TrainerError, UsageError};
use crate::progress::Progress;

/// Number of parameters above which a network is not intended for nodes.
const MOST_PARAMETERS: usize = 1_000_000;

/// Cost on a sensor node, from the same calculation as in the C code.
pub struct NodeCost {
    /// In 8 bits.
    pub int8: c::Cost,
    /// In float32.
    pub float: c::Cost,
}

impl NodeCost {
    /// The cost of a network with its front end. It depends only on shapes.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] if the front end has no C implementation.
    pub fn new(
        architecture: &Architecture,
        preprocessing: &Preprocessing,
    ) -> Result<Self, TrainerError> {
        let plan = Plan::new(architecture)?;
        let names = (0..architecture.num_classes)
            .map(|i| i.to_string())
            .collect();
        let preprocessing = serde_json::json!(preprocessing);
        let bundle = Bundle::new(architecture, Weights::init(&plan, 0), names, preprocessing);
        let model = TrainedModel::new(&bundle, architecture)?;
        let network = Network::new(&model)?;
        let silence = vec![0.0; architecture.input.elements()];
        let integers = IntegerNetwork::with_method(&network, &silence, RangeMethod::Range)?;
        let refused = UsageError::NoNodeCode;
        Ok(Self {
            int8: c::cost(&model, &network, c::Numbers::Int8(&integers)).map_err(refused)?,
            float: c::cost(&model, &network, c::Numbers::Float).map_err(refused)?,
        })
    }

    /// Fields of `model_info` in the metadata; empty for large networks and front ends without a C implementation.
    pub fn fields(
        architecture: &Architecture,
        preprocessing: &Preprocessing,
    ) -> Map<String, Value> {
        let small =
            Plan::new(architecture).is_ok_and(|plan| plan.total_parameters() <= MOST_PARAMETERS);
        let cost = small.then(|| Self::new(architecture, preprocessing));
        let Some(Ok(cost)) = cost else {
            return Map::new();
        };
        let fields = [
            (NODE_FLASH, cost.int8.flash_bytes()),
            (NODE_RAM, cost.int8.ram_bytes),
        ];
        let fields = fields.into_iter();
        fields
            .map(|(name, bytes)| (name.to_owned(), bytes.into()))
            .collect()
    }
}

/// Describes the flash and memory that a network and its front end need.
///
/// # Errors
/// [`TrainerError::Usage`] if they need more than `kib` KiB of flash in 8 bits, or the front end has no C
/// implementation.
pub fn check(
    architecture: &Architecture,
    preprocessing: &Preprocessing,
    kib: usize,
) -> Result<String, TrainerError> {
    let cost = NodeCost::new(architecture, preprocessing).map_err(|error| match error {
        TrainerError::Usage(problem) => TrainerError::option("--budget-kb", problem),
        other => other,
    })?;
    let kib_of = |bytes: usize| bytes.div_ceil(1024);
    let needs = format!(
        "with its front end of {} features a channel, {} needs about {} KiB of flash and {} KiB of memory in 8 bits ({} and {} in float32), without the \
         window of samples",
        architecture.input.width * architecture.input.channels,
        architecture.kind,
        kib_of(cost.int8.flash_bytes()),
        kib_of(cost.int8.ram_bytes),
        kib_of(cost.float.flash_bytes()),
        kib_of(cost.float.ram_bytes),
    );
    if cost.int8.flash_bytes() > kib * 1024 {
        return Err(UsageError::OverBudget { needs, kib }.into());
    }
    Ok(format!("{needs}: within the {kib} KiB"))
}

/// Says what a network and its front end need, if there is a budget of `kib`.
///
/// # Errors
/// As for [`check`].
pub fn say(
    kib: Option<usize>,
    architecture: &Architecture,
    preprocessing: &Preprocessing,
    progress: &Progress,
) -> Result<(), TrainerError> {
    if let Some(kib) = kib {
        progress.say(&check(architecture, preprocessing, kib)?);
    }
    Ok(())
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
        let of = |kind, kib| {
            let architecture = Architecture::new(kind, InputShape::from([2, 7, 256]), 3);
            check(&architecture, &preprocessing, kib)
        };
        let fits = of(ModelKind::UltraLightweight, 48).unwrap();
        assert!(fits.contains("within the 48 KiB"), "{fits}");
        let refused = of(ModelKind::Simple, 48).unwrap_err();
        assert_eq!(refused.exit_code(), 2);
        assert!(
            refused.to_string().contains("more than --budget-kb 48"),
            "{refused}"
        );
    }
}
