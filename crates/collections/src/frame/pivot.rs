//! `pivot`: the values of a column made columns.

use arrow::array::Array;
use datafusion::scalar::ScalarValue;

use super::DataFrame;
use super::resolve::known;
use crate::error::{Error, Result};
use crate::expr::agg::ExprAgg;
use crate::expr::literal::scalar;
use crate::expr::{Expr, ExprExt, ExprOrValue, col, cols};

/// More discovered columns than this are taken for a mistake.
const MAX_DISCOVERED_COLUMNS: usize = 10_000;

/// A pivot that waits for its aggregate; made by [`DataFrame::pivot`].
#[derive(Clone, Debug)]
pub struct Pivot {
    frame: DataFrame,
    on: String,
    index: Option<Vec<String>>,
    values: Option<Vec<String>>,
    columns: Option<Vec<Expr>>,
}

impl DataFrame {
    /// Turns each different value of the column `on` into a column: one row per group of [`index`](Pivot::index), in each
    /// new column an aggregate of [`values`](Pivot::values) over the rows that have its value.
    ///
    /// With [`columns`](Pivot::columns) it is lazy. Without, the different values of `on` are needed for the names of
    /// the columns: the aggregate runs a query for them at once, and orders them ascending.
    ///
    /// ```
    /// use swath_collections::prelude::*;
    /// # let session = Session::embedded().threads(1).build()?;
    /// let sales = session.sql("SELECT * FROM (VALUES (1, 'n', 3), (1, 's', 5), (2, 'n', 4)) AS t(year, region, amount)")?;
    /// let wide = sales.pivot("region").index(["year"]).values(["amount"]).sum();
    /// assert_eq!(wide.columns()?, ["year", "n", "s"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn pivot(&self, on: impl Into<String>) -> Pivot {
        Pivot { frame: self.clone(), on: on.into(), index: None, values: None, columns: None }
    }
}

impl Pivot {
    /// What a row of the result stands for. By default, all columns that are neither `on` nor `values`.
    pub fn index<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.index = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// What is aggregated. By default, all columns that are neither `on` nor `index`. With several, the names of the new
    /// columns are `value_on`, as in `amount_n`.
    pub fn values<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.values = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The values of `on` that become columns, in this order; rows with others are left out.
    pub fn columns<E: Into<ExprOrValue>>(mut self, values: impl IntoIterator<Item = E>) -> Self {
        self.columns = Some(values.into_iter().map(|value| value.into().0).collect());
        self
    }

    /// The sum of each cell; null where there are no rows.
    pub fn sum(&self) -> DataFrame {
        self.agg(ExprAgg::sum)
    }

    /// The mean of each cell.
    pub fn mean(&self) -> DataFrame {
        self.agg(ExprAgg::mean)
    }

    /// The smallest value of each cell.
    pub fn min(&self) -> DataFrame {
        self.agg(ExprAgg::min)
    }

    /// The largest value of each cell.
    pub fn max(&self) -> DataFrame {
        self.agg(ExprAgg::max)
    }

    /// The number of values of each cell; 0 where there are no rows.
    pub fn count(&self) -> DataFrame {
        self.agg(ExprAgg::count)
    }

    /// The first value of each cell, in the frame's order.
    pub fn first(&self) -> DataFrame {
        self.agg(ExprAgg::first)
    }

    /// Any aggregate of each cell: `.agg(|x| x.max() - x.min())`.
    pub fn agg(&self, aggregate: impl Fn(Expr) -> Expr) -> DataFrame {
        match self.plan(aggregate) {
            Ok(frame) => frame,
            Err(error) => self.frame.failed(error),
        }
    }

