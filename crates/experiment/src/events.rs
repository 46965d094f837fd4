//! Writes event files for TensorBoard: TF2-style summaries, one file per run directory.
//!
//! The `tfrecord` crate provides the Event protos. Its summary writer supports neither text nor the file-version
//! record, so events are assembled here. Scalars are rank-0 float32 and texts are rank-0 `string_val`, the only forms
//! TensorBoard's data server shows.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use support::checksum::append_record;
use tfrecord::protobuf::event::What;
use tfrecord::protobuf::summary::value::Value as SummaryValue;
use tfrecord::protobuf::summary_metadata::PluginData;
use tfrecord::protobuf::tensor_shape_proto::Dim;
use tfrecord::protobuf::{
    Event, SourceMetadata, Summary, SummaryMetadata, TensorProto, TensorShapeProto, summary,
};

use crate::appender::Appender;
use crate::catalogue::layout::EVENT_FILE_MARK;
use crate::error::ExperimentError;
use crate::hparams::{self, HParam, HParamsDeclaration};
use crate::pr_curve::{self, PrCurve, THRESHOLDS};

const FLOAT: i32 = 1;
const DOUBLE: i32 = 2;
const STRING: i32 = 7;

/// Number of buckets of a histogram, as in TensorFlow.
const BUCKETS: usize = 30;

/// Seconds since 1970.
pub fn wall_time() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// Appends events to one file. They stay in memory until [`EventWriter::flush`].
pub struct EventWriter {
    file: Appender,
}

impl EventWriter {
    /// Creates an event file in `directory`, which must exist.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the file cannot be created.
    pub fn create(directory: &Path) -> Result<Self, ExperimentError> {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        let host: String = support::words::host_name().chars().map(plain).collect();
        let time = wall_time();
        let process = std::process::id();
        let name = format!(
            "events.out.{EVENT_FILE_MARK}.{}.{host}.{process}.0.v2",
            time as u64
        );
        let mut writer = Self {
            file: Appender::create(&directory.join(name))?,
        };
        writer.event(Event {
            wall_time: time,
            step: 0,
            source_metadata: Some(SourceMetadata {
                writer: "seismic-trainer".into(),
            }),
            what: Some(What::FileVersion("brain.Event:2".into())),
        });
        Ok(writer)
    }

    /// Reopens a file and truncates it to its first `length` bytes.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the file is missing or shorter than `length`.
    pub fn reopen(path: &Path, length: u64) -> Result<Self, ExperimentError> {
        let file = Appender::reopen(path, length)?;
        Ok(Self { file })
    }

    /// Name of the file, and the number of bytes written.
    pub(crate) fn mark(&self) -> (String, u64) {
        let name = self.file.path().file_name().unwrap_or_default();
        (name.to_string_lossy().into_owned(), self.file.length())
    }

    /// Events not written yet.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.file.waiting()
    }

    /// Queues events that another writer could not write.
    pub(crate) fn wait(&mut self, events: &[u8]) {
        self.file.buffer().extend_from_slice(events);
    }

    /// Adds a scalar, shown under SCALARS.
    pub fn scalar(&mut self, tag: &str, step: i64, value: f32) {
        let tensor = TensorProto {
            dtype: FLOAT,
            tensor_shape: Some(shape(&[])),
            tensor_content: value.to_le_bytes().to_vec(),
            ..Default::default()
        };
        self.tensor(tag, step, "scalars", Vec::new(), tensor);
    }

    /// Adds a PNG, shown under IMAGES.
    pub fn image(&mut self, tag: &str, step: i64, image: &crate::figures::Png) {
        let size = |n: u32| n.to_string().into_bytes();
        let tensor = TensorProto {
            dtype: STRING,
            tensor_shape: Some(shape(&[3])),
            string_val: vec![size(image.width), size(image.height), image.bytes.clone()],
            ..Default::default()
        };
        self.tensor(tag, step, "images", Vec::new(), tensor);
    }

    /// Adds the distribution of the finite `values`, shown under HISTOGRAMS and DISTRIBUTIONS.
    pub fn histogram(&mut self, tag: &str, step: i64, values: &[f32]) {
        let rows = buckets(values);
        let content = rows.iter().flatten().flat_map(|v| v.to_le_bytes());
        let tensor = TensorProto {
            dtype: DOUBLE,
            tensor_shape: Some(shape(&[rows.len() as i64, 3])),
            tensor_content: content.collect(),
            ..Default::default()
        };
        self.tensor(tag, step, "histograms", Vec::new(), tensor);
    }

    /// Adds Markdown text, shown under TEXT.
    pub fn text(&mut self, tag: &str, step: i64, markdown: &str) {
        let tensor = TensorProto {
            dtype: STRING,
            tensor_shape: Some(shape(&[])),
            string_val: vec![markdown.as_bytes().to_vec()],
            ..Default::default()
        };
        self.tensor(tag, step, "text", Vec::new(), tensor);
    }

    /// Adds a precision-recall curve, shown under PR CURVES.
    pub fn pr_curve(&mut self, tag: &str, step: i64, curve: &PrCurve) {
        let thresholds = THRESHOLDS as u32;
        let content = prost::Message::encode_to_vec(&pr_curve::PluginData { thresholds });
        let rows = curve.rows();
        let tensor = TensorProto {
            dtype: FLOAT,
            tensor_shape: Some(shape(&[6, THRESHOLDS as i64])),
            tensor_content: rows.iter().flat_map(|v| v.to_le_bytes()).collect(),
            ..Default::default()
        };
        self.tensor(tag, step, "pr_curves", content, tensor);
    }

    /// Adds the run's hyperparameters, shown under HPARAMS; `group` is the experiment's ID.
    pub fn hparams(&mut self, group: &str, hparams: &[(String, HParam)]) {
        let content = hparams::session_start(group, wall_time(), hparams);
        self.tensor(
            "_hparams_/session_start_info",
            0,
            "hparams",
            content,
            empty(),
        );
    }

    /// Declares the columns of the HPARAMS tab. With several runs, TensorBoard uses the first declaration.
    pub fn hparams_columns(&mut self, declaration: &HParamsDeclaration) {
        let content = hparams::experiment(declaration);
        self.tensor("_hparams_/experiment", 0, "hparams", content, empty());
    }

    /// Marks the end of the run for HPARAMS.
    pub fn hparams_end(&mut self, success: bool) {
        let content = hparams::session_end(wall_time(), success);
        self.tensor("_hparams_/session_end_info", 0, "hparams", content, empty());
    }

    /// Hands all events to the operating system, which makes them visible to TensorBoard.
    ///
    /// # Errors
    /// [`ExperimentError::Write`]; the events stay queued for the next flush.
    pub fn flush(&mut self) -> Result<(), ExperimentError> {
        self.file.flush()
    }

    /// Blocks until the flushed events are on the disk.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the operating system cannot confirm it.
    pub(crate) fn sync(&mut self) -> Result<(), ExperimentError> {
        self.file.sync()
    }

    fn tensor(
        &mut self,
        tag: &str,
        step: i64,
        plugin: &str,
        content: Vec<u8>,
        tensor: TensorProto,
    ) {
        let value = summary::Value {
            tag: tag.into(),
            metadata: Some(SummaryMetadata {
                plugin_data: Some(PluginData {
                    plugin_name: plugin.into(),
                    content,
                }),
                ..Default::default()
            }),
            value: Some(SummaryValue::Tensor(tensor)),
            ..Default::default()
        };
        self.event(Event {
            wall_time: wall_time(),
            step,
            source_metadata: None,
            what: Some(What::Summary(Summary { value: vec![value] })),
        });
    }

    fn event(&mut self, event: Event) {
        append_record(self.file.buffer(), &prost::Message::encode_to_vec(&event));
    }
}

