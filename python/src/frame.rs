//! Lazy tables.
//!
//! Methods that shape a frame say at once what is wrong with it, so that the error comes from the line that is wrong.

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use swath_collections as sw;
use swath_collections::frame::combine::{Concat, concat as concatenated};
use swath_collections::frame::join::JoinOptions;
use swath_collections::frame::nulls::FillNull;
use swath_collections::frame::sample::Sample;
use swath_collections::prelude::JoinType;
use swath_collections::watch::Watch;
use swath_collections::{AsofOptions, AsofStrategy, Error, ExplainView, ExprExt};

use crate::batches::{BatchReader, Batches};
use crate::capsule;
use crate::errors::IntoPython;
use crate::expr::Expr;
use crate::expr::expand::{expand, expand_between, expand_one, expand_without};
use crate::session::Session;
use crate::wait::{detached, detached_over};

/// A lazy table.
#[pyclass(module = "swath._internal", frozen)]
pub struct DataFrame {
    pub(crate) frame: sw::DataFrame,
}

impl From<sw::DataFrame> for DataFrame {
    fn from(frame: sw::DataFrame) -> Self {
        Self { frame }
    }
}

/// `frame`, or the mistake in it.
pub fn made(py: Python<'_>, frame: sw::DataFrame) -> PyResult<DataFrame> {
    frame.logical_plan().map(|_| ()).python(py)?;
    Ok(frame.into())
}

/// The engine's expressions in `list`, as they are meant for `frame`.
pub fn exprs(py: Python<'_>, frame: &sw::DataFrame, list: &[PyRef<'_, Expr>]) -> PyResult<Vec<sw::Expr>> {
    expand(frame, list.iter().map(|expr| expr.expr.clone())).python(py)
}

