//! Inference: turns windows, recordings and streams into probabilities and events.
//!
//! - [`Classifier`]: opens a model folder and classifies windows;
//! - [`Joiner`]: joins traces of several channels into contiguous stretches;
//! - [`Slider`]: cuts stretches into windows at the model's sampling rate;
//! - [`EventDetector`]: turns probabilities of windows into events;
//! - [`Analysis`]: slider, classifier and event detector for one recording or stream;
//! - [`Gallery`]: an HTML page of interesting windows;
//! - [`scoring`]: scores detected events against labels;
//! - [`commands`]: the program `predict`.
//!
//! Recordings and streams pass through the same stages, so both give the same events. The crate depends neither on
//! Burn nor on training code.
//!
//! ```
//! use model::{Architecture, Bundle, InputShape, ModelKind, Plan, Weights};
//! use predict::{Classifier, Window};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("model");
//! # std::fs::create_dir(&path)?;
//! # let input = InputShape::from([2, 7, 16]);
//! # let architecture = Architecture::new(ModelKind::UltraLightweight, input, 3);
//! # let weights = Weights::init(&Plan::new(&architecture)?, 1);
//! # let names = ["background", "footsteps", "vehicle"].map(String::from).to_vec();
//! # let mut preprocessing = data::Preprocessing::new(Vec::new(), data::SpectralConfig::default());
//! # preprocessing.window = Some(64);
//! # preprocessing.normalisation = data::Normalisation::Sample;
//! # let preprocessing = serde_json::to_value(preprocessing)?;
//! # for (name, bytes) in Bundle::new(&architecture, weights, names, preprocessing).files()? {
//! #     std::fs::write(path.join(name), bytes)?;
//! # }
//! // Two windows of two channels with 64 samples each, channel by channel.
//! let windows = [0.0, 1.0].map(|phase| Window {
//!     values: (0..128).map(|i| (0.3 * i as f32 + phase).sin()).collect(),
//!     shape: vec![2, 64],
//! });
//! // `path` is an experiment, its folder `model/`, or a copy of that folder.
//! let predictions = Classifier::open(&path)?.classify(&windows)?;
//!
//! assert_eq!(predictions.len(), 2);
//! let sum: f32 = predictions[0].probabilities.iter().sum();
//! assert!((sum - 1.0).abs() < 1e-6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod analysis;
mod classifier;
pub mod commands;
mod constant;
mod cutting;
mod error;
mod events;
mod feed;
mod gallery;
mod join;
mod locate;
mod network;
mod notes;
mod novelty;
mod relevance;
pub mod scoring;
mod slide;

pub use analysis::{Analysis, Finding};
pub use classifier::{Classifier, Options, Prediction};
pub use data::reader::Window;
pub use error::{ChannelError, MissingModel, PredictError};
pub use events::{Event, EventDetector, EventSettings};
pub use feed::other_order;
pub use gallery::{Gallery, Origin};
pub use join::{JoinCounts, JoinedSink, Joiner, JoinerEvent};
pub use relevance::{Explainer, Relevance};
pub use slide::{Cutting, Slider, Span, Windows};
