//! C code for features of the whole window of the front end `bands`.

use std::fmt::Write;

use data::BandLayout;

const TIME_FEATURES_CODE: &str = include_str!("runtime/time_features.c");
const CORRELATION_CODE: &str = include_str!("runtime/correlation.c");
const RHYTHM_CODE: &str = include_str!("runtime/rhythm.c");

/// Features of the window with code of their own.
#[derive(Clone, Copy)]
pub(super) struct OfWindow {
    pub time: bool,
    pub correlation: bool,
    pub rhythm: bool,
}

impl OfWindow {
    /// Those of a layout.
    pub fn new(layout: Option<&BandLayout>) -> Self {
        let has = |is_set: fn(&BandLayout) -> bool| layout.is_some_and(is_set);
        Self {
            time: has(|layout| layout.time),
            correlation: has(|layout| layout.correlation),
            rhythm: has(|layout| layout.rhythm),
        }
    }

    /// Stored floats of a channel.
    pub fn floats(self) -> usize {
        3 * usize::from(self.time)
            + 4 * usize::from(self.correlation)
            + 32 * usize::from(self.rhythm)
    }

    /// The code: how those of a channel and of all channels are found, and the one in place `i`.
    pub fn code(self) -> String {
        let Self {
            time,
            correlation,
            rhythm,
        } = self;
        let kinds = [
            (
                time,
                TIME_FEATURES_CODE,
                "find_time_features(c, mean);",
                "time_features",
                3,
            ),
            (
                correlation,
                CORRELATION_CODE,
                "channel_means[c] = mean;",
                "correlation",
                3,
            ),
            (rhythm, RHYTHM_CODE, "find_rhythm(c, mean);", "rhythm", 32),
        ];
        let kinds = kinds.into_iter().filter(|(has, ..)| *has);
        let (mut text, mut find, mut feature, mut before) =
            (String::new(), String::new(), String::new(), 0);
        for (_, code, found, name, count) in kinds {
            text.push_str(code);
            text.push('\n');
            find.push_str(found);
            find.push(' ');
            let after = before + count;
            let _ = write!(feature, "(i) < {after} ? {name}[c][(i) - {before}] : ");
            before = after;
        }
        let all = if correlation {
            "find_correlations();"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "#define FIND_TIME_FEATURES(c, mean) {}",
            find.trim_end()
        );
        let _ = writeln!(text, "#define FIND_CORRELATIONS() {all}");
        if before > 0 {
            let _ = writeln!(text, "#define TIME_FEATURE(c, i) ({feature}0.0f)");
        }
        text
    }
}
