//! The namespace `.str()`: functions of strings. Lengths and positions count characters; null gives null.

use arrow::datatypes::DataType;
use datafusion::functions::expr_fn;
use datafusion::functions_nested::expr_fn as nested;
use datafusion::logical_expr::{Expr, Operator, binary_expr, cast, lit};
use swath_exec::functions;

use super::ExprOrValue;
use super::conditional::when;
use super::literal::null_of;

/// String functions of an expression; made by [`ExprExt::str`](super::ExprExt::str).
#[derive(Clone, Debug)]
pub struct StrExpr(pub(crate) Expr);

impl StrExpr {
    /// Whether `text` occurs in it.
    pub fn contains(self, text: impl Into<ExprOrValue>) -> Expr {
        expr_fn::contains(self.0, text.into().0)
    }

    /// Whether it begins with `prefix`.
    pub fn starts_with(self, prefix: impl Into<ExprOrValue>) -> Expr {
        expr_fn::starts_with(self.0, prefix.into().0)
    }

    /// Whether it ends with `suffix`.
    pub fn ends_with(self, suffix: impl Into<ExprOrValue>) -> Expr {
        expr_fn::ends_with(self.0, suffix.into().0)
    }

    /// SQL's LIKE: `%` stands for any text, `_` for one character.
    pub fn like(self, pattern: impl Into<ExprOrValue>) -> Expr {
        self.0.like(pattern.into().0)
    }

    /// SQL's NOT LIKE.
    pub fn not_like(self, pattern: impl Into<ExprOrValue>) -> Expr {
        self.0.not_like(pattern.into().0)
    }

    /// [`like`](Self::like) that does not distinguish case.
    pub fn ilike(self, pattern: impl Into<ExprOrValue>) -> Expr {
        self.0.ilike(pattern.into().0)
    }

    /// Whether the regular expression matches anywhere. The syntax is that of the `regex` crate.
    pub fn matches(self, regex: impl Into<ExprOrValue>) -> Expr {
        expr_fn::regexp_like(self.0, regex.into().0, None)
    }

    /// The text of capture group `group` (1 is the first) of the first match; null without a match.
    /// Group 0 is the whole match.
    pub fn extract(self, regex: &str, group: usize) -> Expr {
        // With groups the function returns the groups alone, so the whole is made a group of its own.
        let regex = format!("({regex})");
        let found = expr_fn::regexp_match(self.0, lit(regex), None);
        nested::array_element(found, lit(i64::try_from(group + 1).unwrap_or(i64::MAX)))
    }

    /// Every match of the regular expression as a list, or what capture group `group` (1 is the first) took in each; group 0
    /// is the whole match.
    pub fn extract_all(self, regex: &str, group: u32) -> Expr {
        functions::regexp_extract_all().call(vec![self.0, lit(regex), lit(i64::from(group))])
    }

    /// Number of matches of the regular expression.
    pub fn count_matches(self, regex: impl Into<ExprOrValue>) -> Expr {
        expr_fn::regexp_count(self.0, regex.into().0, None, None)
    }

    /// Every occurrence of `from` replaced by `to`.
    pub fn replace_all(self, from: impl Into<ExprOrValue>, to: impl Into<ExprOrValue>) -> Expr {
        expr_fn::replace(self.0, from.into().0, to.into().0)
    }

    /// Every match of the regular expression replaced; `\1` stands for its first group.
    pub fn regex_replace_all(self, regex: impl Into<ExprOrValue>, to: impl Into<ExprOrValue>) -> Expr {
        expr_fn::regexp_replace(self.0, regex.into().0, to.into().0, Some(lit("g")))
    }

    /// The first match of the regular expression replaced; `\1` stands for its first group.
    pub fn regex_replace(self, regex: impl Into<ExprOrValue>, to: impl Into<ExprOrValue>) -> Expr {
        expr_fn::regexp_replace(self.0, regex.into().0, to.into().0, None)
    }

