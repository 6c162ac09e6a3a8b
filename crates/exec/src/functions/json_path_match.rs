//! `json_path_match(text, path)`: the first value at a path in texts of JSON, as text.
//!
//! The path is a constant: `$`, then `.name`, `['name']`, `[2]`, `[-1]` from the end, `[*]` or `.*` for all. Texts come out without
//! quotes, other values as compact JSON; null where there is no such value, where it is JSON's null, and for texts that are no JSON.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use serde_json::Value;

/// The function.
pub fn json_path_match() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(JsonPathMatch { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonPathMatch {
    signature: Signature,
}

impl ScalarUDFImpl for JsonPathMatch {
    fn name(&self) -> &str {
        "json_path_match"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [text, path] = types else {
            return plan_err!("json_path_match: expected a text and a path, got {} arguments", types.len());
        };
        for data_type in [text, path] {
            let value = if let DataType::Dictionary(_, value) = data_type { value } else { data_type };
            if !value.is_string() && !value.is_null() {
                return plan_err!("json_path_match: expected text, got {data_type}");
            }
        }
        Ok(vec![DataType::Utf8, DataType::Utf8])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, path] = arguments.args.as_slice() else {
            return internal_err!("json_path_match: expected two arguments");
        };
        let ColumnarValue::Scalar(path) = path else {
            return plan_err!("json_path_match: expected a constant path");
        };
        let Some(Some(path)) = path.try_as_str() else {
            return plan_err!("json_path_match: expected a path such as '$.name', got null");
        };
        let steps = steps(path)?;
        let texts = cast(&texts.to_array(arguments.number_rows)?, &DataType::Utf8)?;
        let found: StringArray = texts.as_string::<i32>().iter().map(|text| found(text?, &steps)).collect();
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}

/// A step of a path.
#[derive(Debug, PartialEq)]
enum Step {
    Name(String),
    Place(i64),
    All,
}

fn found(text: &str, steps: &[Step]) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    match first(&document, steps)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn first<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    match (step, value) {
        (Step::Name(name), Value::Object(fields)) => first(fields.get(name)?, rest),
        (Step::Place(place), Value::Array(values)) => {
            let distance = usize::try_from(place.unsigned_abs()).ok()?;
            let place = if *place < 0 { values.len().checked_sub(distance)? } else { distance };
            first(values.get(place)?, rest)
        }
        (Step::All, Value::Array(values)) => values.iter().find_map(|value| first(value, rest)),
        (Step::All, Value::Object(fields)) => fields.values().find_map(|value| first(value, rest)),
        _ => None,
    }
}

/// The steps of a path.
///
/// # Errors
/// If it is none, or has parts that are not supported.
fn steps(path: &str) -> Result<Vec<Step>> {
    let wrong = |rest: &str| {
        plan_err!(
            "json_path_match: expected a path such as $.name, $['a name'], $[0], $[-1] or $.list[*].name, got '{path}', \
             which cannot be read from '{rest}' on"
        )
    };
    let Some(mut rest) = path.strip_prefix('$') else { return wrong(path) };
    let mut steps = vec![];
    while !rest.is_empty() {
        let here = rest;
        let (step, after) = if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            (if name == "*" { Step::All } else { Step::Name(name.to_owned()) }, after)
        } else if let Some((quote, name)) = quoted(rest) {
            let Some((name, after)) = name.split_once(&format!("{quote}]")) else { return wrong(here) };
            (Step::Name(name.to_owned()), after)
        } else {
            let inside = rest.strip_prefix('[').and_then(|inside| inside.split_once(']'));
            match inside {
                Some(("*", after)) => (Step::All, after),
                Some((place, after)) => match place.trim().parse() {
                    Ok(place) => (Step::Place(place), after),
                    Err(_) => return wrong(here),
                },
                None => return wrong(here),
            }
        };
        if matches!(&step, Step::Name(name) if name.is_empty()) {
            return wrong(here);
        }
        steps.push(step);
        rest = after;
    }
    Ok(steps)
}

fn quoted(rest: &str) -> Option<(char, &str)> {
    let inside = rest.strip_prefix('[')?;
    ['\'', '"'].into_iter().find_map(|quote| Some((quote, inside.strip_prefix(quote)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<String> {
        found(r#"{"a": {"b": [1, 2.5, "x", {"c": true}]}, "d e": null, "f": "t"}"#, &steps(path).unwrap())
    }

    #[test]
    fn values_at_paths() {
        assert_eq!(at("$.f").as_deref(), Some("t"));
        assert_eq!(at("$.a.b[1]").as_deref(), Some("2.5"));
        assert_eq!(at("$['a'].b[-1]").as_deref(), Some(r#"{"c":true}"#));
        assert_eq!(at("$.a.b[*].c").as_deref(), Some("true"));
        assert_eq!(at(r#"$["a"].*[2]"#).as_deref(), Some("x"));
        assert_eq!(at("$['d e']"), None);
        assert_eq!(at("$.a.b[9]"), None);
        assert_eq!(at("$.a.b[-9]"), None);
        assert_eq!(at("$.f.g"), None);
        assert_eq!(found("nope", &steps("$").unwrap()), None);
    }

    #[test]
    fn mistakes_are_named() {
        for path in ["a", "$..b", "$.", "$[x]", "$[1", "$['a", "$['']", "$.a b["] {
            let message = steps(path).unwrap_err().to_string();
            assert!(message.contains(path) && message.contains("expected a path such as"), "{message}");
        }
    }
}
