//! Varied parameters and the combinations of their values.

use model::rng::Rng;
use serde_json::{Map, Value, json};

use super::error::{MAX_TRIALS, SweepError};

/// Values of the varied parameters in one trial, by name.
pub type Values = Map<String, Value>;

/// Formats values for messages.
pub fn shown(values: &Values) -> String {
    let pairs = values.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    pairs.collect::<Vec<_>>().join(", ")
}

/// Set of values of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// A list of values.
    Choice(Vec<Value>),
    /// A number between two bounds, inclusive.
    Range(Range),
}

/// A range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lowest value.
    pub low: f64,
    /// Highest value.
    pub high: f64,
    /// Whether values are spaced evenly on a logarithmic scale.
    pub logarithmic: bool,
    /// Whether values are rounded to integers.
    pub integer: bool,
    /// Number of grid points, bounds included.
    pub steps: Option<usize>,
}

/// A varied parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Path of a recipe field, such as `learning_rate` or `plateau.factor`.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// Conditions: the parameter varies only in trials where other parameters have one of these values. Elsewhere it
    /// keeps the base recipe's value.
    pub when: Vec<(String, Vec<Value>)>,
}

impl Range {
    /// The value at fraction `share` of the range, 0 to 1.
    fn at(&self, share: f64) -> Value {
        let Self { low, high, .. } = *self;
        let value = if self.logarithmic {
            (low.ln() + share * (high.ln() - low.ln())).exp()
        } else {
            low + share * (high - low)
        };
        if self.integer {
            return json!(value.round().clamp(low, high) as i64);
        }
        // Four significant digits suffice and stay readable.
        let short: f64 = format!("{value:.3e}").parse().unwrap_or(value);
        json!(short.clamp(low, high))
    }
}

impl Domain {
    /// All grid values; `None` for a range without steps.
    fn all(&self) -> Option<Vec<Value>> {
        match self {
            Self::Choice(values) => Some(values.clone()),
            Self::Range(range) => {
                let steps = range.steps?;
                let share = |i: usize| i as f64 / steps.saturating_sub(1).max(1) as f64;
                let mut values: Vec<Value> = (0..steps).map(|i| range.at(share(i))).collect();
                // Rounding to integers may produce duplicates.
                values.dedup();
                Some(values)
            }
        }
    }

    fn draw(&self, rng: &mut Rng) -> Value {
        // Combines two draws to fill the mantissa of a float64; at most 1 - 2^-48.
        let share = f64::from(rng.uniform()) + f64::from(rng.uniform()) / f64::from(1 << 24);
        match self {
            Self::Choice(values) => values[(share * values.len() as f64) as usize].clone(),
            Self::Range(range) if range.integer && !range.logarithmic => {
                // Every integer is equally likely.
                let count = range.high - range.low + 1.0;
                json!((range.low + (share * count).floor()) as i64)
            }
            Self::Range(range) => range.at(share),
        }
    }
}

/// Whether values are equal, also as numbers: a file may write 1 for 1.0.
fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a == b)
}

impl Parameter {
    fn applies(&self, values: &Values, base: &dyn Fn(&str) -> Value) -> bool {
        self.when.iter().all(|(name, allowed)| {
            let value = values.get(name).cloned().unwrap_or_else(|| base(name));
            allowed.iter().any(|allowed| same(allowed, &value))
        })
    }
}

/// Sorts parameters so that those named in conditions come first.
///
/// # Errors
/// If conditions refer to each other in a cycle.
fn ordered(parameters: &[Parameter]) -> Result<Vec<&Parameter>, SweepError> {
    let mut left: Vec<&Parameter> = parameters.iter().collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let waits = |parameter: &Parameter| {
            let mut named = parameter.when.iter().map(|(name, _)| name);
            named.any(|name| left.iter().any(|other| other.name == *name))
        };
        let (waiting, ready): (Vec<&Parameter>, Vec<&Parameter>) =
            left.iter().copied().partition(|parameter| waits(parameter));
        if ready.is_empty() {
            let names = waiting.iter().map(|parameter| parameter.name.clone());
            return Err(SweepError::Cycle {
                names: names.collect(),
            });
        }
        ordered.extend(ready);
        left = waiting;
    }
    Ok(ordered)
}

/// Every combination, with the last parameter varying fastest. A parameter whose conditions do not hold is left out.
///
/// # Errors
/// If conditions refer to each other in a cycle, a parameter is a range without steps, or the grid is too large.
pub fn grid(
    parameters: &[Parameter],
    base: &dyn Fn(&str) -> Value,
) -> Result<Vec<Values>, SweepError> {
    let mut trials = vec![Values::new()];
    for parameter in ordered(parameters)? {
        let values = parameter.domain.all();
        let values = values.ok_or_else(|| SweepError::RangeInGrid {
            name: parameter.name.clone(),
        })?;
        let mut next = Vec::new();
        for trial in trials {
            if !parameter.applies(&trial, base) {
                next.push(trial);
                continue;
            }
            for value in &values {
                let mut trial = trial.clone();
                trial.insert(parameter.name.clone(), value.clone());
                next.push(trial);
            }
            if next.len() > MAX_TRIALS {
                return Err(SweepError::GridTooLarge);
            }
        }
        trials = next;
    }
    Ok(trials)
}

