//! Structs in Thrift's compact protocol ("thrift-compact-protocol.md" in Apache Thrift's documentation), as far as Parquet
//! has them.

/// Deepest nesting that is followed; that of a page header is three, that of a footer seven.
const DEEPEST: usize = 16;

/// The type of a list.
pub(super) const LIST: u8 = 9;
const MAP: u8 = 11;

/// Number and type of the next field, which is 0 behind the last.
pub(super) fn next_field(rest: &mut &[u8], before: i64) -> Option<(i64, u8)> {
    let byte = take(rest, 1)?[0];
    let kind = byte & 15;
    let number = match (byte >> 4, kind) {
        (_, 0) => before,
        (0, _) => zigzag(rest)?,
        (step, _) => before.checked_add(step.into())?,
    };
    Some((number, kind))
}

/// Passes over a value. `largest` becomes the number of elements of a list or map in it if one claims more.
pub(super) fn skip(rest: &mut &[u8], kind: u8, depth: usize, largest: &mut u64) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    match kind {
        // True and false are separate types without content.
        1 | 2 => {}
        3 => drop(take(rest, 1)?),
        4..=6 => drop(varint(rest)?),
        7 => drop(take(rest, 8)?),
        8 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            take(rest, length)?;
        }
        LIST | 10 => {
            let head = *rest.first()?;
            let count = length(rest)?;
            *largest = count.max(*largest);
            for _ in 0..count {
                // A boolean in a list takes one byte.
                let kind = if head & 15 <= 2 { 3 } else { head & 15 };
                skip(rest, kind, depth + 1, largest)?;
            }
        }
        12 => {
            let mut field = 0;
            loop {
                let (number, kind) = next_field(rest, field)?;
                if kind == 0 {
                    break;
                }
                field = number;
                skip(rest, kind, depth + 1, largest)?;
            }
        }
        MAP => {
            // Parquet has none.
            *largest = varint(rest)?.max(*largest);
            return None;
        }
        _ => return None,
    }
    Some(())
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, more) = rest.split_at_checked(n)?;
    *rest = more;
    Some(taken)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

pub(super) fn zigzag(rest: &mut &[u8]) -> Option<i64> {
    let value = varint(rest)?;
    Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
}

/// Passes to the value of field `wanted` of a struct; `None` if it has none of this type.
pub(super) fn enter(rest: &mut &[u8], (wanted, of): (i64, u8)) -> Option<()> {
    let mut field = 0;
    loop {
        let (number, kind) = next_field(rest, field)?;
        match (number, kind) {
            (_, 0) => return None,
            (number, kind) if (number, kind) == (wanted, of) => return Some(()),
            _ => skip(rest, kind, 0, &mut 0)?,
        }
        field = number;
    }
}

/// The number of elements of a list, which follow.
pub(super) fn length(rest: &mut &[u8]) -> Option<u64> {
    match take(rest, 1)?[0] >> 4 {
        15 => varint(rest),
        few => Some(few.into()),
    }
}
