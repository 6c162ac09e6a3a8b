//! `join_asof`: each row with the nearest row of another table.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, ExprSchema, ScalarValue};
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, LogicalPlanBuilder, cast};
use swath_planner::{AsofJoinNode, AsofMatch, AsofStrategy, common_time};

use super::{DataFrame, unqualified};
use crate::error::{Error, Result};

const OPERATION: &str = "join_asof";

/// What [`DataFrame::join_asof`] joins by, and which row counts as the nearest.
///
/// ```
/// use std::time::Duration;
/// use swath_collections::{AsofOptions, AsofStrategy};
///
/// let options = AsofOptions::on("time")
///     .by(["symbol"])
///     .strategy(AsofStrategy::Nearest)
///     .tolerance(Duration::from_secs(10));
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct AsofOptions {
    on: (String, String),
    by: Vec<(String, String)>,
    strategy: AsofStrategy,
    tolerance: Option<AsofTolerance>,
    allow_exact_matches: bool,
    suffix: String,
}

impl AsofOptions {
    /// Joins on the column `name` of both tables, which the result has once, from the left table.
    pub fn on(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::left_right_on(name.clone(), name)
    }

    /// Joins on `left` of the left table and `right` of the right one; if the names differ, the result has both.
    pub fn left_right_on(left: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            on: (left.into(), right.into()),
            by: vec![],
            strategy: AsofStrategy::default(),
            tolerance: None,
            allow_exact_matches: true,
            suffix: "_right".to_owned(),
        }
    }

    /// Columns of both tables that must be equal. The result has each once.
    pub fn by<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.by.extend(names.into_iter().map(Into::into).map(|name: String| (name.clone(), name)));
        self
    }

    /// Pairs of columns, left and right, that must be equal. If the names of a pair differ, the result has both.
    pub fn left_right_by<L: Into<String>, R: Into<String>>(mut self, pairs: impl IntoIterator<Item = (L, R)>) -> Self {
        self.by.extend(pairs.into_iter().map(|(left, right)| (left.into(), right.into())));
        self
    }

    /// Which right row is the nearest; the last one at or before the left row, if not set.
    pub fn strategy(mut self, strategy: AsofStrategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// The largest distance that still matches: a number for a column of numbers; a [`Duration`], or a literal interval or
    /// duration, for one of dates or times.
    pub fn tolerance(mut self, tolerance: impl Into<AsofTolerance>) -> Self {
        self.tolerance = Some(tolerance.into());
        self
    }

    /// Whether a row with an equal `on` value matches; it does, if not set.
    pub fn allow_exact_matches(mut self, allow: bool) -> Self {
        self.allow_exact_matches = allow;
        self
    }

    /// What is appended to names of right columns that the left table has too; `_right`, if not set.
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffix = suffix.into();
        self
    }
}

/// The largest distance between two `on` values that match.
#[derive(Clone, Debug)]
pub struct AsofTolerance(Expr);

impl From<Expr> for AsofTolerance {
    /// A literal: a number, a duration, or an interval without months.
    fn from(literal: Expr) -> Self {
        Self(literal)
    }
}

impl From<ScalarValue> for AsofTolerance {
    fn from(value: ScalarValue) -> Self {
        Self(Expr::Literal(value, None))
    }
}

impl From<Duration> for AsofTolerance {
    fn from(duration: Duration) -> Self {
        // Durations beyond 292 years take all there is.
        let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        ScalarValue::DurationNanosecond(Some(nanoseconds)).into()
    }
}

impl From<i64> for AsofTolerance {
    fn from(number: i64) -> Self {
        ScalarValue::Int64(Some(number)).into()
    }
}

impl From<f64> for AsofTolerance {
    fn from(number: f64) -> Self {
        ScalarValue::Float64(Some(number)).into()
    }
}

impl DataFrame {
    /// Joins each row with the nearest row of `right`: the one whose `on` value is nearest, among those with equal `by`
    /// values. Every row comes out once; where nothing is near enough, the columns of `right` are null.
    ///
    /// `on` is a number, date, time, timestamp or duration. Nulls in `on` or `by`, and NaN in `on`, never match. If several
    /// rows of `right` have the same keys, one of them is taken. With [`AsofStrategy::Nearest`], the earlier of two equally
    /// near rows is taken.
    ///
    /// Neither table has to be sorted; what is sorted already is not sorted again. The result is in the order of `on`,
    /// nulls last, within each group of `by`; without `by` columns as a whole. Memory: a few batches of each side, besides
    /// what the sorts take, which spill.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    /// use swath_collections::{AsofOptions, Session};
    ///
    /// let column = |values: &[i64]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
    /// let session = Session::embedded().build()?;
    /// let trades = session.from_arrow([RecordBatch::try_from_iter([("t", column(&[1, 5, 10]))])?])?;
    /// let quotes = RecordBatch::try_from_iter([("t", column(&[2, 5, 7])), ("bid", column(&[20, 50, 70]))])?;
    /// let quotes = session.from_arrow([quotes])?;
    ///
    /// let joined = trades.join_asof(&quotes, AsofOptions::on("t")).collect()?;
    /// assert_eq!(joined[0].column(1).as_ref(), &Int64Array::from(vec![None, Some(50), Some(70)]));
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    ///
    /// # Errors
    /// (Kept, and returned by the method that runs.) If a column does not exist, the types of a pair have no common type,
    /// `on` has no distance, the tolerance does not fit, or a name of the result would stand twice.
    pub fn join_asof(&self, right: &Self, options: AsofOptions) -> Self {
        self.then(|left| build(unqualified(left)?, unqualified(right.plan.clone()?)?, options))
    }
}