    /// `length` characters from `offset` (0 is the first; negative counts from the end).
    pub fn slice(self, offset: i64, length: u64) -> Expr {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        if offset >= 0 {
            return expr_fn::substring(self.0, lit(offset + 1), lit(length));
        }
        // From the end; a string shorter than the offset begins earlier, and loses those characters of the length.
        let from_end = expr_fn::character_length(self.0.clone());
        let start = cast(from_end, DataType::Int64) + lit(offset + 1);
        let end = start.clone() + lit(length.min(i64::MAX / 2));
        let first = when(start.clone().lt(lit(1_i64))).then(lit(1_i64)).otherwise(start);
        let taken = end - first.clone();
        let taken = when(taken.clone().lt(lit(0_i64))).then(lit(0_i64)).otherwise(taken);
        expr_fn::substring(self.0, first, taken)
    }

    /// The first `characters` characters.
    pub fn head(self, characters: i64) -> Expr {
        expr_fn::left(self.0, lit(characters))
    }

    /// The last `characters` characters.
    pub fn tail(self, characters: i64) -> Expr {
        expr_fn::right(self.0, lit(characters))
    }

    /// Position of the first occurrence of `text` (0 is the start); null if there is none.
    pub fn find(self, text: impl Into<ExprOrValue>) -> Expr {
        let position = cast(expr_fn::strpos(self.0, text.into().0), DataType::Int64);
        expr_fn::nullif(position, lit(0_i64)) - lit(1_i64)
    }

    /// Number of characters.
    pub fn len_chars(self) -> Expr {
        expr_fn::character_length(self.0)
    }

    /// Number of bytes in UTF-8.
    pub fn len_bytes(self) -> Expr {
        expr_fn::octet_length(self.0)
    }

    /// In capitals.
    pub fn to_uppercase(self) -> Expr {
        expr_fn::upper(self.0)
    }

    /// In small letters.
    pub fn to_lowercase(self) -> Expr {
        expr_fn::lower(self.0)
    }

    /// The first letter of each word in capitals, the others small.
    pub fn to_titlecase(self) -> Expr {
        expr_fn::initcap(self.0)
    }

    /// Without white space at both ends.
    pub fn strip(self) -> Expr {
        self.strip_chars(" \t\r\n\u{b}\u{c}")
    }

    /// Without any of `characters` at both ends.
    pub fn strip_chars(self, characters: impl Into<ExprOrValue>) -> Expr {
        expr_fn::btrim(vec![self.0, characters.into().0])
    }

    /// Without any of `characters` at the start.
    pub fn strip_chars_start(self, characters: impl Into<ExprOrValue>) -> Expr {
        expr_fn::ltrim(vec![self.0, characters.into().0])
    }

    /// Without any of `characters` at the end.
    pub fn strip_chars_end(self, characters: impl Into<ExprOrValue>) -> Expr {
        expr_fn::rtrim(vec![self.0, characters.into().0])
    }

