//! Access to recipe fields by path, as used in sweep files.

use data::Augmentation;
use serde_json::{Map, Value, json};

use super::Recipe;
use super::meant::meant;
use crate::error::RecipeError;

/// Fields that the program fills in and no sweep may set.
const RESERVED: [&str; 2] = ["version", "data"];

impl Recipe {
    /// Names of the fields that can be set.
    pub fn parameters() -> Vec<String> {
        let mut names: Vec<String> = Self::default().to_map().keys().cloned().collect();
        names.retain(|name| !RESERVED.contains(&name.as_str()));
        names
    }

    /// The value at a path such as `plateau.factor`; null if there is none.
    pub fn value(&self, path: &str) -> Value {
        let fields = Value::Object(self.to_map());
        let found = path.split('.').try_fold(&fields, |at, key| at.get(key));
        found.cloned().unwrap_or_default()
    }

    /// This recipe with the fields at some paths replaced.
    ///
    /// # Errors
    /// [`RecipeError`] naming the unknown path or the invalid value.
    pub fn with_values(&self, values: &Map<String, Value>) -> Result<Self, RecipeError> {
        let mut fields = self.to_map();
        for (path, value) in values {
            set(&mut fields, path, value)?;
            Self::check_field(path, value).map_err(|problem| RecipeError::Parameter {
                path: path.clone(),
                problem: Box::new(problem),
            })?;
        }
        let recipe = Self::strictly(fields)?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Checks one field by itself, so that the error can name it.
    fn check_field(path: &str, value: &Value) -> Result<(), RecipeError> {
        let mut fields = Self::default().to_map();
        set(&mut fields, path, value)?;
        Self::strictly(fields).map(|_| ())
    }

    /// The recipe with these fields, all of which must be known.
    fn strictly(fields: Map<String, Value>) -> Result<Self, RecipeError> {
        // First without text: errors of generated text would have meaningless line numbers.
        Self::from_fields(fields.clone())?;
        Self::parse(&Value::Object(fields).to_string())
    }
}

fn set(fields: &mut Map<String, Value>, path: &str, value: &Value) -> Result<(), RecipeError> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    if RESERVED.contains(&first) || !fields.contains_key(first) {
        let known = Recipe::parameters();
        return Err(RecipeError::UnknownParameter {
            path: path.to_owned(),
            meant: meant(first, &known),
            known,
        });
    }
    let whole = fields.get(first).and_then(Value::as_str);
    if first == "augmentation" && rest.is_some() && whole == Some("auto") {
        fields.insert(first.to_owned(), json!(Augmentation::standard()));
    }
    set_below(fields, first, rest, value);
    Ok(())
}

fn set_below(fields: &mut Map<String, Value>, key: &str, rest: Option<&str>, value: &Value) {
    let Some(rest) = rest else {
        fields.insert(key.to_owned(), value.clone());
        return;
    };
    let below = fields.entry(key).or_insert_with(|| Map::new().into());
    if !below.is_object() {
        *below = Map::new().into();
    }
    if let Some(below) = below.as_object_mut() {
        let (key, rest) = match rest.split_once('.') {
            Some((key, rest)) => (key, Some(rest)),
            None => (rest, None),
        };
        set_below(below, key, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, Value)]) -> Map<String, Value> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn fields_are_set_at_any_depth() {
        let set = values(&[
            ("learning_rate", json!(0.01)),
            ("plateau.factor", json!(0.3)),
            ("early_stopping.patience", json!(7)),
            ("model", json!("ultra_lightweight_cnn")),
            ("augmentation", json!("light")),
            ("average", Value::Null),
        ]);
        let recipe = Recipe::default().with_values(&set).unwrap();
        assert_eq!(recipe.learning_rate, 0.01);
        assert_eq!(recipe.plateau.factor, 0.3);
        assert_eq!(recipe.plateau.patience, Recipe::default().plateau.patience);
        assert_eq!(recipe.early_stopping.patience, Some(7));
        assert_eq!(recipe.average, None);
        assert_eq!(recipe.value("plateau.factor"), json!(0.3));
        assert_eq!(recipe.value("plateau.nothing"), Value::Null);
    }

    #[test]
    fn what_is_no_parameter_or_no_value_is_named() {
        for (path, value, expected) in [
            (
                "learning_rat",
                json!(0.1),
                "there is no parameter `learning_rat`",
            ),
            ("version", json!(1), "there is no parameter `version`"),
            (
                "plateau.facto",
                json!(0.1),
                "`plateau.facto`: unknown field",
            ),
            ("epochs", json!("many"), "`epochs`: "),
            ("model", json!("resnet"), "`model`: "),
            ("label_ratio", json!(2.0), "`label_ratio` is 2: it must be"),
        ] {
            let problem = Recipe::default().with_values(&values(&[(path, value)]));
            let problem = problem.unwrap_err().to_string();
            assert!(problem.contains(expected), "{path}: {problem}");
            assert!(
                !problem.contains('\n') && !problem.contains(" at line "),
                "{problem}"
            );
        }
    }
}
