//! NumPy archives: `x` `[N, channels, samples]` or `[N, channels, segments, bins]`, `y` `[N]`,
//! optional `group` `[N]`, stored or deflated.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Take};
use std::path::Path;

use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use super::arrays::{self, Annotations, Layout, Samples};
use super::lists::{self, Array, describe, labels, list, names};
use super::names::{Role, is_rate, split_of};
use super::notes::{Candidate, distinct, joined, twins};
use super::{Reader, Sink, SourceSelection, Span, Windows, class_names, has_ending, unreadable};
use crate::error::sample::{ArrayError, SampleError};
use crate::error::{DataError, in_file};

/// The reader.
pub struct Npz;

/// Bytes of an array of rates, at most: of every sample its own.
const LARGEST_RATES: u64 = 1 << 24;

/// Bytes that hold the header of an array.
const HEAD: u64 = 1 << 17;

type Archive = ZipArchive<BufReader<File>>;

impl Reader for Npz {
    fn name(&self) -> &'static str {
        ".npz archives"
    }

    fn accepts(&self, path: &Path, head: &[u8]) -> bool {
        head.starts_with(b"PK\x03\x04") && has_ending(path, "npz")
    }

    fn read(&self, path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError> {
        let mut archive = open(path)?;
        let (annotations, layout, x) =
            parts(&mut archive, wanted).map_err(|e| in_file(path)(SampleError::from(e)))?;
        annotations.read(path, &layout, &mut x.into_inner(), wanted, sink)
    }

    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let mut archive = open(path)?;
        let (layout, start) = stored(path, &mut archive)?;
        let length = std::fs::metadata(path).map_err(unreadable(path))?.len();
        arrays::spans(path, &layout, start, length).map(Some)
    }

    fn note(&self, path: &Path, wanted: &SourceSelection) -> Option<String> {
        let mut archive = open(path).ok()?;
        let there = arrays_in(&archive);
        let mut is_text = |name: &str| {
            entry(&mut archive, name, HEAD).is_ok_and(|(array, _)| lists::is_text(&array))
        };
        let candidates: Vec<_> = there
            .iter()
            .map(|name| Candidate {
                name,
                is_text: is_text(name),
            })
            .collect();
        let of_labels = wanted.note_of_labels(usual_names(Role::Labels).0, &candidates);
        let usual = [Role::Samples, Role::Groups].map(|role| (role, usual_names(role).0));
        let of_twins = twins(usual, &candidates);
        joined([of_twins, of_labels, note_of_samples(&mut archive, wanted)])
    }

    fn rates(&self, path: &Path) -> Vec<f64> {
        let Ok(mut archive) = open(path) else {
            return Vec::new();
        };
        let mut there = arrays_in(&archive).into_iter();
        let found = there.find(|name| is_rate(name));
        let array = found.and_then(|name| whole(&mut archive, &name, LARGEST_RATES).ok());
        distinct(array.map_or(Vec::new(), lists::numbers))
    }

    fn classes(&self, path: &Path) -> Option<Vec<String>> {
        let mut archive = open(path).ok()?;
        let mut there = arrays_in(&archive).into_iter();
        let name = there.find(|name| class_names::is_list(name))?;
        let array = whole(&mut archive, &name, HEAD).ok()?;
        names(Some(array).filter(lists::is_text)?).ok()
    }

    fn windows(
        &self,
        path: &Path,
        _wanted: &SourceSelection,
    ) -> Result<Box<dyn Windows>, DataError> {
        let mut archive = open(path)?;
        let (layout, _) = stored(path, &mut archive)?;
        let file = archive.into_inner().into_inner();
        Ok(Box::new(Samples { file, layout }))
    }
}

/// What to say of the first sample.
fn note_of_samples(archive: &mut Archive, wanted: &SourceSelection) -> Option<String> {
    let name = samples_of(archive, wanted).ok()?;
    let (x, _) = entry(archive, &name, u64::MAX).ok()?;
    Layout::of(&name, &x).ok()?.note(x.into_inner())
}

