//! Lists to rows, structs to columns, columns to rows.

use arrow::datatypes::DataType;
use datafusion::common::{Column, NullHandling, UnnestOptions};
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{LogicalPlanBuilder, lit};
use swath_exec::functions::lists_to_explode;

use super::DataFrame;
use super::combine::common_type;
use super::resolve::{self, known};
use crate::error::{Error, Result};
use crate::expr::{ExprExt, col};

impl DataFrame {
    /// One row for each element of the lists in `columns`; the other columns are repeated. A null or empty list gives one
    /// row with null. Several columns go in step: their lists must be of
    /// one length in each row, where null and empty count as one.
    pub fn explode<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let checked = self.with_lists("explode", &columns);
        let checked = match columns.as_slice() {
            [first, _, ..] => checked.with_column(first, lists_to_explode().call(columns.iter().map(col).collect())),
            _ => checked,
        };
        checked.unnest_lists("explode", &columns, NullHandling::PreserveAndExpandEmpty)
    }

    /// The frame, in which `columns` hold lists.
    fn with_lists(&self, operation: &'static str, columns: &[String]) -> Self {
        self.then(|plan| {
            for name in columns {
                known(name, plan.schema())?;
                let field = plan.schema().field_with_unqualified_name(name)?;
                if !is_list(field.data_type()) {
                    let message = format!("expected lists in column '{name}', it is {}", field.data_type());
                    return Err(Error::invalid(operation, message));
                }
            }
            Ok(plan)
        })
    }

    pub(super) fn unnest_lists(&self, operation: &'static str, columns: &[String], nulls: NullHandling) -> Self {
        self.with_lists(operation, columns).then(|plan| {
            let options = UnnestOptions { null_handling: nulls, recursions: vec![] };
            let lists = columns.iter().map(Column::from_name).collect();
            Ok(LogicalPlanBuilder::new(plan).unnest_columns_with_options(lists, options)?.build()?)
        })
    }

    /// Each struct column of `columns` replaced, in its place, by its fields. A null struct gives null fields.
    pub fn unnest<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        self.then(|plan| {
            columns.iter().try_for_each(|name| known(name, plan.schema()))?;
            let mut flat = vec![];
            for field in plan.schema().fields() {
                let name = field.name();
                match field.data_type() {
                    _ if !columns.contains(name) => flat.push(col(name)),
                    DataType::Struct(inner) => {
                        flat.extend(inner.iter().map(|part| col(name).structure().field(part.name())));
                    }
                    other => {
                        let message = format!("expected structs in column '{name}', it is {other}");
                        return Err(Error::invalid("unnest", message));
                    }
                }
            }
            resolve::project("unnest", plan, flat)
        })
    }

    /// The columns `on` made rows: for each row and each of them one row with the columns `index`, the name in `variable`
    /// and the value in `value`. Without `on`, all columns that are not in `index`.
    ///
    /// The values need a common type. The input is read once.
    pub fn unpivot<A: Into<String>, B: Into<String>>(
        &self,
        on: impl IntoIterator<Item = A>,
        index: impl IntoIterator<Item = B>,
    ) -> Self {
        self.unpivot_as(on, index, "variable", "value")
    }

    /// [`unpivot`](Self::unpivot) with other names for the columns of names and values.
    pub fn unpivot_as<A: Into<String>, B: Into<String>>(
        &self,
        on: impl IntoIterator<Item = A>,
        index: impl IntoIterator<Item = B>,
        variable: &str,
        value: &str,
    ) -> Self {
        let mut on: Vec<String> = on.into_iter().map(Into::into).collect();
        let index: Vec<String> = index.into_iter().map(Into::into).collect();
        let arrays = self.then(|plan| {
            if on.is_empty() {
                let others =
                    plan.schema().fields().iter().map(|field| field.name()).filter(|name| !index.contains(name));
                on = others.cloned().collect();
            }
            if on.is_empty() {
                return Err(Error::invalid("unpivot", "expected at least one column to turn into rows, got none"));
            }
            on.iter().chain(&index).try_for_each(|name| known(name, plan.schema()))?;
            let types = on.iter().map(|name| Ok(plan.schema().field_with_unqualified_name(name)?.data_type().clone()));
            let types = types.collect::<Result<Vec<_>>>()?;
            let mut common = types[0].clone();
            for (name, data_type) in on.iter().zip(&types) {
                common = common_type("unpivot", name, data_type, &common)?;
            }
            let names = on.iter().map(|name| lit(name.as_str())).collect();
            let values = on.iter().map(|name| ExprExt::cast(col(name), common.clone())).collect();
            let mut columns: Vec<_> = index.iter().map(col).collect();
            columns.extend([make_array(names).alias(variable), make_array(values).alias(value)]);
            resolve::project("unpivot", plan, columns)
        });
        arrays.unnest_lists("unpivot", &[variable.to_owned(), value.to_owned()], NullHandling::Preserve)
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, rows, sorted_rows, table};

    #[test]
    fn explode_keeps_null_and_empty_lists_as_null() {
        let frame = table("SELECT * FROM (VALUES (1, [10, 11]), (2, NULL), (3, [])) AS t(k, l)");
        assert_eq!(sorted_rows(&frame.explode(["l"])), ["1|10", "1|11", "2|null", "3|null"]);
        let steps = table("SELECT 1 AS k, [1, 2, 3] AS a, ['x', 'y', 'z'] AS b");
        assert_eq!(sorted_rows(&steps.explode(["a", "b"])), ["1|1|x", "1|2|y", "1|3|z"]);
        assert_eq!(mistake(&frame.explode(["k"])), "explode: expected lists in column 'k', it is Int64");
    }

    #[test]
    fn lists_that_are_exploded_together_are_of_one_length() {
        let steps = table("SELECT 1 AS k, [1, 2, 3] AS a, ['x', 'y'] AS b").explode(["a", "b"]);
        for frame in [steps.clone(), steps.select(["k"]), steps.select(["b"])] {
            let error = frame.collect().unwrap_err().to_string();
            assert!(error.contains("column 'a' has 3 elements and that of column 'b' has 2"), "{error}");
            assert!(error.contains("make them as long"), "{error}");
        }
        // Each becomes one row.
        let empty = table("SELECT * FROM (VALUES (1, [10], NULL), (2, [], ['x'])) AS t(k, a, b)").explode(["a", "b"]);
        assert_eq!(sorted_rows(&empty), ["1|10|null", "2|null|x"]);
    }

    #[test]
    fn unnest_puts_fields_in_the_place_of_the_struct() {
        let frame = table("SELECT 1 AS k, named_struct('a', 2, 'b', 'x') AS s, 3 AS z").unnest(["s"]);
        assert_eq!(frame.columns().unwrap(), ["k", "a", "b", "z"]);
        assert_eq!(rows(&frame), ["1|2|x|3"]);
        let clash = table("SELECT 1 AS a, named_struct('a', 2) AS s");
        assert!(mistake(&clash.unnest(["s"])).contains("two columns would be named 'a'"));
        assert!(mistake(&clash.unnest(["a"])).contains("expected structs in column 'a'"));
    }

    #[test]
    fn structs_are_made_and_read() {
        let frame = table("SELECT 1 AS a, 'x' AS b").select([struct_of(["a", "b"]).alias("s")]);
        assert_eq!(rows(&frame.select([col("s").structure().field("b")])), ["x"]);
        assert_eq!(frame.unnest(["s"]).columns().unwrap(), ["a", "b"]);
    }

    #[test]
    fn unpivot_turns_columns_into_rows() {
        let frame = table("SELECT * FROM (VALUES ('p', 1, 2.5), ('q', NULL, 4.0)) AS t(k, x, y)");
        let long = frame.unpivot(["x", "y"], ["k"]);
        assert_eq!(long.columns().unwrap(), ["k", "variable", "value"]);
        assert_eq!(sorted_rows(&long), ["p|x|1.0", "p|y|2.5", "q|x|null", "q|y|4.0"]);
        let none: [&str; 0] = [];
        let named = frame.select(["x", "y"]).unpivot_as(none, none, "name", "v");
        assert_eq!(named.columns().unwrap(), ["name", "v"]);
        assert_eq!(named.count().unwrap(), 4);
        assert!(mistake(&frame.unpivot(["k", "x"], none)).contains("cast one of them"));
        assert!(mistake(&frame.unpivot(["xx"], ["k"])).contains("'xx' not found"));
    }
}
