//! `run-ID.wandb` of Weights & Biases: everything that a run logged, as records of protocol buffers in the log format of
//! LevelDB, whose blocks are 32 KiB long.

use flate2::Crc;
use prost::Message;

use super::documents::number_of;
use super::run::{File, TrackedRun, of_milliseconds};
use support::words::counted;

/// First bytes of a file: a mark, its CRC, and version 0.
const HEAD: &[u8] = b":W&B\xe1\xbe\0";

const BLOCK: usize = 32 << 10;

/// Bytes in front of a fragment: CRC-32 of kind and content, length, kind.
const FRAGMENT: usize = 7;

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(message, optional, tag = "2")]
    history: Option<History>,
    #[prost(message, optional, tag = "3")]
    summary: Option<Updates>,
    #[prost(message, optional, tag = "5")]
    config: Option<Updates>,
    #[prost(message, optional, tag = "17")]
    run: Option<Run>,
    #[prost(message, optional, tag = "18")]
    exit: Option<Exit>,
}

#[derive(Clone, PartialEq, Message)]
struct History {
    #[prost(message, repeated, tag = "1")]
    items: Vec<Item>,
    #[prost(message, optional, tag = "2")]
    step: Option<Step>,
}

#[derive(Clone, PartialEq, Message)]
struct Step {
    #[prost(int64, tag = "1")]
    number: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Updates {
    #[prost(message, repeated, tag = "1")]
    items: Vec<Item>,
}

/// A value as JSON, by its key or the keys of the objects around it.
#[derive(Clone, PartialEq, Message)]
struct Item {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, repeated, tag = "2")]
    keys: Vec<String>,
    #[prost(string, tag = "16")]
    json: String,
}

#[derive(Clone, PartialEq, Message)]
struct Run {
    #[prost(string, tag = "3")]
    project: String,
    #[prost(message, optional, tag = "4")]
    config: Option<Updates>,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(string, tag = "9")]
    notes: String,
    #[prost(string, repeated, tag = "10")]
    tags: Vec<String>,
    #[prost(string, tag = "13")]
    host: String,
    #[prost(message, optional, tag = "17")]
    start: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanoseconds: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Exit {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(int32, tag = "2")]
    runtime: i32,
}

impl Item {
    fn name(&self) -> String {
        if self.key.is_empty() {
            self.keys.join(".")
        } else {
            self.key.clone()
        }
    }
}

/// Takes what the log says of the run, without its metrics.
pub(super) fn about(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let filled = |text: String| (!text.is_empty()).then_some(text);
    // Damage is told with the metrics.
    let _ = records(file.bytes, |record| {
        if let Some(logged) = record.run {
            let facts = &mut run.facts;
            facts.name = filled(logged.name);
            facts.group = filled(logged.project);
            facts.notes = filled(logged.notes);
            facts.tags = logged.tags;
            facts.host = filled(logged.host);
            let milliseconds =
                |time: Time| time.seconds as f64 * 1e3 + f64::from(time.nanoseconds) / 1e6;
            facts.start = logged
                .start
                .and_then(|time| of_milliseconds(milliseconds(time)));
            settings(run, logged.config);
        }
        settings(run, record.config);
        if let Some(exit) = record.exit {
            let state = if exit.code == 0 { "finished" } else { "failed" };
            run.facts.status = Some(state.to_owned());
            run.facts.duration_s = (exit.runtime > 0).then(|| exit.runtime.into());
        }
    });
    Ok(())
}

fn settings(run: &mut TrackedRun, updates: Option<Updates>) {
    for item in updates.into_iter().flat_map(|updates| updates.items) {
        let name = item.name();
        // What W&B keeps for itself.
        if name.starts_with("_wandb") {
            continue;
        }
        if let Ok(value) = serde_json::from_str(&item.json) {
            run.config.insert(name, value);
        }
    }
}

