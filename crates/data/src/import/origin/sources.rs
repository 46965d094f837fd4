//! The sources of a list: channels of files, each once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use super::Piece;
use super::anchors::{Alias, Anchors};
use crate::recording::Trace;

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

impl Origins {
    /// The traces of a file, each with its source and position in it. `file` identifies the file, whichever recordings
    /// contain it.
    pub fn pieces(&mut self, file: &str, traces: Vec<Trace>) -> Vec<Piece> {
        let mut channels: HashMap<String, (DefaultHasher, Option<f64>, bool, usize)> =
            HashMap::new();
        for trace in &traces {
            let channel = channels.entry(trace.channel.clone()).or_default();
            let (hasher, first, varies, samples) = channel;
            for value in &trace.samples {
                hasher.write_u64(value.to_bits());
                *varies |= *first.get_or_insert(*value) != *value;
            }
            *samples += trace.samples.len();
        }
        let mut sources: HashMap<String, (u32, usize)> = HashMap::new();
        for trace in &traces {
            if sources.contains_key(&trace.channel) {
                continue;
            }
            let (hasher, _, varies, samples) = &channels[&trace.channel];
            // All dead channels have the same content.
            let content = (*varies && *samples >= FEWEST).then(|| hasher.finish());
            let own = traces.iter().filter(|own| own.channel == trace.channel);
            let source = self.source(file, (&trace.channel, content), own);
            sources.insert(trace.channel.clone(), (source, 0));
        }
        let aliases = &self.aliases;
        let place = |trace: Trace| {
            let (source, offset) = sources
                .get_mut(&trace.channel)
                .expect("every channel has a source");
            let (begin, end) = (*offset, *offset + trace.samples.len());
            let is_within = |own: &&Alias| own.from < end as u64 && own.to > begin as u64;
            let own = aliases[*source as usize].iter().filter(is_within);
            *offset = end;
            Piece {
                source: *source,
                offset: begin,
                file: 0,
                aliases: own.copied().collect(),
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
