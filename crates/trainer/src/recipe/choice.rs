//! Values that users select by name.

use std::fmt;
use std::str::FromStr;

use data::Augmentation;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Serde functions for a network name.
pub(super) mod model {
    use model::ModelKind;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(kind: &ModelKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ModelKind, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(Error::custom)
    }
}

/// Serde functions for an optional network name.
pub(super) mod optional_model {
    use model::ModelKind;
    use serde::Serializer;

    pub fn serialize<S: Serializer>(
        kind: &Option<ModelKind>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match kind {
            Some(kind) => serializer.serialize_str(kind.name()),
            None => serializer.serialize_none(),
        }
    }
}

/// Augmentation of training windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AugmentationChoice {
    /// `standard` or `new_sites`, whichever suits the validation split.
    #[default]
    Auto,
    /// These settings.
    Fixed(Box<Augmentation>),
}

impl AugmentationChoice {
    /// The settings; `standard` as long as nothing is chosen.
    pub fn settings(&self) -> Augmentation {
        match self {
            Self::Auto => Augmentation::standard(),
            Self::Fixed(settings) => (**settings).clone(),
        }
    }
}

impl From<Augmentation> for AugmentationChoice {
    fn from(settings: Augmentation) -> Self {
        Self::Fixed(Box::new(settings))
    }
}

/// `auto`, or an augmentation preset by name.
impl FromStr for AugmentationChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "auto" {
            return Ok(Self::Auto);
        }
        Augmentation::preset(name).map(Self::from).ok_or_else(|| {
            format!(
                "unknown augmentation `{name}`: choose auto, standard, new_sites, none, light or field"
            )
        })
    }
}

/// `auto`, or the settings in full.
impl Serialize for AugmentationChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Fixed(settings) => settings.serialize(serializer),
        }
    }
}

/// Either a name or a full definition.
impl<'de> Deserialize<'de> for AugmentationChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choice;

        impl<'de> Visitor<'de> for Choice {
            type Value = AugmentationChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "auto, standard, new_sites, none, light, field, or a map of augmentations",
                )
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<AugmentationChoice, E> {
                name.parse().map_err(E::custom)
            }

            // An empty YAML value.
            fn visit_unit<E: Error>(self) -> Result<AugmentationChoice, E> {
                Ok(Augmentation::default().into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AugmentationChoice, A::Error> {
                Augmentation::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
            }
        }

        deserializer.deserialize_any(Choice)
    }
}
