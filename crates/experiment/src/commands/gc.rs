//! `experiment gc`: turns options into a policy and the policy into a plan, then shows the plan and carries it out.

use super::Output;
use super::bin::line;
use super::text::plain;
use crate::error::ExperimentError;
use crate::field_names::FieldNames;
use crate::fields::{Fields, model_title};
use crate::filter::{Filter, age_in_seconds};
use crate::retention::{Candidate, RetentionPolicy};
use crate::select::direction;
use crate::store::{Entry, ExperimentStore};
use crate::trash::ExperimentLock;

/// Retention options. Experiments that none of them keeps are moved to the trash. A running experiment, or one tagged
/// `keep`, is never moved.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Keep the N best of each network, and of each baseline with its features
    #[arg(long, value_name = "N")]
    pub keep_best: Option<usize>,
    /// Field by which --keep-best ranks: higher is better, except for losses, sizes and durations
    #[arg(long, value_name = "KEY", default_value = "val_f1")]
    pub by: String,
    /// Keep the N newest
    #[arg(long, value_name = "N")]
    pub keep_newest: Option<usize>,
    /// Keep experiments younger than this: 90m, 12h, 30d
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,
    /// Consider only experiments that match this filter, as in `list`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl Options {
    fn policy(&self) -> Result<RetentionPolicy, ExperimentError> {
        if self.keep_best.is_none() && self.keep_newest.is_none() && self.older_than.is_none() {
            return Err(ExperimentError::Usage(
                "nothing to keep: give --keep-best N, --keep-newest N or --older-than AGE".into(),
            ));
        }
        let younger_than_s = self.older_than.as_deref().map(|age| {
            let seconds = age_in_seconds(age).filter(|_| age.ends_with(['s', 'm', 'h', 'd']));
            seconds.ok_or_else(|| {
                let problem = format!(
                    "--older-than {}: expected an age such as 90m, 12h or 30d",
                    plain(age)
                );
                ExperimentError::Usage(problem)
            })
        });
        Ok(RetentionPolicy {
            best: self.keep_best,
            newest: self.keep_newest,
            younger_than_s: younger_than_s.transpose()?,
        })
    }
}

/// Experiments to delete, and remarks on those that stay.
#[derive(Default)]
struct Plan {
    /// Experiments selected by the filter.
    considered: usize,
    deleted: Vec<Entry>,
    /// Why experiments that no option keeps are left in place.
    left_alone: Vec<String>,
    /// Experiments left in place because they cannot be read.
    warnings: Vec<String>,
}

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    now: chrono::NaiveDateTime,
) -> Result<Output, ExperimentError> {
    let policy = options.policy()?;
    let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
    let plan = plan(store, &policy, filter.as_ref(), &options.by, now)?;
    let mut text = display(&plan);
    if !options.dry_run && !plan.deleted.is_empty() {
        execute(store, &plan)?;
        text.push_str(
            "done: `experiment restore ID` takes back, `experiment purge` removes for good\n",
        );
    }
    Ok(Output {
        text,
        warnings: plan.warnings,
        ..Default::default()
    })
}

/// Applies the policy to the experiments in the store.
fn plan(
    store: &ExperimentStore,
    policy: &RetentionPolicy,
    filter: Option<&Filter>,
    by: &str,
    now: chrono::NaiveDateTime,
) -> Result<Plan, ExperimentError> {
    let filtered = filter.map(Filter::fields).unwrap_or_default();
    let given = FieldNames::default()
        .with("--by", [by])
        .with("--filter", filtered);
    let (considered, broken) = store.scan(|entry| {
        if entry.untracked {
            return None;
        }
        let shown = entry.clone().with_logged_results();
        let fields = Fields::new(&shown, now);
        given.see(&fields);
        if filter.is_some_and(|filter| !filter.matches(&fields)) {
            return None;
        }
        let candidate = Candidate {
            model: model_title(&shown),
            score: fields.get(by).as_f64(),
            age_s: fields.get("age").as_f64(),
            tagged: entry.metadata.tags.iter().any(|tag| tag == "keep"),
        };
        Some((entry, candidate))
    })?;
    given.check(store, now)?;
    let (entries, candidates): (Vec<Entry>, Vec<Candidate>) = considered.into_iter().unzip();
    check_ranked(policy, &candidates, by)?;
    let kept = policy.plan(&candidates, direction(by));
    let mut plan = Plan {
        considered: entries.len(),
        warnings: broken
            .iter()
            .map(|broken| format!("left alone: {}", plain(&broken.to_string())))
            .collect(),
        ..Default::default()
    };
    for (entry, _) in entries
        .into_iter()
        .zip(kept)
        .filter(|(_, kept)| kept.is_none())
    {
        match ExperimentLock::take(&entry) {
            Ok(_) => plan.deleted.push(entry),
            Err(error) => plan.left_alone.push(plain(&error.to_string())),
        }
    }
    Ok(plan)
}

/// Without a score, no experiment is the best of its network, and `--keep-best` would keep none.
fn check_ranked(
    policy: &RetentionPolicy,
    candidates: &[Candidate],
    by: &str,
) -> Result<(), ExperimentError> {
    let ranks = policy.best.is_some_and(|best| best > 0) && !candidates.is_empty();
    if ranks && candidates.iter().all(|candidate| candidate.score.is_none()) {
        return Err(ExperimentError::Usage(format!(
            "--by {}: none of the experiments has a number there, so none is the best",
            plain(by)
        )));
    }
    Ok(())
}

fn display(plan: &Plan) -> String {
    let left_alone = plan
        .left_alone
        .iter()
        .map(|why| format!("left alone: {why}\n"));
    let deleted = plan
        .deleted
        .iter()
        .map(|entry| line("would delete", entry, ""));
    let lines: String = left_alone.chain(deleted).collect();
    format!(
        "{lines}{} of {} experiments\n",
        plan.deleted.len(),
        plan.considered
    )
}

fn execute(store: &ExperimentStore, plan: &Plan) -> Result<(), ExperimentError> {
    plan.deleted
        .iter()
        .try_for_each(|entry| store.delete(entry).map(drop))
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

    /// A baseline is a model and its features, of each of which the best is kept.
    #[test]
    fn the_best_of_each_baseline() {
        let (_folder, store) = crate::test_store::baselines();
        let best = Options {
            keep_best: Some(1),
            ..by("val_f1")
        };
        run(&store, &best, now()).unwrap();
        assert_eq!(store.list().unwrap().entries.len(), 3);
    }

    #[test]
    fn nothing_is_deleted_for_a_misspelt_name() {
        let (_folder, store) = store();
        let filtered = Options {
            filter: Some("modle!=x".into()),
            keep_newest: Some(0),
            ..by("val_f1")
        };
        let best = |field: &str| Options {
            keep_best: Some(1),
            ..by(field)
        };
        for (options, expected) in [
            (
                best("vla_f1"),
                "--by: no experiment has a field `vla_f1`; do you mean `val_f1`?",
            ),
            (
                best("status"),
                "--by status: none of the experiments has a number there",
            ),
            (
                filtered,
                "--filter: no experiment has a field `modle`; do you mean `model`?",
            ),
        ] {
            let error = run(&store, &options, now()).unwrap_err();
            assert!(
                error.is_usage() && error.to_string().starts_with(expected),
                "{error}"
            );
        }
        assert_eq!(store.list().unwrap().entries.len(), 3);
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
