//! Each kind of file is named, and no table is taken for one.

use super::super::{Hints, parse};
use super::*;

/// A file of zeros with `parts` at some places.
fn file(length: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; length];
    for (at, part) in parts {
        bytes[*at..at + part.len()].copy_from_slice(part);
    }
    bytes
}

fn of_file(bytes: &[u8]) -> String {
    of(bytes).map(|other| other.to_string()).unwrap_or_default()
}

#[test]
fn other_files_are_named() {
    for (bytes, word) in [
        (
            &b"PK\x03\x04..xl/workbook.xml"[..],
            "an Excel workbook: export",
        ),
        (b"PK\x03\x04..x.npy", "a NumPy archive"),
        (b"PK\x03\x04..day1.mseed", "a zip archive: unpack"),
        (
            b"x\n 3000 acceleration points equally spaced at .010 sec\n 1 2",
            "COSMOS",
        ),
        (
            b"TKO    BHZ      1325376000.00000     123456       12  2012001  1325379600.00000   360000  100.0000000 1.0 1.0 - o s4 - ./ x.w 0 1 2012\n",
            ".wfdisc of CSS 3.0",
        ),
        (
            b"\0\0\0\x06CODE\0\0\0\0\0\0\0\x06SHZ\0\0\0\0\0\0\0\0\x08WWSSN\0\0\0",
            "AH with a header that is damaged",
        ),
        (b"\0\0\x04\x4C\0\0\x05\0", "AH with a header that is damaged"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"BZh9", "bzip2"),
        (b"ORC\n\x07\x12\x05\x08\xD8\x04P\0", "a table of ORC"),
        (b"\xFF\xFB\x90\x44\0\0", "MP3 audio: convert it to WAV"),
        (b"NIST_1A\n   1024\n", "NIST SPHERE audio"),
        (b"Creative Voice File\x1A\x1A\0", "VOC audio"),
        (b"\xFD7zXZ\0", "xz"),
        (b"\x1F\x9D\x90", "compress (.Z)"),
        (b"\x89HDF\r\n\x1A\n..Waveforms..Provenance", "ASDF"),
        (b"\x89HDF\r\n\x1A\n..Acquisition..RawData", "fibre-optic"),
        (b"\x89HDF\r\n\x1A\n..x..", "SeisBench"),
        (b"MATLAB 7.3 MAT-file, Platform", "version 7.3"),
        (b"MATLAB 5.0 MAT-file, Platform", "a MATLAB file: export"),
        (
            b"\xEF\xBB\xBF\n<!doctype HTML>",
            "a page of HTML: the download went wrong",
        ),
        (b"<HTML><body>502", "a page of HTML"),
        (
            b"Error 413: Request Entity Too Large\n\nMore",
            "error message",
        ),
        (b"Error 204 - no data", "error message"),
        (b"404: Not Found", "error message"),
        (b"404 page not found\n", "error message"),
        (
            b"<?xml version='1.0'?><Error><Code>NoSuchKey",
            "error message",
        ),
        (b"{\"detail\": \"not found\"}", "JSON"),
        (b"[\n {\"t\": 1}]", "JSON"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid",
            "Git LFS",
        ),
    ] {
        let what = of_file(bytes);
        assert!(what.contains(word), "{word}: `{what}`");
    }
}

#[test]
fn files_of_other_programs_of_the_field_are_named() {
    let nordic =
        " 2013  9 1 0411 15.7 L -43.340 170.376  8.5  VUW  8 0.2 0.6LVUW                1\n";
    for (bytes, word) in [
        (
            &b"<?xml version='1.0'?>\n<FDSNStationXML xmlns=''>"[..],
            "StationXML",
        ),
        (b"<q:quakeml xmlns:q=''>", "QuakeML"),
        (b"<?xml version='1.0'?><kml>", "an XML document"),
        (nordic.as_bytes(), "S-file"),
        (b"WID2 2009/05/18 06:47:20.255", "GSE2"),
        (b"BEGIN GSE2.0\nMSG_TYPE DATA", "GSE2"),
        (b"%PDF-1.7", "a PDF"),
        (b"TDSm\x0E\0", "LabVIEW"),
    ] {
        let what = of_file(bytes);
        assert!(what.contains(word), "{word}: `{what}`");
    }
}

#[test]
fn texts_of_laboratories_are_named() {
    for (bytes, word) in [
        (
            &b"    -1\n    58\nAcc Z\nNONE\n"[..],
            "a universal file (UFF): export",
        ),
        (
            b"    -1\r\n    58b     1     2          11\r\n",
            "a universal file",
        ),
        (
            b"File type = \"ooTextFile\"\nObject class",
            "a file of Praat",
        ),
    ] {
        let what = of_file(bytes);
        assert!(what.contains(word), "{word}: `{what}`");
    }
    assert_eq!(of(b"    -1\n    58.0\n"), None);
}

#[test]
fn headers_behind_the_beginning_count() {
    // 97 + 46 + 99 + 115 + 118, and eight blanks.
    let tar = file(1024, &[(0, b"a.csv"), (148, b"001333\0 ")]);
    assert_eq!(of_file(&tar), "a tar archive: unpack it first");
    let packet: &[(usize, &[u8])] = &[(0, b"EH\0\x15"), (1024, b"DT\0\x15")];
    assert!(of_file(&file(2048, packet)).contains("Reftek"));
    let seisan = file(1000, &[(0, b"P\0\0\0"), (84, b"P\0\0\0")]);
    assert!(of_file(&seisan).contains("SEISAN"));
    let gcf = file(1024, &[(12, b"\x06\xAE\x02\xFA"), (22, b"\xFE\x23")]);
    assert!(of_file(&gcf).contains("GCF"));
    assert_eq!(of(&file(4096, &[])), None);
    assert_eq!(of(b""), None);
}

/// The error of the reader says the same, whatever the name of the file.
#[test]
fn names_do_not_matter() {
    for ending in ["csv", "mseed", "dat", "xlsx", ""] {
        let error = parse(b"Error 404: Not found", ending, &Hints::default());
        let error = error.unwrap_err().to_string();
        assert!(
            error.starts_with("is the error message of a server: the download went wrong"),
            "{error}"
        );
    }
}

#[test]
fn tables_are_tables() {
    for text in [
        "404,500,1\n405,501,2\n",
        "404 500 1\n405 501 2\n",
        "error,time\n1,2\n",
        "Error;500\n1;2\n",
        "[Header]\nrate=100\n",
        " 2013  9 1\n",
        "ID3,x\n1,2\n",
        "id,x\n1,2\n",
        "ORC,x\n1,2\n",
    ] {
        assert_eq!(of(text.as_bytes()), None, "{text}");
    }
}

/// Comments of a table may have the same words.
#[test]
fn comments_of_tables_are_no_signature() {
    for text in [
        "# Station GEO1, NPTS=300, DT=0.01\ntime,Z\n0,1\n0.01,2\n",
        "# a\n# b\n# c\n# NPTS: 300 START: 10:00 EDT\n1 2\n3 4\n",
        "PEER NGA,RSN1,NPTS=300,DT=0.01\ntime,acc\n0,1\n0.01,2\n",
        "# 300 data equally spaced at 0.01 s\n1\n2\n",
    ] {
        assert!(!is_cosmos(text.as_bytes()), "{text}");
    }
}
