//! GSE1, GSE2 and GCF, compared with ObsPy (`scripts/conformance/make_gse_gcf.py`), ASDF, compared with pyasdf (`make_asdf.py`), and
//! damaged files of these.

use super::conformance::{self, bytes, parse};

#[test]
fn every_file_holds_what_obspy_reads() {
    for (format, least) in [("gse1", 9), ("gse2", 10), ("gcf", 18), ("asdf", 5)] {
        conformance::check_all(format, least);
    }
}

#[test]
fn damaged_waveforms_of_gse2() {
    let sound = String::from_utf8(bytes("gse2", "three.gse")).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        parse(sound.replacen(from, to, 1).as_bytes())
    };
    // One of three is left out, whatever is wrong with it.
    let start = sound.find("DAT2\n").unwrap() + 5;
    let data = &sound[start..start + 8];
    for (from, to, why) in [
        (data, "lfRZmE~a", "which CM6 does not have"),
        (data, "7fRZmEma", "the checksum (CHK2) is"),
        (data, "zzzzzzzz", "more than 32 bits"),
        ("CM6      150", "CM7      150", "written as `CM7`"),
        (
            "2024/05/01",
            "2024/13/01",
            "the time in the header is `2024/13/01",
        ),
        (
            "  200.000000",
            "  2x0.000000",
            "the sampling rate in the header is `2x0.000000`",
        ),
        (
            "  200.000000",
            "    0.000000",
            "0 is not a valid sampling rate",
        ),
        (
            "     150",
            "     1 0",
            "the number of samples in the header is `1 0`",
        ),
        ("DAT2", "DATA", "no line `DAT2`"),
    ] {
        let contents = changed(from, to).unwrap();
        let channels: Vec<&str> = contents
            .traces
            .iter()
            .map(|trace| &*trace.channel)
            .collect();
        assert_eq!(channels, ["BW.RNHA..EHN", "BW.RNHA..EHE"], "{to}");
        let notes = contents.notes.all();
        assert!(
            notes[0].starts_with("left out the waveform in line 1: "),
            "{notes:?}"
        );
        assert!(notes[0].contains(why), "{notes:?}");
    }
    let error = parse(b"WID2 2024/05/01 10:00:07.255 RNHA").unwrap_err();
    assert!(
        error.contains("line 1: the sampling rate in the header is ``"),
        "{error}"
    );
    // Cut off, and with another number of samples than the header says.
    let text = String::from_utf8(bytes("gse2", "integers.gse")).unwrap();
    let whole = parse(text.as_bytes()).unwrap().traces.remove(0).samples;
    let cut = parse(&text.as_bytes()[..300]).unwrap();
    let found = &cut.traces[0].samples;
    assert_eq!(found[..found.len() - 1], whole[..found.len() - 1]);
    assert!(
        cut.notes[0]
            .to_string()
            .contains("the header says 97 samples, but")
    );
    assert!(cut.notes[1].to_string().contains("there is no checksum"));
    let fewer = parse(text.replacen("      97", "      90", 1).as_bytes());
    assert!(fewer.unwrap_err().contains("checksum"));
    // A number of samples that no memory has room for.
    let many = parse(text.replacen("      97", "99999997", 1).as_bytes()).unwrap();
    assert_eq!(many.traces[0].samples, whole);
}