/// Labels and groups, and the samples, whose values have not been read.
fn parts<'a>(
    archive: &'a mut Archive,
    wanted: &SourceSelection,
) -> Result<(Annotations, Layout, Entry<'a>), ArrayError> {
    let name = samples_of(archive, wanted)?;
    let unlabelled = wanted.label_is_optional && !has_labels(archive);
    let read = if unlabelled {
        None
    } else {
        match annotations(archive, &name, wanted) {
            Err(_) if wanted.label_is_optional => None,
            read => Some(read?),
        }
    };
    let (x, _) = entry(archive, &name, u64::MAX)?;
    let layout = Layout::of(&name, &x)?;
    let annotations = match read {
        Some(annotations) => annotations,
        None => Annotations::unlabelled(&layout)?,
    };
    annotations.check(&layout)?;
    Ok((annotations, layout, x))
}

fn open(path: &Path) -> Result<Archive, DataError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let archive = ZipArchive::new(BufReader::with_capacity(1 << 16, file));
    archive.map_err(|e| in_file(path)(SampleError::from(ArrayError::NotZip(e))))
}

/// Applies `describe` to the first `most` arrays of an archive in the order of their names; `None` if the archive is
/// damaged.
pub(super) fn describe_all<T>(
    path: &Path,
    most: usize,
    describe: impl Fn(String, &mut dyn std::io::Read) -> Option<T>,
) -> Option<Vec<T>> {
    let mut archive = open(path).ok()?;
    let mut there = arrays_in(&archive);
    there.sort();
    let mut described = Vec::new();
    for name in there.into_iter().take(most) {
        let mut entry = member(&mut archive, &name).ok()?;
        described.extend(describe(name, &mut entry));
    }
    Some(described)
}

type Entry<'a> = Array<Take<ZipFile<'a, BufReader<File>>>>;

/// The member of an archive that holds an array.
fn member<'a>(
    archive: &'a mut Archive,
    name: &str,
) -> Result<ZipFile<'a, BufReader<File>>, ArrayError> {
    let entry = archive
        .by_name(&format!("{name}.npy"))
        .map_err(|source| ArrayError::Entry {
            name: name.to_owned(),
            source,
        })?;
    match entry.compression() {
        CompressionMethod::Stored | CompressionMethod::Deflated => Ok(entry),
        other => Err(ArrayError::in_array(name)(ArrayError::Packed {
            method: other.to_string(),
        })),
    }
}

/// An array, of which at most `limit` bytes are decompressed, and the offset of its first value if it is stored
/// uncompressed.
fn entry<'a>(
    archive: &'a mut Archive,
    name: &str,
    limit: u64,
) -> Result<(Entry<'a>, Option<u64>), ArrayError> {
    let entry = member(archive, name)?;
    let stored = entry.compression() == CompressionMethod::Stored;
    let start = entry.data_start().filter(|_| stored);
    let opened = lists::open(entry.take(limit));
    let (array, header) = opened.map_err(ArrayError::in_array(name))?;
    Ok((array, start.map(|start| start + header)))
}

/// Reads an array to its end, where the archive's checksum is verified; otherwise a damaged label could pass as another
/// label.
///
/// # Errors
/// If it is missing or damaged.
fn whole(
    archive: &mut Archive,
    name: &str,
    limit: u64,
) -> Result<Array<Cursor<Vec<u8>>>, ArrayError> {
    let mut bytes = Vec::new();
    let read = member(archive, name)?.take(limit).read_to_end(&mut bytes);
    let opened = read.map_err(ArrayError::Malformed);
    let opened = opened.and_then(|_| lists::open(Cursor::new(bytes)));
    let (array, _) = opened.map_err(ArrayError::in_array(name))?;
    Ok(array)
}

/// Reads labels and groups of the samples that are called `samples`.
fn annotations(
    archive: &mut Archive,
    samples: &str,
    wanted: &SourceSelection,
) -> Result<Annotations, ArrayError> {
    // Labels take less space than their samples, even if `x` is all zeros. A list that unpacks to more is malicious.
    let limit = 64 * archive_length(archive) + (1 << 16);
    let name = match own_label(archive, wanted) {
        Some(name) => name,
        None => pick(archive, Role::Labels)?,
    };
    let groups = known(&arrays_in(archive), Role::Groups)?;
    // Beside `x`, `test_group` rather names the group that is left out.
    let groups = groups.filter(|group| split_of(samples).is_some() || split_of(group).is_none());
    // Samples of training have no labels of a test.
    let others = [Some(&name), groups.as_ref()].into_iter().flatten();
    let others: Vec<&String> = others
        .filter(|other| split_of(other) != split_of(samples))
        .collect();
    if !others.is_empty() {
        let names = [samples]
            .into_iter()
            .chain(others.into_iter().map(String::as_str));
        return Err(ArrayError::Splits {
            names: names.map(str::to_owned).collect(),
        });
    }
    let array = whole(archive, &name, limit)?;
    let are_numbers = !lists::is_text(&array);
    let labels = labels(&name, array, wanted)?;
    if are_numbers {
        check_names(archive, limit, (&name, &labels), wanted)?;
    }
    let groups = match groups {
        Some(name) => Some(list(&name, whole(archive, &name, limit)?, names)?),
        None => None,
    };
    Ok(Annotations { labels, groups })
}

