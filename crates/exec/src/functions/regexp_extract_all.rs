//! `regexp_extract_all(text, pattern)` and `regexp_extract_all(text, pattern, group)`: every match of a regular expression, as a
//! list, or what a capture group took in each.
//!
//! The pattern and the group are constants; group 0, the default, is the whole match. A text without a match gives an empty
//! list, null gives null; a group that took nothing in a match is null in the list. The syntax is that of the `regex` crate.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, ScalarValue, plan_datafusion_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use regex::Regex;

/// The function.
pub fn regexp_extract_all() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(RegexpExtractAll { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RegexpExtractAll {
    signature: Signature,
}

impl ScalarUDFImpl for RegexpExtractAll {
    fn name(&self) -> &str {
        "regexp_extract_all"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let (text, pattern) = match types {
            [text, pattern] => (text, pattern),
            [text, pattern, group] if group.is_integer() => (text, pattern),
            _ => return plan_err!("regexp_extract_all: expected a text, a pattern and perhaps the number of a group"),
        };
        for data_type in [text, pattern] {
            let value = if let DataType::Dictionary(_, value) = data_type { value } else { data_type };
            if !value.is_string() && !value.is_null() {
                return plan_err!("regexp_extract_all: expected text, got {data_type}; cast it before");
            }
        }
        let coerced = [DataType::Utf8, DataType::Utf8, DataType::Int64];
        Ok(coerced[..types.len()].to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (text, pattern, group) = match arguments.args.as_slice() {
            [text, pattern] => (text, pattern, 0),
            [text, pattern, ColumnarValue::Scalar(ScalarValue::Int64(Some(group)))] => (text, pattern, *group),
            _ => return plan_err!("regexp_extract_all: expected a constant number of a group"),
        };
        let ColumnarValue::Scalar(pattern) = pattern else {
            return plan_err!("regexp_extract_all: expected a constant pattern");
        };
        let Some(Some(pattern)) = pattern.try_as_str() else {
            return plan_err!("regexp_extract_all: expected a pattern, got null");
        };
        let regex = Regex::new(pattern).map_err(|error| {
            plan_datafusion_err!("regexp_extract_all: '{pattern}' is no regular expression: {error}")
        })?;
        let Some(group) = usize::try_from(group).ok().filter(|group| *group < regex.captures_len()) else {
            return plan_err!(
                "regexp_extract_all: '{pattern}' has {} groups, got the number {group}",
                regex.captures_len() - 1
            );
        };
        let is_scalar = matches!(text, ColumnarValue::Scalar(_));
        let texts = cast(&text.to_array(arguments.number_rows)?, &DataType::Utf8)?;
        let found = all_matches(texts.as_string(), &regex, group);
        Ok(if is_scalar && found.len() == 1 {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&found, 0)?)
        } else {
            ColumnarValue::Array(found)
        })
    }
}

fn all_matches(texts: &StringArray, regex: &Regex, group: usize) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for text in texts {
        if let Some(text) = text {
            if group == 0 {
                regex.find_iter(text).for_each(|found| lists.values().append_value(found.as_str()));
            } else {
                let groups = regex.captures_iter(text).map(|captures| captures.get(group).map(|found| found.as_str()));
                groups.for_each(|found| lists.values().append_option(found));
            }
        }
        lists.append(text.is_some());
    }
    Arc::new(lists.finish())
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(arguments: &str) -> Result<Vec<String>, String> {
        let context = SessionContext::new();
        context.register_udf(super::regexp_extract_all().as_ref().clone());
        let sql =
            format!("SELECT regexp_extract_all({arguments}) FROM (VALUES ('a1b22'), ('-'), (NULL), ('c')) AS t(x)");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect())
    }

    #[tokio::test]
    async fn every_match_is_listed() {
        assert_eq!(rows("x, '[a-c]'").await.unwrap(), ["|[a,b]|", "|[]|", "||", "|[c]|"]);
        assert_eq!(rows("x, '([a-c])([0-9]*)', 2").await.unwrap(), ["|[1,22]|", "|[]|", "||", "|[]|"]);
        assert_eq!(rows("x, '[a-c]([0-9])?', 1").await.unwrap(), ["|[1,2]|", "|[]|", "||", "|[]|"]);
        assert_eq!(rows("'x1y2', '[0-9]'").await.unwrap()[0], "|[1,2]|");
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        assert!(rows("x, '('").await.unwrap_err().contains("is no regular expression"));
        assert!(rows("x, 'a', 1").await.unwrap_err().contains("'a' has 0 groups, got the number 1"));
        assert!(rows("1, 'a'").await.unwrap_err().contains("expected text, got Int64"));
    }
}
