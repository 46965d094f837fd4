//! NumPy arrays: opening them, and reading those of one dimension, which are labels and groups.

use std::io::{Chain, Cursor, Read};

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, TypeStr};

use super::element::Element;
use super::{SourceSelection, header};
use crate::error::sample::ArrayError;

/// An array whose header has been checked; it is parsed again from memory.
pub(super) type Array<R> = NpyFile<Chain<Cursor<Vec<u8>>, R>>;

/// Opens an array; also returns the length of its header in bytes.
///
/// # Errors
/// If the header is damaged or implausible.
pub(super) fn open<R: Read>(mut inner: R) -> Result<(Array<R>, u64), ArrayError> {
    let header = header::read(&mut inner)?;
    let length = header.len() as u64;
    let array = NpyFile::new(Cursor::new(header).chain(inner)).map_err(ArrayError::Malformed)?;
    Ok((array, length))
}

/// Reads the entries of an array of one dimension.
type ReadEntries<T, R> = fn(Array<R>) -> Result<Vec<T>, ArrayError>;

/// Reads an array of one dimension, or of two if one of them is 1.
///
/// # Errors
/// If it has another shape or type, or is truncated.
pub(super) fn list<T, R: Read>(
    name: &str,
    array: Array<R>,
    read: ReadEntries<T, R>,
) -> Result<Vec<T>, ArrayError> {
    let expected = match *array.shape() {
        [n] | [n, 1] | [1, n] => n,
        ref shape => {
            return Err(ArrayError::NotOneDimension {
                name: name.to_owned(),
                shape: shape.to_vec(),
            });
        }
    };
    let values = read(array).map_err(ArrayError::in_array(name))?;
    let found = values.len() as u64;
    if found == expected {
        Ok(values)
    } else {
        Err(ArrayError::in_array(name)(ArrayError::Truncated {
            found,
            expected,
        }))
    }
}

/// Reads labels: numbers of classes, a column for each class of which one is 1, or texts that are among the names of the classes.
///
/// # Errors
/// If a label is none of these.
pub(super) fn labels<R: Read>(
    name: &str,
    array: Array<R>,
    wanted: &SourceSelection,
) -> Result<Vec<i64>, ArrayError> {
    let class_names = &wanted.class_names;
    type_of(&array).map_err(ArrayError::in_array(name))?;
    let is_text = is_text(&array);
    if is_text && !class_names.is_empty() {
        let texts = list(name, array, names)?;
        return numbers_of(texts, class_names).map_err(ArrayError::in_array(name));
    }
    let is_table = matches!(*array.shape(), [n, classes] if n > 1 && classes > 1);
    if is_table && !is_text {
        one_hot(name, array, wanted)
    } else {
        list(name, array, integers)
    }
}

/// Whether an array has texts.
pub(super) fn is_text<R: Read>(array: &Array<R>) -> bool {
    let kind = type_of(array);
    kind.is_ok_and(|kind| matches!(kind.type_char(), TypeChar::UnicodeStr | TypeChar::ByteStr))
}

/// The number of the class that is called `text`.
pub(super) fn number_of(text: &str, class_names: &[String]) -> Option<i64> {
    let found = class_names.iter().position(|name| name == text.trim());
    found.map(|number| number as i64)
}

/// The numbers of classes that are called by name.
pub(super) fn numbers_of(
    texts: Vec<String>,
    class_names: &[String],
) -> Result<Vec<i64>, ArrayError> {
    let number = |(record, text): (usize, String)| {
        number_of(&text, class_names).ok_or_else(|| ArrayError::UnknownClass {
            record,
            text,
            known: class_names.to_vec(),
        })
    };
    texts.into_iter().enumerate().map(number).collect()
}

/// Reads labels of which each has a column for every class, and a 1 in that of its own.
fn one_hot<R: Read>(
    name: &str,
    array: Array<R>,
    wanted: &SourceSelection,
) -> Result<Vec<i64>, ArrayError> {
    let shape = array.shape().to_vec();
    let is_fortran = array.header().order() == Order::Fortran;
    let expected: u64 = shape.iter().product();
    let (count, classes) = (shape[0] as usize, shape[1] as usize);
    let unfit = || ArrayError::NotOneDimension {
        name: name.to_owned(),
        shape: shape.clone(),
    };
    let values = match integers(array) {
        Err(ArrayError::FractionalLabel { .. }) => return Err(unfit()),
        read => read.map_err(ArrayError::in_array(name))?,
    };
    let found = values.len() as u64;
    if found != expected {
        return Err(ArrayError::in_array(name)(ArrayError::Truncated {
            found,
            expected,
        }));
    }
    let value = |record: usize, class: usize| {
        let at = if is_fortran {
            class * count + record
        } else {
            record * classes + class
        };
        values[at]
    };
    let class = |record: usize| {
        let mut ones = (0..classes).filter(|class| value(record, *class) == 1);
        let is_hot = (0..classes).all(|class| matches!(value(record, class), 0 | 1));
        let class = ones.next().filter(|_| is_hot && ones.next().is_none());
        class.map(|class| class as i64).ok_or_else(unfit)
    };
    let labels = (0..count).map(class).collect::<Result<_, _>>()?;
    match wanted.other_classes(classes) {
        // A class that these samples lack may have no column: then the others have other numbers.
        Some(expected) => Err(ArrayError::in_array(name)(ArrayError::OneHot {
            columns: classes,
            classes: expected,
        })),
        None => Ok(labels),
    }
}

