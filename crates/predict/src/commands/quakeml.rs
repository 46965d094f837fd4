//! Events as QuakeML 1.2 (BED), readable by ObsPy and SeisComP.
//!
//! An event has a pick at its start and no origin, since its location is unknown. Class, end and probabilities are in
//! its description and comments.

use std::path::Path;

use super::findings::date;
use super::output::{Output, number};
use crate::error::PredictError;
use crate::events::Event;

/// Events of all sites, each with the channel of its pick.
#[derive(Default)]
pub(crate) struct Catalogue(Vec<(String, Event)>);

impl Catalogue {
    /// Adds events found at `channel`.
    pub(crate) fn extend<'e>(&mut self, channel: &str, events: impl Iterator<Item = &'e Event>) {
        self.0
            .extend(events.map(|event| (channel.to_owned(), event.clone())));
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If an event has no date, or the file cannot be written.
    pub(crate) fn write(&self, path: &Path, classes: &[String]) -> Result<(), PredictError> {
        let mut output = Output::open(Some(path))?;
        output.write(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<q:quakeml xmlns=\"http://quakeml.org/xmlns/bed/1.2\" \
             xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\">\n  <eventParameters \
             publicID=\"smi:local/predict/catalogue\">\n",
        )?;
        for (i, (channel, event)) in self.0.iter().enumerate() {
            output.write(&element(i, channel, event, &classes[event.class])?)?;
        }
        output.write("  </eventParameters>\n</q:quakeml>\n")?;
        output.finish()
    }
}

fn element(
    number_of: usize,
    channel: &str,
    event: &Event,
    class: &str,
) -> Result<String, PredictError> {
    let dated = date(event.start)
        .zip(date(event.end))
        .zip(date(event.peak_time));
    let Some(((start, end), peak_time)) = dated else {
        return Err(PredictError::Usage(
            "QuakeML needs dates, but a recording has no start time: give --start TIME".into(),
        ));
    };
    let id = format!("smi:local/predict/{}/{number_of}", event.start);
    let class = escaped(class);
    let comment = format!(
        "class={class} start={start} end={end} confidence={} peak={} peak_time={peak_time} windows={}",
        number(event.mean()),
        number(event.peak),
        event.windows
    );
    let parts: Vec<String> = channel.split('.').map(escaped).collect();
    let stream = match &parts[..] {
        [network, station, location, code] => format!(
            "networkCode=\"{network}\" stationCode=\"{station}\" locationCode=\"{location}\" channelCode=\"{code}\""
        ),
        _ => format!("networkCode=\"\" stationCode=\"{}\"", escaped(channel)),
    };
    Ok(format!(
        "    <event publicID=\"{id}\">\n      <description>\n        <text>{class}</text>\n      \
         </description>\n      <comment>\n        <text>{comment}</text>\n      \
         </comment>\n      <pick publicID=\"{id}/pick\">\n        <time>\n          <value>{start}</value>\n        \
         </time>\n        <waveformID {stream}/>\n        <evaluationMode>automatic</evaluationMode>\n      \
         </pick>\n    </event>\n"
    ))
}

/// Escapes text for XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", c as u32)),
            // XML does not allow other control characters, not even escaped, nor these two.
            '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_no_markup() {
        let text = super::escaped("<a href=\"x\">R&D\u{1}</a>");
        assert_eq!(text, "&lt;a href=&quot;x&quot;&gt;R&amp;D?&lt;/a&gt;");
        assert_eq!(
            super::escaped("new\nline\tand\u{ffff}"),
            "new&#10;line&#9;and?"
        );
    }
}
