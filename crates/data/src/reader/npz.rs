//! NumPy archives: `x` `[N, channels, samples]` or `[N, channels, segments, bins]`, `y` `[N]`,
//! optional `group` `[N]`, stored or deflated.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Take};
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;

use super::arrays::{self, Array, Beside, Layout, Samples, describe, integers, list, names};
use super::names::Role;
use super::{Reader, Sink, Span, Wanted, Windows, unreadable, wrong};
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

    fn read(&self, path: &Path, wanted: &Wanted, sink: Sink<'_>) -> Result<(), DataError> {
        let mut archive = open(path)?;
        let name = samples_of(&mut archive, wanted).map_err(wrong(path))?;
        let unlabelled = wanted.label_is_optional && !has_labels(&archive);
        let beside = if unlabelled {
            None
        } else {
            Some(beside(&mut archive).map_err(wrong(path))?)
        };
        let (x, _) = entry(&mut archive, &name, u64::MAX).map_err(wrong(path))?;
        let layout = Layout::of(&name, &x).map_err(wrong(path))?;
        let beside = match beside {
            Some(beside) => beside,
            None => Beside::unlabelled(&layout).map_err(wrong(path))?,
        };
        beside.check(&layout).map_err(wrong(path))?;
        beside.read(path, &layout, &mut x.into_inner(), wanted, sink)
    }

    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let mut archive = open(path)?;
        let (layout, start) = stored(path, &mut archive)?;
        let length = std::fs::metadata(path).map_err(unreadable(path))?.len();
        arrays::spans(path, &layout, start, length).map(Some)
    }

    fn windows(&self, path: &Path, _wanted: &Wanted) -> Result<Box<dyn Windows>, DataError> {
        let mut archive = open(path)?;
        let (layout, _) = stored(path, &mut archive)?;
        let file = archive.into_inner().into_inner();
        Ok(Box::new(Samples { file, layout }))
    }
}

fn open(path: &Path) -> Result<Archive, DataError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let archive = ZipArchive::new(BufReader::with_capacity(1 << 16, file));
    archive.map_err(|e| wrong(path)(format!("not a zip archive: {e}")))
}

/// What `tell` makes of the arrays in an archive, in the order of their names, `most` at most; none where it is damaged.
pub(super) fn of_all<T>(
    path: &Path,
    most: usize,
    tell: impl Fn(String, &mut dyn std::io::Read) -> Option<T>,
) -> Option<Vec<T>> {
    let mut archive = open(path).ok()?;
    let mut there = arrays_in(&archive);
    there.sort();
    let mut told = Vec::new();
    for name in there.into_iter().take(most) {
        let mut entry = member(&mut archive, &name).ok()?;
        told.extend(tell(name, &mut entry));
    }
    Some(told)
}

type Entry<'a> = Array<Take<ZipFile<'a, BufReader<File>>>>;

/// The member of an archive that holds an array.
fn member<'a>(
    archive: &'a mut Archive,
    name: &str,
) -> Result<ZipFile<'a, BufReader<File>>, String> {
    archive
        .by_name(&format!("{name}.npy"))
        .map_err(|e| format!("no array `{name}`: {e}"))
}

/// An array, of which at most `limit` bytes are unpacked, and the place of its first value in a file that stores it.
fn entry<'a>(
    archive: &'a mut Archive,
    name: &str,
    limit: u64,
) -> Result<(Entry<'a>, Option<u64>), String> {
    let entry = member(archive, name)?;
    let stored = entry.compression() == zip::CompressionMethod::Stored;
    let start = entry.data_start().filter(|_| stored);
    let opened = arrays::open(entry.take(limit));
    let (array, header) = opened.map_err(|e| format!("array `{name}`: {e}"))?;
    Ok((array, start.map(|start| start + header)))
}

/// An array that is read to its end, where the archive's checksum is compared: a damaged label would be another label.
///
/// # Errors
/// With the name of the array, where it is missing or damaged.
fn whole(archive: &mut Archive, name: &str, limit: u64) -> Result<Array<Cursor<Vec<u8>>>, String> {
    let mut bytes = Vec::new();
    let read = member(archive, name)?.take(limit).read_to_end(&mut bytes);
    let opened = read.map_err(|e| e.to_string());
    let opened = opened.and_then(|_| arrays::open(Cursor::new(bytes)));
    let (array, _) = opened.map_err(|e| format!("array `{name}`: {e}"))?;
    Ok(array)
}

