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

/// Chooses the model's channels, in its order.
///
/// # Errors
/// If they cannot be chosen; the message lists the available channels.
pub(crate) fn choose(
    there: &[&str],
    wanted: &[String],
    channels: usize,
) -> Result<Vec<String>, ChannelError> {
    let listed = || -> Vec<String> { there.iter().map(|name| (*name).to_owned()).collect() };
    if wanted.is_empty() {
        if there.len() != channels {
            return Err(ChannelError::Number {
                wanted: channels,
                there: listed(),
            });
        }
        let mut chosen = listed();
        // Conventional order Z, N, E; 1 and 2 stand for the horizontal components.
        let rank = |name: &String| {
            let letter = seed_site(name).map_or(' ', |(_, letter)| letter);
            "ZNE123".find(letter).unwrap_or(9)
        };
        chosen.sort_by_key(rank);
        return Ok(chosen);
    }
    if wanted.len() != channels {
        return Err(ChannelError::Named {
            named: wanted.len(),
            wanted: channels,
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
            there: listed(),
        })
    };
    let chosen = wanted.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if let Some(twice) = (1..chosen.len()).find(|i| chosen[..*i].contains(&chosen[*i])) {
        let name = chosen[twice].clone();
        return Err(ChannelError::Twice { name });
    }
    Ok(chosen)
}

/// Like [`choose`] for channels of several stations: those that are not given by full names must be of one.
///
/// # Errors
/// If they cannot be chosen, or are of several.
pub(crate) fn choose_at_one_station(
    there: &[&str],
    wanted: &[String],
    channels: usize,
) -> Result<Vec<String>, ChannelError> {
    let chosen = choose(there, wanted, channels)?;
    let station = |name: &String| {
        let (site, _) = seed_site(name)?;
        Some(site.rsplit_once('.')?.0.to_owned())
    };
    let is_given = |name: &String| wanted.contains(name);
    let is_one = chosen
        .windows(2)
        .all(|pair| station(&pair[0]) == station(&pair[1]));
    if is_one || chosen.iter().all(is_given) {
        return Ok(chosen);
    }
    Err(ChannelError::Stations { chosen })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_chosen_by_name() {
        let there = ["XX.A.00.HHE", "XX.A.00.HHN", "XX.A.00.HHZ"];
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            choose(&there, &names, 2)
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
        assert_eq!(
            choose(&there, &[], 3).unwrap(),
            ["XX.A.00.HHZ", "XX.A.00.HHN", "XX.A.00.HHE"]
        );
        assert_eq!(choose(&["b", "a"], &[], 2).unwrap(), ["b", "a"]);
    }
}
