//! What `data inspect` says of recordings.

use super::*;

/// Records out of order are no gaps. A change of the sampling rate is noted.
#[test]
fn stretches_and_rates_of_a_channel() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.mseed");
    let inspect = || {
        let path = path.display().to_string();
        let json = stdout(Path::new("/nowhere"), &["inspect", &path, "--json"]);
        serde_json::from_str::<Value>(&json).unwrap()
    };
    std::fs::write(
        &path,
        [record(2, 10), record(1, 10), record(0, 10), record(4, 10)].concat(),
    )
    .unwrap();
    let json = inspect();
    assert_eq!(json["recordings"][0]["stretches"], 2);
    assert_eq!(json["recordings"][0]["samples"], 40);
    assert_eq!(json["notes"], Value::Array(Vec::new()));
    std::fs::write(&path, [record(0, 10), record(1, 20)].concat()).unwrap();
    let json = inspect();
    assert_eq!(json["recordings"][0]["stretches"], 2);
    let expected = "channel `XX.NODE..EHZ` has several sampling rates: 10, 20 Hz";
    assert_eq!(json["notes"][0]["note"], expected);
}

/// A record of ten samples from a second on.
fn record(second: u8, rate: i16) -> Vec<u8> {
    let mut own = b"000001D NODE   EHZXX".to_vec();
    own.extend(2024_u16.to_be_bytes());
    own.extend(122_u16.to_be_bytes());
    own.extend([10, 0, second, 0, 0, 0]);
    own.extend(10_u16.to_be_bytes());
    own.extend(rate.to_be_bytes());
    own.extend(1_i16.to_be_bytes());
    own.extend([0, 0, 0, 1, 0, 0, 0, 0]);
    own.extend(64_u16.to_be_bytes());
    own.extend(48_u16.to_be_bytes());
    // Blockette 1000: 16-bit integers, big-endian, 128 bytes.
    own.extend(1000_u16.to_be_bytes());
    own.extend([0, 0, 1, 1, 7, 0]);
    own.resize(64, 0);
    (0..10_i16).for_each(|i| own.extend((i * i).to_be_bytes()));
    own.resize(128, 0);
    own
}
