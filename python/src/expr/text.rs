//! An expression as people read it: like SQL, with parentheses where they are needed.

use datafusion::logical_expr::expr::{Case, Sort, WindowFunctionParams};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator as Native, WindowFrame};
use datafusion::scalar::ScalarValue;

use super::deferred::Deferred;
use super::naming::Rename;
use super::operators::Operator;
use super::selectors::Selector;
use crate::dtypes;

/// Binds tighter than every operator.
const ATOM: u8 = 9;

/// The text of `expr`.
pub fn of(expr: &Expr) -> String {
    written(expr).0
}

/// The text of `expr` and how tightly what stands at its top binds.
fn written(expr: &Expr) -> (String, u8) {
    match expr {
        Expr::Alias(alias) => (format!("{} AS {}", of(&alias.expr), name(&alias.name)), 0),
        Expr::Column(column) => (name(&column.name), ATOM),
        Expr::LambdaVariable(variable) => (variable.name.clone(), ATOM),
        Expr::Lambda(lambda) => (format!("{} -> {}", lambda.params.join(", "), of(&lambda.body)), 0),
        Expr::Literal(value, _) => (literal(value), ATOM),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let binds = native(*op);
            (format!("{} {op} {}", inside(left, binds), inside(right, binds + 1)), binds)
        }
        Expr::Not(inner) => (format!("NOT {}", inside(inner, 3)), 3),
        Expr::Negative(inner) => (format!("-{}", inside(inner, 8)), 8),
        Expr::IsNull(inner) => (format!("{} IS NULL", inside(inner, 5)), 4),
        Expr::IsNotNull(inner) => (format!("{} IS NOT NULL", inside(inner, 5)), 4),
        Expr::IsTrue(inner) => (format!("{} IS TRUE", inside(inner, 5)), 4),
        Expr::Cast(cast) => (format!("CAST({} AS {})", of(&cast.expr), dtypes::text(cast.field.data_type())), ATOM),
        Expr::TryCast(cast) => {
            (format!("TRY_CAST({} AS {})", of(&cast.expr), dtypes::text(cast.field.data_type())), ATOM)
        }
        Expr::InList(list) => {
            let not = if list.negated { "NOT " } else { "" };
            (format!("{} {not}IN ({})", inside(&list.expr, 5), several(&list.list, 8)), 4)
        }
        Expr::Like(like) => {
            let not = if like.negated { "NOT " } else { "" };
            let word = if like.case_insensitive { "ILIKE" } else { "LIKE" };
            (format!("{} {not}{word} {}", inside(&like.expr, 5), inside(&like.pattern, 5)), 4)
        }
        Expr::Case(case) => (choice(case), ATOM),
        Expr::ScalarFunction(call) => function(expr, call.func.name(), &call.args),
        Expr::HigherOrderFunction(call) => (format!("{}({})", call.name(), several(&call.args, usize::MAX)), ATOM),
        Expr::AggregateFunction(call) => {
            let params = &call.params;
            let mut text = aggregate(call.func.name(), &params.args, params.distinct, &params.order_by);
            if let Some(filter) = &params.filter {
                text.push_str(&format!(" FILTER (WHERE {})", of(filter)));
            }
            (text, ATOM)
        }
        Expr::WindowFunction(call) => (window(call.fun.name(), &call.params), ATOM),
        other => (other.human_display().to_string(), ATOM),
    }
}

fn inside(expr: &Expr, binds: u8) -> String {
    let (text, own) = written(expr);
    if own < binds { format!("({text})") } else { text }
}

fn several(expressions: &[Expr], limit: usize) -> String {
    let mut texts: Vec<String> = expressions.iter().take(limit).map(of).collect();
    if expressions.len() > limit {
        texts.push(format!("… {} more", expressions.len() - limit));
    }
    texts.join(", ")
}

/// Quoted, unless it is a plain word.
fn name(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    let starts = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if starts && name.chars().all(plain) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn literal(value: &ScalarValue) -> String {
    if value.is_null() {
        return "NULL".to_owned();
    }
    match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        // Not 1 for 1.0.
        ScalarValue::Float64(Some(number)) => format!("{number:?}"),
        ScalarValue::Float32(Some(number)) => format!("{number:?}"),
        ScalarValue::Decimal128(Some(_), ..) | ScalarValue::Decimal256(Some(_), ..) => {
            let text = value
                .cast_to(&arrow::datatypes::DataType::Utf8)
                .ok()
                .and_then(|text| if let ScalarValue::Utf8(text) = text { text } else { None });
            text.unwrap_or_else(|| value.to_string())
        }
        ScalarValue::Date32(_) => format!("DATE '{value}'"),
        ScalarValue::TimestampSecond(..)
        | ScalarValue::TimestampMillisecond(..)
        | ScalarValue::TimestampMicrosecond(..)
        | ScalarValue::TimestampNanosecond(..) => {
            let text = value.cast_to(&arrow::datatypes::DataType::Utf8).ok();
            format!("TIMESTAMP '{}'", text.map_or_else(|| value.to_string(), |text| text.to_string()))
        }
        ScalarValue::DurationSecond(_)
        | ScalarValue::DurationMillisecond(_)
        | ScalarValue::DurationMicrosecond(_)
        | ScalarValue::DurationNanosecond(_)
        | ScalarValue::IntervalMonthDayNano(_) => format!("INTERVAL '{}'", value.to_string().trim()),
        other => other.to_string(),
    }
}

