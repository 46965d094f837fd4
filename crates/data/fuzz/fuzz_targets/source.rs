//! Any bytes as a sample source, by each ending: an error or records.
#![no_main]

use std::path::PathBuf;
use std::sync::Once;

use data::reader::{self, SourceSelection};
use libfuzzer_sys::fuzz_target;

const Y: &[u8] = include_bytes!("../../tests/fixtures/numpy/y_train.npy");

static LABELS: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    let wanted = SourceSelection { label: "vehicle_type".into(), ..Default::default() };
    // PyTorch and NumPy archives differ only in their file names.
    let endings: &[&str] = if bytes.starts_with(b"PK") { &["pt", "npz"] } else { &["pt", "tfrecord", "npy"] };
    let at = |name: &str| PathBuf::from(format!("/dev/shm/data-fuzz-{}{name}", std::process::id()));
    // Labels of an array are in a separate file.
    LABELS.call_once(|| std::fs::write(at("_y.npy"), Y).expect("memory can be written"));
    for ending in endings {
        let path = at(&format!(".{ending}"));
        std::fs::write(&path, bytes).expect("memory can be written");
        let _ = reader::read(&path, &wanted, &mut |record| {
            assert_eq!(record.values.len(), record.shape.iter().product::<usize>());
            Ok(())
        });
        if let Ok(reader) = reader::of(&path)
            && let Ok(Some(spans)) = reader.spans(&path)
            && let Ok(mut windows) = reader.windows(&path, &wanted)
        {
            for (record, span) in spans.into_iter().enumerate().take(3) {
                let _ = windows.window(&path, record, span);
            }
        }
    }
});