    /// Without `prefix`, if it begins with it.
    pub fn strip_prefix(self, prefix: &str) -> Expr {
        let starts = expr_fn::starts_with(self.0.clone(), lit(prefix));
        let after = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX - 1) + 1;
        when(starts).then(expr_fn::substr(self.0.clone(), lit(after))).otherwise(self.0)
    }

    /// Without `suffix`, if it ends with it.
    pub fn strip_suffix(self, suffix: &str) -> Expr {
        let ends = expr_fn::ends_with(self.0.clone(), lit(suffix));
        let characters = i64::try_from(suffix.chars().count()).unwrap_or(i64::MAX);
        let kept = cast(expr_fn::character_length(self.0.clone()), DataType::Int64) - lit(characters);
        when(ends).then(expr_fn::left(self.0.clone(), kept)).otherwise(self.0)
    }

    /// Filled at the start with `fill` up to `length` characters; longer strings stay.
    pub fn pad_start(self, length: i64, fill: char) -> Expr {
        self.padded(length, fill, expr_fn::lpad)
    }

    /// Filled at the end with `fill` up to `length` characters; longer strings stay.
    pub fn pad_end(self, length: i64, fill: char) -> Expr {
        self.padded(length, fill, expr_fn::rpad)
    }

    fn padded(self, length: i64, fill: char, pad: fn(Vec<Expr>) -> Expr) -> Expr {
        // The functions underneath cut longer strings.
        let short = expr_fn::character_length(self.0.clone()).lt(lit(length));
        when(short).then(pad(vec![self.0.clone(), lit(length), lit(fill.to_string())])).otherwise(self.0)
    }

    /// Filled with zeros after the sign up to `length` characters: `-5` becomes `-05`.
    pub fn zfill(self, length: i64) -> Expr {
        let sign = expr_fn::left(self.0.clone(), lit(1_i64));
        let is_signed = sign.clone().in_list(vec![lit("-"), lit("+")], false);
        let digits = Self(expr_fn::substr(self.0.clone(), lit(2_i64))).pad_start(length - 1, '0');
        when(is_signed).then(expr_fn::concat(vec![sign, digits])).otherwise(self.pad_start(length, '0'))
    }

    /// With `to` in the place of the first occurrence of `text`; both stand for themselves.
    pub fn replace_first(self, text: impl Into<ExprOrValue>, to: impl Into<ExprOrValue>) -> Expr {
        let (text, to) = (text.into().0, to.into().0);
        let integer = |expression| cast(expression, DataType::Int64);
        let place = integer(expr_fn::strpos(self.0.clone(), text.clone()));
        let before = expr_fn::left(self.0.clone(), place.clone() - lit(1_i64));
        let after = expr_fn::substr(self.0.clone(), place.clone() + integer(expr_fn::character_length(text)));
        // Unlike `concat`, `||` of null is null.
        let joined =
            [to, after].into_iter().fold(before, |joined, part| binary_expr(joined, Operator::StringConcat, part));
        when(place.gt(lit(0_i64))).then(joined).otherwise(self.0)
    }

    /// Repeated `times` times.
    pub fn repeat(self, times: impl Into<ExprOrValue>) -> Expr {
        expr_fn::repeat(self.0, times.into().0)
    }

    /// In reverse order of characters.
    pub fn reverse(self) -> Expr {
        expr_fn::reverse(self.0)
    }

    /// The parts between occurrences of `delimiter`, as a list.
    pub fn split(self, delimiter: &str) -> Expr {
        nested::string_to_array(self.0, lit(delimiter), lit(datafusion::scalar::ScalarValue::Utf8(None)))
    }

    /// Part `index` (0 is the first) between occurrences of `delimiter`; null if there are fewer.
    pub fn split_part(self, delimiter: &str, index: u32) -> Expr {
        nested::array_element(self.split(delimiter), lit(i64::from(index) + 1))
    }

    /// The first `parts` parts between occurrences of `separator` as a struct of `field_0`, `field_1`, …; null where there are
    /// fewer.
    pub fn split_exact(self, separator: &str, parts: u32) -> Expr {
        self.split_to_struct(separator, parts, false)
    }

    /// As [`split_exact`](Self::split_exact), the last part being all that is left.
    pub fn splitn(self, separator: &str, parts: u32) -> Expr {
        self.split_to_struct(separator, parts, true)
    }

    fn split_to_struct(self, separator: &str, parts: u32, keeps_rest: bool) -> Expr {
        functions::split_to_struct().call(vec![self.0, lit(separator), lit(i64::from(parts)), lit(keeps_rest)])
    }

    /// What the groups of the first match of a regular expression took, as a struct of fields with the groups' names, or their
    /// numbers from 1 on; null in each without a match.
    pub fn extract_groups(self, regex: &str) -> Expr {
        functions::regexp_extract_groups().call(vec![self.0, lit(regex)])
    }

    /// Read as a whole number of `base` (2 to 36). What is none is null, or an error with `strict`.
    pub fn to_integer(self, base: impl Into<ExprOrValue>, strict: bool) -> Expr {
        functions::text_to_integer().call(vec![self.0, base.into().0, lit(strict)])
    }

    /// Read as JSON, as values of `data_type`. Fields that are missing are null; a text that does not fit is an error.
    pub fn json_decode(self, data_type: &DataType) -> Expr {
        functions::json_decode().call(vec![self.0, null_of(data_type)])
    }

    /// The first value at `path` (`$.name[0]`) in JSON, as text; null where there is none.
    pub fn json_path_match(self, path: &str) -> Expr {
        functions::json_path_match().call(vec![self.0, lit(path)])
    }

    /// Read as a date of `format` (chrono's `%Y-%m-%d`); an error if it does not fit.
    pub fn to_date(self, format: &str) -> Expr {
        expr_fn::to_date(vec![self.0, lit(format)])
    }

    /// Read as a timestamp of `format` (chrono's `%Y-%m-%d %H:%M:%S`), in microseconds; an error if it does not fit.
    pub fn to_datetime(self, format: &str) -> Expr {
        if has_hour_alone(format) {
            // A time without minutes would be taken for none.
            let text = self.0.clone().is_not_null();
            let whole = when(text).then(expr_fn::concat(vec![self.0, lit(" 00")])).end();
            return functions::text_to_timestamp().call(vec![whole, lit(format!("{format} %M"))]);
        }
        functions::text_to_timestamp().call(vec![self.0, lit(format)])
    }

    /// As bytes in `"hex"` or `"base64"`, as text.
    pub fn encode(self, encoding: &str) -> Expr {
        expr_fn::encode(self.0, lit(encoding))
    }

    /// The bytes that it stands for in `"hex"` or `"base64"`.
    pub fn decode(self, encoding: &str) -> Expr {
        expr_fn::decode(self.0, lit(encoding))
    }

    /// Number of edits (insert, delete, replace) to `other`.
    pub fn levenshtein(self, other: impl Into<ExprOrValue>) -> Expr {
        expr_fn::levenshtein(self.0, other.into().0)
    }

    /// As an aggregate: all strings of a group, in the order of `order_by` if given, with `delimiter` between.
    pub fn join(self, delimiter: &str) -> Expr {
        functions::string_agg().call(vec![self.0, lit(delimiter)])
    }
}

