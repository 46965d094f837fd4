//! NumPy archives: `x` `[N, channels, samples]` or `[N, channels, segments, bins]`, `y` `[N]`,
//! optional `group` `[N]`, stored or deflated.

use std::fs::File;
use std::io::{BufReader, Chain, Cursor, Read};
use std::path::Path;

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, TypeStr};
use zip::ZipArchive;

use super::{Reader, Record, Sink, Wanted, unreadable};
use crate::error::DataError;

/// The reader.
pub struct Npz;

type Archive = ZipArchive<BufReader<File>>;

impl Reader for Npz {
    fn name(&self) -> &'static str {
        ".npz archives"
    }

    fn accepts(&self, path: &Path, head: &[u8]) -> bool {
        head.starts_with(b"PK\x03\x04") && path.extension().is_some_and(|e| e == "npz")
    }

    fn read(&self, path: &Path, _wanted: &Wanted, sink: Sink<'_>) -> Result<(), DataError> {
        let source_error = |problem: String| DataError::Source {
            path: path.to_owned(),
            problem,
        };
        let file = File::open(path).map_err(unreadable(path))?;
        let archive = ZipArchive::new(BufReader::new(file));
        let mut archive = archive.map_err(|e| source_error(format!("not a zip archive: {e}")))?;

        let labels = read_array(&mut archive, "y", integers).map_err(source_error)?;
        let groups = match archive.index_for_name("group.npy") {
            Some(_) => Some(read_array(&mut archive, "group", names).map_err(source_error)?),
            None => None,
        };
        let expected = labels.len();
        if let Some(groups) = &groups
            && groups.len() != expected
        {
            let problem = format!("`group` has {} entries, `y` has {expected}", groups.len());
            return Err(source_error(problem));
        }
        let entry = open(&mut archive, "x").map_err(source_error)?;
        let (shape, values) = floats(entry).map_err(source_error)?;
        if !matches!(shape.len(), 3 | 4) || shape[0] != expected {
            let problem = format!(
                "`x` is {shape:?}; expected [{expected}, 2, 1024] or [{expected}, 2, 7, 256] for the \
                 {expected} labels of `y`"
            );
            return Err(source_error(problem));
        }
        let sample = &shape[1..];
        let length = sample
            .iter()
            .try_fold(1usize, |product, n| product.checked_mul(*n));
        let Some(length) = length.filter(|length| *length > 0) else {
            return Err(source_error(format!(
                "`x` has samples of the impossible shape {sample:?}"
            )));
        };
        for (record, label) in labels.into_iter().enumerate() {
            let start = record * length;
            let values = values
                .get(start..start + length)
                .ok_or_else(|| DataError::Record {
                    path: path.to_owned(),
                    record,
                    problem: "`x` ends before this sample: the file is truncated".into(),
                })?;
            sink(Record {
                record,
                values: values.to_vec(),
                shape: sample.to_vec(),
                label,
                group: groups.as_ref().map(|groups| groups[record].clone()),
            })?;
        }
        Ok(())
    }
}

/// An array of the archive; its header was read before and is read again from memory.
type Entry<'a> = NpyFile<Chain<Cursor<Vec<u8>>, zip::read::ZipFile<'a, BufReader<File>>>>;

/// Longest header that is believed, in bytes.
const LONGEST_HEADER: usize = 1 << 16;

fn open<'a>(archive: &'a mut Archive, name: &str) -> Result<Entry<'a>, String> {
    let mut entry = archive
        .by_name(&format!("{name}.npy"))
        .map_err(|e| format!("no array `{name}`: {e}"))?;
    let header = read_header(&mut entry).map_err(|e| format!("array `{name}`: {e}"))?;
    NpyFile::new(Cursor::new(header).chain(entry)).map_err(|e| format!("array `{name}`: {e}"))
}