fn shape(sizes: &[i64]) -> TensorShapeProto {
    let dim = |&size| Dim {
        size,
        name: String::new(),
    };
    TensorShapeProto {
        dim: sizes.iter().map(dim).collect(),
        unknown_rank: false,
    }
}

fn empty() -> TensorProto {
    TensorProto {
        dtype: FLOAT,
        tensor_shape: Some(shape(&[0])),
        ..Default::default()
    }
}

/// Histogram rows `(left, right, count)` of equal width; a single row if all values are equal.
fn buckets(values: &[f32]) -> Vec<[f64; 3]> {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let count = finite().count() as f64;
    let low = f64::from(finite().fold(f32::INFINITY, f32::min));
    let high = f64::from(finite().fold(f32::NEG_INFINITY, f32::max));
    if count == 0.0 {
        return Vec::new();
    }
    if low == high {
        return vec![[low - 0.5, low + 0.5, count]];
    }
    let width = (high - low) / BUCKETS as f64;
    let mut counts = [0.0; BUCKETS];
    for value in finite() {
        let bucket = ((f64::from(value) - low) / width) as usize;
        counts[bucket.min(BUCKETS - 1)] += 1.0;
    }
    let edge = |i: usize| {
        if i == BUCKETS {
            high
        } else {
            low + width * i as f64
        }
    };
    counts
        .iter()
        .enumerate()
        .map(|(i, n)| [edge(i), edge(i + 1), *n])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tfrecord::{EventIter, RecordReaderConfig};

    #[test]
    fn events_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = EventWriter::create(folder.path()).unwrap();
        writer.scalar("epoch_loss", 3, 0.5);
        writer.histogram("conv1/kernel", 3, &[0.0, 1.0, f32::NAN]);
        writer.text("model/type", 0, "simple_cnn");
        writer.hparams("run", &[("seed".into(), HParam::Number(1.0))]);
        writer.flush().unwrap();
        let config = RecordReaderConfig {
            check_integrity: true,
        };
        let events = EventIter::open(writer.file.path(), config).unwrap();
        let events: Vec<Event> = events.map(Result::unwrap).collect();
        assert_eq!(events.len(), 5);
        assert_eq!(
            events[0].what,
            Some(What::FileVersion("brain.Event:2".into()))
        );
        let Some(What::Summary(summary)) = &events[1].what else {
            panic!("a summary")
        };
        assert_eq!(
            (events[1].step, summary.value[0].tag.as_str()),
            (3, "epoch_loss")
        );
    }

    #[test]
    fn buckets_hold_every_finite_value() {
        let values: Vec<f32> = (0..100).map(|i| i as f32).collect();
        let rows = buckets(&values);
        assert_eq!(rows.len(), BUCKETS);
        assert_eq!(rows.iter().map(|r| r[2]).sum::<f64>(), 100.0);
        assert_eq!((rows[0][0], rows[BUCKETS - 1][1]), (0.0, 99.0));
        assert_eq!(buckets(&[2.0, 2.0]), [[1.5, 2.5, 2.0]]);
        assert!(buckets(&[f32::INFINITY]).is_empty());
    }
}
