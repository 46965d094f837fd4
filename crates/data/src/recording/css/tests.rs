//! How tables are recognised, and their first rows.

use super::*;

const TABLE: &[u8] = include_bytes!("../../../tests/fixtures/css/types.wfdisc");
const ROW: usize = 284;

#[test]
fn damaged_first_rows_are_still_a_table() {
    assert!(is(TABLE));
    let mut damaged = TABLE.to_vec();
    damaged[20] = b'x';
    damaged[ROW + 80..ROW + 87].fill(b'x');
    assert!(is(&damaged));
    let shifted = [b" ", &TABLE[..5 * ROW]].concat();
    assert!(is(&shifted));
    let all: Vec<u8> = TABLE
        .split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| [b" ", line].concat())
        .collect();
    assert!(!is(&all));
    assert!(!is(b"") && !is(&[b' '; 300]));
}

#[test]
fn the_first_rows_are_those_that_are_small_enough() {
    // Samples of 2, 2, 4, 4, 4, 4, 8, 8, 12, 15 and 24 bytes.
    let all = 37.0 * 87.0;
    assert_eq!(first(TABLE, 1 << 20), (TABLE.len(), 1.0));
    let (end, times) = first(TABLE, 37 * 8);
    assert_eq!(end, 3 * ROW);
    assert!((times - all / (37.0 * 8.0)).abs() < 1e-9);
    // One row at least.
    assert_eq!(first(TABLE, 0).0, ROW);
    assert_eq!(first(b"x\n", 0), (2, 1.0));
}
