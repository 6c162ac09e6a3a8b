//! Functions of many values in one row: `max_horizontal`, `concat_str`, `struct`, …

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};
use serde::{Deserialize, Serialize};
use swath_collections as sw;
use swath_collections::ExprExt;
use swath_collections::expr::conditional::{all_of, any_of, coalesce, max_horizontal, min_horizontal};
use swath_collections::expr::{list, structure};

/// A function of many values in one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Horizontal {
    /// The first that is not null.
    Coalesce,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The sum of those that are not null.
    Sum,
    /// The mean of those that are not null.
    Mean,
    /// Whether all are true.
    All,
    /// Whether any is true.
    Any,
    /// Their texts one after the other.
    Text {
        /// What stands between.
        separator: String,
        /// Whether nulls are left out; else one makes the whole null.
        ignore_nulls: bool,
    },
    /// A list of them.
    List,
    /// A struct of them.
    Struct,
    /// The struct that the first one is, with the others as fields.
    WithFields,
}

impl Horizontal {
    /// As Python calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Coalesce => "coalesce",
            Self::Max => "max_horizontal",
            Self::Min => "min_horizontal",
            Self::Sum => "sum_horizontal",
            Self::Mean => "mean_horizontal",
            Self::All => "all_horizontal",
            Self::Any => "any_horizontal",
            Self::Text { .. } => "concat_str",
            Self::List => "concat_list",
            Self::Struct => "struct",
            Self::WithFields => "struct.with_fields",
        }
    }

    /// The function that Python calls `name`.
    pub fn of(name: &str, separator: Option<String>, ignore_nulls: bool) -> Option<Self> {
        Some(match name {
            "coalesce" => Self::Coalesce,
            "max" => Self::Max,
            "min" => Self::Min,
            "sum" => Self::Sum,
            "mean" => Self::Mean,
            "all" => Self::All,
            "any" => Self::Any,
            "concat_str" => Self::Text { separator: separator.unwrap_or_default(), ignore_nulls },
            "concat_list" => Self::List,
            "struct" => Self::Struct,
            "with_fields" => Self::WithFields,
            _ => return None,
        })
    }

    /// The engine's expression over these values.
    pub fn resolve(&self, values: Vec<Expr>, schema: &DFSchema) -> sw::Result<Expr> {
        if values.is_empty() && !matches!(self, Self::All | Self::Any | Self::List | Self::Text { .. }) {
            return Err(sw::Error::invalid(self.name(), "expected at least one column or expression, got none"));
        }
        Ok(match self {
            Self::Coalesce => coalesce(values),
            Self::Max => max_horizontal(values),
            Self::Min => min_horizontal(values),
            Self::Sum => sum(values.into_iter().map(|value| or_zero(value, schema))),
            Self::Mean => {
                let there = |value: &Expr| cast(value.clone().is_not_null(), DataType::Float64);
                let count = sum(values.iter().map(there));
                let float = |value: Expr| coalesce([cast(value, DataType::Float64), lit(0.0)]);
                sum(values.into_iter().map(float)) / expr_fn::nullif(count, lit(0.0))
            }
            Self::All => all_of(values),
            Self::Any => any_of(values),
            Self::Text { separator, ignore_nulls } => {
                let texts: Vec<Expr> = values.iter().map(|value| cast(value.clone(), DataType::Utf8)).collect();
                let joined = sw::expr::string::concat_str(texts, separator);
                if *ignore_nulls || values.is_empty() {
                    return Ok(joined);
                }
                let whole = all_of(values.into_iter().map(Expr::is_not_null));
                sw::expr::conditional::when(whole).then(joined).end()
            }
            Self::List => list::list_of(values),
            Self::Struct => structure::struct_of(values),
            Self::WithFields => {
                let mut values = values;
                // There is one: see above.
                let fields = values.split_off(1);
                let [structure] =
                    <[Expr; 1]>::try_from(values).map_err(|_| sw::Error::invalid(self.name(), "expected a struct"))?;
                structure.structure().with_fields(fields)
            }
        })
    }
}

fn sum(values: impl Iterator<Item = Expr>) -> Expr {
    values.reduce(|left, right| left + right).unwrap_or_else(|| lit(0_i64))
}

/// `value`, or zero of its type where it is null.
fn or_zero(value: Expr, schema: &DFSchema) -> Expr {
    let zero = match value.get_type(schema) {
        // Truth values are counted.
        Ok(DataType::Boolean) => return coalesce([cast(value, DataType::Int64), lit(0_i64)]),
        Ok(data_type) if data_type.is_numeric() => cast(lit(0_i64), data_type),
        _ => lit(0_i64),
    };
    coalesce([value, zero])
}
