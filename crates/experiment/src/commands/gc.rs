//! `experiment gc`: a policy of what to keep.

use std::collections::{BTreeMap, HashSet};

use super::Output;
use super::bin::line;
use super::text::plain;
use crate::error::ExperimentError;
use crate::fields::{Fields, compare, text};
use crate::filter::Filter;
use crate::select::less_is_better;
use crate::store::{Entry, ExperimentStore};
use crate::trash::Held;

/// What to keep. An experiment that no option keeps is moved to the trash; a running one, and one that is tagged
/// `keep`, never is.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Keep the best N of every model
    #[arg(long, value_name = "N")]
    pub keep_best: Option<usize>,
    /// The field that says which is best; with `loss` in its name less is better
    #[arg(long, value_name = "FIELD", default_value = "val_f1")]
    pub by: String,
    /// Keep the newest N
    #[arg(long, value_name = "N")]
    pub keep_newest: Option<usize>,
    /// Keep what is younger than this: 90m, 12h, 30d
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,
    /// Consider only those that meet a condition, as in `list`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    now: chrono::NaiveDateTime,
) -> Result<Output, ExperimentError> {
    if options.keep_best.is_none() && options.keep_newest.is_none() && options.older_than.is_none()
    {
        return Err(ExperimentError::Usage(
            "say what to keep: --keep-best N, --keep-newest N or --older-than AGE".into(),
        ));
    }
    let young = match &options.older_than {
        Some(age) if age.ends_with(['s', 'm', 'h', 'd']) => {
            Some(Filter::parse(&format!("age<{age}"))?)
        }
        Some(age) => {
            let problem = format!("--older-than {}: say 90m, 12h or 30d", plain(age));
            return Err(ExperimentError::Usage(problem));
        }
        None => None,
    };
    let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
    let found = store.list()?;
    let warnings = found
        .broken
        .iter()
        .map(|e| format!("left alone: {}", plain(&e.to_string())));
    let warnings = warnings.collect();
    let mut entries: Vec<Entry> = found.entries;
    entries.retain(|entry| !entry.untracked);
    let shown = entries
        .iter()
        .map(|e| e.clone().with_logged_results())
        .collect::<Vec<_>>();
    let fields: Vec<_> = shown.iter().map(|entry| Fields::new(entry, now)).collect();
    let considered: Vec<usize> = (0..entries.len())
        .filter(|&i| {
            filter
                .as_ref()
                .is_none_or(|filter| filter.matches(&fields[i]))
        })
        .collect();

    let mut kept: HashSet<usize> = HashSet::new();
    kept.extend(
        considered
            .iter()
            .rev()
            .take(options.keep_newest.unwrap_or(0)),
    );
    let mut models: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &i in &considered {
        models
            .entry(text(&fields[i].get("model")))
            .or_default()
            .push(i);
    }
    for of_model in models.values_mut() {
        let value = |i: &usize| fields[*i].get(&options.by);
        of_model.retain(|i| value(i).is_number());
        of_model.sort_by(|a, b| match less_is_better(&options.by) {
            true => compare(&value(a), &value(b)),
            false => compare(&value(b), &value(a)),
        });
        kept.extend(of_model.iter().take(options.keep_best.unwrap_or(0)));
    }
    let mut text = String::new();
    let mut plan = Vec::new();
    for &i in &considered {
        let entry = &entries[i];
        let tagged = entry.metadata.tags.iter().any(|tag| tag == "keep");
        let unread = young.as_ref().is_some_and(|young| {
            // One whose age nobody knows is not older than anything.
            young.matches(&fields[i]) || fields[i].get("age").is_null()
        });
        if kept.contains(&i) || tagged || unread {
            continue;
        }
        match Held::take(entry) {
            Ok(_) => plan.push(entry),
            Err(error) => text.push_str(&format!("left alone: {}\n", plain(&error.to_string()))),
        }
    }
    for entry in &plan {
        text.push_str(&line("would delete", entry, ""));
    }
    let total = considered.len();
    text.push_str(&format!("{} of {total} experiments\n", plan.len()));
    if !options.dry_run && !plan.is_empty() {
        plan.iter()
            .try_for_each(|entry| store.delete(entry).map(|_| ()))?;
        text.push_str(
            "done: `experiment restore ID` takes back, `experiment purge` removes for good\n",
        );
    }
    Ok(Output {
        text,
        warnings,
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{now, store};
    use super::*;

    fn left(options: Options) -> Vec<String> {
        let (_folder, store) = store();
        let before = store.list().unwrap().entries.len();
        let dry = Options {
            dry_run: true,
            by: options.by.clone(),
            older_than: options.older_than.clone(),
            filter: options.filter.clone(),
            ..options
        };
        run(&store, &dry, now()).unwrap();
        assert_eq!(store.list().unwrap().entries.len(), before);
        let wet = Options {
            dry_run: false,
            ..dry
        };
        run(&store, &wet, now()).unwrap();
        let left = store.list().unwrap().entries.into_iter();
        left.map(|entry| entry.id[51..].to_owned()).collect()
    }

    fn by(field: &str) -> Options {
        Options {
            by: field.into(),
            ..Default::default()
        }
    }

    #[test]
    fn policies() {
        let best = |field: &str| Options {
            keep_best: Some(1),
            ..by(field)
        };
        assert_eq!(left(best("val_f1")), ["0"]);
        assert_eq!(left(best("learning_rate")), ["1"]);
        let newest = Options {
            keep_newest: Some(1),
            ..best("val_f1")
        };
        assert_eq!(left(newest), ["0", "2"]);
        let older = Options {
            older_than: Some("1d".into()),
            ..by("val_f1")
        };
        assert_eq!(left(older), ["1", "2"]);
        let filtered = Options {
            keep_newest: Some(0),
            filter: Some("status=crashed".into()),
            ..by("val_f1")
        };
        assert_eq!(left(filtered), ["0", "1"]);
    }

    #[test]
    fn nothing_is_kept_by_accident() {
        let (_folder, store) = store();
        assert!(run(&store, &by("val_f1"), now()).is_err());
        let vague = Options {
            older_than: Some("30".into()),
            ..by("val_f1")
        };
        assert!(
            run(&store, &vague, now())
                .unwrap_err()
                .to_string()
                .contains("30d")
        );
    }
}
