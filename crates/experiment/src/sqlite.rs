//! Reads tables of SQLite databases, without SQLite and without ever writing.
//!
//! Only what tables of ordinary programs need is read: rows of tables with row IDs, in UTF-8. Indices, and pages that are free,
//! are not looked at. Changes that are still in a write-ahead log are read from there; those in a rollback journal are not undone, see
//! [`Database::unsettled`]. Whatever bytes a file has, reading ends, and what is damaged is counted.
//!
//! See <https://www.sqlite.org/fileformat.html>; `tree` walks the pages of a table, `record` decodes its rows, `schema` finds the
//! names of its columns, `wal` reads the log.

mod record;
mod schema;
mod tree;
mod wal;

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(crate) use self::record::Cell;
use self::schema::columns;
pub(crate) use self::tree::Damage;
use self::wal::Log;
use crate::files::{name_of, open_regular};

/// First bytes of a database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Bytes of the header.
const HEADER: usize = 100;
/// The only encoding of texts that is read: UTF-8.
const UTF_8: u32 = 1;
/// Tables that are looked at to find one: those of MLflow with their indices are some hundreds.
const MAX_TABLES: usize = 10_000;

/// A database.
pub(crate) struct Database {
    path: PathBuf,
    file: RefCell<File>,
    page_size: usize,
    /// Bytes of a page that can be used; the others are at its end.
    usable: usize,
    /// Number of pages.
    pages: u32,
    /// Number of pages of the file.
    pages_of_file: u32,
    tables: Vec<Table>,
    log: Option<WriteAhead>,
    /// What database and log were when they were opened.
    before: [Option<State>; 2],
}

/// A write-ahead log beside a database.
struct WriteAhead {
    file: RefCell<File>,
    /// Its pages; none if the file is damaged or something else.
    log: Option<Log>,
}

/// Size and time of a file, by which a change is noticed.
type State = (u64, Option<SystemTime>);

/// A table of a database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    name: String,
    /// Its first page, from 1.
    root: u32,
    sql: String,
}

