//! TFRecord files compressed with gzip or zlib, as TensorFlow writes them with `compression_type="GZIP"` or `"ZLIB"`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use tfrecord::io::sync as framing;

use super::example::{note, rate};
use super::notes::distinct;
use super::tfrecord::{CHECKSUM, first, frame, payload};
use super::{Reader, Record, Sink, SourceSelection, unknown, unreadable};
use crate::error::DataError;
use crate::error::sample::FrameError;
use crate::gzip;
use crate::recording::signatures;

/// The reader.
pub struct Gz;

/// Longest payload that is accepted, in bytes: how much is left in a compressed file is not known.
const LONGEST: usize = 16 << 20;

impl Reader for Gz {
    fn name(&self) -> &'static str {
        "TFRecord files packed with gzip (.gz) or zlib"
    }

    fn accepts(&self, _path: &Path, head: &[u8]) -> bool {
        gzip::is(head) || is_zlib(head)
    }

    fn read(&self, path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError> {
        let unpacked = unpacked(path).map_err(unreadable(path))?;
        let mut reader = BufReader::with_capacity(1 << 16, unpacked);
        // An archive or a text is no damaged TFRecord file.
        let head = reader.fill_buf().unwrap_or_default();
        if !is_framed(head) && signatures::of(head).is_some() {
            return Err(unknown(path, head));
        }
        for record in 0.. {
            let length = framing::try_read_len(&mut reader, true);
            let Some(length) = length.map_err(|e| frame(path, record)(e.into()))? else {
                return Ok(());
            };
            sink(next(path, record, length, wanted, &mut reader)?)?;
        }
        Ok(())
    }

    fn note(&self, path: &Path, wanted: &SourceSelection) -> Option<String> {
        note(first(unpacked(path).ok()?)?, wanted)
    }

    fn rates(&self, path: &Path) -> Vec<f64> {
        let Ok(mut reader) = unpacked(path) else {
            return Vec::new();
        };
        let mut next = || {
            let example = first(&mut reader)?;
            let mut checksum = [0; CHECKSUM];
            reader.read_exact(&mut checksum).ok()?;
            rate(&example)
        };
        distinct((0..RATED).map_while(|_| next()))
    }
}

/// Records that are looked at for their sampling rate: for others, all before them would have to be unpacked.
const RATED: usize = 64;

/// The unpacked bytes of a file.
fn unpacked(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let mut packed = BufReader::new(File::open(path)?);
    Ok(if is_zlib(packed.fill_buf()?) {
        Box::new(ZlibDecoder::new(packed))
    } else {
        Box::new(MultiGzDecoder::new(packed))
    })
}

/// Whether unpacked bytes begin with the length of a record and its checksum.
fn is_framed(mut head: &[u8]) -> bool {
    matches!(framing::try_read_len(&mut head, true), Ok(Some(_)))
}

/// Whether a file is packed with gzip and holds no records. A damaged `.tfrecord.gz` does.
pub(crate) fn is_other_gzip(path: &Path) -> bool {
    if path.to_string_lossy().contains(".tfrecord") {
        return false;
    }
    let file = File::open(path).map(BufReader::new);
    let mut head = [0; 12];
    file.is_ok_and(|mut file| {
        file.fill_buf().is_ok_and(gzip::is)
            && MultiGzDecoder::new(file).read_exact(&mut head).is_ok()
            && !is_framed(&head)
    })
}

/// Whether a file begins like zlib data. An uncompressed TFRecord file begins with the length of its first record,
/// whose upper bytes are zero.
fn is_zlib(head: &[u8]) -> bool {
    let [0x78, flags, _, _, upper @ ..] = head else {
        return false;
    };
    (0x7800 + u16::from(*flags)).is_multiple_of(31) && upper.iter().take(4).any(|byte| *byte != 0)
}

fn next(
    path: &Path,
    record: usize,
    length: usize,
    wanted: &SourceSelection,
    reader: &mut impl Read,
) -> Result<Record, DataError> {
    if length > LONGEST {
        return Err(frame(path, record)(FrameError::TooLarge {
            length: length as u64,
        }));
    }
    payload(path, record, length, wanted, reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn read(path: &Path) -> Result<Vec<Record>, DataError> {
        let mut records = Vec::new();
        super::super::read(path, &SourceSelection::default(), &mut |record| {
            records.push(record);
            Ok(())
        })?;
        Ok(records)
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn packed_or_not_the_records_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let config = demo::ensure(folder.path()).unwrap();
        let plain = config.with_file_name("val.tfrecord");
        let bytes = std::fs::read(&plain).unwrap();
        let path = folder.path().join("val.tfrecord.gz");
        // Two members, as from `cat a.gz b.gz`.
        let (head, tail) = bytes.split_at(bytes.len() / 3);
        std::fs::write(&path, [packed(head), packed(tail)].concat()).unwrap();
        assert_eq!(read(&path).unwrap(), read(&plain).unwrap());
    }

    #[test]
    fn zlib_is_told_from_lengths() {
        let folder = tempfile::tempdir().unwrap();
        let config = demo::ensure(folder.path()).unwrap();
        let plain = config.with_file_name("val.tfrecord");
        let bytes = std::fs::read(&plain).unwrap();
        for level in [1, 6, 9] {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
            encoder.write_all(&bytes).unwrap();
            let packed = encoder.finish().unwrap();
            // The extension does not matter: TensorFlow users choose any.
            let path = folder.path().join("packed.tfrecord");
            std::fs::write(&path, &packed).unwrap();
            assert_eq!(read(&path).unwrap(), read(&plain).unwrap());
            std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("packed.tfrecord"), "{error}");
        }
        // The length of a record of 40,056 bytes, 0x9c78, looks like a zlib header.
        assert!(!is_zlib(&[0x78, 0x9c, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
    }

    proptest! {
        /// Damage gives an error that names file and record, or, if the file is cut between two records, fewer records.
        #[test]
        fn damage_is_found(cut in 0usize..4000, at in 0usize..4000, flip: u8) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.gz");
            let plain = folder.path().join("x.tfrecord");
            let mut writer = crate::reader::TfrecordWriter::create(&plain).unwrap();
            for i in 0..3 {
                let values: Vec<f32> = (0..32).map(|v| (v * i) as f32).collect();
                let record = Record { record: i, values, shape: vec![2, 16], label: 1, group: None };
                writer.write(&record).unwrap();
            }
            writer.finish().unwrap();
            let whole = read(&plain).unwrap();
            let mut bytes = packed(&std::fs::read(&plain).unwrap());
            let at = at % bytes.len();
            bytes[at] ^= flip;
            bytes.truncate(bytes.len().saturating_sub(cut).max(3));
            std::fs::write(&path, &bytes).unwrap();
            match read(&path) {
                Ok(records) => prop_assert_eq!(&records[..], &whole[..records.len()]),
                Err(error) => prop_assert!(error.to_string().contains("x.gz"), "{error}"),
            }
        }
    }
}