    fn plan(&self, aggregate: impl Fn(Expr) -> Expr) -> Result<DataFrame> {
        let schema = self.frame.bare_plan()?.schema().clone();
        let given = self.index.iter().chain(&self.values).flatten().chain([&self.on]);
        given.into_iter().try_for_each(|name| known(name, &schema))?;
        let rest = |taken: &Option<Vec<String>>| -> Vec<String> {
            let names = schema.fields().iter().map(|field| field.name().clone());
            names.filter(|name| *name != self.on && !taken.iter().flatten().any(|used| used == name)).collect()
        };
        let (index, values) = match (&self.index, &self.values) {
            (Some(index), Some(values)) => (index.clone(), values.clone()),
            (Some(index), None) => (index.clone(), rest(&self.index)),
            (None, Some(values)) => (rest(&self.values), values.clone()),
            (None, None) => {
                return Err(Error::invalid("pivot", "expected .index([..]), .values([..]) or both, got neither"));
            }
        };
        if values.is_empty() {
            return Err(Error::invalid("pivot", "expected at least one column of values, got none"));
        }
        let columns = match &self.columns {
            Some(columns) => columns.clone(),
            None => self.discovered()?,
        };
        let mut cells = vec![];
        for value in &values {
            for column in &columns {
                let Expr::Literal(on, _) = column else {
                    let message = format!("expected plain values in .columns([..]), got '{column}'");
                    return Err(Error::invalid("pivot", message));
                };
                let name = if values.len() == 1 { label(on) } else { format!("{value}_{}", label(on)) };
                let cell = ExprAgg::filter(aggregate(col(value)), col(&self.on).eq_missing(column.clone()));
                cells.push(cell.alias(name));
            }
        }
        Ok(self.frame.group_by(cols(index)).agg(cells))
    }

    /// The different values of `on`, ascending.
    fn discovered(&self) -> Result<Vec<Expr>> {
        let values = self.frame.select([&self.on]).distinct().sort([self.on.as_str()]);
        let batch = values.limit(MAX_DISCOVERED_COLUMNS + 1).collect_one()?;
        if batch.num_rows() > MAX_DISCOVERED_COLUMNS {
            let message = format!(
                "column '{}' has more than {MAX_DISCOVERED_COLUMNS} different values, each of which would become a \
                 column; give the wanted ones by .columns([..])",
                self.on
            );
            return Err(Error::invalid("pivot", message));
        }
        let found = batch.column(0);
        (0..found.len()).map(|row| Ok(scalar(ScalarValue::try_from_array(found, row)?))).collect()
    }
}

/// A value as the name of a column.
fn label(value: &ScalarValue) -> String {
    if value.is_null() { "null".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, sorted_rows, table};

    fn sales() -> DataFrame {
        table(
            "SELECT * FROM (VALUES (1, 'n', 3, 30), (1, 's', 5, 50), (1, 'n', 4, 40), (2, 's', 6, 60), (2, NULL, 1, 10)) \
             AS t(year, region, amount, cost)",
        )
    }

    #[test]
    fn values_are_discovered_in_order_with_null_as_one() {
        let wide = sales().pivot("region").index(["year"]).values(["amount"]).sum();
        assert_eq!(wide.columns().unwrap(), ["year", "null", "n", "s"]);
        assert_eq!(sorted_rows(&wide), ["1|null|7|5", "2|1|null|6"]);
    }

    #[test]
    fn values_may_be_given() {
        let wide = sales().pivot("region").index(["year"]).values(["amount"]).columns(["s", "w"]).count();
        assert_eq!(wide.columns().unwrap(), ["year", "s", "w"]);
        assert_eq!(sorted_rows(&wide), ["1|1|0", "2|1|0"]);
    }

    #[test]
    fn several_values_and_own_aggregates() {
        let wide = sales().pivot("region").index(["year"]).columns(["n"]).agg(|x| x.clone().max() - x.min());
        assert_eq!(wide.columns().unwrap(), ["year", "amount_n", "cost_n"]);
        assert_eq!(sorted_rows(&wide), ["1|1|10", "2|null|null"]);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(mistake(&sales().pivot("regon").values(["amount"]).sum()).contains("did you mean 'region'?"));
        assert!(mistake(&sales().pivot("region").sum()).contains("got neither"));
        let plain = sales().pivot("region").index(["year"]).values(["amount"]).columns(["n"]).agg(|x| x);
        assert!(mistake(&plain).contains("expected an aggregate"));
    }
}
