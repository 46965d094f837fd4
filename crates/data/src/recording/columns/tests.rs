//! Texts are the same however they are stored.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnDescriptor, ColumnPath};
use proptest::prelude::*;

use super::super::table::{Texts, Values};
use super::super::{Hints, Notes};
use super::chunk::Pages;

/// Writes the next column of a row group; `levels` say which rows have a value.
fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) {
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<T>();
    typed.write_batch(values, levels, None).unwrap();
    column.close().unwrap();
}

/// A file with one column of texts in groups of rows.
fn written(groups: &[Vec<Option<Vec<u8>>>], properties: WriterProperties) -> Bytes {
    let schema = "message table { optional byte_array channel (utf8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, properties.into()).unwrap();
    for rows in groups {
        let mut group = file.next_row_group().unwrap();
        let levels: Vec<i16> = rows.iter().map(|row| row.is_some().into()).collect();
        let texts: Vec<ByteArray> = rows
            .iter()
            .flatten()
            .cloned()
            .map(ByteArray::from)
            .collect();
        write::<ByteArrayType>(&mut group, &texts, Some(&levels));
        group.close().unwrap();
    }
    file.into_inner().unwrap().into()
}

fn texts(bytes: &Bytes) -> (Texts, Vec<String>) {
    let mut notes = Notes::default();
    let (mut columns, _) = super::columns(bytes, &|_| true, &mut notes).unwrap();
    match columns.remove(0).values {
        Values::Texts(texts) => (texts, notes.all()),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// With a dictionary, without one, and with texts beside a dictionary that is full. Invalid UTF-8 included, of which
    /// different texts read the same.
    #[test]
    fn texts_are_the_same_however_they_are_stored(
        groups in proptest::collection::vec(
            proptest::collection::vec(proptest::option::of(proptest::collection::vec(0x7Eu8..0x82, 0..3)), 1..200),
            1..3,
        ),
        second in any::<bool>(),
        rows_per_page in 1usize..100,
    ) {
        let version = if second { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let properties = || WriterProperties::builder()
            .set_writer_version(version)
            .set_write_batch_size(1)
            .set_data_page_row_count_limit(rows_per_page);
        let plain = properties().set_dictionary_enabled(false);
        let plain = plain.set_encoding(Encoding::PLAIN).build();
        let expected = texts(&written(&groups, plain));
        let rows: Vec<String> = (0..expected.0.rows.len()).map(|row| expected.0.get(row).to_owned()).collect();
        let given = groups.iter().flatten().map(|row| row.as_deref().unwrap_or_default());
        let given: Vec<String> = given.map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        prop_assert_eq!(rows, given);
        for dictionary in [1 << 20, 16] {
            let stored = properties().set_dictionary_page_size_limit(dictionary).build();
            let (read, notes) = texts(&written(&groups, stored));
            prop_assert_eq!(&notes, &expected.1);
            prop_assert_eq!(&read.rows, &expected.0.rows);
            prop_assert!(read.all().eq(expected.0.all()));
        }
    }
}

/// Two row groups of 100 rows with a time, two channels and a text, and the bytes of one column of the second overwritten.
fn damaged(name: &str, column: usize) -> Bytes {
    let schema = format!(
        "message table {{ required double time; required int64 z; required int64 n; required byte_array {name} (utf8); }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    for rows in [0..100i64, 100..200] {
        let mut group = file.next_row_group().unwrap();
        let times: Vec<f64> = rows.clone().map(|row| row as f64 / 100.0).collect();
        let samples: Vec<i64> = rows.clone().collect();
        let texts: Vec<ByteArray> = rows
            .map(|row| ByteArray::from(&*format!("at {row}")))
            .collect();
        write::<DoubleType>(&mut group, &times, None);
        write::<Int64Type>(&mut group, &samples, None);
        write::<Int64Type>(&mut group, &samples, None);
        write::<ByteArrayType>(&mut group, &texts, None);
        group.close().unwrap();
    }
    let mut bytes = file.into_inner().unwrap();
    let read = SerializedFileReader::new(Bytes::from(bytes.clone())).unwrap();
    let (start, length) = read.metadata().row_group(1).column(column).byte_range();
    bytes[start as usize..(start + length) as usize].fill(0xFF);
    bytes.into()
}

/// A damaged part of a column is missing, whatever it holds. Only the texts that tell channels apart are needed.
#[test]
fn damage_leaves_the_other_columns_as_they_are() {
    let read = |name: &str, column: usize| super::read(&damaged(name, column), &Hints::default());
    let whole: Vec<f64> = (0..200).map(f64::from).collect();
    for (column, name) in [(2, "n"), (3, "remark")] {
        let contents = read("remark", column).unwrap();
        assert_eq!(contents.traces[0].samples, whole);
        assert_eq!(contents.traces[0].rate, 100.0);
        let said = contents.notes.texts(true).join("; ");
        let expected = format!("column `{name}` is damaged, and 100 rows have no value: ");
        assert!(said.contains(&expected), "{said}");
        let n = contents.traces[1]
            .samples
            .iter()
            .filter(|value| value.is_nan())
            .count();
        assert_eq!(n, if column == 2 { 100 } else { 0 });
        assert_eq!(contents.traces[1].samples[..100], whole[..100]);
    }
    // Rows without a time are left out.
    let contents = read("remark", 0).unwrap();
    assert_eq!(contents.traces[0].samples, whole[..100]);
    let error = read("channel", 3).unwrap_err().to_string();
    assert!(error.starts_with("column `channel`: "), "{error}");
}

/// A file of 100 rows with whole numbers and samples, which pandas describes so.
fn described(numpy_type: &str, rows: i64) -> Bytes {
    let schema = "message table { required int64 __index_level_0__; required int64 z; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let pandas = format!(
        r#"{{"columns": [{{"name": null, "field_name": "__index_level_0__", "numpy_type": "{numpy_type}"}}]}}"#
    );
    let pandas = KeyValue::new("pandas".to_owned(), pandas);
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![pandas]));
    let properties = properties.build().into();
    let mut file = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = file.next_row_group().unwrap();
    let numbers: Vec<i64> = (0..rows).collect();
    let times: Vec<i64> = numbers.iter().map(|row| row * 10_000).collect();
    write::<Int64Type>(&mut group, &times, None);
    write::<Int64Type>(&mut group, &numbers, None);
    group.close().unwrap();
    file.into_inner().unwrap().into()
}