#[test]
fn damaged_waveforms_of_gse1() {
    let sound = String::from_utf8(bytes("gse1", "integers.gse1")).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        parse(sound.replacen(from, to, 1).as_bytes())
    };
    for (from, to, why) in [
        (
            "2024122 10",
            "2023366 10",
            "the time in the header is `2023366 10 00 07 255`",
        ),
        (
            "2024122 10",
            "2024122 25",
            "the time in the header is `2024122 25",
        ),
        (
            "2024122 10",
            "2024000 10",
            "the time in the header is `2024000 10",
        ),
        (
            "124.9999924",
            "124.9x99924",
            "the sampling rate in the header is `124.9x99924`",
        ),
        ("INTV 0", "CMP7 0", "written as `CMP7`"),
        (
            "      93",
            "      9.",
            "the number of samples in the header is `9.`",
        ),
        ("DAT1", "DATA", "no line `DAT1`"),
        ("DAT1\n ", "DAT1\n 7", "the checksum (CHK1) is"),
    ] {
        let contents = changed(from, to).unwrap();
        let channels: Vec<&str> = contents
            .traces
            .iter()
            .map(|trace| &*trace.channel)
            .collect();
        assert_eq!(channels, [".RNHA..BN"], "{to}");
        let note = contents.notes[0].to_string();
        assert!(
            note.starts_with("left out the waveform in line 3: "),
            "{note}"
        );
        assert!(note.contains(why), "{note}");
    }
    // Without a checksum, the differences of the header count.
    let text = String::from_utf8(bytes("gse1", "first-differences.gse1")).unwrap();
    let whole = parse(text.as_bytes()).unwrap().traces;
    let bare = parse(text.split("CHK1").next().unwrap().as_bytes()).unwrap();
    assert_eq!(bare.traces, whole);
    assert!(
        bare.notes[0].contains("there is no checksum (CHK1)"),
        "{:?}",
        bare.notes
    );
    let other = text.replacen("CMP6 1", "CMP6 2", 1);
    assert!(parse(other.as_bytes()).unwrap_err().contains("checksum"));
    let cut = parse(&text.as_bytes()[..300]).unwrap();
    let found = &cut.traces[0].samples;
    assert_eq!(found[..], whole[0].samples[..found.len()]);
    assert!(
        cut.notes[0].contains("the header says 93 samples, but"),
        "{:?}",
        cut.notes
    );
    // A message without waveforms.
    let error = parse(b"XW01\n\nSTOP\n").unwrap_err();
    assert!(
        error.contains("a message in GSE1 format without waveforms"),
        "{error}"
    );
}

/// Only the checksum tells that bytes were read as they were written.
#[test]
fn damaged_bytes_of_cm8() {
    let sound = bytes("gse2", "bytes.gse");
    let start = sound
        .windows(5)
        .position(|window| window == b"DAT2\n")
        .unwrap()
        + 5;
    let changed = |at: usize, byte: u8| {
        let mut file = sound.clone();
        file[at] = byte;
        parse(&file).unwrap_err()
    };
    assert!(changed(start + 2, 0x23).contains("the checksum (CHK2) is"));
    let marks = [&sound[..start], b"\x80\x01\n", &sound[start..]].concat();
    let error = parse(&marks).unwrap_err();
    assert!(
        error.contains("the byte 0x01, which CM8 does not have"),
        "{error}"
    );
    let large = [
        &sound[..start],
        b"\xFF\xFF\xFF\xFF\xFF\x7F\n",
        &sound[start..],
    ]
    .concat();
    assert!(parse(&large).unwrap_err().contains("more than 32 bits"));
    let check = sound
        .windows(4)
        .rposition(|window| window == b"CHK2")
        .unwrap();
    let error = parse(&sound[..check]).unwrap_err();
    assert!(error.contains("with a checksum (CHK2) only"), "{error}");
    let fewer = [&sound[..check - 60], b"\n", &sound[check..]].concat();
    assert!(parse(&fewer).unwrap_err().contains("checksum"));
}

#[test]
fn damaged_blocks_of_gcf() {
    let sound = bytes("gcf", "bytes.gcf");
    let whole = parse(&sound).unwrap();
    let of = |changes: &[(usize, u8)]| {
        let mut file = sound.clone();
        for (at, byte) in changes {
            file[*at] = *byte;
        }
        parse(&file).unwrap()
    };
    let first = whole.traces[0].samples.len();
    for (changes, why) in [
        (&[(1024 + 13, 200)][..], ""),
        (&[(1024 + 13, 255)], "has the unknown code 255"),
        (&[(1024 + 14, 3)], "of unknown width"),
        (&[(1024 + 15, 251)], "has 251 records"),
        (&[(1024 + 15, 0)], "has 0 records"),
        (&[(1024 + 20, 1)], "does not begin with the sample"),
        (&[(1024 + 31, 99)], "but states"),
    ] {
        let contents = of(changes);
        if why.is_empty() {
            // Another rate: a stretch of its own.
            assert_eq!(contents.traces.len(), 2);
            continue;
        }
        let note = contents.notes[0].to_string();
        assert!(
            note.starts_with("left out 1 damaged block of 2: block 2 "),
            "{note}"
        );
        assert!(note.contains(why), "{note}");
        assert!(contents.traces[0].samples.len() < first);
    }
    // A block of text about the recorder, and a last block that is cut off.
    let status = [vec![0; 1024], sound.clone(), vec![0; 100]].concat();
    let contents = parse(&status).unwrap();
    assert_eq!(contents.traces, whole.traces);
    assert_eq!(contents.notes.len(), 2, "{:?}", contents.notes);
    // Without a sound block at the beginning it is no such file.
    let mut file = sound[..1024].to_vec();
    file[30] ^= 1;
    parse(&file).unwrap_err();
}

