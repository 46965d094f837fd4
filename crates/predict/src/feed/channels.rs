//! Which channels a model is used on, by name.

use crate::error::ChannelError;

/// Splits `NET.STA.LOC.CHA` into site and orientation code; `None` for other names.
pub(crate) fn seed_site(channel: &str) -> Option<(String, char)> {
    let parts: Vec<&str> = channel.split('.').collect();
    let [network, station, location, code] = parts[..] else {
        return None;
    };
    let mut letters = code.chars();
    let (band, instrument, orientation) = (letters.next()?, letters.next()?, letters.next()?);
    let site = format!("{network}.{station}.{location}.{band}{instrument}");
    letters.next().is_none().then_some((site, orientation))
}

/// The channels that a model is used on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestedChannels<'a> {
    /// Names that are given, in the model's order; may be empty.
    pub given: &'a [String],
    /// Names in the recordings that the model was trained on; empty if it does not store them.
    pub trained: &'a [String],
    /// Number of channels of the model.
    pub count: usize,
}

impl RequestedChannels<'_> {
    /// Chooses the model's channels, in its order: those given; or those of the training by name, or else by orientation;
    /// or else all, if their number is that of the model.
    ///
    /// # Errors
    /// If they cannot be chosen; the message lists the available channels.
    pub fn choose(&self, there: &[&str]) -> Result<Vec<String>, ChannelError> {
        if !self.given.is_empty() {
            return named(there, self.given, self.count);
        }
        let of_training =
            of_training(there, self.trained).filter(|_| self.trained.len() == self.count);
        of_training.unwrap_or_else(|| all(there, self.count))
    }

    /// Like [`RequestedChannels::choose`] for channels of several stations: those that are not given by full names must be of one.
    ///
    /// # Errors
    /// If they cannot be chosen, or are of several.
    pub fn choose_at_one_station(&self, there: &[&str]) -> Result<Vec<String>, ChannelError> {
        let chosen = self.choose(there)?;
        let station = |name: &String| {
            let (site, _) = seed_site(name)?;
            Some(site.rsplit_once('.')?.0.to_owned())
        };
        let is_one = chosen
            .windows(2)
            .all(|pair| station(&pair[0]) == station(&pair[1]));
        if is_one || chosen.iter().all(|name| self.given.contains(name)) {
            return Ok(chosen);
        }
        Err(ChannelError::Stations { chosen })
    }
}

/// The channels that a model was `trained` on, by name or by orientation; `None` if neither tells which they are.
fn of_training(there: &[&str], trained: &[String]) -> Option<Result<Vec<String>, ChannelError>> {
    let found = named(there, trained, trained.len());
    if found.is_ok() {
        return Some(found).filter(|_| !trained.is_empty());
    }
    let letters: Vec<String> = trained
        .iter()
        .map(|name| orientation(name))
        .collect::<Option<_>>()?;
    if !there.iter().all(|name| seed_site(name).is_some()) {
        return None;
    }
    let found = named(there, &letters, letters.len());
    Some(found.map_err(|_| ChannelError::Trained {
        trained: trained.to_vec(),
        there: owned(there),
    }))
}

