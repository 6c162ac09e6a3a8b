//! `row_hash(a, b, …)`: a 64-bit hash of a row's values, the same in every process of one build.
//!
//! Seeded sampling draws rows by it, so that what is drawn does not depend on how many threads read the rows, or in which
//! order. Any types; null is a value. Not for storing: a new version may hash otherwise.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::common::hash_utils::{QualityRandomState, create_hashes};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function.
pub fn row_hash() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(RowHash::new().into()));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RowHash {
    signature: Signature,
}

impl RowHash {
    fn new() -> Self {
        Self { signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

/// Fixed, because the same seed must draw the same rows tomorrow.
const HASH_SEED: u64 = 0x5eed_0f5a_a7b0_0001;

impl ScalarUDFImpl for RowHash {
    fn name(&self) -> &str {
        "row_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let columns = arguments.args.into_iter().map(|column| column.into_array(rows)).collect::<Result<Vec<_>>>()?;
        // Views are hashed otherwise than the texts that they show.
        let columns = columns.into_iter().map(without_views).collect::<Result<Vec<_>>>()?;
        let mut hashes = vec![0; rows];
        create_hashes(&columns, &QualityRandomState::with_seed(HASH_SEED), &mut hashes)?;
        Ok(ColumnarValue::Array(Arc::new(UInt64Array::from(hashes))))
    }
}

/// The column with texts and bytes as offsets tell them, also within lists and structs.
fn without_views(column: ArrayRef) -> Result<ArrayRef> {
    match plain(column.data_type()) {
        Some(data_type) => Ok(cast(&column, &data_type)?),
        None => Ok(column),
    }
}

/// The type without views; none if it has none.
fn plain(data_type: &DataType) -> Option<DataType> {
    let field = |field: &FieldRef| {
        let data_type = plain(field.data_type())?;
        Some(Arc::new(field.as_ref().clone().with_data_type(data_type)))
    };
    match data_type {
        DataType::Utf8View => Some(DataType::Utf8),
        DataType::BinaryView => Some(DataType::Binary),
        DataType::List(item) => field(item).map(DataType::List),
        DataType::LargeList(item) => field(item).map(DataType::LargeList),
        DataType::FixedSizeList(item, length) => field(item).map(|item| DataType::FixedSizeList(item, *length)),
        DataType::Struct(fields) if fields.iter().any(|own| field(own).is_some()) => {
            Some(DataType::Struct(fields.iter().map(|own| field(own).unwrap_or_else(|| Arc::clone(own))).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use datafusion::prelude::SessionContext;

    #[tokio::test]
    async fn equal_rows_hash_equally_and_others_not() {
        let context = SessionContext::new();
        context.register_udf(super::row_hash().as_ref().clone());
        let views =
            "SELECT row_hash('a', [arrow_cast('b', 'Utf8View')]) = row_hash(arrow_cast('a', 'Utf8View'), ['b'])";
        let batches = context.sql(views).await.unwrap().collect().await.unwrap();
        assert!(batches[0].column(0).as_boolean().value(0));
        let distinct = "SELECT count(DISTINCT h) FROM (SELECT row_hash(a, b) AS h FROM (VALUES \
                        (1, 'x'), (1, 'x'), (1, 'y'), (2, NULL), (2, NULL), (NULL, 'x')) AS t(a, b))";
        let batches = context.sql(distinct).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        assert!(text.contains("| 4 "), "{text}");
    }
}
