//! Which format a file has, and its beginning alone.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use super::{
    Contents, Hints, LARGEST, ah, asdf, clock_set, columns, cosmos, css, datacast, evt, extension,
    gcf, geocsv, gse, handler, mseed, nanometrics, other_rate, pdas, reftek, rg16, sac, seg2, segy,
    seisan, signatures, strong_motion, suds, table, text, time_series, to_hdf, unreadable, wav,
    win, with_samples,
};
use crate::error::recording::TableError;
use crate::error::{DataError, RecordingError, in_file};
use crate::{gzip, limited};
use Recognised::{Content, Extension};

/// Decompresses a gzip stream.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, RecordingError> {
    let packed = flate2::read::MultiGzDecoder::new(bytes);
    let plain = limited::read(packed, LARGEST).map_err(RecordingError::Gzip)?;
    plain.ok_or(RecordingError::UnpackedTooLarge { limit: LARGEST })
}

/// Reads the content of a format.
type ReadContents = fn(&Bytes, &Hints) -> Result<Contents, RecordingError>;

/// How a format is recognised.
enum Recognised {
    /// By the content of a file.
    Content(fn(&[u8]) -> bool),
    /// By one of these extensions, in lower case.
    Extension(&'static [&'static str]),
    /// As a text, whatever its extension.
    Text,
}

const MINISEED: &str = "miniSEED";
const PARQUET: &str = "Parquet";
const PANDAS: &str = "HDF5 of pandas";
const TABLE: &str = "table";

