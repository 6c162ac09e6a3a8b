//! Partition columns from `key=value` folders.
//!
//! Every `key=value` folder above a file gives the file a column. The type of a column is found from all its values: whole
//! numbers are `Int64`, dates (`2024-06-01`) are `Date32`, anything else text. `__HIVE_DEFAULT_PARTITION__` stands for null, and
//! values are percent-encoded, as in Hive, Spark and our own writer.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use object_store::path::Path;

use super::FileError;

/// The folder name that stands for a null key.
pub const NULL_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The `key=value` folders above `location`, outermost first; `None` for a null value.
pub fn keys_of(location: &Path) -> Vec<(String, Option<String>)> {
    let text = location.as_ref();
    let folders = text.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders
        .split('/')
        .filter_map(|folder| folder.split_once('='))
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (decode(key), (value != NULL_VALUE).then(|| decode(value))))
        .collect()
}

/// The partition columns of files at `locations`, with the narrowest type that holds every value.
///
/// # Errors
/// If the files differ in their keys.
pub fn infer_fields<'a>(locations: impl IntoIterator<Item = &'a Path>) -> Result<Vec<FieldRef>> {
    let mut first: Option<(&Path, Vec<String>)> = None;
    let mut types: Vec<Option<DataType>> = vec![];
    for location in locations {
        let keys = keys_of(location);
        let names: Vec<String> = keys.iter().map(|(key, _)| key.clone()).collect();
        match &first {
            None => {
                types = vec![None; names.len()];
                first = Some((location, names));
            }
            Some((other, expected)) if *expected != names => {
                let message = format!(
                    "its partition folders are [{}], but those of {other} are [{}]; read them apart, or switch hive \
                     partitions off",
                    names.join(", "),
                    expected.join(", ")
                );
                return Err(FileError::engine(location.as_ref(), message));
            }
            Some(_) => {}
        }
        for (known, (_, value)) in types.iter_mut().zip(keys) {
            if let Some(value) = value {
                let found = type_of(&value);
                *known = Some(match known.take() {
                    Some(known) if known != found => DataType::Utf8,
                    _ => found,
                });
            }
        }
    }
    let names = first.map(|(_, names)| names).unwrap_or_default();
    let fields = names.into_iter().zip(types);
    Ok(fields.map(|(name, found)| Arc::new(Field::new(name, found.unwrap_or(DataType::Utf8), true))).collect())
}

/// The values of `fields` for the file at `location`.
///
/// # Errors
/// If a key is missing, or its value does not fit the column's type.
pub fn values_of(location: &Path, fields: &[FieldRef]) -> Result<Vec<ScalarValue>> {
    if fields.is_empty() {
        return Ok(vec![]);
    }
    let keys = keys_of(location);
    let value_of = |field: &FieldRef| {
        let Some((_, value)) = keys.iter().find(|(key, _)| key == field.name()) else {
            let message = format!("expected a folder '{}=…' above the file, as above the other files", field.name());
            return Err(FileError::engine(location.as_ref(), message));
        };
        let Some(value) = value else {
            return ScalarValue::try_from(field.data_type());
        };
        ScalarValue::try_from_string(value.clone(), field.data_type()).map_err(|_| {
            let message =
                format!("partition value '{}={value}' is not of the column's type {}", field.name(), field.data_type());
            FileError::engine(location.as_ref(), message)
        })
    };
    fields.iter().map(value_of).collect()
}

/// The folder of `value` under `key`; the inverse of [`keys_of`].
pub fn folder_of(key: &str, value: Option<&str>) -> String {
    match value {
        // An empty folder name after `=` reads back as an empty string, but some stores drop it.
        Some(value) => format!("{}={}", encode(key), encode(value)),
        None => format!("{}={NULL_VALUE}", encode(key)),
    }
}

fn type_of(value: &str) -> DataType {
    // "01" stays text: as a number it would not be written back as it was read.
    if value.parse::<i64>().is_ok_and(|number| number.to_string() == value) {
        DataType::Int64
    } else if is_date(value) {
        DataType::Date32
    } else {
        DataType::Utf8
    }
}

fn is_date(value: &str) -> bool {
    let shape = value.bytes().map(|byte| if byte.is_ascii_digit() { b'9' } else { byte });
    shape.eq(*b"9999-99-99") && ScalarValue::try_from_string(value.to_owned(), &DataType::Date32).is_ok()
}

/// Percent-encodes what would break a folder name on some store or file system.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || "%/\\?#=:*\"<>|[]{}^~` ".contains(character) {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(character);
        }
    }
    // `.` and `..` are no names.
    if out.chars().all(|character| character == '.') { out.replace('.', "%2E") } else { out }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    // Escapes that are no UTF-8 were not written as escapes: keep the name as it stands.
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(paths: &[&str]) -> Vec<DataType> {
        let paths: Vec<Path> = paths.iter().map(|path| Path::from(*path)).collect();
        infer_fields(&paths).unwrap().iter().map(|field| field.data_type().clone()).collect()
    }

    #[test]
    fn types_come_from_all_values() {
        assert_eq!(types(&["t/a=1/x", "t/a=-20/x"]), [DataType::Int64]);
        assert_eq!(types(&["t/a=1/x", "t/a=x/x"]), [DataType::Utf8]);
        assert_eq!(types(&["t/a=01/x"]), [DataType::Utf8]);
        assert_eq!(types(&["t/d=2024-02-29/b=1/x"]), [DataType::Date32, DataType::Int64]);
        assert_eq!(types(&["t/d=2024-02-30/x"]), [DataType::Utf8]);
        assert_eq!(types(&["t/a=__HIVE_DEFAULT_PARTITION__/x", "t/a=3/x"]), [DataType::Int64]);
        assert!(types(&["t/x"]).is_empty());
    }

    #[test]
    fn folders_round_trip() {
        for value in ["a", "a/b", "50%", "x=y", "é ü", "..", "", "a\nb", "%41"] {
            let path = Path::parse(format!("t/{}/f", folder_of("k y", Some(value)))).unwrap();
            assert_eq!(keys_of(&path), [("k y".to_owned(), Some(value.to_owned()))], "{path}");
        }
        let path = Path::parse(format!("t/{}/f", folder_of("k", None))).unwrap();
        assert_eq!(keys_of(&path), [("k".to_owned(), None)]);
    }

    #[test]
    fn differing_keys_are_refused() {
        let error = infer_fields(&[Path::from("t/a=1/x"), Path::from("t/y")]).unwrap_err().to_string();
        assert!(error.contains("t/y") && error.contains("t/a=1/x"), "{error}");
    }
}