/// A block of GCF with one record of zeros, which adds up whatever it is.
fn zeros() -> Vec<u8> {
    let mut block = vec![0; 1024];
    block[..16].copy_from_slice(&[
        0x88, 4, 0x50, 0xC1, 0x15, 0xA0, 0xB9, 0xFE, 0x4B, 0xBF, 0x0D, 0x88, 0, 100, 4, 1,
    ]);
    block
}

/// Anything with zeros behind it may look like a block.
#[test]
fn other_files_than_gcf() {
    let records = bytes("miniseed", "steim2-be-header-be-data.mseed");
    let sound = parse(&records).unwrap().traces;
    for before in [1, 2, 4] {
        let before = zeros().repeat(before);
        let contents = parse(&[&before[..], &records].concat()).unwrap();
        assert_eq!(contents.traces, sound);
    }
    let noise = [0xA5; 3000];
    let error = parse(&[&zeros()[..], &noise].concat()).unwrap_err();
    assert!(error.contains("unknown format"), "{error}");
    let nameless = [&[0; 8], &zeros()[8..]].concat().repeat(2);
    parse(&nameless).unwrap_err();
    // The state of the recorder alone looks like any zeros.
    parse(&[0; 1024]).unwrap_err();
    // A sensor that is not connected.
    for count in [1, 2, 9] {
        let contents = parse(&zeros().repeat(count)).unwrap();
        assert_eq!(contents.traces[0].channel, "6018N2");
        assert_eq!(contents.traces[0].samples[..4], [0.0; 4]);
    }
    // Behind damaged blocks, one with samples tells enough.
    let block = &bytes("gcf", "bytes.gcf")[..1024];
    let damaged = [&zeros()[..13], &[255; 1011]].concat();
    let contents = parse(&[&damaged[..], &damaged, block].concat()).unwrap();
    assert_eq!(contents.traces, parse(block).unwrap().traces);
}

/// What cannot be read of a file of pyasdf is left out, and a file without sound traces is refused.
#[test]
fn damaged_arrays_of_asdf() {
    let sound = bytes("asdf", "plain.h5");
    let names = |name: &[u8]| {
        let places = (0..sound.len()).filter(|at| sound[*at..].starts_with(name));
        places.collect::<Vec<_>>()
    };
    let renamed = |which: usize| {
        let mut file = sound.clone();
        for at in names(b"sampling_rate").into_iter().skip(which).take(1) {
            file[at] = b'X';
        }
        file
    };
    let contents = parse(&renamed(0)).unwrap();
    assert_eq!(contents.traces.len(), 2);
    let note = contents.notes[0].to_string();
    assert!(
        note.contains("the attribute `sampling_rate` cannot be read"),
        "{note}"
    );
    for at in [200, 800, 2000, sound.len() / 2] {
        let _ = parse(&sound[..at]).map(|contents| assert!(contents.traces.len() < 3));
    }
}

/// Other programs make no groups beside that of the traces.
#[test]
fn files_of_asdf_without_other_groups() {
    let mut file = bytes("asdf", "plain.h5");
    for name in [&b"Provenance"[..], b"AuxiliaryData"] {
        for at in 0..file.len() - name.len() {
            if file[at..].starts_with(name) {
                file[at + name.len() - 1] = b'X';
            }
        }
    }
    assert_eq!(parse(&file).unwrap().traces.len(), 3);
}
