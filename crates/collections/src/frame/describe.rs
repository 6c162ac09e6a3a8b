//! `describe`: the usual statistics of every column, in one pass.

use arrow::datatypes::DataType;
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{cast, lit};

use super::DataFrame;
use crate::error::{Error, Result};
use crate::expr::agg::ExprAgg;
use crate::expr::literal::null_of;
use crate::expr::{Expr, col};

/// The column with the names of the statistics.
const STATISTIC: &str = "statistic";

impl DataFrame {
    /// Statistics of every column, one a row: count, null_count, mean, std, min, 25%, 50%, 75%, max.
    ///
    /// Numbers and booleans are described in floats, everything else in text, with null for what does not apply. The
    /// quantiles are exact and hold the numeric columns in memory; see [`describe_with`](Self::describe_with).
    pub fn describe(&self) -> Self {
        self.describe_with(&[0.25, 0.5, 0.75])
    }

    /// [`describe`](Self::describe) with other quantiles (0 to 1), or none, which needs next to no memory.
    pub fn describe_with(&self, quantiles: &[f64]) -> Self {
        match self.statistics(quantiles) {
            Ok(frame) => frame,
            Err(error) => self.failed(error),
        }
    }

    fn statistics(&self, quantiles: &[f64]) -> Result<Self> {
        let schema = self.schema()?;
        if schema.field_with_name(STATISTIC).is_ok() {
            return Err(Error::invalid("describe", format!("a column is named '{STATISTIC}'; rename it before")));
        }
        let mut statistics: Vec<String> = ["count", "null_count", "mean", "std", "min"].map(str::to_owned).to_vec();
        statistics.extend(quantiles.iter().map(|quantile| format!("{}%", quantile * 100.0)));
        statistics.push("max".to_owned());
        let (mut aggregates, mut arrays) = (vec![], vec![]);
        for (position, field) in schema.fields().iter().enumerate() {
            let numeric = field.data_type().is_numeric() || *field.data_type() == DataType::Boolean;
            let shown = if numeric { DataType::Float64 } else { DataType::Utf8 };
            let mut cells = vec![];
            for (row, aggregate) in
                column_statistics(field.name(), field.data_type(), quantiles).into_iter().enumerate()
            {
                cells.push(match aggregate {
                    None => null_of(&shown),
                    Some(aggregate) => {
                        let name = format!("{position}_{row}");
                        aggregates.push(aggregate.alias(&name));
                        cast(col(name), shown.clone())
                    }
                });
            }
            arrays.push(make_array(cells).alias(field.name()));
        }
        let names = make_array(statistics.iter().map(|name| lit(name.as_str())).collect()).alias(STATISTIC);
        let lists: Vec<String> = std::iter::once(STATISTIC.to_owned())
            .chain(schema.fields().iter().map(|field| field.name().clone()))
            .collect();
        let wide = self.agg(aggregates).select(std::iter::once(names).chain(arrays));
        Ok(wide.unnest_lists("describe", &lists, datafusion::common::NullHandling::Preserve))
    }
}

/// The statistics of one column in the order of their names; `None` for what its type does not have.
fn column_statistics(name: &str, data_type: &DataType, quantiles: &[f64]) -> Vec<Option<Expr>> {
    let column = || col(name);
    let number = || cast(col(name), DataType::Float64);
    let numeric = data_type.is_numeric();
    let ordered = !data_type.is_nested() && !data_type.is_binary() && !data_type.is_null();
    let orderable = || if *data_type == DataType::Boolean { number() } else { column() };
    let mut all = vec![
        Some(column().count()),
        Some(column().null_count()),
        (numeric || *data_type == DataType::Boolean).then(|| number().mean()),
        numeric.then(|| number().std()),
        ordered.then(|| orderable().min()),
    ];
    all.extend(quantiles.iter().map(|quantile| numeric.then(|| number().quantile(*quantile))));
    all.push(ordered.then(|| orderable().max()));
    all
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, rows, table};

    #[test]
    fn every_type_gets_what_applies_to_it() {
        let frame = table(
            "SELECT * FROM (VALUES (1, 'b', true, DATE '2024-01-02'), (3, 'a', false, NULL), (NULL, NULL, true, DATE '2024-01-01')) \
             AS t(x, s, f, d)",
        );
        let described = frame.describe();
        assert_eq!(described.columns().unwrap(), ["statistic", "x", "s", "f", "d"]);
        assert_eq!(
            rows(&described),
            [
                "count|2.0|2|3.0|2",
                "null_count|1.0|1|0.0|1",
                "mean|2.0|null|0.6666666666666666|null",
                "std|1.4142135623730951|null|null|null",
                "min|1.0|a|0.0|2024-01-01",
                "25%|1.5|null|null|null",
                "50%|2.0|null|null|null",
                "75%|2.5|null|null|null",
                "max|3.0|b|1.0|2024-01-02",
            ]
        );
    }

    #[test]
    fn empty_input_and_other_quantiles() {
        let frame = table("SELECT 1 AS x").filter(lit(false));
        assert_eq!(
            rows(&frame.describe_with(&[])),
            ["count|0.0", "null_count|0.0", "mean|null", "std|null", "min|null", "max|null"]
        );
        assert!(mistake(&frame.describe_with(&[2.0])).contains("between 0 and 1, got 2"));
    }
}