/// A recording format: its name, how it is recognised, and its reader.
struct Format(&'static str, Recognised, ReadContents);

impl Format {
    fn accepts(&self, bytes: &[u8], extension: &str) -> bool {
        match self.1 {
            Content(is) => is(bytes),
            Extension(names) => names.contains(&extension),
            Recognised::Text => text::is(bytes),
        }
    }
}

/// All formats; the first one that accepts a file reads it. Formats recognised by content come before those recognised by
/// extension.
const FORMATS: [Format; 38] = [
    Format(PARQUET, Content(columns::is), columns::read),
    Format("WAV", Content(wav::is), |bytes, hints| {
        wav::read(bytes, hints)
    }),
    Format(MINISEED, Content(mseed::is), read_mseed),
    Format("Reftek 130", Content(reftek::is), |bytes, hints| {
        reftek::read(bytes, hints)
    }),
    Format("EVT of Kinemetrics", Content(evt::is), |bytes, hints| {
        evt::read(bytes, hints)
    }),
    Format(
        "Y of Nanometrics",
        Content(nanometrics::is),
        |bytes, hints| nanometrics::read(bytes, hints),
    ),
    Format("PDAS", Content(pdas::is), |bytes, hints| {
        pdas::read(bytes, hints)
    }),
    Format("RG16", Content(rg16::is), |bytes, hints| {
        rg16::read(bytes, hints)
    }),
    Format("SEISAN", Content(seisan::is), |bytes, hints| {
        seisan::read(bytes, hints)
    }),
    // A header of SAC may look like one of its blocks, but samples do not add up there.
    Format("GCF", Content(gcf::is), |bytes, hints| {
        gcf::read(bytes, hints)
    }),
    Format("ASDF", Content(asdf::is), |bytes, hints| {
        asdf::read(bytes, hints)
    }),
    Format(PANDAS, Content(to_hdf::is), |bytes, hints| {
        to_hdf::read(bytes, hints)
    }),
    Format("GSE2", Content(gse::is_2), |bytes, hints| {
        gse::read(bytes, hints)
    }),
    Format("GSE1", Content(gse::is_1), |bytes, hints| {
        gse::read(bytes, hints)
    }),
    Format("CSS 3.0", Content(css::is), |bytes, hints| {
        css::read(bytes, hints)
    }),
    Format("SEG-2", Content(seg2::is), |bytes, hints| {
        seg2::read(bytes, hints)
    }),
    Format("SAC", Content(sac::is), |bytes, hints| {
        sac::read(bytes, hints)
    }),
    Format("AH", Content(ah::is), |bytes, hints| ah::read(bytes, hints)),
    Format("PC-SUDS", Content(suds::is), |bytes, hints| {
        suds::read(bytes, hints)
    }),
    Format(
        "Seismic Handler Q",
        Content(handler::is_q),
        |bytes, hints| handler::read_q(bytes, hints),
    ),
    Format(
        "Seismic Handler",
        Content(handler::is_asc),
        |bytes, hints| handler::read_asc(bytes, hints),
    ),
    Format("WIN", Content(win::is), |bytes, hints| {
        win::read(bytes, hints)
    }),
    Format("K-NET", Content(strong_motion::is_knet), |bytes, hints| {
        strong_motion::read_knet(bytes, hints)
    }),
    Format("PEER", Content(strong_motion::is_peer), |bytes, hints| {
        strong_motion::read_peer(bytes, hints)
    }),
    Format("CSMNC", Content(strong_motion::is_csmnc), |bytes, hints| {
        strong_motion::read_csmnc(bytes, hints)
    }),
    Format("ESM", Content(strong_motion::is_esm), |bytes, hints| {
        strong_motion::read_esm(bytes, hints)
    }),
    Format("SMC", Content(strong_motion::is_smc), |bytes, hints| {
        strong_motion::read_smc(bytes, hints)
    }),
    Format(
        "GeoNet",
        Content(strong_motion::is_geonet),
        |bytes, hints| strong_motion::read_geonet(bytes, hints),
    ),
    Format(
        "text of a web service",
        Content(time_series::is),
        |bytes, hints| time_series::read(bytes, hints),
    ),
    Format("GeoCSV", Content(geocsv::is), |bytes, hints| {
        geocsv::read(bytes, hints)
    }),
    Format(
        "text of a Raspberry Shake (UDP)",
        Content(datacast::is),
        |bytes, hints| datacast::read(bytes, hints),
    ),
    Format(
        "strong-motion text of COSMOS or CSMIP",
        Content(cosmos::is),
        |bytes, hints| cosmos::read(bytes, hints),
    ),
    Format(TABLE, Extension(&["csv", "txt", "tsv"]), |bytes, hints| {
        table::read(bytes, hints)
    }),
    // The magic bytes are not at the start of the file.
    Format(MINISEED, Content(mseed::is_inside), read_mseed),
    // Other bytes before records of miniSEED may look like headers of SEG-Y.
    Format("SEG-Y", Content(segy::is), |bytes, hints| {
        segy::read(bytes, hints)
    }),
    Format("Seismic Unix", Content(segy::is_su), |bytes, hints| {
        segy::read_su(bytes, hints)
    }),
    // Loggers use various extensions for tables.
    Format(TABLE, Extension(&["dat", "asc", "log", ""]), maybe_table),
    Format(TABLE, Recognised::Text, maybe_table),
];

/// Name of the format of a file that is recognised by its beginning; `None` also for tables, as Parquet files and those of pandas may be.
pub(crate) fn format_of(head: &[u8]) -> Option<&'static str> {
    let is = |format: &&Format| matches!(format.1, Content(is) if is(head));
    let name = FORMATS.iter().find(is)?.0;
    (![PARQUET, PANDAS].contains(&name)).then_some(name)
}

fn read_mseed(bytes: &Bytes, hints: &Hints) -> Result<Contents, RecordingError> {
    mseed::read(bytes, hints)
}

/// Reads a table whose extension does not say that it is one.
fn maybe_table(bytes: &Bytes, hints: &Hints) -> Result<Contents, RecordingError> {
    table::read(bytes, hints).map_err(|problem| RecordingError::NotTable(Box::new(problem)))
}

/// Like [`read`](super::read), from the content of a file. Most formats are recognised by content, tables by their `extension`.
///
/// # Errors
/// If the content is damaged or of an unknown format.
pub fn parse(bytes: &[u8], extension: &str, hints: &Hints) -> Result<Contents, RecordingError> {
    parse_shared(&Bytes::copy_from_slice(bytes), extension, hints)
}

/// Like [`parse`], without a copy of the content.
pub(super) fn parse_shared(
    bytes: &Bytes,
    extension: &str,
    hints: &Hints,
) -> Result<Contents, RecordingError> {
    parse_named(bytes, extension, hints).map(|(_, contents)| contents)
}