/// The texts of `values` one after the other, with `separator` between; nulls are left out.
pub fn concat_str<E: Into<ExprOrValue>>(values: impl IntoIterator<Item = E>, separator: &str) -> Expr {
    expr_fn::concat_ws(lit(separator), values.into_iter().map(|value| value.into().0).collect())
}

/// Whether a format of times has an hour and no minute.
fn has_hour_alone(format: &str) -> bool {
    let mut after = format.chars();
    let (mut hour, mut minute) = (false, false);
    while let Some(character) = after.next() {
        if character != '%' {
            continue;
        }
        // Between the sign and its letter may stand how numbers are padded.
        match after.find(|letter| !matches!(letter, '-' | '_' | '0')) {
            Some('H' | 'I' | 'k' | 'l') => hour = true,
            Some('M' | 'R' | 'T' | 'X' | 'c' | 'r' | 's' | '+') => minute = true,
            _ => {}
        }
    }
    hour && !minute
}

#[cfg(test)]
mod tests {
    use super::DataType;
    use crate::prelude::*;
    use crate::testing::{rows, table};

    /// What `expr` makes of the string `s`.
    fn of(text: &str, expr: Expr) -> String {
        rows(&table("SELECT 1 AS one").select([lit(text).alias("s")]).select([expr])).remove(0)
    }

    fn s() -> crate::expr::string::StrExpr {
        col("s").str()
    }

    #[test]
    fn tests_of_content() {
        assert_eq!(of("special requests", s().like("%special%requests%")), "true");
        assert_eq!(of("abc", s().not_like("a_d")), "true");
        assert_eq!(of("ABC", s().ilike("abc")), "true");
        assert_eq!(of("abc", s().contains("bc")), "true");
        assert_eq!(of("abc", s().starts_with("b")), "false");
        assert_eq!(of("abc", s().ends_with("bc")), "true");
        assert_eq!(of("a1b22", s().matches("[0-9]{2}")), "true");
        assert_eq!(of("a1b22", s().count_matches("[0-9]")), "3");
    }

