//! Speed of classifying in 8 bits: `integers MODEL BATCH [SECONDS]`. Prints one JSON line as `throughput MODEL BATCH
//! inference` of the crate `model` does: median of a call in microseconds, windows a second. Float features come in, float
//! logits go out. `scripts/bench/inference.py` runs it beside others.

#[path = "../../model/examples/timing/mod.rs"]
mod timing;

use deploy::TrainedModel;
use deploy::network::Network;
use deploy::quantise::{IntegerInference, IntegerNetwork, RangeMethod};
use model::rng::Rng;
use model::{Architecture, Bundle, Plan, Weights};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, batch, rest @ ..] = &arguments[..] else {
        return Err("usage: integers MODEL BATCH [SECONDS]".into());
    };
    let batch: usize = batch.parse()?;
    let seconds: f64 = rest.first().map_or(Ok(1.0), |s| s.parse())?;
    let architecture = Architecture::new(kind.parse()?, Default::default(), 3);
    let weights = Weights::init(&Plan::new(&architecture)?, 1);
    let preprocessing = json!({
        "segments": 7, "window": 1024, "spectral": {"method": "none"}, "normalisation": "none", "statistics": null,
    });
    let names = ["background", "footsteps", "vehicle"].map(String::from);
    let bundle = Bundle::new(&architecture, weights, names.to_vec(), preprocessing);
    let network = Network::new(&TrainedModel::new(&bundle, &architecture)?)?;
    let length = architecture.input.elements();
    let mut rng = Rng::new(1, 1 << 40);
    let x: Vec<f32> = (0..batch.max(16) * length)
        .map(|_| 2.0 * rng.uniform() - 1.0)
        .collect();
    let integers = IntegerNetwork::with_method(&network, &x[..16 * length], RangeMethod::Range)?;
    let mut fast = IntegerInference::new(&integers);
    // The same input at every call, as other runtimes get it.
    timing::calls(batch, seconds, |_| {
        std::hint::black_box(fast.logits(&x[..batch * length]));
    });
    Ok(())
}
