//! The scalars of one event file.

use std::collections::BTreeMap;
use std::path::Path;

use prost::Message;
use tfrecord::protobuf::TensorProto;

use super::number::number;
use super::{MAX_SCALARS, ScalarSteps};
use crate::records::{Records, SpanKind};

/// The part of an event that holds scalars. Images, graphs and histograms are not decoded.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ScalarEvent {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(message, optional, tag = "5")]
    summary: Option<ScalarSummary>,
    #[prost(message, optional, tag = "7")]
    session: Option<SessionLog>,
}

/// Says that a program starts, or ends.
#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// The status of a start, at the step of the event. As in TensorBoard, everything from there on that was written before is
/// dropped: `purge_step` of PyTorch's writer.
const START: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct ScalarSummary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<ScalarValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScalarValue {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
    #[prost(message, optional, tag = "8")]
    tensor: Option<TensorProto>,
}

/// Scalars of one file. If a step occurs twice, the last value counts.
pub(super) struct ScalarFile {
    /// Time of the first event, in seconds since 1970.
    pub began: f64,
    pub tags: BTreeMap<String, ScalarSteps>,
    /// The step from which on earlier files do not count.
    pub start: Option<i64>,
    pub damaged: usize,
    /// Number of points that may be missing before the first scalar.
    pub damaged_before: usize,
    /// Whether the file holds any event.
    pub any: bool,
}

impl ScalarFile {
    pub fn read(path: &Path, count: &mut usize) -> std::io::Result<Self> {
        let mut records = Records::open(path)?;
        let mut file = Self {
            began: f64::INFINITY,
            tags: BTreeMap::new(),
            start: None,
            damaged: 0,
            damaged_before: 0,
            any: false,
        };
        while *count < MAX_SCALARS {
            let Some(span) = records.next()? else {
                break;
            };
            let event = match &span.kind {
                SpanKind::Sound(content) => ScalarEvent::decode(&content[..]).ok(),
                SpanKind::SoundButLong => continue,
                SpanKind::Damaged | SpanKind::Lost(_) => None,
            };
            match event {
                Some(event) => *count += file.add(event),
                None => file.damage(&span.kind),
            }
        }
        Ok(file)
    }

    /// Adds the scalars of an event, and returns their number.
    fn add(&mut self, event: ScalarEvent) -> usize {
        if !self.any {
            self.began = event.wall_time;
            self.any = true;
        }
        if event.session.is_some_and(|session| session.status == START) {
            self.tags
                .values_mut()
                .for_each(|written| written.cut(event.step));
            self.start = Some(self.start.map_or(event.step, |start| start.min(event.step)));
        }
        let mut count = 0;
        for value in event.summary.into_iter().flat_map(|summary| summary.value) {
            let tensor = || value.tensor.as_ref().and_then(number);
            let number = value.simple_value.map(f64::from).or_else(tensor);
            if let Some(number) = number {
                self.tags
                    .entry(value.tag)
                    .or_default()
                    .put(event.step, number);
                count += 1;
            }
        }
        count
    }

    fn damage(&mut self, kind: &SpanKind) {
        self.damaged += 1;
        if self.tags.is_empty() {
            // Of unknown length, it may have been many records.
            let points = match kind {
                SpanKind::Lost(_) => usize::MAX,
                _ => 1,
            };
            self.damaged_before = self.damaged_before.saturating_add(points);
        }
    }
}