fn build(left: LogicalPlan, right: LogicalPlan, options: AsofOptions) -> Result<LogicalPlan> {
    let pairs: Vec<_> = std::iter::once(&options.on).chain(&options.by).cloned().collect();
    for (left_name, right_name) in &pairs {
        check_column(left_name, left.schema())?;
        check_column(right_name, right.schema())?;
    }
    let names = output_names(left.schema(), right.schema(), &pairs, &options.suffix)?;
    let renamed: Vec<_> = right
        .schema()
        .columns()
        .into_iter()
        .zip(&names)
        .map(|(column, name)| Expr::Column(column).alias(name.name()))
        .collect();
    let key_names: Vec<(String, String)> = pairs
        .into_iter()
        .map(|(left_name, right_name)| {
            let position = right.schema().index_of_column_by_name(None, &right_name);
            let renamed = position.map(|position| names[position].name().to_owned());
            (left_name, renamed.unwrap_or(right_name))
        })
        .collect();
    let right = LogicalPlanBuilder::new(right).project(renamed)?.build()?;

    let mut keys = key_names.iter().map(|pair| key_pair(pair, &left, &right)).collect::<Result<Vec<_>>>()?;
    let on = keys.remove(0);
    let matching = AsofMatch {
        strategy: options.strategy,
        tolerance: options.tolerance.map(literal).transpose()?,
        allow_exact_matches: options.allow_exact_matches,
    };
    let shown: Vec<_> = left
        .schema()
        .columns()
        .into_iter()
        .map(Expr::Column)
        .chain(names.iter().filter_map(|name| match name {
            RightName::Shown(name) => Some(Expr::Column(Column::from_name(name))),
            RightName::Hidden(_) => None,
        }))
        .collect();
    let node = Arc::new(AsofJoinNode::try_new(left, right, on, keys, matching)?);
    let join = LogicalPlan::Extension(Extension { node });
    Ok(LogicalPlanBuilder::new(join).project(shown)?.build()?)
}

fn check_column(name: &str, schema: &DFSchema) -> Result<()> {
    if schema.has_column_with_unqualified_name(name) {
        return Ok(());
    }
    Err(Error::column_not_found(name, schema.fields().iter().map(|field| field.name().as_str())))
}

/// What a right column is called in the join.
enum RightName {
    Shown(String),
    /// A key that the left table has under the same name; it is dropped after the join.
    Hidden(String),
}

impl RightName {
    fn name(&self) -> &str {
        match self {
            Self::Shown(name) | Self::Hidden(name) => name,
        }
    }
}

fn output_names(left: &DFSchema, right: &DFSchema, keys: &[(String, String)], suffix: &str) -> Result<Vec<RightName>> {
    let taken = |name: &str, own: &str| {
        left.has_column_with_unqualified_name(name) || (name != own && right.has_column_with_unqualified_name(name))
    };
    let name_of = |field: &Arc<arrow::datatypes::Field>| {
        let name = field.name();
        if keys.iter().any(|(left_key, right_key)| right_key == name && left_key == name) {
            let mut hidden = format!("__asof_{name}");
            while taken(&hidden, name) {
                hidden.push('_');
            }
            return Ok(RightName::Hidden(hidden));
        }
        if !left.has_column_with_unqualified_name(name) {
            return Ok(RightName::Shown(name.clone()));
        }
        let suffixed = format!("{name}{suffix}");
        if taken(&suffixed, name) || suffix.is_empty() {
            return Err(Error::invalid(
                OPERATION,
                format!("the result would have two columns named '{suffixed}'; choose another suffix or rename one"),
            ));
        }
        Ok(RightName::Shown(suffixed))
    };
    right.fields().iter().map(name_of).collect()
}

/// The two key columns, cast to their common type where they differ.
fn key_pair(
    (left_name, right_name): &(String, String),
    left: &LogicalPlan,
    right: &LogicalPlan,
) -> Result<(Expr, Expr)> {
    let (left_column, right_column) = (Column::from_name(left_name), Column::from_name(right_name));
    let left_type = left.schema().data_type(&left_column)?;
    let right_type = right.schema().data_type(&right_column)?;
    let common = common_time(left_type, right_type).or_else(|| comparison_coercion(left_type, right_type));
    let Some(common) = common else {
        return Err(Error::invalid(
            OPERATION,
            format!(
                "'{left_name}' is {left_type} and the right table's key is {right_type}, which do not compare; cast one"
            ),
        ));
    };
    let key = |column: Column, data_type: &DataType| {
        let column = Expr::Column(column);
        if *data_type == common { column } else { cast(column, common.clone()) }
    };
    Ok((key(left_column, left_type), key(right_column, right_type)))
}

fn literal(tolerance: AsofTolerance) -> Result<ScalarValue> {
    match tolerance.0 {
        Expr::Literal(value, _) => Ok(value),
        other => Err(Error::invalid(OPERATION, format!("the tolerance must be a literal, got {other}"))),
    }
}
