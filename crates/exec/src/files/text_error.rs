//! What readers of text say, in the words of who has to mend the file or the call.

use datafusion::catalog::Session;
use object_store::ObjectStoreExt;

use super::sources::FoundFile;
use super::{Compression, FormatKind};

/// How far into a file its first character that is not blank is looked for.
const LOOKED_AT_BYTES: u64 = 256;

/// What to do about a JSON file that is one array.
const IS_ARRAY: &str = "the file is one JSON array, not one object a line; write it as lines first, for example by \
                        jq -c '.[]' a.json > a.jsonl";

/// What is wrong with the CSV file for which the reader gave `reason`; none if it says something else. Lines are counted from the
/// begin of the file if it is read as a `whole`.
pub(super) fn explained(reason: &str, whole: bool) -> Option<String> {
    let (_, rest) = reason.split_once("incorrect number of fields for line ")?;
    let (line, rest) = rest.split_once(", expected ")?;
    let (expected, got) = rest.split_once(" got ")?;
    let got = got.trim_end_matches(|character: char| !character.is_ascii_digit());
    let line = if whole { format!("line {line}") } else { "a line".to_owned() };
    let plural = if expected == "1" { "" } else { "s" };
    let remedy = match (expected.parse::<usize>(), got.parse::<usize>()) {
        (Ok(expected), Ok(got)) if got < expected => {
            "a given schema must not have columns that the file lacks; else mend the line"
        }
        _ => {
            "a given schema must have every column of the file, in their order (select from it afterwards); else mend the line"
        }
    };
    Some(format!("{line} has {got} fields, expected {expected} column{plural}: {remedy}"))
}

/// What is wrong with `file` if it is an array where lines of JSON are expected.
pub(super) async fn array_for_lines(
    state: &dyn Session,
    kind: FormatKind,
    compression: Compression,
    file: &FoundFile,
) -> Option<&'static str> {
    if kind != FormatKind::Json || compression != Compression::None {
        return None;
    }
    let store = state.runtime_env().object_store(&file.store_url).ok()?;
    let begin = store.get_range(&file.meta.location, 0..file.meta.size.min(LOOKED_AT_BYTES)).await.ok()?;
    let first = begin.iter().find(|byte| !byte.is_ascii_whitespace())?;
    (*first == b'[').then_some(IS_ARRAY)
}

#[cfg(test)]
mod tests {
    use super::explained;

    #[test]
    fn lines_of_another_length_come_with_a_remedy() {
        let more =
            explained("Csv error: incorrect number of fields for line 2, expected 1 got more than 1", true).unwrap();
        assert!(
            more.starts_with("line 2 has more than 1 fields, expected 1 column: a given schema must have"),
            "{more}"
        );
        let fewer = explained("incorrect number of fields for line 7, expected 3 got 2", false).unwrap();
        assert!(fewer.starts_with("a line has 2 fields, expected 3 columns: a given schema must not have"), "{fewer}");
        assert_eq!(explained("Json error: expected { got [", true), None);
    }
}
