//! Messages of the engine in the words of whoever wrote the query.
//!
//! DataFusion tells what it could not coerce or parse, but neither what to do about it nor, by the kind of its error, whose mistake it
//! is. What is not known here stays as it was said.

/// What is wrong with a query for which the planner says `message`.
pub(crate) fn of_plan(message: &str) -> Option<String> {
    if let Some(operation) = between(message, "Cannot coerce arithmetic expression ", " to valid types") {
        return Some(arithmetic(operation));
    }
    let only_signed = [
        "Negation only supports numeric, interval and timestamp types",
        "Unary operator '-' only supports signed numeric",
    ];
    if only_signed.iter().any(|told| message.starts_with(told)) {
        return Some(UNSIGNED.to_owned());
    }
    if let Some(types) = between(message, "Cannot infer common argument type for logical boolean operation ", "") {
        return Some(conditions(types));
    }
    if let Some(types) = between(message, "Cannot infer common argument type for comparison operation ", "") {
        return Some(comparison(types));
    }
    if let Some(rest) = between(message, "Cannot create filter with non-boolean predicate '", "") {
        let (predicate, data_type) = rest.rsplit_once("' returning ")?;
        return Some(not_a_condition(predicate, data_type));
    }
    if let Some(field) = between(message, "Field ", " not found in struct") {
        return Some(format!("the struct has no field '{field}'; the schema of the table lists its fields"));
    }
    let data_type = between(message, "Cannot access field at argument ", " is not Struct, Map, or Null")?;
    let (_, data_type) = data_type.split_once("type ")?;
    Some(format!("a field is asked of {data_type}, which is no struct and has none"))
}

const UNSIGNED: &str = "- takes numbers with a sign, intervals and timestamps; cast the value before, as in -CAST(x AS BIGINT) or \
    -x.cast(int), if it is an unsigned number";

/// The message for a condition `predicate` that is not true or false, but of `data_type`.
pub(crate) fn not_a_condition(predicate: &str, data_type: &str) -> String {
    format!(
        "filter: expected a condition, but {predicate} is {data_type}; compare it with something, as in {predicate} > 0"
    )
}

/// The message for `AND` and `OR` of what is no condition.
pub(crate) fn conditions(operation: &str) -> String {
    format!("{operation}: AND and OR (& and | in Python) take conditions; compare what is none, as in x > 0, before")
}

/// The message for a comparison of types that have no order in common.
pub(crate) fn comparison(operation: &str) -> String {
    format!("{operation}: values of these types cannot be compared; cast one of them")
}

/// The message for arithmetic of types that have none.
pub(crate) fn arithmetic(operation: &str) -> String {
    format!(
        "{operation}: there is no such arithmetic of these types; cast one side, as in CAST(x AS DOUBLE) or .cast(float)"
    )
}

/// What is wrong with a value for which the engine says `message`, and the remedy.
pub(crate) fn of_value(message: &str) -> Option<(String, &'static str)> {
    if let Some(rest) = between(message, "Error parsing timestamp from '", "") {
        let (text, rest) = rest.split_once('\'')?;
        let message = match between(rest, " using format '", "").and_then(|rest| rest.split_once("': ")) {
            Some((format, reason)) => {
                format!("cannot read '{text}' as a date or time of the format '{format}': {reason}")
            }
            None => format!("cannot read '{text}' as a date or time{rest}"),
        };
        return Some((message, "give the format that the texts have, or make those that have none null before"));
    }
    None
}

/// What stands in `text` between `before`, with which it begins, and `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(before)?;
    if after.is_empty() { Some(rest) } else { rest.split_once(after).map(|(inner, _)| inner) }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::prelude::*;
    use crate::testing::table;

    fn letters() -> DataFrame {
        table("SELECT 1 AS a, 'x' AS s, true AS b, 1.5 AS f, named_struct('p', 1, 'quantity', 2) AS st")
    }

    #[test]
    fn types_that_do_not_go_together_are_named_with_their_expression() {
        let cases = [
            (letters().select([col("s") * lit(2_i64)]), "s * 2: Utf8 * Int64: there is no such arithmetic"),
            (letters().select([(col("b") + lit(1_i64)).abs()]), "b + 1: Boolean + Int64: there is no such"),
            (letters().filter((col("s") * col("a")).gt(lit(1))), "s * a: Utf8 * Int64: there is no such arithmetic"),
            (letters().filter(col("a")), "filter: expected a condition, but a is Int64; compare it"),
            (letters().filter(col("s")), "filter: expected a condition, but s is Utf8; compare it"),
            (letters().filter(col("b").and(col("f"))), "take conditions; compare what is none"),
            (
                letters().select([col("st").structure().field("quanttiy")]),
                "has no field 'quanttiy' (did you mean 'quantity'?); its fields are: 'p', 'quantity'",
            ),
            (letters().select([col("a").structure().field("p")]), "a is Int64, no struct"),
        ];
        for (frame, expected) in cases {
            let error = frame.collect().map(drop).unwrap_err();
            assert!(matches!(error, Error::Plan { .. } | Error::InvalidArgument { .. }), "{error:?}");
            assert!(error.to_string().contains(expected), "{error} has no {expected}");
        }
    }

    #[test]
    fn so_are_those_in_sql() {
        let session = letters().session().clone();
        session.register("t", &letters()).unwrap();
        let cases = [
            ("SELECT s * 2 FROM t", "Utf8 * Int64: there is no such arithmetic"),
            ("SELECT * FROM t WHERE a", "filter: expected a condition, but t.a is Int64"),
            ("SELECT * FROM t WHERE b AND f", "take conditions"),
            ("SELECT -arrow_cast(a, 'UInt8') FROM t", "as in -CAST(x AS BIGINT)"),
            ("SELECT st.zz FROM t", "the struct has no field 'zz'"),
        ];
        for (sql, expected) in cases {
            let error = session.sql(sql).and_then(|frame| frame.collect()).map(drop).unwrap_err();
            assert!(matches!(error, Error::Plan { .. } | Error::Sql { .. }), "{error:?}");
            assert!(error.to_string().contains(expected), "{error} has no {expected}");
        }
    }

    #[test]
    fn texts_that_are_no_dates_are_values() {
        let error = letters().select([col("s").str().to_date("%d.%m.%Y")]).collect().map(drop).unwrap_err();
        assert!(matches!(error, Error::Value { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with("cannot read 'x' as a date or time of the format '%d.%m.%Y'"), "{text}");
        assert!(text.contains("give the format"), "{text}");
    }
}
