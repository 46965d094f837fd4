//! Which channels a model is used on, by name.

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
) -> Result<Vec<String>, String> {
    let listed = || there.join(", ");
    if wanted.is_empty() {
        if there.len() != channels {
            return Err(format!(
                "the model takes {channels} channel(s), and there are {}: {}; choose with --channels",
                there.len(),
                listed()
            ));
        }
        let mut chosen: Vec<String> = there.iter().map(|name| (*name).to_owned()).collect();
        // Conventional order Z, N, E; 1 and 2 stand for the horizontal components.
        let rank = |name: &String| {
            let letter = seed_site(name).map_or(' ', |(_, letter)| letter);
            "ZNE123".find(letter).unwrap_or(9)
        };
        chosen.sort_by_key(rank);
        return Ok(chosen);
    }
    if wanted.len() != channels {
        return Err(format!(
            "--channels names {}, but the model takes {channels}",
            wanted.len()
        ));
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
        Err(format!(
            "`{name}` must match exactly one channel; available: {}",
            listed()
        ))
    };
    let chosen = wanted.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if let Some(twice) = (1..chosen.len()).find(|i| chosen[..*i].contains(&chosen[*i])) {
        return Err(format!("--channels names {} twice", chosen[twice]));
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
            choose(&there, &names, 2)
        };
        assert_eq!(of(&["Z", "HHE"]).unwrap(), ["XX.A.00.HHZ", "XX.A.00.HHE"]);
        assert!(of(&[]).unwrap_err().contains("choose with --channels"));
        assert!(of(&["Z"]).unwrap_err().contains("takes 2"));
        assert!(of(&["Z", "HHZ"]).unwrap_err().contains("twice"));
        assert!(
            of(&["Z", "X"])
                .unwrap_err()
                .contains("`X` must match exactly one channel")
        );
        assert_eq!(
            choose(&there, &[], 3).unwrap(),
            ["XX.A.00.HHZ", "XX.A.00.HHN", "XX.A.00.HHE"]
        );
        assert_eq!(choose(&["b", "a"], &[], 2).unwrap(), ["b", "a"]);
    }
}
