//! Channels of one quantity whose names have units of different size, as `X [mg]` beside `Y [g]`.

use super::super::{Hints, Note, Remark, Trace};

/// Units of one quantity, and their sizes.
type Quantity = &'static [(&'static str, f64)];

const QUANTITIES: [Quantity; 5] = [
    // Accelerations, in m/s².
    &[
        ("g", 9.806_65),
        ("mg", 9.806_65e-3),
        ("µg", 9.806_65e-6),
        ("ug", 9.806_65e-6),
        ("m/s2", 1.0),
        ("m/s^2", 1.0),
        ("m/s²", 1.0),
        ("m/s/s", 1.0),
        ("mm/s2", 1e-3),
        ("mm/s^2", 1e-3),
        ("mm/s²", 1e-3),
        ("cm/s2", 1e-2),
        ("cm/s^2", 1e-2),
        ("cm/s²", 1e-2),
        ("gal", 1e-2),
        ("mgal", 1e-5),
    ],
    // Velocities, in m/s.
    &[
        ("m/s", 1.0),
        ("cm/s", 1e-2),
        ("mm/s", 1e-3),
        ("µm/s", 1e-6),
        ("um/s", 1e-6),
        ("nm/s", 1e-9),
    ],
    // Voltages, in V.
    &[
        ("kv", 1e3),
        ("v", 1.0),
        ("volt", 1.0),
        ("volts", 1.0),
        ("mv", 1e-3),
        ("µv", 1e-6),
        ("uv", 1e-6),
        ("nv", 1e-9),
    ],
    // Angular rates, in degrees per second.
    &[
        ("deg/s", 1.0),
        ("°/s", 1.0),
        ("dps", 1.0),
        ("mdps", 1e-3),
        ("rad/s", 57.295_779_513),
        ("mrad/s", 0.057_295_779_513),
    ],
    // Magnetic fields, in tesla.
    &[
        ("t", 1.0),
        ("mt", 1e-3),
        ("µt", 1e-6),
        ("ut", 1e-6),
        ("nt", 1e-9),
    ],
];

/// A note on two of the wanted channels, or of all if that is not known: the samples of one are then as many times too large beside
/// those of the other. It is a warning if they are wanted.
pub(super) fn note(traces: &[Trace], hints: &Hints) -> Option<Note> {
    let is_wanted = |name: &str| {
        hints.channels.is_empty() || hints.channels.iter().any(|wanted| wanted == name)
    };
    let names = traces
        .iter()
        .map(|trace| &*trace.channel)
        .filter(|name| is_wanted(name));
    let mut found: Vec<(&str, usize, f64)> = Vec::new();
    for name in names {
        let Some((quantity, size)) = unit(name).and_then(|unit| of(&unit)) else {
            continue;
        };
        let other = found
            .iter()
            .find(|(_, known, other)| *known == quantity && *other != size);
        if let Some((other, ..)) = other {
            let text = format!(
                "channels `{other}` and `{name}` have units of different size, and samples are read as they are stored: multiply them \
                 before if sizes of channels are compared"
            );
            return Some(if hints.channels.is_empty() {
                Remark::Records(text).into()
            } else {
                text.into()
            });
        }
        found.push((name, quantity, size));
    }
    None
}

/// The unit in brackets at the end of a name, with small letters.
fn unit(name: &str) -> Option<String> {
    let inside = name.trim().strip_suffix([')', ']', '}'])?;
    let (_, unit) = inside.rsplit_once(['[', '{']).or_else(|| {
        // A unit may have brackets itself.
        inside.split_once('(')
    })?;
    // Gauss is no gravity.
    (unit.trim() != "G").then(|| unit.trim().replace('μ', "µ").to_lowercase())
}

/// The quantity of a unit, and its size.
fn of(unit: &str) -> Option<(usize, f64)> {
    let mut all = QUANTITIES.iter().enumerate();
    all.find_map(|(quantity, units)| {
        let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
        Some((quantity, *size))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::*;

    #[test]
    fn units_of_different_size_are_said() {
        let notes = |names: &str, channels: &[&str]| {
            let rows: String = (0..200)
                .map(|i| format!("{:.2},{},{}\n", f64::from(i) / 100.0, i % 17, i % 13))
                .collect();
            let hints = Hints {
                channels: channels.iter().map(|name| (*name).to_owned()).collect(),
                ..Hints::default()
            };
            let recording = contents(&format!("time,{names}\n{rows}"), &hints).unwrap();
            (recording.notes.texts(true), recording.notes.texts(false))
        };
        for names in [
            "X [mg],Y [g]",
            "X (mm/s),Y (m/s)",
            "a (m/s^2),b (g)",
            "a {V},b {µV}",
        ] {
            let (warnings, others) = notes(names, &[]);
            assert_eq!((warnings.len(), others.len()), (0, 1), "{names} {others:?}");
            assert!(others[0].contains("units of different size"), "{others:?}");
        }
        let (warnings, _) = notes("X [mg],Y [g]", &["X [mg]", "Y [g]"]);
        assert_eq!(warnings.len(), 1);
        for (names, channels) in [
            ("ax (m/s2),gx (deg/s)", &[][..]),
            ("X [mg],Y [mg]", &[]),
            ("X [mg],Y [g]", &["X [mg]"]),
            ("X (mG),Y (G)", &[]),
            ("X mg,Y g", &[]),
        ] {
            let (warnings, others) = notes(names, channels);
            assert_eq!((warnings.len(), others.len()), (0, 0), "{names}");
        }
    }
}
