//! NumPy archives: `x` `[N, channels, samples]` or `[N, channels, segments, bins]`, `y` `[N]`,
//! optional `group` `[N]`, stored or deflated.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, TypeStr};
use zip::ZipArchive;

use super::{Reader, Record, Sink};
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

    fn read(&self, path: &Path, sink: Sink<'_>) -> Result<(), DataError> {
        let source_error = |problem: String| DataError::Source {
            path: path.to_owned(),
            problem,
        };
        let file = File::open(path).map_err(|source| DataError::Read {
            what: "the sample source",
            path: path.to_owned(),
            source,
        })?;
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
        let length: usize = sample.iter().product();
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

type Entry<'a> = NpyFile<zip::read::ZipFile<'a, BufReader<File>>>;

fn open<'a>(archive: &'a mut Archive, name: &str) -> Result<Entry<'a>, String> {
    let entry = archive
        .by_name(&format!("{name}.npy"))
        .map_err(|e| format!("no array `{name}`: {e}"))?;
    NpyFile::new(entry).map_err(|e| format!("array `{name}`: {e}"))
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
