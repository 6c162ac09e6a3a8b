//! `split_to_struct(text, separator, parts, keeps_rest)` and `regexp_extract_groups(text, pattern)`: parts of texts as the fields of a
//! struct.
//!
//! - `split_to_struct`: the first `parts` parts between occurrences of the separator, in fields `field_0`, `field_1`, …; parts that
//!   do not exist are null. With `keeps_rest` the last one is all that is left. Null gives null in every field.
//! - `regexp_extract_groups`: what the groups of the first match took, in fields with the groups' names, or their numbers from 1 on.
//!   Without a match every field is null; null gives null.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, BooleanBufferBuilder, StringArray, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue, internal_err, plan_datafusion_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use regex::Regex;

/// The function that splits.
pub fn split_to_struct() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(TextParts::new(Kind::Split).into()));
    Arc::clone(&FUNCTION)
}

/// The function for groups of a regular expression.
pub fn regexp_extract_groups() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(TextParts::new(Kind::Groups).into()));
    Arc::clone(&FUNCTION)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Split,
    Groups,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TextParts {
    kind: Kind,
    signature: Signature,
}

/// How a text becomes fields.
enum Parts {
    Split { separator: String, parts: usize, keeps_rest: bool },
    Groups(Regex),
}

impl TextParts {
    fn new(kind: Kind) -> Self {
        Self { kind, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn parts<'a>(&self, constant: impl Fn(usize) -> Option<&'a ScalarValue>) -> Result<Parts> {
        let text = |position: usize, what: &str| match constant(position).and_then(ScalarValue::try_as_str) {
            Some(Some(text)) => Ok(text.to_owned()),
            _ => plan_err!("{}: expected a constant {what}", self.name()),
        };
        if self.kind == Kind::Groups {
            let pattern = text(1, "pattern")?;
            let regex = Regex::new(&pattern).map_err(|error| {
                plan_datafusion_err!("regexp_extract_groups: '{pattern}' is no regular expression: {error}")
            })?;
            return match regex.captures_len() {
                1 => plan_err!("regexp_extract_groups: '{pattern}' has no groups; put a part into parentheses"),
                _ => Ok(Parts::Groups(regex)),
            };
        }
        let separator = text(1, "separator")?;
        let Some(ScalarValue::Int64(Some(parts))) = constant(2) else {
            return plan_err!("split_to_struct: expected a constant number of parts");
        };
        let Some(ScalarValue::Boolean(Some(keeps_rest))) = constant(3) else {
            return plan_err!("split_to_struct: expected a constant that is true or false");
        };
        match usize::try_from(*parts).ok().filter(|parts| (1..=MOST_PARTS).contains(parts)) {
            Some(parts) => Ok(Parts::Split { separator, parts, keeps_rest: *keeps_rest }),
            None => plan_err!("split_to_struct: expected 1 to {MOST_PARTS} parts, got {parts}"),
        }
    }
}

/// Each part is a field of the struct.
const MOST_PARTS: usize = 10_000;

impl Parts {
    fn fields(&self) -> Fields {
        let text = |name: String| Field::new(name, DataType::Utf8, true);
        match self {
            Self::Split { parts, .. } => (0..*parts).map(|part| text(format!("field_{part}"))).collect(),
            Self::Groups(regex) => {
                let names = regex.capture_names().enumerate().skip(1);
                names.map(|(number, name)| text(name.map_or_else(|| number.to_string(), str::to_owned))).collect()
            }
        }
    }

    fn of(&self, texts: &StringArray) -> Result<ArrayRef> {
        let fields = self.fields();
        let mut columns: Vec<StringBuilder> = fields.iter().map(|_| StringBuilder::new()).collect();
        let mut present = BooleanBufferBuilder::new(texts.len());
        for text in texts {
            match (self, text) {
                (Self::Split { separator, keeps_rest, parts }, Some(text)) => {
                    let mut found: Box<dyn Iterator<Item = &str>> = if separator.is_empty() {
                        // Between any two characters.
                        Box::new(characters(text, if *keeps_rest { *parts } else { usize::MAX }))
                    } else if *keeps_rest {
                        Box::new(text.splitn(*parts, separator.as_str()))
                    } else {
                        Box::new(text.split(separator.as_str()))
                    };
                    columns.iter_mut().for_each(|column| column.append_option(found.next()));
                    present.append(true);
                }
                (Self::Groups(regex), Some(text)) => {
                    let captures = regex.captures(text);
                    for (number, column) in (1..).zip(&mut columns) {
                        let taken = captures.as_ref().and_then(|captures| captures.get(number));
                        column.append_option(taken.map(|found| found.as_str()));
                    }
                    present.append(true);
                }
                (_, None) => {
                    columns.iter_mut().for_each(StringBuilder::append_null);
                    present.append(matches!(self, Self::Split { .. }));
                }
            }
        }
        let columns = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        Ok(Arc::new(StructArray::try_new(fields, columns, Some(NullBuffer::new(present.finish())))?))
    }
}

/// The characters of `text`, the last of `parts` being all that is left.
fn characters(text: &str, parts: usize) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(start, _)| start);
    starts.take(parts).enumerate().map(move |(number, start)| {
        let end = if number + 1 == parts { None } else { text[start..].chars().next().map(char::len_utf8) };
        &text[start..end.map_or(text.len(), |length| start + length)]
    })
}

