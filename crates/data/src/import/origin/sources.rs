//! The sources of a list: channels of files, each once.

use std::collections::HashMap;

use super::Piece;
use super::anchors::{Alias, Anchors};
use crate::recording::Trace;
use crate::runs::Content;

/// Fewer samples may be equal by chance.
const FEWEST: usize = 64;

/// The sources found so far.
#[derive(Debug, Default)]
pub(in super::super) struct Origins {
    by_name: HashMap<(String, String), u32>,
    by_content: HashMap<u64, u32>,
    anchors: Anchors,
    /// The aliases of every source.
    aliases: Vec<Vec<Alias>>,
}

/// The samples of a channel of a file.
#[derive(Default)]
struct Signal {
    content: Content,
    first: Option<f64>,
    varies: bool,
    samples: usize,
}

impl Signal {
    fn add(&mut self, samples: &[f64]) {
        let Some(first) = self.first.or(samples.first().copied()) else {
            return;
        };
        self.first = Some(first);
        self.samples += samples.len();
        for value in samples {
            self.content.add(value.to_bits());
            self.varies |= *value != first;
        }
    }

    /// A hash of the samples. All dead channels have the same content, and few samples may be equal by chance.
    fn content(&self) -> Option<u64> {
        (self.varies && self.samples >= FEWEST).then(|| self.content.hash())
    }
}

impl Origins {
    /// The traces of a file, each with its source and position in it. `file` identifies the file, whichever recordings
    /// contain it.
    pub fn pieces(&mut self, file: &str, traces: Vec<Trace>) -> Vec<Piece> {
        let mut channels: HashMap<&str, Signal> = HashMap::new();
        for trace in &traces {
            let channel = channels.entry(&trace.channel).or_default();
            channel.add(&trace.samples);
        }
        let mut sources: HashMap<String, (u32, usize)> = HashMap::new();
        for trace in &traces {
            if sources.contains_key(&trace.channel) {
                continue;
            }
            let content = channels[&*trace.channel].content();
            let of_channel = traces.iter().filter(|other| other.channel == trace.channel);
            let source = self.source(file, (&trace.channel, content), of_channel);
            sources.insert(trace.channel.clone(), (source, 0));
        }
        let aliases = &self.aliases;
        let place = |trace: Trace| {
            let (source, offset) = sources
                .get_mut(&trace.channel)
                .expect("every channel has a source");
            let (begin, end) = (*offset, *offset + trace.samples.len());
            let is_within = |alias: &&Alias| alias.from < end as u64 && alias.to > begin as u64;
            let within = aliases[*source as usize].iter().filter(is_within);
            *offset = end;
            Piece {
                source: *source,
                offset: begin,
                file: 0,
                aliases: within.copied().collect(),
                trace,
            }
        };
        traces.into_iter().map(place).collect()
    }

    fn source<'a>(
        &mut self,
        file: &str,
        (channel, content): (&str, Option<u64>),
        traces: impl Iterator<Item = &'a Trace>,
    ) -> u32 {
        let name = (file.to_owned(), channel.to_owned());
        let known = self.by_name.get(&name);
        let known = known.or_else(|| self.by_content.get(&content?)).copied();
        let source = known.unwrap_or_else(|| {
            let source = self.aliases.len() as u32;
            self.aliases.push(self.anchors.add(source, traces));
            source
        });
        self.by_name.insert(name, source);
        if let Some(content) = content {
            self.by_content.entry(content).or_insert(source);
        }
        source
    }
}