/// Takes the metrics by step, and the last values of the others.
pub(super) fn metrics(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let mut last = Vec::new();
    let damage = records(file.bytes, |record| {
        if let Some(history) = record.history {
            let own_step = || {
                let item = history.items.iter().find(|item| item.name() == "_step")?;
                item.json.parse().ok()
            };
            let step = history
                .step
                .as_ref()
                .map(|step| step.number)
                .or_else(own_step);
            for item in &history.items {
                let name = item.name();
                let value = number_of(&item.json).filter(|_| !name.starts_with('_'));
                if let Some((step, value)) = step.zip(value) {
                    run.put(&name, step, value);
                }
            }
        }
        last.extend(record.summary.into_iter().flat_map(|summary| summary.items));
    })?;
    for item in last {
        let name = item.name();
        let is_other = !name.starts_with('_') && !run.curves.contains_key(&name);
        if let Some(value) = number_of(&item.json).filter(|_| is_other) {
            run.values.insert(name, crate::json::from_number(value));
        }
    }
    match damage {
        Damage {
            blocks: 0,
            torn: false,
        } => Ok(()),
        Damage { blocks: 0, .. } => {
            Err("ends within a record: the run is not finished, or the file is cut off".into())
        }
        Damage { blocks, .. } => {
            let blocks = counted(blocks, "block");
            Err(format!(
                "has {blocks} with damage: what follows in them is left out"
            ))
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Damage {
    /// Blocks with a fragment that does not fit its checksum or its place.
    blocks: usize,
    /// Whether the file ends within a fragment or a record.
    torn: bool,
}

/// Passes every intact record to `take`.
fn records(bytes: &[u8], mut take: impl FnMut(Record)) -> Result<Damage, String> {
    if bytes.is_empty() {
        return Err("is empty".into());
    }
    if !bytes.starts_with(HEAD) {
        return Err("is no log of Weights & Biases, or one of another version".into());
    }
    let mut damage = Damage::default();
    let mut pending: Option<Vec<u8>> = None;
    let mut at = HEAD.len();
    while at < bytes.len() {
        let end = (at / BLOCK + 1) * BLOCK;
        if end - at < FRAGMENT {
            at = end;
            continue;
        }
        let Some(head) = bytes.get(at..at + FRAGMENT) else {
            damage.torn = true;
            break;
        };
        let crc = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
        let kind = head[6];
        let next = at + FRAGMENT + length;
        if next > end {
            damage.blocks += 1;
            (at, pending) = (end, None);
            continue;
        }
        let Some(content) = bytes.get(at + FRAGMENT..next) else {
            damage.torn = true;
            break;
        };
        let mut found = Crc::new();
        found.update(&[kind]);
        found.update(content);
        if found.sum() != crc || !(1..=4).contains(&kind) {
            damage.blocks += 1;
            (at, pending) = (end, None);
            continue;
        }
        at = next;
        // Of a record: 1 is all, 2 the first, 3 one between, 4 the last fragment.
        let whole = match (kind, pending.take()) {
            (1, _) => Some(content.to_vec()),
            (2, _) => {
                pending = Some(content.to_vec());
                None
            }
            (kind, Some(mut fragments)) => {
                fragments.extend_from_slice(content);
                if kind == 3 {
                    pending = Some(fragments);
                    None
                } else {
                    Some(fragments)
                }
            }
            // Its beginning was damaged.
            (_, None) => None,
        };
        if let Some(record) = whole.and_then(|whole| Record::decode(&whole[..]).ok()) {
            take(record);
        }
    }
    damage.torn |= pending.is_some();
    Ok(damage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A log of records with one value each, cut into fragments as LevelDB does.
    fn log(count: usize, length: usize) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        for step in 0..count {
            let item = |name: String, json: String| Item {
                keys: vec![name],
                json,
                ..Default::default()
            };
            let items = vec![
                item("loss".into(), format!("{step}")),
                item("x".repeat(length), "\"\"".into()),
            ];
            let history = Some(History {
                items,
                step: Some(Step {
                    number: step as i64,
                }),
            });
            let record = Record {
                history,
                ..Default::default()
            };
            append(&mut bytes, &record.encode_to_vec());
        }
        bytes
    }

    fn append(bytes: &mut Vec<u8>, mut rest: &[u8]) {
        let mut is_first = true;
        loop {
            let mut room = BLOCK - bytes.len() % BLOCK;
            if room < FRAGMENT {
                bytes.extend(std::iter::repeat_n(0, room));
                room = BLOCK;
            }
            let take = rest.len().min(room - FRAGMENT);
            let is_last = take == rest.len();
            let kind = match (is_first, is_last) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            let mut crc = Crc::new();
            crc.update(&[kind]);
            crc.update(&rest[..take]);
            bytes.extend(crc.sum().to_le_bytes());
            bytes.extend((take as u16).to_le_bytes());
            bytes.push(kind);
            bytes.extend(&rest[..take]);
            (rest, is_first) = (&rest[take..], false);
            if is_last {
                break;
            }
        }
    }

    fn values(bytes: &[u8]) -> Vec<(i64, f64)> {
        let mut run = TrackedRun::default();
        let file = File {
            name: "run.wandb",
            bytes,
            folder: "".as_ref(),
        };
        let _ = metrics(&mut run, &file);
        let curve = run.curves.remove("loss").unwrap_or_default().into_steps();
        curve.into_iter().collect()
    }

    #[test]
    fn records_over_several_blocks() {
        let all: Vec<(i64, f64)> = (0..30).map(|step| (step, step as f64)).collect();
        for length in [0, 1000, 40_000, 100_000] {
            let bytes = log(30, length);
            assert_eq!(values(&bytes), all);
            assert_eq!(records(&bytes, |_| {}), Ok(Damage::default()));
            let torn = records(&bytes[..bytes.len() - 1], |_| {}).unwrap();
            assert!(torn.torn && torn.blocks == 0);
        }
        assert!(records(b"", |_| {}).is_err() && records(b"SQLite", |_| {}).is_err());
    }

    proptest! {
        /// Damage costs values, and changes none.
        #[test]
        fn no_damage_changes_a_value(at in 7usize..90_000, flip in 1u8.., cut in 0usize..90_000) {
            let mut bytes = log(30, 3000);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            bytes.truncate(bytes.len().saturating_sub(cut % 40_000));
            for (step, value) in values(&bytes) {
                prop_assert_eq!(step as f64, value);
            }
        }
    }
}
