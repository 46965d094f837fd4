//! Sampling of the training split and class weights.

use std::collections::BTreeMap;
use std::fmt;

use clap::ValueEnum;
use data::{Augmentation, Split, batch};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{RecipeError, TrainerError, UsageError};

/// How the samples of an epoch are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Every sample once per epoch
    #[default]
    Shuffled,
    /// Every class equally often
    Balanced,
}

impl Sampling {
    /// Indices of the samples of an epoch, in training order.
    pub fn order(self, train: &Split, classes: usize, seed: u64, epoch: u64) -> Vec<usize> {
        match self {
            Self::Shuffled => batch::shuffled(train.len(), seed, epoch),
            Self::Balanced => batch::balanced(&train.y, classes, seed, epoch),
        }
    }
}

/// Class weights selectable by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightsName {
    /// All classes have weight 1
    None,
    /// Rare classes weigh more
    Balanced,
}

/// Weights of the classes in the loss: `none`, `balanced`, or a map from class names to weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// All classes have weight 1.
    #[default]
    None,
    /// Samples / (classes x samples of the class), as in scikit-learn.
    Balanced,
    /// Weight by class name; unnamed classes have weight 1.
    ByName(BTreeMap<String, f64>),
}

impl From<WeightsName> for ClassWeights {
    fn from(name: WeightsName) -> Self {
        match name {
            WeightsName::None => Self::None,
            WeightsName::Balanced => Self::Balanced,
        }
    }
}

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => WeightsName::None.serialize(serializer),
            Self::Balanced => WeightsName::Balanced.serialize(serializer),
            Self::ByName(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choice;

        impl<'de> Visitor<'de> for Choice {
            type Value = ClassWeights;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("none, balanced, or a map from class names to weights")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<ClassWeights, E> {
                WeightsName::from_str(name, false)
                    .map(ClassWeights::from)
                    .map_err(|_| {
                        E::custom(format!(
                            "unknown class weights `{name}`: choose none, balanced, or give a weight per class"
                        ))
                    })
            }

            // An empty YAML value.
            fn visit_unit<E: Error>(self) -> Result<ClassWeights, E> {
                Ok(ClassWeights::None)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClassWeights, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(ClassWeights::ByName)
            }
        }

        deserializer.deserialize_any(Choice)
    }
}

impl ClassWeights {
    /// Refuses negative and non-finite weights.
    pub(super) fn check(&self) -> Result<(), RecipeError> {
        let Self::ByName(weights) = self else {
            return Ok(());
        };
        let bad = weights.iter().find(|(_, w)| !(w.is_finite() && **w >= 0.0));
        match bad {
            Some((class, weight)) => Err(RecipeError::ClassWeight {
                class: class.clone(),
                weight: *weight,
            }),
            None => Ok(()),
        }
    }

    /// Weight of every class in the loss; `None` if all are equal.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] if a name is not a class, or all training samples have weight zero.
    pub fn resolve(
        &self,
        train: &Split,
        class_names: &[String],
    ) -> Result<Option<Vec<f32>>, TrainerError> {
        let counts = train.class_counts(class_names.len());
        match self {
            Self::None => Ok(None),
            Self::Balanced => {
                let present = counts.iter().filter(|count| **count > 0).count();
                let weight = |count: &usize| match count {
                    0 => 1.0,
                    count => (train.len() as f64 / (present * count) as f64) as f32,
                };
                Ok(Some(counts.iter().map(weight).collect()))
            }
            Self::ByName(given) => {
                if let Some(name) = given.keys().find(|name| !class_names.contains(name)) {
                    return Err(unknown_class("class_weights", name, class_names));
                }
                let weight = |name: &String| given.get(name).map_or(1.0, |weight| *weight as f32);
                let weights: Vec<f32> = class_names.iter().map(weight).collect();
                if counts
                    .iter()
                    .zip(&weights)
                    .all(|(n, w)| *n == 0 || *w == 0.0)
                {
                    return Err(UsageError::WeightlessClasses.into());
                }
                Ok(Some(weights))
            }
        }
    }
}

/// Label of the windows that augmentation mixes into others.
///
/// # Errors
/// [`TrainerError::Usage`] if the name is not a class.
pub fn background_label(
    augmentation: &Augmentation,
    class_names: &[String],
) -> Result<Option<u32>, TrainerError> {
    let Some(background) = &augmentation.background else {
        return Ok(None);
    };
    let found = class_names
        .iter()
        .position(|name| *name == background.class);
    match found {
        Some(label) => Ok(Some(label as u32)),
        None => Err(unknown_class(
            "augmentation.background",
            &background.class,
            class_names,
        )),
    }
}

fn unknown_class(setting: &'static str, class: &str, class_names: &[String]) -> TrainerError {
    let unknown = UsageError::UnknownClass {
        setting,
        class: class.to_owned(),
        classes: class_names.to_vec(),
    };
    unknown.into()
}