/// Like [`parse_shared`], with the name of the format.
fn parse_named(
    bytes: &Bytes,
    extension: &str,
    hints: &Hints,
) -> Result<(&'static str, Contents), RecordingError> {
    if bytes.is_empty() {
        return Err(RecordingError::EmptyFile);
    }
    if gzip::is(bytes) {
        let plain = Bytes::from(unpacked(bytes)?);
        if gzip::is(&plain) {
            return Err(RecordingError::GzipTwice);
        }
        return parse_named(&plain, extension, hints);
    }
    let mut formats = FORMATS.iter();
    let format = formats.find(|format| format.accepts(bytes, extension));
    if format.is_none_or(|format| !matches!(format.1, Content(_)))
        && let Some(other) = signatures::of(bytes).or_else(|| signatures::of_extension(extension))
    {
        return Err(RecordingError::OtherFormat(other));
    }
    let format = format.ok_or(RecordingError::UnknownFormat)?;
    let contents = checked((format.2)(bytes, hints)?, hints)?;
    Ok((format.0, contents))
}

/// What a file contains, with the notes of every format.
///
/// # Errors
/// If rows with labels are wanted, and it has none.
pub(super) fn checked(mut contents: Contents, hints: &Hints) -> Result<Contents, RecordingError> {
    if let (Some(labels), []) = (&hints.labels, &contents.rows[..]) {
        let name = labels.label.clone();
        return Err(TableError::NoRowLabels { name }.into());
    }
    let rates = contents.traces.iter().map(|trace| trace.rate);
    let note = other_rate(hints, rates.collect());
    contents.notes.extend(note);
    let spans = contents
        .traces
        .iter()
        .map(|trace| (trace.start, trace.end()));
    contents.notes.extend(clock_set(spans));
    Ok(contents)
}

/// A recording, or the beginning of a large one.
pub(crate) struct Excerpt {
    /// Name of the format.
    pub format: &'static str,
    pub contents: Contents,
    /// How many times as long the whole file is; 1 if all was read.
    pub times: f64,
}

/// Reads the first `most` bytes of a file, packed or not. Parquet stores its columns at the end of a file, and HDF5
/// what tells where they are: of longer ones, nothing is known.
///
/// # Errors
/// As for [`super::read`].
pub(crate) fn beginning(path: &Path, hints: &Hints, most: u64) -> Result<Excerpt, DataError> {
    let error = in_file::<RecordingError>(path);
    let file = File::open(path).map_err(unreadable(path))?;
    let length = file.metadata().map_err(unreadable(path))?.len();
    let head = limited_head(file, most).map_err(unreadable(path))?;
    let mut times = (length as f64 / head.len().max(1) as f64).max(1.0);
    let mut bytes = head;
    if gzip::is(&bytes) {
        let mut packed = flate2::bufread::MultiGzDecoder::new(&bytes[..]);
        let mut plain = Vec::new();
        // The end of what was read is within the packed stream.
        let whole = (&mut packed).take(most).read_to_end(&mut plain);
        let left = packed.get_ref().len();
        if times == 1.0 && left == 0 {
            whole.map_err(|problem| error(RecordingError::Gzip(problem)))?;
        } else {
            times = length as f64 / (bytes.len() - left).max(1) as f64;
        }
        bytes = plain;
    }
    if times > 1.0 {
        if columns::is(&bytes) || to_hdf::is(&bytes) {
            return Err(error(RecordingError::TooLarge {
                bytes: length,
                limit: most,
            }));
        }
        if text::is(&bytes)
            && let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n')
        {
            bytes.truncate(end + 1);
        }
    }
    if css::is(&bytes) {
        // Its samples are in other files.
        let (end, more) = css::first(&bytes, most);
        bytes.truncate(end);
        times *= more;
    }
    let hints = hints.of_file(path);
    let parsed = parse_named(&Bytes::from(bytes), &extension(path), &hints);
    let (format, contents) = parsed.map_err(&error)?;
    Ok(Excerpt {
        format,
        contents: with_samples(contents).map_err(&error)?,
        times,
    })
}

/// At most `most` bytes of a file.
fn limited_head(file: File, most: u64) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(most).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::recording::KNOWN;

    /// What errors and the help of `data inspect` list.
    #[test]
    fn all_formats_are_named() {
        for Format(name, ..) in &FORMATS {
            let words = name.replace("strong-motion text of ", "");
            let words = words
                .split(' ')
                .filter(|word| word.starts_with(char::is_uppercase));
            for word in words.filter(|word| *word != "Q") {
                assert!(KNOWN.contains(word), "{name}: {word}");
            }
        }
        assert!(KNOWN.contains(MINISEED) && KNOWN.contains(TABLE));
    }
}
