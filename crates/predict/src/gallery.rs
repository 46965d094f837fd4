//! A self-contained HTML page of informative windows: the most confident mistakes, the least certain windows, and
//! samples of every class, with waveform, spectrogram, relevance, and probabilities.

use data::reader::Window;
use data::recording::format_time;
use serde_json::{Value, json};

use crate::classifier::{Classifier, Prediction};
use crate::error::PredictError;
use crate::relevance::{Explainer, Relevance};

/// Number of windows shown per section, and of samples per class.
const MISTAKES: usize = 60;
const UNCERTAIN: usize = 60;
const SAMPLES: usize = 8;

/// Sort key of a window, from its confidence; lowest first.
type Key = fn(f32) -> f32;

fn highest(confidence: f32) -> f32 {
    -confidence
}

fn lowest(confidence: f32) -> f32 {
    confidence
}

/// HTML template.
const PAGE: &str = include_str!("../assets/gallery.html");
/// Placeholder for the data in the template.
const PLACEHOLDER: &str = "/*DATA*/";

/// Origin of a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Path of the file.
    pub file: String,
    /// Record in the file, from 0.
    pub record: usize,
    /// Recording or event it belongs to, if known.
    pub group: Option<String>,
    /// Time of the first sample in nanoseconds, if known.
    pub time: Option<i64>,
}

/// A window on the page.
#[derive(Clone, Debug)]
struct Item {
    origin: Origin,
    label: Option<usize>,
    prediction: Prediction,
    window: Window,
    /// Relevance of the window's parts, if it was computed.
    relevance: Option<Relevance>,
}

/// Collects windows and keeps the most interesting ones.
#[derive(Clone, Debug)]
pub struct Gallery {
    title: String,
    classes: Vec<String>,
    rate: Option<f64>,
    mistakes: Vec<Item>,
    uncertain: Vec<Item>,
    /// Samples by class (the label if known, otherwise the prediction), with the number of windows seen.
    samples: Vec<(usize, Vec<Item>)>,
    count: usize,
}

impl Gallery {
    /// Creates a gallery for these classes; `rate` is the sampling rate in Hz, if known.
    pub fn new(title: &str, classes: &[String], rate: Option<f64>) -> Self {
        Self {
            title: title.to_owned(),
            classes: classes.to_vec(),
            rate,
            mistakes: Vec::new(),
            uncertain: Vec::new(),
            samples: vec![(0, Vec::new()); classes.len()],
            count: 0,
        }
    }

    /// Considers a window for the page. `label` is its true class, if known.
    pub fn add(
        &mut self,
        origin: &Origin,
        label: Option<usize>,
        prediction: &Prediction,
        window: &Window,
    ) {
        self.count += 1;
        let item = || Item {
            origin: origin.clone(),
            label,
            prediction: prediction.clone(),
            window: window.clone(),
            relevance: None,
        };
        let confidence = prediction.confidence;
        if label.is_some_and(|label| label != prediction.class) {
            keep(&mut self.mistakes, MISTAKES, confidence, highest, item);
        }
        keep(&mut self.uncertain, UNCERTAIN, confidence, lowest, item);
        let class = label.unwrap_or(prediction.class);
        if let Some((seen, kept)) = self.samples.get_mut(class) {
            // Spread over all windows: once full, each window whose number is a power of two replaces an earlier
            // sample.
            if kept.len() < SAMPLES {
                kept.push(item());
            } else if seen.is_power_of_two() {
                kept[seen.trailing_zeros() as usize % SAMPLES] = item();
            }
            *seen += 1;
        }
    }

    /// Computes the relevance of every window that is shown. Models with `batch` normalisation have none.
    ///
    /// # Errors
    /// [`PredictError`] if the model can no longer be read.
    pub fn explain(&mut self, classifier: &Classifier) -> Result<(), PredictError> {
        let Some(mut explainer) = Explainer::new(classifier)? else {
            return Ok(());
        };
        let samples = self.samples.iter_mut().flat_map(|(_, kept)| kept);
        let items = self.mistakes.iter_mut().chain(&mut self.uncertain);
        for item in items.chain(samples) {
            item.relevance = explainer.of(&item.window, item.prediction.class)?;
        }
        Ok(())
    }