/// A warning if `chosen` are the channels that a model was `trained` on, in another order.
pub fn other_order(trained: &[String], chosen: &[String]) -> Option<String> {
    let there: Vec<&str> = chosen.iter().map(String::as_str).collect();
    let usual = of_training(&there, trained)?.ok()?;
    (usual != chosen && usual.len() == chosen.len()).then(|| {
        format!(
            "channels in the order {}, but the model was trained on {}: is one taken for another?",
            chosen.join(", "),
            trained.join(", ")
        )
    })
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The orientation code of a name such as `HHZ` or `XX.A.00.HHZ`, or `Z`, `N` and `E` alone.
fn orientation(name: &str) -> Option<String> {
    let code = name.rsplit('.').next()?;
    let is_code = code.len() == 3
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_one = is_code || ["Z", "N", "E"].contains(&code);
    code.chars().last().filter(|_| is_one).map(String::from)
}

/// All channels in the conventional order Z, N, E; 1 and 2 stand for the horizontal components.
fn all(there: &[&str], count: usize) -> Result<Vec<String>, ChannelError> {
    let mut chosen = owned(there);
    if there.len() != count {
        return Err(ChannelError::Number {
            wanted: count,
            there: chosen,
        });
    }
    let rank = |name: &String| {
        let letter = seed_site(name).map_or(' ', |(_, letter)| letter);
        "ZNE123".find(letter).unwrap_or(9)
    };
    chosen.sort_by_key(rank);
    Ok(chosen)
}

/// The channels of these names: full names, last parts of names, or orientation codes.
fn named(there: &[&str], names: &[String], count: usize) -> Result<Vec<String>, ChannelError> {
    if names.len() != count {
        return Err(ChannelError::Named {
            named: names.len(),
            wanted: count,
        });
    }
    let one = |name: &String| {
        let last = |channel: &str| channel.rsplit('.').next() == Some(name);
        let orientation = |channel: &str| {
            seed_site(channel).is_some_and(|(_, letter)| letter.to_string() == *name)
        };
        let ways: [&dyn Fn(&str) -> bool; 3] = [&|channel| channel == name, &last, &orientation];
        for way in ways {
            let found: Vec<&&str> = there.iter().filter(|channel| way(channel)).collect();
            if let [only] = found[..] {
                return Ok((*only).to_owned());
            }
        }
        Err(ChannelError::Match {
            name: name.clone(),
            there: owned(there),
        })
    };
    let chosen = names.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if let Some(twice) = (1..chosen.len()).find(|i| chosen[..*i].contains(&chosen[*i])) {
        let name = chosen[twice].clone();
        return Err(ChannelError::Twice { name });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_chosen_by_name() {
        let there = ["XX.A.00.HHE", "XX.A.00.HHN", "XX.A.00.HHZ"];
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let wanted = RequestedChannels {
                given: &names,
                trained: &[],
                count: 2,
            };
            wanted.choose(&there)
        };
        assert_eq!(of(&["Z", "HHE"]).unwrap(), ["XX.A.00.HHZ", "XX.A.00.HHE"]);
        for (wanted, expected) in [
            (
                &[][..],
                "the model takes 2 channel(s), and there are 3: XX.A.00.HHE, XX.A.00.HHN, XX.A.00.HHZ; choose with \
                 --channels",
            ),
            (&["Z"], "--channels names 1, but the model takes 2"),
            (&["Z", "HHZ"], "--channels names XX.A.00.HHZ twice"),
            (
                &["Z", "X"],
                "`X` must match exactly one channel; available: XX.A.00.HHE, XX.A.00.HHN, XX.A.00.HHZ",
            ),
        ] {
            assert_eq!(of(wanted).unwrap_err().to_string(), expected);
        }
        let all = |there: &[&str]| {
            let count = there.len();
            let wanted = RequestedChannels {
                count,
                ..RequestedChannels::default()
            };
            wanted.choose(there).unwrap()
        };
        let usual = ["XX.A.00.HHZ", "XX.A.00.HHN", "XX.A.00.HHE"];
        assert_eq!(all(&there), usual);
        assert_eq!(all(&["b", "a"]), ["b", "a"]);
    }

    /// Channels of the training are found by name, then by orientation, and never by their number alone.
    #[test]
    fn channels_are_those_of_the_training() {
        let of = |trained: &[&str], there: &[&str]| {
            let trained = owned(trained);
            let wanted = RequestedChannels {
                given: &[],
                trained: &trained,
                count: trained.len(),
            };
            wanted.choose(there).map_err(|error| error.to_string())
        };
        let there = ["X.A..HHE", "X.A..HHN", "X.A..HHZ"];
        let found = of(&["HHN", "HHZ"], &there).unwrap();
        assert_eq!(found, ["X.A..HHN", "X.A..HHZ"]);
        let found = of(&["Y.B.00.EHN", "Z"], &there).unwrap();
        assert_eq!(found, ["X.A..HHN", "X.A..HHZ"]);
        assert_eq!(
            of(&["HHZ", "HHN"], &there[..2]).unwrap_err(),
            "the model was trained on HHZ, HHN, and there are X.A..HHE, X.A..HHN: choose with --channels, in that order"
        );
        // Names that tell no orientation.
        assert_eq!(
            of(&["x", "y"], &there[..2]).unwrap(),
            ["X.A..HHN", "X.A..HHE"]
        );
        assert_eq!(of(&["HHZ", "HHN"], &["2", "1"]).unwrap(), ["2", "1"]);
        assert!(of(&["x", "y"], &there).is_err());
        let order = |chosen: &[&str]| other_order(&owned(&["HHZ", "HHN"]), &owned(chosen));
        let message = order(&["X.A..EHN", "X.A..EHZ"]).unwrap();
        assert!(
            message.starts_with("channels in the order X.A..EHN, X.A..EHZ, but"),
            "{message}"
        );
        assert_eq!(order(&["X.A..EHZ", "X.A..EHN"]), None);
        assert_eq!(order(&["X.A..EHN", "X.A..EHE"]), None);
        assert_eq!(other_order(&[], &owned(&["b", "a"])), None);
    }
}