impl ScalarUDFImpl for TextParts {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Split => "split_to_struct",
            Kind::Groups => "regexp_extract_groups",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let wanted: &[DataType] = match self.kind {
            Kind::Split => &[DataType::Utf8, DataType::Utf8, DataType::Int64, DataType::Boolean],
            Kind::Groups => &[DataType::Utf8, DataType::Utf8],
        };
        let [text, ..] = types else { return plan_err!("{}: expected a text", self.name()) };
        let value = if let DataType::Dictionary(_, value) = text { value } else { text };
        if !value.is_string() && !value.is_null() {
            return plan_err!("{}: expected text, got {text}; cast it before", self.name());
        }
        if types.len() != wanted.len() {
            return plan_err!("{}: expected {} arguments, got {}", self.name(), wanted.len(), types.len());
        }
        Ok(wanted.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("{}: the type depends on the constants", self.name())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let parts = self.parts(|position| arguments.scalar_arguments.get(position).copied().flatten())?;
        Ok(Arc::new(Field::new(self.name(), DataType::Struct(parts.fields()), true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let parts = self.parts(|position| match arguments.args.get(position) {
            Some(ColumnarValue::Scalar(value)) => Some(value),
            _ => None,
        })?;
        let Some(texts) = arguments.args.first() else { return internal_err!("{}: expected a text", self.name()) };
        let texts = cast(&texts.to_array(arguments.number_rows)?, &DataType::Utf8)?;
        Ok(ColumnarValue::Array(parts.of(texts.as_string())?))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(call: &str) -> Result<Vec<String>, String> {
        let context = SessionContext::new();
        context.register_udf(super::split_to_struct().as_ref().clone());
        context.register_udf(super::regexp_extract_groups().as_ref().clone());
        let sql =
            format!("SELECT {call} FROM (VALUES ('a_b_c', 1), ('é', 2), ('', 3), (NULL, 4)) AS t(x, n) ORDER BY n");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect())
    }

    #[tokio::test]
    async fn texts_are_split() {
        assert_eq!(
            rows("split_to_struct(x, '_', 2, true)").await.unwrap(),
            ["|{field_0:a,field_1:b_c}|", "|{field_0:é,field_1:}|", "|{field_0:,field_1:}|", "|{field_0:,field_1:}|"]
        );
        assert_eq!(rows("split_to_struct(x, '_', 2, false)").await.unwrap()[0], "|{field_0:a,field_1:b}|");
        assert_eq!(rows("split_to_struct(x, '', 2, true)").await.unwrap()[0], "|{field_0:a,field_1:_b_c}|");
    }

    #[tokio::test]
    async fn groups_are_extracted() {
        let found = rows("regexp_extract_groups(x, '(?<first>[a-c])_(.)')").await.unwrap();
        assert_eq!(found, ["|{first:a,2:b}|", "|{first:,2:}|", "|{first:,2:}|", "||"]);
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        assert!(rows("split_to_struct(x, '_', 0, true)").await.unwrap_err().contains("expected 1 to 10000 parts"));
        assert!(rows("split_to_struct(n, '_', 1, true)").await.unwrap_err().contains("expected text, got Int64"));
        assert!(rows("split_to_struct(x, x, 1, true)").await.unwrap_err().contains("constant separator"));
        assert!(rows("regexp_extract_groups(x, 'a')").await.unwrap_err().contains("has no groups"));
        assert!(rows("regexp_extract_groups(x, '(')").await.unwrap_err().contains("is no regular expression"));
    }
}