    /// Renders the page.
    pub fn to_html(&self) -> String {
        let kinds = [
            ("confident mistake", sorted(&self.mistakes, highest)),
            ("least certain", sorted(&self.uncertain, lowest)),
        ];
        let mut items: Vec<Value> = Vec::new();
        for (kind, items_of_kind) in &kinds {
            items.extend(items_of_kind.iter().map(|item| self.item(kind, item)));
        }
        for (_, samples) in &self.samples {
            items.extend(
                samples
                    .iter()
                    .map(|item| self.item("sample of a class", item)),
            );
        }
        let data = json!({
            "title": self.title,
            "classes": self.classes,
            "rate": self.rate,
            "count": self.count,
            "items": items,
        });
        // Prevents the data from closing the script element.
        let data = data.to_string().replace('<', "\\u003c");
        PAGE.replace(PLACEHOLDER, &data)
    }

    fn item(&self, kind: &str, item: &Item) -> Value {
        let Origin {
            file,
            record,
            group,
            time,
        } = &item.origin;
        let (channels, samples) = match item.window.shape[..] {
            [channels, samples] => (channels, samples),
            // Segments or spectra are concatenated.
            [channels, segments, bins] => (channels, segments * bins),
            _ => (1, item.window.values.len()),
        };
        let largest = item
            .window
            .values
            .iter()
            .fold(0f32, |largest, v| largest.max(v.abs()));
        let scale = if largest > 0.0 {
            32_767.0 / largest
        } else {
            0.0
        };
        let bytes = item
            .window
            .values
            .iter()
            .flat_map(|v| ((v * scale).round() as i16).to_le_bytes());
        json!({
            "kind": kind,
            "file": file,
            "record": record,
            "group": group,
            "time": time.map(format_time),
            "label": item.label,
            "class": item.prediction.class,
            "p": item.prediction.probabilities,
            "channels": channels,
            "samples": samples,
            "windowed": item.window.shape.len() == 2,
            "largest": largest,
            "x": base64(&bytes.collect::<Vec<u8>>()),
            "relevance": item.relevance.as_ref().map(picture),
        })
    }
}

/// Relevance as signed bytes relative to the largest magnitude.
fn picture(relevance: &Relevance) -> Value {
    let magnitudes = relevance.values.iter().map(|v| v.abs());
    let largest = magnitudes.fold(f32::MIN_POSITIVE, f32::max);
    let byte = |v: &f32| (v / largest * 127.0).round() as i8;
    let bytes = relevance.values.iter().flat_map(|v| byte(v).to_le_bytes());
    json!({
        "columns": relevance.columns,
        "rows": relevance.rows,
        "largest": largest,
        "x": base64(&bytes.collect::<Vec<u8>>()),
    })
}

/// Keeps the `most` items with the lowest keys.
fn keep(kept: &mut Vec<Item>, most: usize, confidence: f32, key: Key, item: impl FnOnce() -> Item) {
    if kept.len() < most {
        kept.push(item());
        return;
    }
    let of = |i: usize| key(kept[i].prediction.confidence);
    let worst = (0..kept.len()).max_by(|a, b| of(*a).total_cmp(&of(*b)));
    if let Some(worst) = worst.filter(|i| key(confidence) < of(*i)) {
        kept[worst] = item();
    }
}

fn sorted(kept: &[Item], key: Key) -> Vec<Item> {
    let mut kept = kept.to_vec();
    kept.sort_by(|a, b| key(a.prediction.confidence).total_cmp(&key(b.prediction.confidence)));
    kept
}

/// Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let word = part
            .iter()
            .enumerate()
            .fold(0u32, |word, (i, b)| word | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= part.len() { letter.into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn mistakes_come_by_confidence() {
        let mut gallery = Gallery::new("t", &["a".into(), "</script>".into()], None);
        for i in 0..500usize {
            let p = 0.5 + (i * 37 % 499) as f32 / 1000.0;
            let prediction = Prediction {
                class: 0,
                confidence: p,
                probabilities: vec![p, 1.0 - p],
                logits: Vec::new(),
            };
            let window = Window {
                values: vec![i as f32; 4],
                shape: vec![1, 4],
            };
            let origin = Origin {
                record: i,
                ..Default::default()
            };
            gallery.add(&origin, Some(i % 2), &prediction, &window);
        }
        let shown = |items: &[Item]| {
            items
                .iter()
                .map(|item| item.prediction.confidence)
                .collect::<Vec<_>>()
        };
        let mistakes = shown(&sorted(&gallery.mistakes, highest));
        assert_eq!(mistakes.len(), MISTAKES);
        assert!(mistakes.is_sorted_by(|a, b| a >= b) && mistakes[MISTAKES - 1] > 0.85);
        let uncertain = shown(&sorted(&gallery.uncertain, lowest));
        assert!(uncertain.is_sorted() && uncertain[UNCERTAIN - 1] < 0.6);
        let html = gallery.to_html();
        assert_eq!(
            html.matches("</script>").count(),
            2,
            "class names end no script"
        );
        assert!(!html.contains(PLACEHOLDER));
    }
}