pub(super) fn type_of<R: Read>(array: &Array<R>) -> Result<TypeStr, ArrayError> {
    match array.dtype() {
        DType::Plain(plain) => Ok(plain),
        other => Err(ArrayError::ElementType {
            found: other.descr(),
            expected: None,
        }),
    }
}

/// The values up to the end of the file.
fn collect<T: Deserialize, U, R: Read>(
    array: Array<R>,
    convert: fn(T) -> U,
) -> Result<Vec<U>, ArrayError> {
    let reader = array
        .data::<T>()
        .map_err(|e| ArrayError::Malformed(std::io::Error::other(e.to_string())))?;
    // Not reserved in advance: the length in the header cannot be trusted.
    let mut values = Vec::new();
    for value in reader {
        match value {
            Ok(value) => values.push(convert(value)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(ArrayError::Malformed(error)),
        }
    }
    Ok(values)
}

/// Reads labels.
///
/// # Errors
/// If a label is not a whole number.
pub(super) fn integers<R: Read>(array: Array<R>) -> Result<Vec<i64>, ArrayError> {
    let kind = type_of(&array)?;
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Int, 8) => collect(array, |v: i64| v),
        (TypeChar::Int, 4) => collect(array, |v: i32| v.into()),
        (TypeChar::Int, 2) => collect(array, |v: i16| v.into()),
        (TypeChar::Int, 1) => collect(array, |v: i8| v.into()),
        (TypeChar::Uint, 8) => whole(collect(array, |v: u64| i64::try_from(v).ok())?),
        (TypeChar::Uint, 4) => collect(array, |v: u32| v.into()),
        (TypeChar::Uint, 2) => collect(array, |v: u16| v.into()),
        (TypeChar::Uint, 1) => collect(array, |v: u8| v.into()),
        (TypeChar::Bool, 1) => collect(array, |v: bool| v.into()),
        (TypeChar::Float, 8) => whole(collect(array, whole_float)?),
        (TypeChar::Float, 4) => whole(collect(array, |v: f32| whole_float(v.into()))?),
        (TypeChar::UnicodeStr | TypeChar::ByteStr, _) => Err(ArrayError::ElementType {
            found: kind.to_string(),
            expected: Some(
                "the numbers of classes, or texts that are among the `class_names` of the dataset configuration",
            ),
        }),
        _ => Err(ArrayError::ElementType {
            found: kind.to_string(),
            expected: Some("integers"),
        }),
    }
}

/// The numbers of an array; none of another type.
pub(super) fn numbers<R: Read>(array: Array<R>) -> Vec<f64> {
    let Ok(kind) = type_of(&array) else {
        return Vec::new();
    };
    let values = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 8) => collect(array, |value: f64| value),
        (TypeChar::Float, 4) => collect(array, |value: f32| value.into()),
        _ => integers(array).map(|all| all.into_iter().map(|value| value as f64).collect()),
    };
    values.unwrap_or_default()
}

/// A label that is a float but a whole number.
pub(super) fn whole_float(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
}

pub(super) fn whole(values: Vec<Option<i64>>) -> Result<Vec<i64>, ArrayError> {
    let at = values.iter().position(Option::is_none);
    match at {
        None => Ok(values.into_iter().flatten().collect()),
        Some(record) => Err(ArrayError::FractionalLabel { record }),
    }
}

/// Reads groups, text or numbers.
///
/// # Errors
/// If they are neither, or one is NaN.
pub(super) fn names<R: Read>(array: Array<R>) -> Result<Vec<String>, ArrayError> {
    let kind = type_of(&array)?;
    match kind.type_char() {
        TypeChar::UnicodeStr => collect(array, |v: String| v),
        TypeChar::ByteStr => collect(array, |v: Vec<u8>| String::from_utf8_lossy(&v).into_owned()),
        // Such as the numbers of persons, which become floats where one is missing.
        TypeChar::Float if kind.size_field() == 8 => named(collect(array, |v: f64| v)?),
        TypeChar::Float if kind.size_field() == 4 => named(collect(array, |v: f32| v.into())?),
        TypeChar::Int | TypeChar::Uint | TypeChar::Bool => {
            Ok(integers(array)?.iter().map(i64::to_string).collect())
        }
        _ => Err(ArrayError::ElementType {
            found: kind.to_string(),
            expected: Some("texts or numbers"),
        }),
    }
}

/// Numbers as names of groups.
fn named(values: Vec<f64>) -> Result<Vec<String>, ArrayError> {
    match values.iter().position(|value| value.is_nan()) {
        None => Ok(values.iter().map(f64::to_string).collect()),
        Some(record) => Err(ArrayError::GroupIsNan { record }),
    }
}

/// Type and shape of an array, for messages.
pub(super) fn describe<R: Read>(array: &Array<R>) -> String {
    let kind = array.dtype().descr();
    let kind = kind.trim_matches('\'');
    let named = Element::named(kind).map(|(element, _)| element.to_string());
    format!("{} {:?}", named.unwrap_or(kind.into()), array.shape())
}
