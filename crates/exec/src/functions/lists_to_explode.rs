//! `lists_to_explode(list, other, …)`: the first list, if the others of the row are as long.
//!
//! What explodes lists side by side fills up the shorter ones with nulls, which look like values that were there. A null and an
//! empty list count as one element, for they explode to one row.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::value_error::ValueError;

/// The function.
pub fn lists_to_explode() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> =
        LazyLock::new(|| Arc::new(ListsToExplode { signature: Signature::variadic_any(Volatility::Immutable) }.into()));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ListsToExplode {
    signature: Signature,
}

impl ScalarUDFImpl for ListsToExplode {
    fn name(&self) -> &str {
        "lists_to_explode"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [first, ..] if types.iter().all(is_list) => Ok(first.clone()),
            _ => plan_err!("lists_to_explode: expected lists, got {types:?}"),
        }
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<_> = arguments.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        self.return_type(&types)?;
        Ok(Arc::clone(&arguments.arg_fields[0]))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let lists = ColumnarValue::values_to_arrays(&arguments.args)?;
        let Some((first, others)) = lists.split_first() else {
            return internal_err!("lists_to_explode: expected lists, got nothing");
        };
        for (other, field) in others.iter().zip(arguments.arg_fields.iter().skip(1)) {
            for row in 0..first.len() {
                let lengths = (rows_of(first, row)?, rows_of(other, row)?);
                if lengths.0 != lengths.1 {
                    let message = format!(
                        "explode: in one row the list of column '{}' has {} elements and that of column '{}' has {}",
                        arguments.arg_fields[0].name(),
                        length(first, row)?,
                        field.name(),
                        length(other, row)?
                    );
                    let remedy = "lists that are exploded together must be of one length in each row: explode them one after \
                                  the other, or make them as long before";
                    return Err(ValueError::new(message, remedy).into());
                }
            }
        }
        Ok(ColumnarValue::Array(Arc::clone(first)))
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

/// How many rows the list of `row` becomes.
fn rows_of(lists: &ArrayRef, row: usize) -> Result<usize> {
    Ok(length(lists, row)?.max(1))
}

fn length(lists: &ArrayRef, row: usize) -> Result<usize> {
    if lists.is_null(row) {
        return Ok(0);
    }
    Ok(match lists.data_type() {
        DataType::List(_) => lists.as_list::<i32>().value_length(row) as usize,
        DataType::LargeList(_) => lists.as_list::<i64>().value_length(row) as usize,
        DataType::FixedSizeList(_, length) => *length as usize,
        other => return internal_err!("lists_to_explode: expected lists, got {other}"),
    })
}