impl Database {
    /// Opens a database; `None` if the file is something else.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow its name.
    pub fn open(path: &Path) -> Result<Option<Self>, String> {
        let unreadable = |error| format!("cannot be read: {error}");
        let mut file = open_regular(path).map_err(unreadable)?;
        let mut header = [0; HEADER];
        match file.read_exact(&mut header) {
            Ok(()) if header.starts_with(MAGIC) => {}
            Ok(()) => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        }
        let page_size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size if size.is_power_of_two() && size >= 512 => usize::from(size),
            size => return Err(format!("is damaged: its pages have {size} bytes")),
        };
        let usable = page_size - usize::from(header[20]);
        if usable < 480 {
            return Err("is damaged: its pages have no room".into());
        }
        // An empty database has no encoding yet.
        if ![0, UTF_8].contains(&number(&header, 56)) {
            return Err("has texts in UTF-16, which are not read".into());
        }
        let before = states(path);
        let length = file.metadata().map_err(unreadable)?.len();
        let pages_of_file = u32::try_from(length / page_size as u64).unwrap_or(u32::MAX);
        let log = write_ahead(path)
            .map_err(|error| format!("has a write-ahead log that cannot be read: {error}"))?;
        let is_of_size = |log: &Log| log.page_size == page_size;
        let counted = log
            .as_ref()
            .and_then(|write_ahead| write_ahead.log.as_ref());
        let counted = counted
            .filter(|log| is_of_size(log))
            .and_then(|log| log.count);
        let mut database = Self {
            path: path.to_owned(),
            file: RefCell::new(file),
            page_size,
            usable,
            pages: counted.unwrap_or(pages_of_file),
            pages_of_file,
            tables: Vec::new(),
            log: log.map(|write_ahead| WriteAhead {
                log: write_ahead.log.filter(is_of_size),
                ..write_ahead
            }),
            before,
        };
        database.tables = database.schema()?;
        Ok(Some(database))
    }

    /// The tables, from the schema that begins in the first page.
    fn schema(&self) -> Result<Vec<Table>, String> {
        let mut tables = Vec::new();
        let damage = self.rows(1, &mut |_, cells| {
            if let [
                Cell::Text(kind),
                Cell::Text(name),
                _,
                Cell::Whole(root),
                Cell::Text(sql),
                ..,
            ] = cells
                && kind == "table"
                && tables.len() < MAX_TABLES
            {
                let root = u32::try_from(*root).unwrap_or(0);
                let (name, sql) = (name.clone(), sql.clone());
                tables.push(Table { name, root, sql });
            }
        });
        match damage.words() {
            Some(damage) if tables.is_empty() => Err(format!("is damaged: {damage}")),
            _ => Ok(tables),
        }
    }

    /// Whether it has a table.
    pub fn has(&self, name: &str) -> bool {
        self.table(name).is_some()
    }

    fn table(&self, name: &str) -> Option<&Table> {
        let mut tables = self.tables.iter();
        tables.find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// Passes the values of the columns called `names` on, row by row. A column that the table lacks is NULL.
    ///
    /// # Errors
    /// If the table is missing, or of a kind that is not read. Damaged rows are counted, and left out.
    pub fn select(
        &self,
        name: &str,
        names: &[&str],
        each: &mut dyn FnMut(&[Cell]),
    ) -> Result<Damage, String> {
        let table = self
            .table(name)
            .ok_or_else(|| format!("has no table `{name}`"))?;
        let columns = columns(&table.sql).map_err(|why| format!("table `{name}` {why}"))?;
        let found = names.iter().map(|wanted| {
            let mut columns = columns.iter();
            columns.position(|column| column.name.eq_ignore_ascii_case(wanted))
        });
        let found: Vec<Option<usize>> = found.collect();
        let mut row = vec![Cell::Null; names.len()];
        Ok(self.rows(table.root, &mut |id, cells| {
            for (slot, at) in row.iter_mut().zip(&found) {
                *slot = match at.and_then(|at| Some((cells.get(at), columns.get(at)?))) {
                    // The column is a name of the row's ID, and stored there.
                    Some((Some(Cell::Null), column)) if column.is_id => Cell::Whole(id),
                    Some((cell, _)) => cell.cloned().unwrap_or_default(),
                    None => Cell::Null,
                };
            }
            each(&row);
        }))
    }

    /// Why values may be missing or half written: a program is writing, or was ended while it did. Asked after reading.
    pub fn unsettled(&self) -> Option<String> {
        let is_no_log = |write_ahead: &WriteAhead| write_ahead.log.is_none();
        if self.log.as_ref().is_some_and(is_no_log) {
            let name = name_of(&beside(&self.path, LOG));
            return Some(format!(
                "its latest changes may be in `{name}`, which is damaged and not read"
            ));
        }
        if states(&self.path) != self.before {
            return Some(
                "the database was changed while it was read, so values may be missing: run this again".into(),
            );
        }
        let journal = beside(&self.path, "-journal");
        size(&journal).map(|_| {
            let name = name_of(&journal);
            format!("a program is writing to it, or was ended while it did, as `{name}` says: values may be half written")
        })
    }

    /// The content of a page, from 1.
    fn page(&self, number: u32) -> Option<Vec<u8>> {
        if number == 0 || number > self.pages {
            return None;
        }
        let mut page = vec![0; self.page_size];
        let log = self
            .log
            .as_ref()
            .and_then(|write_ahead| Some((&write_ahead.file, write_ahead.log.as_ref()?)));
        let logged = log.and_then(|(file, log)| Some((file, *log.pages.get(&number)?)));
        let start = u64::from(number - 1) * self.page_size as u64;
        let (file, start) = match logged {
            Some(logged) => logged,
            None if number > self.pages_of_file => return None,
            None => (&self.file, start),
        };
        let mut file = file.borrow_mut();
        file.seek(SeekFrom::Start(start)).ok()?;
        file.read_exact(&mut page).ok()?;
        page.truncate(self.usable);
        Some(page)
    }
}

/// End of the name of a write-ahead log.
const LOG: &str = "-wal";

/// The file beside a database whose name has this end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

/// The size of a file that is not empty.
fn size(path: &Path) -> Option<u64> {
    let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    (size > 0).then_some(size)
}

/// The log beside a database, if there is one that is not empty.
fn write_ahead(path: &Path) -> std::io::Result<Option<WriteAhead>> {
    let path = beside(path, LOG);
    if size(&path).is_none() {
        return Ok(None);
    }
    let file = open_regular(&path)?;
    let log = Log::read(&file)?;
    let file = RefCell::new(file);
    Ok(Some(WriteAhead { file, log }))
}

/// What a database and its log are now.
fn states(path: &Path) -> [Option<State>; 2] {
    [path.to_owned(), beside(path, LOG)].map(|path| {
        let metadata = std::fs::metadata(path)
            .ok()
            .filter(|metadata| metadata.len() > 0)?;
        Some((metadata.len(), metadata.modified().ok()))
    })
}

/// A number of four bytes.
fn number(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests;