/// Reads magic, version and header, and refuses a shape with more elements than there are addresses:
/// `npyz` multiplies the sizes unchecked.
fn read_header(entry: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; 10];
    entry
        .read_exact(&mut bytes)
        .map_err(|_| "no NumPy array".to_owned())?;
    let mut length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    if bytes[6] >= 2 {
        let mut rest = [0; 2];
        entry.read_exact(&mut rest).map_err(|e| e.to_string())?;
        bytes.extend(rest);
        length |= usize::from(u16::from_le_bytes(rest)) << 16;
    }
    if length > LONGEST_HEADER {
        return Err(format!("a header of {length} bytes is not believed"));
    }
    let start = bytes.len();
    bytes.resize(start + length, 0);
    entry
        .read_exact(&mut bytes[start..])
        .map_err(|_| "the header is truncated".to_owned())?;
    let text = String::from_utf8_lossy(&bytes[start..]);
    let shape = text.split("shape").nth(1).unwrap_or_default();
    let shape = shape.split(['(', ')']).nth(1).unwrap_or_default();
    let sizes = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty());
    let elements = sizes
        .map(|size| size.trim_end_matches('L').parse::<u64>().ok())
        .try_fold(8u64, |product, size| product.checked_mul(size?));
    match elements.filter(|bytes| *bytes <= i64::MAX as u64) {
        Some(_) => Ok(bytes),
        None => Err(format!("the shape ({shape}) is impossible")),
    }
}