fn native(operator: Native) -> u8 {
    match operator {
        Native::Or => 1,
        Native::And => 2,
        Native::Plus | Native::Minus | Native::StringConcat => 5,
        Native::Multiply | Native::Divide | Native::Modulo => 6,
        _ => 4,
    }
}

fn function(expr: &Expr, function: &str, arguments: &[Expr]) -> (String, u8) {
    match Deferred::of(expr) {
        Some((Deferred::Operator(operator), [operand])) => {
            (format!("{} {}", operator.sql(), inside(operand, operator.precedence())), operator.precedence())
        }
        Some((Deferred::Operator(operator), [left, right])) => {
            let binds = operator.precedence();
            // Comparisons do not chain; the others group to the left.
            let left_binds = if comparison(*operator) { binds + 1 } else { binds };
            (format!("{} {} {}", inside(left, left_binds), operator.sql(), inside(right, binds + 1)), binds)
        }
        Some((Deferred::Columns(selector), _)) => (selection(selector), ATOM),
        Some((Deferred::Sql(text), _)) => (format!("({text})"), ATOM),
        Some((Deferred::Rename(Rename::Keep), [inner])) => written(inner),
        Some((Deferred::Rename(_), [inner])) => (format!("{} AS …", of(inner)), 0),
        _ => (format!("{function}({})", several(arguments, usize::MAX)), ATOM),
    }
}

fn comparison(operator: Operator) -> bool {
    operator.precedence() == 4
}

fn selection(selector: &Selector) -> String {
    match selector {
        Selector::All => "*".to_owned(),
        Selector::Names(names) => {
            format!("COLUMNS({})", names.iter().map(|one| name(one)).collect::<Vec<_>>().join(", "))
        }
        Selector::Pattern(pattern) => format!("COLUMNS('{pattern}')"),
        Selector::Types(types) => {
            format!("COLUMNS({})", types.iter().map(dtypes::text).collect::<Vec<_>>().join(", "))
        }
        Selector::Kind(kind) => format!("COLUMNS({})", format!("{kind:?}").to_lowercase()),
        Selector::Position(position) => format!("COLUMNS({position})"),
        Selector::Or(left, right) => format!("({} | {})", selection(left), selection(right)),
        Selector::And(left, right) => format!("({} & {})", selection(left), selection(right)),
        Selector::Minus(left, right) => format!("({} - {})", selection(left), selection(right)),
    }
}

fn choice(case: &Case) -> String {
    let mut text = "CASE".to_owned();
    for (condition, value) in &case.when_then_expr {
        text.push_str(&format!(" WHEN {} THEN {}", of(condition), of(value)));
    }
    if let Some(otherwise) = &case.else_expr {
        text.push_str(&format!(" ELSE {}", of(otherwise)));
    }
    text + " END"
}

fn aggregate(function: &str, arguments: &[Expr], distinct: bool, order_by: &[Sort]) -> String {
    let counts_rows = function == "count" && matches!(arguments, [Expr::Literal(..)]);
    let arguments = if counts_rows { "*".to_owned() } else { several(arguments, usize::MAX) };
    let distinct = if distinct { "DISTINCT " } else { "" };
    let order = if order_by.is_empty() { String::new() } else { format!(" ORDER BY {}", keys(order_by)) };
    format!("{function}({distinct}{arguments}{order})")
}

fn window(function: &str, params: &WindowFunctionParams) -> String {
    let mut text = aggregate(function, &params.args, params.distinct, &[]);
    if let Some(filter) = &params.filter {
        text.push_str(&format!(" FILTER (WHERE {})", of(filter)));
    }
    let mut over = vec![];
    if !params.partition_by.is_empty() {
        over.push(format!("PARTITION BY {}", several(&params.partition_by, usize::MAX)));
    }
    if !params.order_by.is_empty() {
        over.push(format!("ORDER BY {}", keys(&params.order_by)));
    }
    // What goes without saying is not said.
    let usual = [WindowFrame::new(None), WindowFrame::new(Some(false)), WindowFrame::new(Some(true))];
    if !usual.contains(&params.window_frame) {
        over.push(params.window_frame.to_string());
    }
    format!("{text} OVER ({})", over.join(" "))
}

fn keys(order_by: &[Sort]) -> String {
    let key = |key: &Sort| format!("{}{}", of(&key.expr), if key.asc { "" } else { " DESC" });
    order_by.iter().map(key).collect::<Vec<_>>().join(", ")
}
