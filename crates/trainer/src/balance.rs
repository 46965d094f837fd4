//! Which training samples are learned from, how often and how much: `label_ratio`, `sampling`, `class_weights`,
//! `augmentation`.

use std::collections::BTreeMap;

use clap::ValueEnum;
use data::{Augmentation, Split, Storage, batch};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::TrainerError;

/// How samples of an epoch are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Every sample once
    #[default]
    Shuffled,
    /// Every class as often as every other
    Balanced,
}

/// How much a class counts in the loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClassWeights {
    /// All the same.
    #[default]
    None,
    /// `balanced`: samples / (classes x samples of the class), as scikit-learn and Keras' users reckon it; or `none`.
    Named(WeightsName),
    /// By the name of the class; those left out count once.
    Given(BTreeMap<String, f64>),
}

impl From<WeightsName> for ClassWeights {
    fn from(name: WeightsName) -> Self {
        Self::Named(name).normal()
    }
}

impl ClassWeights {
    /// One form for one meaning.
    pub fn normal(self) -> Self {
        match self {
            Self::Named(WeightsName::None) => Self::None,
            other => other,
        }
    }
}

/// See [`ClassWeights`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightsName {
    /// All classes count the same
    None,
    /// Rare classes count more
    Balanced,
}

/// All of it, as it is stored with an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// Share of the training labels that is used.
    pub label_ratio: f64,
    /// How an epoch is drawn.
    pub sampling: Sampling,
    /// How much classes count.
    pub class_weights: ClassWeights,
    /// What happens to training windows.
    pub augmentation: Augmentation,
}

impl Default for Balance {
    fn default() -> Self {
        Self {
            label_ratio: 1.0,
            sampling: Sampling::default(),
            class_weights: ClassWeights::None,
            augmentation: Augmentation::default(),
        }
    }
}

impl Balance {
    /// Where training takes inputs from: windows that are augmented are kept as they were recorded.
    pub fn storage(&self, streamed: bool) -> Storage {
        match streamed {
            true => Storage::Streamed,
            false if !self.augmentation.is_none() => Storage::Windows,
            false => Storage::Memory,
        }
    }

    /// Refuses what makes no sense.
    ///
    /// # Errors
    /// [`TrainerError::Usage`].
    pub fn check(&self) -> Result<(), TrainerError> {
        let usage = |problem: String| Err(TrainerError::Usage(problem));
        if !(self.label_ratio > 0.0 && self.label_ratio <= 1.0) {
            return usage(format!(
                "the label ratio {} is not above 0 and at most 1",
                self.label_ratio
            ));
        }
        if let ClassWeights::Given(weights) = &self.class_weights
            && let Some((name, weight)) = weights
                .iter()
                .find(|(_, weight)| !(weight.is_finite() && **weight >= 0.0))
        {
            return usage(format!(
                "the weight of class `{name}`, {weight}, is not 0 or more"
            ));
        }
        self.augmentation.check().map_err(TrainerError::Usage)
    }

    /// What is stored of it: what is not as by default.
    pub fn to_json(&self) -> Map<String, Value> {
        let all = [
            (
                "label_ratio",
                json!(self.label_ratio),
                self.label_ratio == 1.0,
            ),
            (
                "sampling",
                json!(self.sampling),
                self.sampling == Sampling::Shuffled,
            ),
            (
                "class_weights",
                json!(self.class_weights),
                self.weights_are_none(),
            ),
            (
                "augmentation",
                json!(self.augmentation),
                self.augmentation.is_none(),
            ),
        ];
        all.into_iter()
            .filter(|(.., default)| !default)
            .map(|(key, value, _)| (key.into(), value))
            .collect()
    }

    /// What [`Balance::to_json`] stored; none where it is damaged.
    pub fn from_json(stored: &Map<String, Value>) -> Option<Self> {
        fn read<T: serde::de::DeserializeOwned>(value: Option<&Value>, default: T) -> Option<T> {
            value.map_or(Some(default), |value| {
                serde_json::from_value(value.clone()).ok()
            })
        }
        let own = Self::default();
        Some(Self {
            label_ratio: read(stored.get("label_ratio"), own.label_ratio)?,
            sampling: read(stored.get("sampling"), own.sampling)?,
            class_weights: read(stored.get("class_weights"), own.class_weights)?,
            augmentation: read(stored.get("augmentation"), own.augmentation)?,
        })
    }

    fn weights_are_none(&self) -> bool {
        matches!(
            self.class_weights,
            ClassWeights::None | ClassWeights::Named(WeightsName::None)
        )
    }

    /// Weight of every class in the loss, where they differ.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] where a name is no class.
    pub fn weights(
        &self,
        train: &Split,
        class_names: &[String],
    ) -> Result<Option<Vec<f32>>, TrainerError> {
        match &self.class_weights {
            ClassWeights::None | ClassWeights::Named(WeightsName::None) => Ok(None),
            ClassWeights::Named(WeightsName::Balanced) => {
                let counts = train.class_counts(class_names.len());
                let present = counts.iter().filter(|count| **count > 0).count();
                let weight = |count: &usize| match count {
                    0 => 1.0,
                    count => (train.len() as f64 / (present * count) as f64) as f32,
                };
                Ok(Some(counts.iter().map(weight).collect()))
            }
            ClassWeights::Given(given) => {
                if let Some(name) = given.keys().find(|name| !class_names.contains(name)) {
                    return Err(TrainerError::Usage(format!(
                        "`class_weights` names `{name}`, which is no class: there are {}",
                        class_names.join(", ")
                    )));
                }
                let weight = |name: &String| given.get(name).map_or(1.0, |weight| *weight as f32);
                Ok(Some(class_names.iter().map(weight).collect()))
            }
        }
    }

    /// Label of the windows that augmentation adds to others.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] where the name is no class.
    pub fn background(&self, class_names: &[String]) -> Result<Option<u32>, TrainerError> {
        let Some(background) = &self.augmentation.background else {
            return Ok(None);
        };
        let found = class_names
            .iter()
            .position(|name| *name == background.class);
        match found {
            Some(label) => Ok(Some(label as u32)),
            None => Err(TrainerError::Usage(format!(
                "`augmentation.background` names class `{}`, which is none: there are {}",
                background.class,
                class_names.join(", ")
            ))),
        }
    }

    /// Order of the samples of an epoch.
    pub fn order(&self, train: &Split, classes: usize, seed: u64, epoch: u64) -> Vec<usize> {
        match self.sampling {
            Sampling::Shuffled => batch::shuffled(train.len(), seed, epoch),
            Sampling::Balanced => batch::balanced(&train.y, classes, seed, epoch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_store_nothing_and_others_come_back() {
        assert!(Balance::default().to_json().is_empty());
        let given = BTreeMap::from([("car".to_owned(), 2.5)]);
        let own = Balance {
            label_ratio: 0.1,
            sampling: Sampling::Balanced,
            class_weights: ClassWeights::Given(given),
            augmentation: Augmentation::preset("field").unwrap(),
        };
        assert_eq!(Balance::from_json(&own.to_json()).unwrap(), own);
        let named = Balance {
            class_weights: ClassWeights::Named(WeightsName::Balanced),
            ..Balance::default()
        };
        assert_eq!(named.to_json()["class_weights"], "balanced");
        assert_eq!(Balance::from_json(&named.to_json()).unwrap(), named);
        assert_eq!(Balance::from_json(&Map::new()).unwrap(), Balance::default());
        let damaged = json!({"sampling": 3}).as_object().cloned().unwrap();
        assert!(Balance::from_json(&damaged).is_none());
    }
}