/// Parquet has no durations: pandas says what they are.
#[test]
fn durations_of_pandas() {
    for (numpy_type, rate) in [("timedelta64[us]", 100.0), ("timedelta64[ms]", 0.1)] {
        let contents = super::read(&described(numpy_type, 100), &Hints::default()).unwrap();
        assert_eq!(
            (contents.traces[0].start, contents.traces[0].rate),
            (0, rate)
        );
        assert_eq!(contents.traces.len(), 1);
    }
    let error = super::read(&described("int64", 100), &Hints::default()).unwrap_err();
    assert!(error.is_rate_unknown(), "{error}");
    let error = super::read(&described("int64", 0), &Hints::default()).unwrap_err();
    assert_eq!(error.to_string(), "the table has columns and no rows");
}

/// A single page.
struct Single(Option<Page>);

impl Iterator for Single {
    type Item = parquet::errors::Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Single {
    fn get_next_page(&mut self) -> parquet::errors::Result<Option<Page>> {
        Ok(self.0.take())
    }

    fn peek_next_page(&mut self) -> parquet::errors::Result<Option<PageMetadata>> {
        Ok(None)
    }

    fn skip_next_page(&mut self) -> parquet::errors::Result<()> {
        Ok(())
    }
}

/// For a dictionary of billions of values, the library would reserve gigabytes.
#[test]
fn a_dictionary_cannot_claim_more_than_it_holds() {
    let schema = parse_message_type("message table { optional int64 samples; }").unwrap();
    let field = schema.get_fields()[0].clone();
    let column = ColumnDescriptor::new(field, 1, 0, ColumnPath::from("samples"));
    for (num_values, is_read) in [(0, true), (2, true), (3, false), (u32::MAX, false)] {
        let page = Page::DictionaryPage {
            buf: Bytes::from_static(&[0; 16]),
            num_values,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let mut pages = Pages::new(Box::new(Single(Some(page))), &column);
        assert_eq!(pages.get_next_page().is_ok(), is_read, "{num_values}");
    }
}

/// Times of a clock have no offset, which names may tell; those in UTC have theirs.
#[test]
fn names_with_a_zone_are_said() {
    let notes = |name: &str, is_utc: bool| {
        let schema = format!(
            "message table {{ required int64 {name} (TIMESTAMP(MILLIS,{is_utc})); required double Z; }}"
        );
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let properties = WriterProperties::builder().build();
        let mut file = SerializedFileWriter::new(Vec::new(), schema, properties.into()).unwrap();
        let mut group = file.next_row_group().unwrap();
        let times: Vec<i64> = (0..50).map(|i| 1_714_557_600_000 + 10 * i).collect();
        let samples: Vec<f64> = (0..50).map(f64::from).collect();
        write::<Int64Type>(&mut group, &times, None);
        write::<DoubleType>(&mut group, &samples, None);
        group.close().unwrap();
        let bytes = file.into_inner().unwrap().into();
        super::read(&bytes, &Hints::default()).unwrap().notes.all()
    };
    let said = notes("local_time", false).join(";");
    assert!(
        said.contains("column `local_time` says local time, but the times have no offset"),
        "{said}"
    );
    for (name, is_utc) in [("local_time", true), ("time", false), ("time_utc", false)] {
        assert_eq!(notes(name, is_utc), [""; 0], "{name}");
    }
}
