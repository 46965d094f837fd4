//! Values that users select by name.

use std::fmt;

use data::Augmentation;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

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

/// An augmentation preset by name.
pub(super) fn named_augmentation(name: &str) -> Result<Augmentation, String> {
    Augmentation::preset(name).ok_or_else(|| {
        format!("unknown augmentation `{name}`: choose standard, new_sites, none, light or field")
    })
}

/// An augmentation by name or in full.
pub(super) fn augmentation<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Augmentation, D::Error> {
    struct Choice;

    impl<'de> Visitor<'de> for Choice {
        type Value = Augmentation;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("standard, new_sites, none, light, field, or a map of augmentations")
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<Augmentation, E> {
            named_augmentation(name).map_err(E::custom)
        }

        // An empty YAML value.
        fn visit_unit<E: Error>(self) -> Result<Augmentation, E> {
            Ok(Augmentation::default())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Augmentation, A::Error> {
            Augmentation::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Choice)
}