/// `count` distinct random combinations. Raising `count` keeps the earlier ones.
///
/// # Errors
/// If conditions refer to each other in a cycle, or there are too few combinations.
pub fn random(
    parameters: &[Parameter],
    base: &dyn Fn(&str) -> Value,
    [count, seed]: [u64; 2],
) -> Result<Vec<Values>, SweepError> {
    /// Number of consecutive repeated draws after which the space counts as exhausted.
    const PATIENCE: usize = 1000;
    let ordered = ordered(parameters)?;
    let mut trials: Vec<Values> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    let (mut stream, mut repeated) = (0, 0);
    while (trials.len() as u64) < count {
        let mut rng = Rng::new(seed, stream);
        stream += 1;
        let mut trial = Values::new();
        for parameter in &ordered {
            // Always drawn, so that a condition does not change the values of other parameters.
            let value = parameter.domain.draw(&mut rng);
            if parameter.applies(&trial, base) {
                trial.insert(parameter.name.clone(), value);
            }
        }
        if known.insert(json!(trial).to_string()) {
            trials.push(trial);
            repeated = 0;
        } else {
            repeated += 1;
            if repeated == PATIENCE {
                return Err(SweepError::TooFewCombinations {
                    wanted: count,
                    found: trials.len(),
                });
            }
        }
    }
    Ok(trials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(name: &str, values: &[Value]) -> Parameter {
        Parameter {
            name: name.into(),
            domain: Domain::Choice(values.to_vec()),
            when: Vec::new(),
        }
    }

    fn range(low: f64, high: f64, logarithmic: bool) -> Range {
        Range {
            low,
            high,
            logarithmic,
            integer: false,
            steps: None,
        }
    }

    fn nothing(_: &str) -> Value {
        Value::Null
    }

    #[test]
    fn a_grid_is_every_combination_once() {
        let parameters = [
            choice("model", &[json!("a"), json!("b")]),
            Parameter {
                name: "learning_rate".into(),
                domain: Domain::Range(Range {
                    steps: Some(3),
                    ..range(1e-4, 1e-2, true)
                }),
                when: Vec::new(),
            },
        ];
        let trials = grid(&parameters, &nothing).unwrap();
        let pairs: Vec<_> = trials
            .iter()
            .map(|t| {
                (
                    t["model"].as_str().unwrap(),
                    t["learning_rate"].as_f64().unwrap(),
                )
            })
            .collect();
        let expected = [
            ("a", 1e-4),
            ("a", 1e-3),
            ("a", 1e-2),
            ("b", 1e-4),
            ("b", 1e-3),
            ("b", 1e-2),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn conditions_hold_whatever_the_order() {
        let mut warmup = choice("warmup", &[json!(0.0), json!(0.1)]);
        warmup.when = vec![("schedule".into(), vec![json!("cosine")])];
        let schedule = choice("schedule", &[json!("cosine"), json!("constant")]);
        let parameters = [warmup.clone(), schedule.clone()];
        let trials = grid(&parameters, &nothing).unwrap();
        assert_eq!(trials.len(), 3);
        assert!(!trials[2].contains_key("warmup"));
        for trial in random(&parameters, &nothing, [3, 7]).unwrap() {
            assert_eq!(trial.contains_key("warmup"), trial["schedule"] == "cosine");
        }
        // A parameter that does not vary has the value of the base recipe.
        let base = |_: &str| json!("cosine");
        assert_eq!(grid(&[warmup.clone()], &base).unwrap().len(), 2);
        let mut circle = schedule;
        circle.when = vec![("warmup".into(), vec![json!(0.1)])];
        assert!(
            grid(&[warmup, circle], &nothing)
                .unwrap_err()
                .to_string()
                .contains("refer to each other in a cycle")
        );
    }

    #[test]
    fn random_values_fill_their_range_and_do_not_depend_on_the_count() {
        let parameters = [
            Parameter {
                name: "x".into(),
                domain: Domain::Range(range(1e-5, 1e-1, true)),
                when: Vec::new(),
            },
            Parameter {
                name: "n".into(),
                domain: Domain::Range(Range {
                    integer: true,
                    ..range(1.0, 4.0, false)
                }),
                when: Vec::new(),
            },
        ];
        let trials = random(&parameters, &nothing, [2000, 1]).unwrap();
        assert_eq!(trials[..5], random(&parameters, &nothing, [5, 1]).unwrap());
        assert_ne!(trials[..5], random(&parameters, &nothing, [5, 2]).unwrap());
        // In a logarithmic range every decade gets a quarter of the draws; of four integers, each does.
        for decade in 0..4 {
            let low = 1e-5 * 10f64.powi(decade);
            let x = |t: &Values| t["x"].as_f64().unwrap();
            let share = trials
                .iter()
                .filter(|t| (low..low * 10.0).contains(&x(t)))
                .count();
            assert!((400..600).contains(&share), "{decade}: {share}");
            let n = trials
                .iter()
                .filter(|t| t["n"] == json!(decade + 1))
                .count();
            assert!((400..600).contains(&n), "{decade}: {n}");
        }
        let few = [choice("a", &[json!(1), json!(2)])];
        assert_eq!(random(&few, &nothing, [2, 0]).unwrap().len(), 2);
        assert!(
            random(&few, &nothing, [3, 0])
                .unwrap_err()
                .to_string()
                .contains("only about 2")
        );
    }
}