fn beside(archive: &mut Archive) -> Result<Beside, String> {
    // No list is longer than the file even where `x` is all zeros: what unpacks to more is made to.
    let limit = 64 * archive_length(archive)? + (1 << 16);
    let name = pick(archive, Role::Labels)?;
    let labels = list(&name, whole(archive, &name, limit)?, integers)?;
    let there = arrays_in(archive);
    let groups = Role::Groups.pick("group", there.iter().map(String::as_str))?;
    let groups = match groups {
        Some(name) => Some(list(name, whole(archive, name, limit)?, names)?),
        None => None,
    };
    Ok(Beside { labels, groups })
}

/// Names of the arrays in an archive.
fn arrays_in(archive: &Archive) -> Vec<String> {
    let names = archive.file_names().filter_map(Result::ok);
    let names = names.filter_map(|name| Some(name.strip_suffix(".npy")?.to_owned()));
    names.collect()
}

/// Whether an archive has labels.
fn has_labels(archive: &Archive) -> bool {
    let there = arrays_in(archive);
    let named = Role::Labels.pick("y", there.iter().map(String::as_str));
    !matches!(named, Ok(None)) || there.iter().any(|name| name == "arr_1")
}

/// The array of samples; the only one of an archive that needs no labels, whatever its name.
///
/// # Errors
/// As [`pick`].
fn samples_of(archive: &mut Archive, wanted: &Wanted) -> Result<String, String> {
    let mut there = arrays_in(archive);
    if wanted.label_is_optional && there.len() == 1 {
        return Ok(there.remove(0));
    }
    pick(archive, Role::Samples)
}

/// Arrays that are named where one is missing.
const NAMED: usize = 12;

/// The array that is `role`.
///
/// # Errors
/// With the arrays there are, where none or several may be it.
fn pick(archive: &mut Archive, role: Role) -> Result<String, String> {
    let (usual, unnamed) = match role {
        Role::Samples => ("x", "arr_0"),
        Role::Labels => ("y", "arr_1"),
        Role::Groups => ("group", "arr_2"),
    };
    let mut there = arrays_in(archive);
    there.sort();
    if let Some(name) = role.pick(usual, there.iter().map(String::as_str))? {
        return Ok(name.to_owned());
    }
    // As np.savez(file, x, y) names them.
    if there[..] == ["arr_0", "arr_1"] {
        return Ok(unnamed.to_owned());
    }
    let mut described = Vec::new();
    for name in there.iter().take(NAMED) {
        let found = entry(archive, name, 1 << 20).map(|(array, _)| describe(&array));
        described.push(
            format!("`{name}` {}", found.unwrap_or_default())
                .trim()
                .to_owned(),
        );
    }
    if there.len() > NAMED {
        described.push("...".into());
    }
    Err(format!(
        "no array `{usual}`: there is {}; expected `x` [N, channels, samples], `y` [N] with the numbers of classes and, \
         optional, `group` [N]",
        if described.is_empty() {
            "nothing".into()
        } else {
            described.join(", ")
        }
    ))
}

fn archive_length(archive: &Archive) -> Result<u64, String> {
    // The directory comes last: an archive ends a little after where it starts.
    Ok(archive.central_directory_start() + (1 << 16))
}

/// Layout of `x`, and where in the file its values begin.
fn stored(path: &Path, archive: &mut Archive) -> Result<(Layout, u64), DataError> {
    let name = pick(archive, Role::Samples).map_err(wrong(path))?;
    let (x, start) = entry(archive, &name, u64::MAX).map_err(wrong(path))?;
    let layout = Layout::of(&name, &x).map_err(wrong(path))?;
    layout.check_streamable(path)?;
    let start = start.ok_or_else(|| DataError::NotStreamable {
        path: path.to_owned(),
        reason: "its `x` is compressed; write it with np.savez in place of np.savez_compressed, or let `data convert` \
                 write it anew"
            .into(),
    })?;
    Ok((layout, start))
}