fn read_array<T>(
    archive: &mut Archive,
    name: &str,
    read: fn(Entry<'_>) -> Result<Vec<T>, String>,
) -> Result<Vec<T>, String> {
    let entry = open(archive, name)?;
    if entry.shape().len() != 1 {
        return Err(format!(
            "`{name}` is {:?}, expected one dimension",
            entry.shape()
        ));
    }
    read(entry).map_err(|e| format!("array `{name}`: {e}"))
}

fn type_of(entry: &Entry<'_>) -> Result<TypeStr, String> {
    match entry.dtype() {
        DType::Plain(plain) => Ok(plain),
        other => Err(format!("type {} is not supported", other.descr())),
    }
}

/// The values read so far where the file ends early, so that the caller can name the record.
fn collect<T: Deserialize, U>(entry: Entry<'_>, convert: fn(T) -> U) -> Result<Vec<U>, String> {
    let reader = entry.data::<T>().map_err(|e| e.to_string())?;
    // Nothing is reserved: the length in the header is not to be trusted.
    let mut values = Vec::new();
    for value in reader {
        match value {
            Ok(value) => values.push(convert(value)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(values)
}

fn integers(entry: Entry<'_>) -> Result<Vec<i64>, String> {
    let kind = type_of(&entry)?;
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Int, 8) => collect(entry, |v: i64| v),
        (TypeChar::Int, 4) => collect(entry, |v: i32| v.into()),
        (TypeChar::Int, 2) => collect(entry, |v: i16| v.into()),
        (TypeChar::Int, 1) => collect(entry, |v: i8| v.into()),
        (TypeChar::Uint, 4) => collect(entry, |v: u32| v.into()),
        (TypeChar::Uint, 2) => collect(entry, |v: u16| v.into()),
        (TypeChar::Uint, 1) => collect(entry, |v: u8| v.into()),
        _ => Err(format!(
            "labels of type {kind} are not supported: expected integers"
        )),
    }
}

fn names(entry: Entry<'_>) -> Result<Vec<String>, String> {
    let kind = type_of(&entry)?;
    match kind.type_char() {
        TypeChar::UnicodeStr => collect(entry, |v: String| v),
        TypeChar::ByteStr => collect(entry, |v: Vec<u8>| String::from_utf8_lossy(&v).into_owned()),
        _ => Ok(integers(entry)?.iter().map(i64::to_string).collect()),
    }
}

/// Shape and values, row-major. Little-endian float32, the usual case, is read in one piece.
fn floats(entry: Entry<'_>) -> Result<(Vec<usize>, Vec<f32>), String> {
    let kind = type_of(&entry)?;
    let shape: Vec<usize> = entry.shape().iter().map(|&n| n as usize).collect();
    if entry.header().order() == Order::Fortran {
        return Err("`x` is in Fortran order; save it with np.ascontiguousarray(x)".into());
    }
    let values = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 4) if kind.to_string().starts_with('<') => {
            let mut bytes = Vec::new();
            let mut inner = entry.into_inner();
            inner.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
            let chunks = bytes.chunks_exact(4);
            chunks
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect()
        }
        (TypeChar::Float, 4) => collect(entry, |v: f32| v)?,
        (TypeChar::Float, 8) => collect(entry, |v: f64| v as f32)?,
        (TypeChar::Int, 8) => collect(entry, |v: i64| v as f32)?,
        (TypeChar::Int, 4) => collect(entry, |v: i32| v as f32)?,
        (TypeChar::Int, 2) => collect(entry, |v: i16| v.into())?,
        _ => {
            return Err(format!(
                "`x` of type {kind} is not supported: expected float32"
            ));
        }
    };
    Ok((shape, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        while !(header.len() + 11).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn archive(arrays: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in arrays {
            let options = SimpleFileOptions::default().compression_method(method);
            writer.start_file(format!("{name}.npy"), options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Record>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, bytes).unwrap();
        let mut records = Vec::new();
        let result = Npz.read(&path, &Wanted::default(), &mut |record| {
            records.push(record);
            Ok(())
        });
        result.map(|()| records).map_err(|e| e.to_string())
    }

    fn floats(n: usize) -> Vec<u8> {
        (0..n).flat_map(|i| (i as f32).to_le_bytes()).collect()
    }

    fn labels() -> (&'static str, Vec<u8>) {
        (
            "y",
            npy("<i8", "(2,)", &[1i64, 2].map(i64::to_le_bytes).concat()),
        )
    }

    #[test]
    fn stored_deflated_and_other_types() {
        let utf32 = |text: &str| {
            let chars = text.chars().flat_map(|c| (c as u32).to_le_bytes());
            chars.collect::<Vec<u8>>()
        };
        let group = (
            "group",
            npy("<U2", "(2,)", &[utf32("ab"), utf32("cd")].concat()),
        );
        let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
        for method in [
            zip::CompressionMethod::Stored,
            zip::CompressionMethod::Deflated,
        ] {
            let arrays = [x.clone(), labels(), group.clone()];
            let records = read(&archive(&arrays, method)).unwrap();
            assert_eq!(records.len(), 2);
            assert_eq!((records[1].values[0], records[1].label), (16.0, 2));
            assert_eq!(records[1].group.as_deref(), Some("cd"));
        }
        let doubles: Vec<u8> = (0..32).flat_map(|i| f64::from(i).to_le_bytes()).collect();
        let arrays = [("x", npy("<f8", "(2, 2, 8)", &doubles)), labels()];
        let records = read(&archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
        assert_eq!((records[0].values[3], &records[0].group), (3.0, &None));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let read = |x: Vec<u8>| {
            read(&archive(
                &[("x", x), labels()],
                zip::CompressionMethod::Stored,
            ))
        };
        let huge = "(2, 4294967296, 4294967296)";
        for (x, expected) in [
            (
                npy("<f4", "(2, 2, 8)", &floats(31)),
                "record 1: `x` ends before this sample",
            ),
            (
                npy("<f4", "(3, 2, 8)", &floats(48)),
                "for the 2 labels of `y`",
            ),
            (npy("<f4", "(2, 16)", &floats(32)), "expected [2, 2, 1024]"),
            (npy("<f4", huge, &floats(4)), "is impossible"),
            (npy("<f4", "(2, 0, 8)", &[]), "impossible shape"),
            (
                npy("<c8", "(2, 2, 8)", &floats(64)),
                "is not supported: expected float32",
            ),
        ] {
            let error = read(x).unwrap_err();
            assert!(
                error.contains("a.npz") && error.contains(expected),
                "{error}"
            );
        }
    }

    proptest! {
        /// No bytes make the reader panic.
        #[test]
        fn damaged_files_are_errors(at in 0usize..2000, value: u8, cut in 0usize..600) {
            let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
            let mut bytes = archive(&[x, labels()], zip::CompressionMethod::Stored);
            let at = at % bytes.len();
            bytes[at] = value;
            bytes.truncate(bytes.len() - cut % 100);
            let _ = read(&bytes);
        }
    }
}
