//! TFRecord files written by TensorFlow (`scripts/conformance/make_tfrecords.py`), value by value.

use std::path::Path;

use data::reader;
use serde_json::{Value, json};

#[test]
fn plain_and_packed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tfrecord");
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 6);
    for name in ["plain.tfrecord", "packed.tfrecord.gz"] {
        let mut read = 0;
        reader::read(&folder.join(name), &Default::default(), &mut |record| {
            let expected = &expected[record.record];
            let values = expected["values"].as_array().unwrap().iter();
            let values: Vec<f32> = values.map(|v| v.as_f64().unwrap() as f32).collect();
            assert_eq!(record.values, values, "{name}");
            assert_eq!(json!(record.shape), expected["shape"]);
            assert_eq!(json!(record.label), expected["label"]);
            assert_eq!(json!(record.group), expected["group"]);
            read += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(read, expected.len(), "{name}");
    }
}
