//! `product(value)`: the values multiplied.
//!
//! Integers give 64 bits and wrap on overflow, as `sum` does; all other numbers give floats. Nulls are skipped; null without values.

use std::fmt;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, FieldRef, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};

/// The function.
pub fn product() -> Arc<AggregateUDF> {
    static FUNCTION: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(Product { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Product {
    signature: Signature,
}

/// Makes an accumulator for the type of the argument.
macro_rules! for_type {
    ($data_type:expr, $accumulator:ident) => {
        match $data_type {
            DataType::Int64 => Ok(Box::new($accumulator::<Int64Type>::default())),
            DataType::UInt64 => Ok(Box::new($accumulator::<UInt64Type>::default())),
            DataType::Float64 => Ok(Box::new($accumulator::<Float64Type>::default())),
            other => internal_err!("product: {other} was not coerced"),
        }
    };
}

impl AggregateUDFImpl for Product {
    fn name(&self) -> &str {
        "product"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [DataType::Boolean | DataType::Null] => Ok(vec![DataType::Int64]),
            [number] if number.is_unsigned_integer() => Ok(vec![DataType::UInt64]),
            [number] if number.is_integer() => Ok(vec![DataType::Int64]),
            [number] if number.is_numeric() => Ok(vec![DataType::Float64]),
            [other] => plan_err!("product: expected numbers, got {other}; cast them before"),
            _ => plan_err!("product: expected one column of numbers, got {} arguments", types.len()),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types[0].clone())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(arguments.name, "product");
        Ok(vec![Arc::new(Field::new(name, arguments.return_type().clone(), true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return plan_err!("product: DISTINCT is not supported; select distinct rows before");
        }
        for_type!(arguments.return_type(), OneGroup)
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return self.accumulator(arguments);
        }
        for_type!(arguments.return_type(), SlidingGroup)
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        for_type!(arguments.return_type(), ManyGroups)
    }
}

/// `product` times `value`, if there is one yet.
fn multiply<T: ArrowPrimitiveType>(product: &mut Option<T::Native>, value: T::Native) {
    *product = Some(product.map_or(value, |product| product.mul_wrapping(value)));
}

#[derive(Debug)]
struct OneGroup<T: ArrowPrimitiveType> {
    product: Option<T::Native>,
}

impl<T: ArrowPrimitiveType> Default for OneGroup<T> {
    fn default() -> Self {
        Self { product: None }
    }
}

impl<T: ArrowPrimitiveType + fmt::Debug> Accumulator for OneGroup<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values[0].as_primitive::<T>().iter().flatten().for_each(|value| multiply::<T>(&mut self.product, value));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::new_primitive::<T>(self.product, &T::DATA_TYPE)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// The product of a window that slides. What has left cannot be divided out (of zero, of what has wrapped), so products are kept of the
/// older values, from each of them on; the newer ones become older ones when none of those is left.
#[derive(Debug)]
struct SlidingGroup<T: ArrowPrimitiveType> {
    /// For each of the older values, the newest first: the product from it up to the newest of the older ones.
    older: Vec<T::Native>,
    newer: Vec<T::Native>,
    product_of_newer: Option<T::Native>,
}

impl<T: ArrowPrimitiveType> Default for SlidingGroup<T> {
    fn default() -> Self {
        Self { older: vec![], newer: vec![], product_of_newer: None }
    }
}

impl<T: ArrowPrimitiveType + fmt::Debug> Accumulator for SlidingGroup<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values[0].as_primitive::<T>().iter().flatten() {
            self.newer.push(value);
            multiply::<T>(&mut self.product_of_newer, value);
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for _ in values[0].null_count()..values[0].len() {
            if self.older.is_empty() {
                let mut product = None;
                for value in self.newer.drain(..).rev() {
                    multiply::<T>(&mut product, value);
                    self.older.extend(product);
                }
                self.product_of_newer = None;
            }
            self.older.pop();
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut product = self.older.last().copied();
        if let Some(newer) = self.product_of_newer {
            multiply::<T>(&mut product, newer);
        }
        ScalarValue::new_primitive::<T>(product, &T::DATA_TYPE)
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        internal_err!("the values of a window are not merged")
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        internal_err!("the values of a window are not merged")
    }

    fn size(&self) -> usize {
        size_of::<Self>() + (self.older.capacity() + self.newer.capacity()) * size_of::<T::Native>()
    }
}

struct ManyGroups<T: ArrowPrimitiveType> {
    products: Vec<Option<T::Native>>,
}

impl<T: ArrowPrimitiveType> Default for ManyGroups<T> {
    fn default() -> Self {
        Self { products: vec![] }
    }
}

impl<T: ArrowPrimitiveType> GroupsAccumulator for ManyGroups<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.products.resize(total, None);
        for (row, (value, group)) in values[0].as_primitive::<T>().iter().zip(groups).enumerate() {
            if let Some(value) = value
                && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
            {
                multiply::<T>(&mut self.products[*group], value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(states, groups, None, total)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(emit.take_needed(&mut self.products).into_iter().collect::<PrimitiveArray<T>>()))
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let kept = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        let values = values[0].as_primitive::<T>().iter().enumerate();
        let products: PrimitiveArray<T> = values.map(|(row, value)| value.filter(|_| kept(row))).collect();
        Ok(vec![Arc::new(products)])
    }

    fn size(&self) -> usize {
        self.products.capacity() * size_of::<Option<T::Native>>()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(sql: &str) -> Vec<String> {
        let context = SessionContext::new();
        context.register_udaf(super::product().as_ref().clone());
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect()
    }

    #[tokio::test]
    async fn numbers_are_multiplied() {
        let of = "FROM (VALUES (1, 2, 0.5), (1, 3, NULL), (2, NULL, 4), (3, 7, -1)) AS t(k, n, x)";
        assert_eq!(
            rows(&format!("SELECT k, product(n), product(x) {of} GROUP BY k ORDER BY k")).await,
            ["|1|6|0.5|", "|2||4.0|", "|3|7|-1.0|"]
        );
        assert_eq!(rows(&format!("SELECT product(n) FILTER (WHERE k < 3), product(k) {of}")).await, ["|6|6|"]);
        assert_eq!(
            rows(&format!("SELECT product(n) OVER (ORDER BY k, n ROWS UNBOUNDED PRECEDING) AS p {of} ORDER BY k, n"))
                .await,
            ["|2|", "|6|", "|6|", "|42|"]
        );
        assert_eq!(rows(&format!("SELECT product(n) {of} WHERE k > 9")).await, ["||"]);
        let rest = "ORDER BY k, n NULLS FIRST ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING";
        assert_eq!(
            rows(&format!("SELECT product(n) OVER ({rest}) AS p {of} ORDER BY k, n NULLS FIRST")).await,
            ["|42|", "|21|", "|7|", "|7|"]
        );
        let two = "ORDER BY k, n NULLS FIRST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW";
        assert_eq!(
            rows(&format!("SELECT product(n) OVER ({two}) AS p {of} ORDER BY k, n NULLS FIRST")).await,
            ["|2|", "|6|", "|3|", "|7|"]
        );
    }
}
