//! `json_decode(text, like)`: texts of JSON as values of the type of `like`, whose value does not matter (`CAST(NULL AS …)`).
//!
//! Fields of structs that a text lacks are null, fields that the struct lacks are left out; the text `null` and null give null. A text
//! that is no JSON, or does not fit the type, is an error.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_empty_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use arrow::json::ReaderBuilder;
use datafusion::common::{Result, exec_datafusion_err, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function.
pub fn json_decode() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(JsonDecode { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonDecode {
    signature: Signature,
}

impl ScalarUDFImpl for JsonDecode {
    fn name(&self) -> &str {
        "json_decode"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [text, like] = types else {
            return plan_err!("json_decode: expected a text and a value of the type, got {} arguments", types.len());
        };
        let value = if let DataType::Dictionary(_, value) = text { value } else { text };
        if !value.is_string() && !value.is_null() {
            return plan_err!("json_decode: expected text, got {text}");
        }
        // Types that JSON has no form for are refused before anything runs.
        if let Err(error) = ReaderBuilder::new_with_field(Field::new("json", like.clone(), true)).build_decoder() {
            return plan_err!("json_decode: values of type {like} cannot be read from JSON: {error}");
        }
        Ok(vec![DataType::Utf8, like.clone()])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types[1].clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, _] = arguments.args.as_slice() else { return internal_err!("json_decode: expected two arguments") };
        let texts = cast(&texts.to_array(arguments.number_rows)?, &DataType::Utf8)?;
        Ok(ColumnarValue::Array(decoded(texts.as_string(), arguments.return_field.data_type())?))
    }
}

fn decoded(texts: &StringArray, data_type: &DataType) -> Result<ArrayRef> {
    let field = Field::new("json", data_type.clone(), true);
    // Room for one more value than there are texts: a text that holds two is noticed.
    let mut decoder = ReaderBuilder::new_with_field(field).with_batch_size(texts.len() + 1).build_decoder()?;
    for (row, text) in texts.iter().enumerate() {
        let text = text.unwrap_or("null");
        let read = decoder.decode(text.as_bytes()).and_then(|_| decoder.decode(b"\n"));
        let whole = read.is_ok() && decoder.len() == row + 1 && !decoder.has_partial_record();
        if !whole {
            let reason = read.err().map(|error| format!(": {error}")).unwrap_or_default();
            return exec_err!("json_decode: '{}' is not one value of JSON{reason}", beginning(text));
        }
    }
    let batch = decoder.flush().map_err(|error| {
        exec_datafusion_err!("json_decode: a text does not hold values of type {data_type}: {error}")
    })?;
    match batch.and_then(|batch| batch.columns().first().cloned()) {
        Some(values) => Ok(values),
        None => Ok(new_empty_array(data_type)),
    }
}

/// As much of a text as fits a message.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(80).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(texts: &str, like: &str) -> Result<Vec<String>, String> {
        let context = SessionContext::new();
        context.register_udf(super::json_decode().as_ref().clone());
        let sql = format!("SELECT json_decode(x, {like}) FROM (VALUES {texts}) AS t(n, x) ORDER BY n");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect())
    }

    #[tokio::test]
    async fn values_of_every_shape() {
        let objects = r#"(1, '{"a": 1, "b": [1, 2], "z": 0}'), (2, NULL), (3, 'null'), (4, '{}')"#;
        assert_eq!(rows(objects, "{a: 1, b: [1]}").await.unwrap(), ["|{a:1,b:[1,2]}|", "||", "||", "|{a:,b:}|"]);
        assert_eq!(rows("(1, '12'), (2, ' 3 ')", "1").await.unwrap(), ["|12|", "|3|"]);
        assert_eq!(rows(r#"(1, '["x", null]')"#, "['']").await.unwrap(), ["|[x,]|"]);
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        assert!(rows("(1, 'nope')", "1").await.unwrap_err().contains("'nope' is not one value of JSON"));
        assert!(rows(r#"(1, '{"a":'), (2, '1}')"#, "{a: 1}").await.unwrap_err().contains("is not one value of JSON"));
        assert!(rows("(1, '1 2')", "1").await.unwrap_err().contains("'1 2' is not one value of JSON"));
        assert!(rows("(1, '')", "1").await.unwrap_err().contains("is not one value of JSON"));
        assert!(rows("(1, '[1]')", "{a: 1}").await.unwrap_err().contains("does not hold values of type"));
    }
}
