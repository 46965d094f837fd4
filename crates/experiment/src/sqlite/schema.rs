//! The columns of a table, from the statement that made it.

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub name: String,
    /// Whether it is a name of the row's ID, as an `INTEGER PRIMARY KEY` is.
    pub is_id: bool,
}

/// Words that begin a condition on the table, in place of a column.
const CONDITIONS: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];

/// The columns of a table in their order.
///
/// # Errors
/// If rows are stored in another way.
pub(super) fn columns(sql: &str) -> Result<Vec<Column>, String> {
    let words = sql.to_ascii_uppercase();
    let (head, tail) = sql
        .find('(')
        .zip(sql.rfind(')'))
        .filter(|(start, end)| start < end)
        .ok_or("has no columns in the schema, and is not read")?;
    let is_other = words.starts_with("CREATE VIRTUAL") || words[tail..].contains("WITHOUT");
    if is_other {
        return Err("is of a kind that is not read".into());
    }
    let parts = parts(&sql[head + 1..tail]);
    let mut columns = Vec::new();
    let mut key = None;
    for part in &parts {
        let (name, rest) = name(part);
        let words = rest.to_ascii_uppercase();
        let is_quoted = !part.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if !is_quoted && CONDITIONS.contains(&&*name.to_ascii_uppercase()) {
            key = key.or_else(|| key_of(part));
            continue;
        }
        let is_whole = words.split_whitespace().next() == Some("INTEGER");
        let is_id = is_whole && words.contains("PRIMARY KEY");
        columns.push((Column { name, is_id }, is_whole));
    }
    let columns = columns.into_iter().map(|(column, is_whole)| {
        let is_key = key
            .as_deref()
            .is_some_and(|key| key.eq_ignore_ascii_case(&column.name));
        Column {
            is_id: column.is_id || is_whole && is_key,
            ..column
        }
    });
    Ok(columns.collect())
}

/// The column of a primary key of one column.
fn key_of(condition: &str) -> Option<String> {
    let upper = condition.to_ascii_uppercase();
    let rest = &condition[upper.find("PRIMARY KEY")?..];
    let inner = rest.split_once('(')?.1;
    let inner = inner.split_once(')')?.0;
    (!inner.contains(',')).then(|| name(inner).0)
}

/// What commas separate outside of brackets and quotation marks.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut depth, mut quote) = (0i32, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(end), _) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part.trim().to_owned());
    parts
}

/// The name at the beginning of a column, without quotation marks, and what follows it.
fn name(part: &str) -> (String, &str) {
    let part = part.trim();
    let end = match part.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => Some(quote),
        Some('[') => Some(']'),
        _ => None,
    };
    if let Some(end) = end
        && let Some(length) = part[1..].find(end)
    {
        return (part[1..=length].to_owned(), &part[length + 2..]);
    }
    let (name, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
    (name.to_owned(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_statements() {
        let names = |sql: &str| -> Vec<(String, bool)> {
            let columns = columns(sql).unwrap();
            columns
                .into_iter()
                .map(|column| (column.name, column.is_id))
                .collect()
        };
        let plain = |all: &[(&str, bool)]| -> Vec<(String, bool)> {
            all.iter()
                .map(|(name, is_id)| ((*name).to_owned(), *is_id))
                .collect()
        };
        let sql = "CREATE TABLE \"latest_metrics\" (\n\t\"key\" VARCHAR(250) NOT NULL, \n\tvalue FLOAT DEFAULT (1, 2), [a b] TEXT, \
                   `primary` BOOLEAN DEFAULT 'x,y', \n\tCONSTRAINT pk PRIMARY KEY (\"key\", value), CHECK (value IN (0, 1))\n)";
        let expected = [
            ("key", false),
            ("value", false),
            ("a b", false),
            ("primary", false),
        ];
        assert_eq!(names(sql), plain(&expected));
        let sql = "CREATE TABLE experiments (experiment_id INTEGER NOT NULL, name VARCHAR, CONSTRAINT pk PRIMARY KEY (experiment_id))";
        assert_eq!(
            names(sql),
            plain(&[("experiment_id", true), ("name", false)])
        );
        assert_eq!(
            names("create table t(id integer primary key, x)"),
            plain(&[("id", true), ("x", false)])
        );
        // Other integers are stored in the row.
        assert_eq!(
            names("CREATE TABLE t (id BIGINT PRIMARY KEY)"),
            plain(&[("id", false)])
        );
        for sql in [
            "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "CREATE TABLE t AS",
            ")(",
            "",
        ] {
            columns(sql).unwrap_err();
        }
        for text in [
            "CREATE TABLE t (\"a",
            "CREATE TABLE t (é\u{300} INTEGER)",
            "(\")",
        ] {
            let _ = columns(text);
        }
    }
}