/// The array of labels that the configuration gives, or that is called as the task.
fn own_label(archive: &Archive, wanted: &SourceSelection) -> Option<String> {
    let mut there = arrays_in(archive).into_iter();
    there.find(|name| Some(&**name) == wanted.own_label())
}

/// Checks that the numbers of classes `of` samples, which are called `labels`, mean the same as in the configuration, if an archive
/// has names beside them.
///
/// # Errors
/// If the names say that it is not so.
fn check_names(
    archive: &mut Archive,
    limit: u64,
    (labels, of): (&str, &[i64]),
    wanted: &SourceSelection,
) -> Result<(), ArrayError> {
    let there = arrays_in(archive).into_iter().filter(|name| name != labels);
    for name in there.filter(|name| class_names::is_list(name) || class_names::is_text(name)) {
        let texts = whole(archive, &name, limit);
        let texts = texts.ok().filter(lists::is_text).map(names);
        let Some(Ok(texts)) = texts else { continue };
        let known = &wanted.class_names;
        if class_names::is_list(&name) && texts.len() <= known.len() {
            class_names::check_order(&name, texts, known)?;
        } else if texts.len() == of.len() {
            for (text, label) in texts.iter().zip(of) {
                class_names::check_text((&name, text), *label, wanted)?;
            }
        }
    }
    Ok(())
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
    !matches!(known(&there, Role::Labels), Ok(None)) || there.iter().any(|name| name == "arr_1")
}

/// Name of the array of samples. If labels are optional, this is the only array of an archive, whatever its name.
///
/// # Errors
/// See [`pick`].
fn samples_of(archive: &mut Archive, wanted: &SourceSelection) -> Result<String, ArrayError> {
    let mut there = arrays_in(archive);
    if wanted.label_is_optional && there.len() == 1 {
        return Ok(there.remove(0));
    }
    pick(archive, Role::Samples)
}

/// Number of arrays that are listed when one is missing.
const NAMED: usize = 12;

/// The usual name of an array with a role, and the one that NumPy gives it.
fn usual_names(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Samples => ("x", "arr_0"),
        Role::Labels => ("y", "arr_1"),
        Role::Groups => ("group", "arr_2"),
    }
}

/// Name of the array with the role `role`, if one has a known name, alone or with a word for a split.
///
/// # Errors
/// If several arrays have such a name.
fn known(there: &[String], role: Role) -> Result<Option<String>, ArrayError> {
    let names = || there.iter().map(String::as_str);
    let found = match role.pick(usual_names(role).0, names())? {
        None => role
            .pick_with_split(names())
            .map_err(|names| ArrayError::Splits { names })?,
        found => found,
    };
    Ok(found.map(str::to_owned))
}

/// Name of the array with the role `role`.
///
/// # Errors
/// If no array or several arrays have such a name; lists the arrays.
fn pick(archive: &mut Archive, role: Role) -> Result<String, ArrayError> {
    let (usual, unnamed) = usual_names(role);
    let mut there = arrays_in(archive);
    there.sort();
    if let Some(name) = known(&there, role)? {
        return Ok(name);
    }
    // The default names of np.savez(file, x, y).
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
    Err(ArrayError::Missing {
        usual,
        there: described,
    })
}

/// Upper bound for the length of the archive, whose directory comes last.
fn archive_length(archive: &Archive) -> u64 {
    archive.central_directory_start() + (1 << 16)
}

/// Layout of `x`, and the offset of its values in the file.
fn stored(path: &Path, archive: &mut Archive) -> Result<(Layout, u64), DataError> {
    let opened = pick(archive, Role::Samples).and_then(|name| {
        let (x, start) = entry(archive, &name, u64::MAX)?;
        Ok((Layout::of(&name, &x)?, start))
    });
    let (layout, start) = opened.map_err(|e| in_file(path)(SampleError::from(e)))?;
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
mod tests;
