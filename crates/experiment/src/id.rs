//! Experiment IDs.

use chrono::{DateTime, Duration, Local};

use crate::error::ExperimentError;

/// The parts of an experiment ID.
#[derive(Clone, Debug, PartialEq)]
pub struct IdParts {
    /// Start of the run.
    pub time: DateTime<Local>,
    /// Network name.
    pub model_type: String,
    /// Number of classes.
    pub num_classes: usize,
    /// Batch size in samples.
    pub batch_size: usize,
    /// First 8 hex digits of the configuration hash.
    pub config_hash: String,
}

impl IdParts {
    /// The same parts, one second later.
    pub fn next_second(mut self) -> Self {
        self.time += Duration::seconds(1);
        self
    }
}

/// Pattern of IDs with the placeholders `{timestamp}`, `{model_type}`, `{num_classes}`, `{batch_size}` and
/// `{config_hash}`.
#[derive(Clone, Debug, PartialEq)]
pub struct IdTemplate(String);

const FIELDS: [&str; 5] = [
    "timestamp",
    "model_type",
    "num_classes",
    "batch_size",
    "config_hash",
];

impl Default for IdTemplate {
    fn default() -> Self {
        let template =
            "{timestamp}_{model_type}_{num_classes}classes_{batch_size}batch_{config_hash}";
        Self(template.to_owned())
    }
}

impl IdTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// [`ExperimentError::Template`] if `{timestamp}` is missing (IDs would repeat), a placeholder is unknown, or the
    /// ID would not be a plain directory name.
    pub fn new(template: &str) -> Result<Self, ExperimentError> {
        let error = |problem: String| ExperimentError::Template {
            template: template.to_owned(),
            problem,
        };
        if !template.contains("{timestamp}") {
            return Err(error(
                "`{timestamp}` is missing, and IDs would repeat".into(),
            ));
        }
        let rest = FIELDS.iter().fold(template.to_owned(), |rest, field| {
            rest.replace(&format!("{{{field}}}"), "")
        });
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-+=.".contains(c);
        if let Some(bad) = rest.chars().find(|c| !allowed(*c)) {
            let fields = FIELDS.map(|f| format!("{{{f}}}")).join(", ");
            let problem = format!("`{bad}` is not allowed; fields are {fields}");
            return Err(error(problem));
        }
        if template.starts_with('.') {
            return Err(error("an ID must not start with a dot".into()));
        }
        Ok(Self(template.to_owned()))
    }

    /// The ID made of `parts`.
    pub fn id(&self, parts: &IdParts) -> String {
        let values = [
            parts.time.format("%Y%m%d_%H%M%S").to_string(),
            parts.model_type.clone(),
            parts.num_classes.to_string(),
            parts.batch_size.to_string(),
            parts.config_hash.clone(),
        ];
        FIELDS
            .iter()
            .zip(values)
            .fold(self.0.clone(), |id, (field, value)| {
                id.replace(&format!("{{{field}}}"), &value)
            })
    }
}

/// Whether `given` names the experiment `id`: it is a prefix or suffix of it, or all of it. If the ID is a path, as of runs
/// of trackers, it may be a prefix of the last part, too.
pub(crate) fn is_named(id: &str, given: &str) -> bool {
    let last = id.rsplit('/').next().unwrap_or(id);
    !given.is_empty()
        && [id, last]
            .iter()
            .any(|name| name.starts_with(given) || name.ends_with(given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn default_and_own_templates() {
        let parts = IdParts {
            time: Local.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap(),
            model_type: "simple_cnn".into(),
            num_classes: 3,
            batch_size: 32,
            config_hash: "0123abcd".into(),
        };
        let id = IdTemplate::default().id(&parts);
        assert_eq!(id, "20260102_030405_simple_cnn_3classes_32batch_0123abcd");
        let custom = IdTemplate::new("site-A_{timestamp}").unwrap();
        assert_eq!(custom.id(&parts.next_second()), "site-A_20260102_030406");
        for bad in [
            "{model_type}",
            "{timestamp}/x",
            "{timestamp}{seed}",
            ".{timestamp}",
        ] {
            assert!(IdTemplate::new(bad).is_err(), "{bad}");
        }
    }
}