/// [`exprs`] of a table with these keys, which stand beside the expressions anyway.
pub fn exprs_beside(
    py: Python<'_>,
    frame: &sw::DataFrame,
    keys: &[String],
    list: &[PyRef<'_, Expr>],
) -> PyResult<Vec<sw::Expr>> {
    expand_without(frame, keys, list.iter().map(|expr| expr.expr.clone())).python(py)
}

/// One expression, as it is meant for `frame`.
fn one_expr(py: Python<'_>, frame: &sw::DataFrame, operation: &'static str, expr: &Expr) -> PyResult<sw::Expr> {
    expand_one(frame, operation, expr.expr.clone()).python(py)
}

/// The value of an expression that is a literal.
pub fn value(py: Python<'_>, operation: &'static str, expr: &Expr) -> PyResult<datafusion::scalar::ScalarValue> {
    match expr.expr.clone().unalias() {
        sw::Expr::Literal(value, _) => Ok(value),
        other => Err(Error::invalid(operation, format!("expected a value, got the expression {other}"))).python(py),
    }
}

/// The error for a word that is none of those that an option knows.
pub fn unknown(operation: &'static str, option: &str, known: &str, got: &str) -> Error {
    Error::invalid(operation, format!("{option} must be one of {known}; got '{got}'"))
}

fn join_type(name: &str) -> Result<JoinType, Error> {
    Ok(match name {
        "inner" => JoinType::Inner,
        "left" | "left_outer" | "leftouter" => JoinType::Left,
        "right" | "right_outer" | "rightouter" => JoinType::Right,
        "full" | "outer" | "full_outer" | "fullouter" => JoinType::Full,
        "semi" | "left_semi" | "leftsemi" => JoinType::LeftSemi,
        "anti" | "left_anti" | "leftanti" => JoinType::LeftAnti,
        "right_semi" | "rightsemi" => JoinType::RightSemi,
        "right_anti" | "rightanti" => JoinType::RightAnti,
        other => return Err(unknown("join", "how", "inner, left, right, full, semi, anti, cross", other)),
    })
}

impl DataFrame {
    /// Refuses a frame of another session, whose tables this one's engine may not reach.
    fn with(&self, py: Python<'_>, operation: &'static str, other: &Self) -> PyResult<()> {
        if std::ptr::eq(self.frame.session().engine(), other.frame.session().engine()) {
            return Ok(());
        }
        let message = "the frames belong to two sessions; make both in one, or collect() the other one first";
        Err(Error::invalid(operation, message)).python(py)
    }
}

#[pymethods]
impl DataFrame {
    /// The session that will run it.
    fn session(&self) -> Session {
        Session { session: self.frame.session().clone() }
    }

    /// Whether both frames are of one session.
    fn shares_session(&self, other: &Self) -> bool {
        std::ptr::eq(self.frame.session().engine(), other.frame.session().engine())
    }

    /// Names of the columns.
    fn columns(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.frame.columns().python(py)
    }

    /// Names and types of the columns, and whether they may hold nulls.
    fn fields(&self, py: Python<'_>) -> PyResult<Vec<(String, crate::dtypes::DataType, bool)>> {
        let schema = detached(py, || self.frame.schema())?;
        let field = |field: &arrow::datatypes::FieldRef| {
            (field.name().clone(), field.data_type().clone().into(), field.is_nullable())
        };
        Ok(schema.fields().iter().map(field).collect())
    }

    /// The schema, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = detached(py, || self.frame.schema())?;
        capsule::schema(py, &schema)
    }

    fn select(&self, py: Python<'_>, columns: Vec<PyRef<'_, Expr>>) -> PyResult<Self> {
        made(py, self.frame.select(exprs(py, &self.frame, &columns)?))
    }

    fn with_columns(&self, py: Python<'_>, columns: Vec<PyRef<'_, Expr>>) -> PyResult<Self> {
        made(py, self.frame.with_columns(exprs(py, &self.frame, &columns)?))
    }

    fn drop(&self, py: Python<'_>, names: Vec<String>) -> PyResult<Self> {
        made(py, self.frame.drop(names))
    }

    fn rename(&self, py: Python<'_>, names: Vec<(String, String)>) -> PyResult<Self> {
        made(py, self.frame.rename(names))
    }

    /// Each type is an object with `__arrow_c_schema__`.
    fn cast(&self, py: Python<'_>, types: Vec<(String, Bound<'_, PyAny>)>, strict: bool) -> PyResult<Self> {
        let types = types.into_iter().map(|(name, data_type)| Ok((name, capsule::type_of(&data_type)?)));
        let types: Vec<_> = types.collect::<PyResult<_>>()?;
        made(py, if strict { self.frame.cast(types) } else { self.frame.try_cast(types) })
    }

    fn filter(&self, py: Python<'_>, predicate: &Expr) -> PyResult<Self> {
        made(py, self.frame.filter(one_expr(py, &self.frame, "filter", predicate)?))
    }

    fn sort(
        &self,
        py: Python<'_>,
        keys: Vec<PyRef<'_, Expr>>,
        descending: Vec<bool>,
        nulls_last: Vec<Option<bool>>,
    ) -> PyResult<Self> {
        let mut sorted = vec![];
        for ((key, descending), nulls_last) in keys.into_iter().zip(descending).zip(nulls_last) {
            // One key may be a selector, which stands for several.
            for key in exprs(py, &self.frame, &[key])? {
                sorted.push(key.sort(!descending, !nulls_last.unwrap_or(descending)));
            }
        }
        made(py, self.frame.sort(sorted))
    }

    fn limit(&self, py: Python<'_>, rows: usize) -> PyResult<Self> {
        made(py, self.frame.limit(rows))
    }

    fn tail(&self, py: Python<'_>, rows: usize) -> PyResult<Self> {
        made(py, self.frame.tail(rows))
    }

    fn slice(&self, py: Python<'_>, offset: i64, rows: Option<usize>) -> PyResult<Self> {
        made(py, self.frame.slice(offset, rows))
    }

    fn distinct(&self, py: Python<'_>, keys: Option<Vec<PyRef<'_, Expr>>>) -> PyResult<Self> {
        made(
            py,
            match keys {
                Some(keys) => self.frame.distinct_by(exprs(py, &self.frame, &keys)?),
                None => self.frame.distinct(),
            },
        )
    }

    fn with_row_index(&self, py: Python<'_>, name: &str, offset: u64) -> PyResult<Self> {
        made(py, self.frame.with_row_index(name, offset))
    }

    fn top_k(&self, py: Python<'_>, rows: usize, by: Vec<PyRef<'_, Expr>>, smallest: bool) -> PyResult<Self> {
        let by = exprs(py, &self.frame, &by)?;
        made(py, if smallest { self.frame.bottom_k(rows, by) } else { self.frame.top_k(rows, by) })
    }

    fn value_counts(&self, py: Python<'_>, columns: Vec<PyRef<'_, Expr>>) -> PyResult<Self> {
        made(py, self.frame.value_counts(exprs(py, &self.frame, &columns)?))
    }

    fn sample(
        &self,
        py: Python<'_>,
        rows: Option<usize>,
        fraction: Option<f64>,
        with_replacement: bool,
        seed: Option<u64>,
    ) -> PyResult<Self> {
        let mut sample = match (rows, fraction) {
            (Some(rows), None) => Sample::rows(rows),
            (None, Some(fraction)) => Sample::fraction(fraction),
            _ => return Err(Error::invalid("sample", "expected either n or fraction")).python(py),
        };
        if with_replacement {
            sample = sample.with_replacement();
        }
        if let Some(seed) = seed {
            sample = sample.seed(seed);
        }
        made(py, self.frame.sample(sample))
    }

    fn explode(&self, py: Python<'_>, columns: Vec<String>) -> PyResult<Self> {
        made(py, self.frame.explode(columns))
    }

    fn unnest(&self, py: Python<'_>, columns: Vec<String>) -> PyResult<Self> {
        made(py, self.frame.unnest(columns))
    }

    fn unpivot(
        &self,
        py: Python<'_>,
        on: Vec<String>,
        index: Vec<String>,
        variable: &str,
        value: &str,
    ) -> PyResult<Self> {
        made(py, self.frame.unpivot_as(on, index, variable, value))
    }

    fn fill_null(&self, py: Python<'_>, value: &Expr) -> PyResult<Self> {
        made(py, self.frame.fill_null(one_expr(py, &self.frame, "fill_null", value)?))
    }

    fn fill_nulls(&self, py: Python<'_>, values: Vec<(String, PyRef<'_, Expr>)>) -> PyResult<Self> {
        made(py, self.frame.fill_nulls(values.into_iter().map(|(name, value)| (name, value.expr.clone()))))
    }

    #[pyo3(signature = (strategy, limit=None))]
    fn fill_null_by(&self, py: Python<'_>, strategy: &str, limit: Option<u32>) -> PyResult<Self> {
        let strategy = match strategy {
            "forward" => FillNull::Forward,
            "backward" => FillNull::Backward,
            "mean" => FillNull::Mean,
            "min" => FillNull::Min,
            "max" => FillNull::Max,
            "zero" => FillNull::Zero,
            "one" => FillNull::One,
            other => {
                let known = "forward, backward, mean, min, max, zero, one";
                return Err(unknown("fill_null", "strategy", known, other)).python(py);
            }
        };
        made(
            py,
            match limit {
                None => self.frame.fill_null_by(strategy),
                Some(limit) => self.frame.fill_null_up_to(strategy, limit),
            },
        )
    }

    fn drop_nulls(&self, py: Python<'_>, columns: Option<Vec<String>>) -> PyResult<Self> {
        made(
            py,
            match columns {
                Some(columns) => self.frame.drop_nulls_in(columns),
                None => self.frame.drop_nulls(),
            },
        )
    }

    fn null_count(&self, py: Python<'_>) -> PyResult<Self> {
        made(py, self.frame.null_count())
    }

    fn describe(&self, py: Python<'_>, quantiles: Vec<f64>) -> PyResult<Self> {
        let frame = detached(py, || Ok(self.frame.describe_with(&quantiles)))?;
        made(py, frame)
    }

    #[pyo3(signature = (other, how, keys, conditions, suffix, coalesce, nulls_equal))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn join(
        &self,
        py: Python<'_>,
        other: &Self,
        how: &str,
        keys: Vec<(String, String)>,
        conditions: Vec<PyRef<'_, Expr>>,
        suffix: &str,
        coalesce: Option<bool>,
        nulls_equal: bool,
    ) -> PyResult<Self> {
        self.with(py, "join", other)?;
        if how == "cross" {
            if !keys.is_empty() || !conditions.is_empty() {
                return Err(Error::invalid("join", "a cross join has no keys and no condition")).python(py);
            }
            return made(py, self.frame.cross_join_with_suffix(&other.frame, suffix));
        }
        let options = JoinOptions::new(join_type(how).python(py)?).by(keys).suffix(suffix).nulls_equal(nulls_equal);
        let options = coalesce.into_iter().fold(options, JoinOptions::coalesce);
        let conditions = conditions.iter().map(|condition| condition.expr.clone());
        let conditions = expand_between(&self.frame, &other.frame, suffix, conditions).python(py)?;
        let options = conditions.into_iter().fold(options, JoinOptions::condition);
        made(py, self.frame.join_with(&other.frame, &options))
    }

    #[pyo3(signature = (other, on, by, strategy, tolerance, allow_exact_matches, suffix))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn join_asof(
        &self,
        py: Python<'_>,
        other: &Self,
        on: (String, String),
        by: Vec<(String, String)>,
        strategy: &str,
        tolerance: Option<&Expr>,
        allow_exact_matches: bool,
        suffix: &str,
    ) -> PyResult<Self> {
        self.with(py, "join_asof", other)?;
        let Some(strategy) = AsofStrategy::of(strategy) else {
            return Err(unknown("join_asof", "strategy", "backward, forward, nearest", strategy)).python(py);
        };
        let options = AsofOptions::left_right_on(on.0, on.1).left_right_by(by).strategy(strategy).suffix(suffix);
        let mut options = options.allow_exact_matches(allow_exact_matches);
        if let Some(tolerance) = tolerance {
            options = options.tolerance(value(py, "join_asof", tolerance)?);
        }
        made(py, self.frame.join_asof(&other.frame, options))
    }

    fn union(&self, py: Python<'_>, other: &Self, by_name: bool) -> PyResult<Self> {
        self.with(py, "union", other)?;
        made(py, if by_name { self.frame.union_by_name(&other.frame) } else { self.frame.union(&other.frame) })
    }

    fn intersect(&self, py: Python<'_>, other: &Self, all: bool) -> PyResult<Self> {
        self.with(py, "intersect", other)?;
        made(py, if all { self.frame.intersect_all(&other.frame) } else { self.frame.intersect(&other.frame) })
    }

    fn except_(&self, py: Python<'_>, other: &Self, all: bool) -> PyResult<Self> {
        self.with(py, "except_", other)?;
        made(py, if all { self.frame.except_all(&other.frame) } else { self.frame.except_(&other.frame) })
    }

    /// The only value of this frame, as an expression for others.
    fn scalar(&self) -> Expr {
        self.frame.scalar().into()
    }

    /// Whether `value` is among those of this frame's only column.
    fn holds(&self, value: &Expr, negated: bool) -> Expr {
        let value = value.expr.clone();
        match negated {
            true => value.is_not_in_frame(&self.frame),
            false => value.is_in_frame(&self.frame),
        }
        .into()
    }

    /// The number of rows.
    fn count(&self, py: Python<'_>) -> PyResult<usize> {
        detached(py, || self.frame.count())
    }

    /// All rows.
    fn collect(&self, py: Python<'_>) -> PyResult<Batches> {
        let (schema, batches) = detached(py, || Ok((self.frame.schema()?, self.frame.collect()?)))?;
        Ok(Batches::new(schema, batches))
    }

    /// Rows as they come.
    fn stream(&self, py: Python<'_>) -> PyResult<BatchReader> {
        let watch = Watch::default();
        let stream = detached_over(py, &watch, || self.frame.stream())?;
        Ok(BatchReader::new(self.frame.session().clone(), stream, watch))
    }

    /// The first rows, as text.
    fn preview(&self, py: Python<'_>, rows: usize) -> PyResult<String> {
        detached(py, || self.frame.preview(rows))
    }

    fn persist(&self, py: Python<'_>) -> PyResult<Self> {
        Ok(detached(py, || self.frame.persist())?.into())
    }

    fn unpersist(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || self.frame.unpersist())
    }

    fn explain(&self, py: Python<'_>, view: &str) -> PyResult<String> {
        let view = match view {
            "logical" => ExplainView::Logical,
            "optimized" => ExplainView::Optimized,
            "physical" => ExplainView::Physical,
            "stages" => ExplainView::Stages,
            other => {
                return Err(unknown("explain", "view", "logical, optimized, physical, stages", other)).python(py);
            }
        };
        detached(py, || self.frame.explain(view))
    }

    fn explain_analyze(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(self.frame.explain_analyze()?.to_string()))
    }
}

/// The frames below or beside each other.
#[pyfunction]
pub fn concat(py: Python<'_>, frames: Vec<PyRef<'_, DataFrame>>, how: &str) -> PyResult<DataFrame> {
    let how = match how {
        "vertical" => Concat::Vertical,
        "diagonal" => Concat::Diagonal,
        "horizontal" => Concat::Horizontal,
        other => return Err(unknown("concat", "how", "vertical, diagonal, horizontal", other)).python(py),
    };
    if let [first, others @ ..] = frames.as_slice() {
        others.iter().try_for_each(|other| first.with(py, "concat", other))?;
    }
    made(py, concatenated(frames.iter().map(|frame| frame.frame.clone()), how).python(py)?)
}

/// The name of an expression that is nothing but a column.
#[pyfunction]
pub fn column_name(expr: &Expr) -> Option<String> {
    match &expr.expr {
        sw::Expr::Column(column) => Some(column.name.clone()),
        _ => None,
    }
}