    #[test]
    fn parts() {
        assert_eq!(of("héllo", s().slice(1, 3)), "éll");
        assert_eq!(of("hello", s().slice(-3, 2)), "ll");
        assert_eq!(of("hi", s().slice(-3, 2)), "h");
        assert_eq!(of("hello", s().head(2)), "he");
        assert_eq!(of("hello", s().tail(2)), "lo");
        assert_eq!(of("hello", s().find("l")), "2");
        assert_eq!(of("hello", s().find("x")), "null");
        assert_eq!(of("k=12;", s().extract("([a-z])=([0-9]+)", 2)), "12");
        assert_eq!(of("k=12;", s().extract("[0-9]+", 0)), "12");
        assert_eq!(of("a,b,c", s().split(",")), "[a, b, c]");
        assert_eq!(of("a,b,c", s().split_part(",", 1)), "b");
        assert_eq!(of("a,b,c", s().split_part(",", 3)), "null");
    }

    #[test]
    fn changes() {
        assert_eq!(of("aXbX", s().replace_all("X", "-")), "a-b-");
        assert_eq!(of("a1b2", s().regex_replace_all("([0-9])", "<\\1>")), "a<1>b<2>");
        assert_eq!(of("a1b2", s().regex_replace("[0-9]", "")), "ab2");
        assert_eq!(of("é.b.c", s().replace_first(".", "$1\\1")), "é$1\\1b.c");
        assert_eq!(of("ab", s().replace_first("", "x")), "xab");
        assert_eq!(of("ab", s().replace_first("c", s().0)), "ab");
        assert_eq!(of("aB", s().to_uppercase()), "AB");
        assert_eq!(of("aB", s().to_lowercase()), "ab");
        assert_eq!(of("two words", s().to_titlecase()), "Two Words");
        assert_eq!(of("\t x \n", s().strip()), "x");
        assert_eq!(of("xxaxx", s().strip_chars_start("x")), "axx");
        assert_eq!(of("xxaxx", s().strip_chars_end("x")), "xxa");
        assert_eq!(of("prefix", s().strip_prefix("pre")), "fix");
        assert_eq!(of("prefix", s().strip_suffix("fix")), "pre");
        assert_eq!(of("ab", s().pad_start(4, '.')), "..ab");
        assert_eq!(of("abcde", s().pad_end(4, '.')), "abcde");
        assert_eq!(of("-5", s().zfill(4)), "-005");
        assert_eq!(of("ab", s().repeat(2_i64)), "abab");
        assert_eq!(of("abc", s().reverse()), "cba");
        assert_eq!(of("kitten", s().levenshtein("sitting")), "3");
        assert_eq!(of("é", s().len_chars()), "1");
        assert_eq!(of("é", s().len_bytes()), "2");
        assert_eq!(of("a", concat_str([col("s"), null(), lit("z")], "-")), "a-z");
    }

    #[test]
    fn read_as_other_values() {
        assert_eq!(of("a_b_c", s().splitn("_", 2)), "{field_0: a, field_1: b_c}");
        assert_eq!(of("a_b_c", s().split_exact("_", 2)), "{field_0: a, field_1: b}");
        assert_eq!(of("k=1", s().extract_groups("(?<k>[a-z])=([0-9])")), "{k: k, 2: 1}");
        assert_eq!(of("ff", s().to_integer(16_i64, true)), "255");
        assert_eq!(of("x", s().to_integer(10_i64, false)), "null");
        let list = DataType::new_list(DataType::Int64, true);
        assert_eq!(of("[1, null]", s().json_decode(&list)), "[1, null]");
        assert_eq!(of(r#"{"a": [5]}"#, s().json_path_match("$.a[0]")), "5");
        let path = table("SELECT '{}' AS s").select([s().json_path_match("a")]).collect();
        assert!(path.unwrap_err().to_string().contains("expected a path such as"));
    }

    #[test]
    fn read_as_times() {
        assert_eq!(of("31.12.2023", s().to_date("%d.%m.%Y")), "2023-12-31");
        assert_eq!(of("2024-01-02 03:04:05", s().to_datetime("%Y-%m-%d %H:%M:%S")), "2024-01-02T03:04:05");
        let bad = table("SELECT 'x' AS s").select([s().to_date("%d.%m.%Y")]);
        assert!(bad.collect().is_err());
    }

    #[test]
    fn join_is_an_aggregate() {
        let frame = table("SELECT * FROM (VALUES ('b'), ('a'), (NULL)) AS t(s)").sort(["s"]);
        assert_eq!(rows(&frame.agg([s().join("+")])), ["a+b"]);
    }
}
