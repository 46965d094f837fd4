use super::*;
use crate::error::YamlError;

fn parse(text: &str) -> Result<Vec<Step>, YamlError> {
    crate::config::parse_yaml(text)
}

#[test]
fn lists_are_read_and_written() {
    let text = "[demean, {band_pass: {low: 2, high: 90}}, {scale: 0.5}, standardise, {welch: {nperseg: 64}}, log, \
                {normalise: dataset}]";
    let steps = parse(text).unwrap();
    let band = BandSettings {
        low: 2.0,
        high: 90.0,
        order: 4,
        zero_phase: true,
    };
    assert_eq!(steps[1], Step::BandPass(band));
    let json = serde_json::to_string(&steps).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Step>>(&json).unwrap(), steps);
    let resolved = resolve(&steps).unwrap();
    assert_eq!(resolved.samples.len(), 4);
    assert_eq!(resolved.normalisation, Some(Normalisation::Dataset));
    let mut spectral = SpectralConfig::default();
    resolved.apply(&mut spectral);
    assert_eq!(
        (spectral.method, spectral.compression),
        (SpectralMethod::Welch, Compression::Log)
    );
    assert_eq!(spectral.welch.nperseg, 64);
}

/// Every name in the table is parsed and written back unchanged.
#[test]
fn every_step_has_its_name() {
    let values = [
        ("band_pass", "{low: 1, high: 2}"),
        ("high_pass", "{frequency: 1}"),
        ("low_pass", "{frequency: 1}"),
        ("scale", "2.0"),
        ("welch", "{nperseg: 16}"),
        ("bands", "{bands: 5, frames: 1}"),
        ("normalise", "band"),
    ];
    for name in NAMES {
        let values = values.iter().find(|(step, _)| step == name);
        let text = values.map_or(format!("[{name}]"), |(_, value)| {
            format!("[{{{name}: {value}}}]")
        });
        let steps = parse(&text).unwrap();
        assert_eq!(steps[0].name(), *name);
        let json = serde_json::to_string(&steps).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Step>>(&json).unwrap(), steps);
    }
    assert_eq!(parse("[standardize]").unwrap(), [Step::Standardise]);
    assert_eq!(
        parse("[bands]").unwrap(),
        [Step::Bands(BandsConfig::default())]
    );
}

#[test]
fn what_cannot_be_done_is_named() {
    for (text, problem) in [
        ("[smooth]", "unknown step `smooth`"),
        ("[band_pass]", "`band_pass` needs values"),
        ("[{band_pass: {low: 2}}]", "missing field `high`"),
        (
            "[{band_pass: {low: 2, high: 9, corner: 3}}]",
            "unknown field `corner`",
        ),
        ("[{scale: 2, demean: 1}]", "`demean` is a separate step"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
    for (text, problem) in [
        ("[fft, demean]", "`demean` cannot come after `fft`"),
        ("[log]", "put `fft` or `welch` before"),
        ("[fft, welch]", "`welch` cannot come after `fft`"),
        (
            "[bands, log]",
            "`bands` are logarithms already: leave out `log`",
        ),
    ] {
        let error = resolve(&parse(text).unwrap()).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
}
