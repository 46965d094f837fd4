//! Files that are not read, recognised by their first bytes: what they are, and what to do.
//!
//! `SIGNATURES` has a row for each kind. Of several rows that fit, the first counts, so that special kinds come before
//! general ones. Tests of formats without an unambiguous beginning are in `foreign`.

mod foreign;

use self::foreign::{
    is_ah, is_bzip2, is_cosmos, is_error_message, is_gcf, is_json, is_nordic, is_orc, is_reftek,
    is_seisan, is_tar, is_uff, is_wfdisc,
};
use crate::error::recording::OtherFormat;

/// How a kind of file is recognised.
enum Test {
    /// Its first bytes.
    Start(&'static [u8]),
    /// Bytes at an offset.
    At(usize, &'static [u8]),
    /// The beginning of a text in lower case, after a byte-order mark and white space.
    Text(&'static str),
    /// Like `Text`, and a word somewhere near the beginning.
    TextWith(&'static str, &'static str),
    /// The first bytes, and others near the beginning or the end.
    With(&'static [u8], &'static [u8]),
    /// Anything else.
    By(fn(&[u8]) -> bool),
}

use Test::{At, By, Start, Text, TextWith, With};

/// A kind of file that is not read.
struct Signature {
    test: Test,
    /// What it is.
    what: &'static str,
    /// What to do.
    advice: &'static str,
}

const fn row(test: Test, what: &'static str, advice: &'static str) -> Signature {
    Signature { test, what, advice }
}

const CONVERT: &str = "convert it to miniSEED, such as with ObsPy";
const CONVERT_ASDF: &str = "convert its waveforms to miniSEED, such as with pyasdf";
const ONE_COLUMN: &str = "its rows are samples one after the other: write them into one column, and give the recording its `sampling_rate`";
const UNPACK: &str = "unpack it first";
const EXPORT: &str = "export it as CSV";
const EXPORT_TRACKS: &str = "export its tracks as WAV";
const FROM_MATLAB: &str = "export it as CSV or WAV; windows that are already cut: save them with NumPy, for an index file";
const TO_WAV: &str = "convert it to WAV";
const AGAIN: &str = "the download went wrong: download it again";
const NO_SAMPLES: &str = "it has no samples; give the file of the recording";

/// A table of CSS 3.0 whose rows are not as the schema has them.
const SHIFTED: OtherFormat = OtherFormat {
    what: "a .wfdisc of CSS 3.0 whose columns are shifted or cut",
    advice: "write its rows with 283 characters each, as the schema has them",
};

const HDF5: &[u8] = b"\x89HDF\r\n\x1A\n";
const ZIP: &[u8] = b"PK\x03\x04";

/// All kinds, special ones before general ones.
#[rustfmt::skip]
const SIGNATURES: &[Signature] = &[
    // Downloads that failed, and placeholders of large files.
    row(Text("<!doctype html"), "a page of HTML", AGAIN),
    row(Text("<html"), "a page of HTML", AGAIN),
    row(Text("<head"), "a page of HTML", AGAIN),
    row(TextWith("<", "<error>"), "the error message of a server", AGAIN),
    row(Text("http/1."), "the answer of a server", AGAIN),
    row(By(is_error_message), "the error message of a server", AGAIN),
    row(Text("version https://git-lfs.github.com/"), "a pointer of Git LFS", "fetch the file itself with `git lfs pull`"),
    row(Text("/annex/objects/"), "a pointer of git-annex", "fetch the file itself with `git annex get`"),
    row(TextWith("outs:", "md5:"), "a pointer of DVC", "fetch the file itself with `dvc pull`"),
    // Descriptions of stations and events.
    row(TextWith("<", "<fdsnstationxml"), "StationXML, a description of stations", NO_SAMPLES),
    row(TextWith("<", "quakeml"), "QuakeML, a list of events", NO_SAMPLES),
    row(TextWith("<", "<seiscomp"), "SeisComP XML, a description of stations or events", NO_SAMPLES),
    row(TextWith("<", "<xseed"), "XML-SEED, a description of stations", NO_SAMPLES),
    row(TextWith("<", "audacityproject"), "a project of Audacity", EXPORT_TRACKS),
    row(Text("<?xml"), "an XML document", NO_SAMPLES),
    row(By(is_nordic), "an S-file of SEISAN (Nordic format), a list of events", NO_SAMPLES),
    row(Text("begin gse2"), "a message in GSE2 format without waveforms", NO_SAMPLES),
    row(Text("begin gse1"), "a message in GSE1 format without waveforms", NO_SAMPLES),
    row(Text("xw01"), "a message in GSE1 format without waveforms", NO_SAMPLES),
    row(Text("begin ims1"), "a message in IMS1.0 format without waveforms", NO_SAMPLES),
    row(By(is_json), "JSON", EXPORT),
    row(Text("file type = \"ootextfile"), "a file of Praat", EXPORT),
    row(Text("webvtt"), "a file of subtitles (WebVTT)", EXPORT),
    row(TextWith("1", " --> "), "a file of subtitles (SubRip)", EXPORT),
    // Recordings in formats of seismology.
    row(Start(b"WID2 "), "GSE2", CONVERT),
    row(Start(b"WID1 "), "GSE1", CONVERT),
    row(By(is_cosmos), "a strong-motion file of COSMOS or CSMIP", ONE_COLUMN),
    row(By(is_uff), "a universal file (UFF)", EXPORT),
    row(TextWith("dataset ", "file_type "), "PDAS whose header has other lines than usual", CONVERT),
    row(By(is_seisan), "a waveform file of SEISAN with a header that is damaged or cut", AGAIN),
    row(By(is_wfdisc), SHIFTED.what, SHIFTED.advice),
    row(By(is_ah), "AH with a header that is damaged or cut", AGAIN),
    row(By(is_reftek), "raw data of a Reftek 130", CONVERT),
    row(By(is_gcf), "GCF of Güralp without a sound block at its beginning", AGAIN),
    row(At(2, b"\x80\x58"), "SEG-D of a Fairfield node, of another version than RG16 1.6", CONVERT),
    // Arrays and databases.
    row(With(HDF5, b"Provenance"), "ASDF (HDF5) without waveforms at its beginning", CONVERT_ASDF),
    row(With(HDF5, b"AuxiliaryData"), "ASDF (HDF5) without waveforms at its beginning", CONVERT_ASDF),
    row(With(HDF5, b"MATLAB_class"), "a MATLAB file of version 7.3 (HDF5)", FROM_MATLAB),
    row(With(HDF5, b"Acquisition"), "HDF5 of a fibre-optic (DAS) recorder", "export the channels to miniSEED, WAV or CSV"),
    row(Start(HDF5), "HDF5", "recordings in HDF5 are read if they are ASDF, of pandas (`to_hdf`), or of SeisBench folders with `metadata.csv` and `waveforms.hdf5` (key `seisbench`); export others to miniSEED, WAV or CSV"),
    row(Start(b"MATLAB 7.3"), "a MATLAB file of version 7.3 (HDF5)", FROM_MATLAB),
    row(Start(b"MATLAB "), "a MATLAB file", FROM_MATLAB),
    row(Start(b"\x93NUMPY"), "an array of NumPy", "save it as CSV or WAV, which have a sampling rate"),
    row(Start(b"CDF\x01"), "NetCDF", EXPORT),
    row(Start(b"CDF\x02"), "NetCDF", EXPORT),
    row(With(b"SQLite format 3", b"AUDY"), "a project of Audacity", EXPORT_TRACKS),
    row(Start(b"SQLite format 3"), "a database of SQLite", EXPORT),
    row(Start(b"ARROW1"), "a table of Arrow (Feather)", "save it as Parquet"),
    row(By(is_orc), "a table of ORC", "save it as Parquet"),
    row(Start(b"Obj\x01"), "a table of Avro", "save it as Parquet"),
    row(Start(b"RDX3\n"), "a file of R", EXPORT),
    row(Start(b"RDX2\n"), "a file of R", EXPORT),
    row(Start(b"\x80\x04\x95"), "a pickle of Python", EXPORT),
    row(Start(b"\x80\x05\x95"), "a pickle of Python", EXPORT),
    row(Start(b"TDSm"), "TDMS of LabVIEW", EXPORT),
    row(Start(b"MDF     "), "MDF", EXPORT),
    row(Start(b"\xFFBIOSEMI"), "BDF", EXPORT),
    // Documents and pictures.
    row(With(ZIP, b"xl/"), "an Excel workbook", EXPORT),
    row(With(ZIP, b"opendocument.spreadsheet"), "a spreadsheet of LibreOffice", EXPORT),
    row(With(ZIP, b"word/"), "a Word document", EXPORT),
    row(With(ZIP, b".npy"), "a NumPy archive (.npz)", "save it as CSV or WAV, which have a sampling rate; windows that are already cut belong into an index file"),
    row(With(ZIP, b"data.pkl"), "a file of PyTorch", "windows that are already cut belong into an index file"),
    row(Start(b"\xD0\xCF\x11\xE0"), "an old Excel workbook", EXPORT),
    row(Start(b"%PDF"), "a PDF", NO_SAMPLES),
    row(Start(b"{\\rtf"), "an RTF document", EXPORT),
    row(Start(b"\x89PNG"), "a picture", NO_SAMPLES),
    row(Start(b"\xFF\xD8\xFF"), "a picture", NO_SAMPLES),
    row(Start(b"GIF89a"), "a picture", NO_SAMPLES),
    // Audio.
    row(Start(b"fLaC"), "FLAC audio", TO_WAV),
    row(With(b"FORM", b"AIF"), "AIFF audio", TO_WAV),
    row(Start(b".snd"), "AU audio", TO_WAV),
    row(Start(b"caff\0"), "CAF audio", TO_WAV),
    row(Start(b"riff\x2E\x91\xCF\x11"), "Wave64 audio", "convert it to WAV or RF64"),
    row(Start(b"OggS\0"), "Ogg audio", TO_WAV),
    row(Start(b"ID3\x03\0"), "MP3 audio", TO_WAV),
    row(Start(b"ID3\x04\0"), "MP3 audio", TO_WAV),
    row(Start(b"\xFF\xFB"), "MP3 audio", TO_WAV),
    row(Start(b"\xFF\xF3"), "MP3 audio", TO_WAV),
    row(Start(b"NIST_1A"), "NIST SPHERE audio", TO_WAV),
    row(Start(b"Creative Voice File\x1A"), "VOC audio", TO_WAV),
    row(At(4, b"ftyp"), "MP4 audio or video", TO_WAV),
    // Archives.
    row(Start(ZIP), "a zip archive", UNPACK),
    row(Start(b"PK\x05\x06"), "an empty zip archive", AGAIN),
    row(By(is_tar), "a tar archive", UNPACK),
    row(Start(b"7z\xBC\xAF\x27\x1C"), "a 7z archive", UNPACK),
    row(Start(b"Rar!\x1A\x07"), "a RAR archive", UNPACK),
    row(Start(b"0707070"), "a cpio archive", UNPACK),
    row(By(is_bzip2), "packed with bzip2", UNPACK),
    row(Start(b"\xFD7zXZ"), "packed with xz", UNPACK),
    row(Start(b"\x28\xB5\x2F\xFD"), "packed with zstd", UNPACK),
    row(Start(b"\x04\x22\x4D\x18"), "packed with lz4", UNPACK),
    row(Start(b"LZIP\x01"), "packed with lzip", UNPACK),
    row(Start(b"\x1F\x9D"), "packed with compress (.Z)", UNPACK),
    row(Start(b"\x1F\xA0"), "packed with compress (.Z)", UNPACK),
    row(Start(b"\x1F\x8B"), "packed with gzip, twice or damaged", UNPACK),
];

/// Bytes at either end of a file that words are searched in.
const ENDS: usize = 64 << 10;

/// What a file of a kind that is not read is; `None` if it is unknown. The beginning of a file is enough for most kinds.
pub(crate) fn of(bytes: &[u8]) -> Option<OtherFormat> {
    let found = SIGNATURES.iter().find(|row| row.test.fits(bytes))?;
    Some(OtherFormat {
        what: found.what,
        advice: found.advice,
    })
}

/// Whether files of a kind never have samples: descriptions, and what failed downloads leave.
pub(super) fn lacks_samples(other: &OtherFormat) -> bool {
    [NO_SAMPLES, AGAIN].contains(&other.advice)
}

/// What a file is whose content tells nothing.
pub(crate) fn of_extension(extension: &str) -> Option<OtherFormat> {
    match extension {
        "w" => Some(OtherFormat {
            what: "samples of CSS 3.0",
            advice: "give the table (.wfdisc) that describes them",
        }),
        "qbn" => Some(OtherFormat {
            what: "samples of Seismic Handler",
            advice: "give the header (.QHD) that describes them",
        }),
        "wfdisc" => Some(SHIFTED),
        _ => None,
    }
}

impl Test {
    fn fits(&self, bytes: &[u8]) -> bool {
        match *self {
            Start(start) => bytes.starts_with(start),
            At(offset, part) => bytes
                .get(offset..)
                .is_some_and(|rest| rest.starts_with(part)),
            Text(start) => text_starts(bytes, start),
            TextWith(start, word) => {
                text_starts(bytes, start)
                    && has(
                        &bytes[..bytes.len().min(ENDS)].to_ascii_lowercase(),
                        word.as_bytes(),
                    )
            }
            With(start, word) => {
                bytes.starts_with(start)
                    && (has(&bytes[..bytes.len().min(ENDS)], word)
                        || has(&bytes[bytes.len().saturating_sub(ENDS)..], word))
            }
            By(test) => test(bytes),
        }
    }
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// Whether a text begins with `start`, in whatever case, after a byte-order mark and white space.
fn text_starts(bytes: &[u8], start: &str) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = text.trim_ascii_start().get(..start.len());
    text.is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

#[cfg(test)]
mod tests;