#[cfg(test)]
mod tests {
    use super::super::{Record, Window};
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
    fn samples_are_read_one_by_one_where_they_are_stored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let arrays = [("x", npy("<f4", "(2, 2, 8)", &floats(32))), labels()];
        let wanted = Wanted::default();
        let bytes = archive(&arrays, zip::CompressionMethod::Stored);
        std::fs::write(&path, &bytes).unwrap();
        let records = read(&bytes).unwrap();
        let spans = Npz.spans(&path).unwrap().unwrap();
        let mut windows = Npz.windows(&path, &wanted).unwrap();
        for i in [1, 0] {
            let window = windows.window(&path, i, spans[i]).unwrap();
            assert_eq!(window, Window::from(records[i].clone()));
        }
        std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Deflated)).unwrap();
        let error = Npz.spans(&path).unwrap_err().to_string();
        assert!(
            error.contains("a.npz: cannot be streamed: its `x` is compressed"),
            "{error}"
        );
    }

    #[test]
    fn both_orders_of_bytes_and_labels_alone() {
        let halves = |swap: bool| -> Vec<u8> {
            let bytes = (0..32).map(|i| half::f16::from_f32(i as f32).to_le_bytes());
            bytes
                .flat_map(|b| if swap { [b[1], b[0]] } else { b })
                .collect()
        };
        let of = |kind: &str, bytes: &[u8]| {
            let arrays = [("x", npy(kind, "(2, 2, 8)", bytes)), labels()];
            read(&archive(&arrays, zip::CompressionMethod::Stored)).unwrap()
        };
        let little = of("<f2", &halves(false));
        assert_eq!(little, of(">f2", &halves(true)));
        assert_eq!(little[1].values[15], 31.0);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let arrays = [("x", npy("<f4", "(2, 2, 8)", &floats(32))), labels()];
        std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Deflated)).unwrap();
        let wanted = Wanted {
            labels: Some(vec![2]),
            ..Default::default()
        };
        let mut lengths = Vec::new();
        let mut sink = |record: Record| {
            lengths.push((record.label, record.values.len()));
            Ok(())
        };
        Npz.read(&path, &wanted, &mut sink).unwrap();
        assert_eq!(lengths, [(1, 0), (2, 16)]);
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
            (
                npy("<f4", "(2, 16)", &floats(32)),
                "expected [N, 2, 1024] or [N, 2, 7, 256]",
            ),
            (npy("<f4", huge, &floats(4)), "is impossible"),
            // Found by fuzzing: it kept the parser busy for ever.
            (
                npy(&format!("<f4', 'x': {}'", "[".repeat(70)), "(2, 2, 8)", &[]),
                "is nested too deeply",
            ),
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

    #[test]
    fn a_damaged_label_is_an_error() {
        let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
        let mut bytes = archive(&[x, labels()], zip::CompressionMethod::Stored);
        assert!(read(&bytes).is_ok());
        // The labels are the last values before the archive's directory.
        let directory = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        assert_eq!(bytes[directory - 8], 2, "the label of the last record");
        bytes[directory - 8] = 1;
        assert!(read(&bytes).unwrap_err().contains("array `y`"));
    }

    proptest! {
        /// Damage is an error, or harmless: never another sample. Read one by one, nothing panics.
        #[test]
        fn damage_changes_no_sample(at in 0usize..2000, value: u8, cut in 0usize..600) {
            let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
            let mut bytes = archive(&[x, labels()], zip::CompressionMethod::Stored);
            let whole = read(&bytes).unwrap();
            let at = at % bytes.len();
            bytes[at] = value;
            bytes.truncate(bytes.len() - cut % 100);
            match read(&bytes) {
                Ok(records) => prop_assert_eq!(records, whole),
                Err(error) => prop_assert!(error.contains("a.npz"), "{}", error),
            }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.npz");
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(Some(spans)) = Npz.spans(&path) {
                let mut windows = Npz.windows(&path, &Wanted::default()).unwrap();
                for (i, span) in spans.into_iter().enumerate() {
                    let _ = windows.window(&path, i, span);
                }
            }
        }
    }
}
