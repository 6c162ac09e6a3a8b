//! The 22 queries: numbers, SQL text, and what verification must know of each.

use std::fmt;
use std::str::FromStr;

use crate::scale::Scale;

/// One of the 22 queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query(u8);

/// What is fixed of a query.
struct Text {
    sql: &'static str,
    /// The columns that it orders by. Rows that agree in all of them may come in any order.
    order: &'static [&'static str],
    /// The columns that are averages or quotients; all other numbers are exact.
    quotients: &'static [&'static str],
}

/// How query 11 writes its fraction at scale 1.
const Q11_FRACTION: &str = "0.0001000000";

impl Query {
    /// All queries, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=22).map(Self)
    }

    /// The number, from 1.
    pub fn number(self) -> usize {
        self.0.into()
    }

    /// The SQL text with the standard's validation parameters.
    ///
    /// Only query 11 depends on the scale: its fraction is `0.0001 / scale`, and `0.0001` at scales below 1, which the standard
    /// does not have and for which the reference answers were made so.
    pub fn sql(self, scale: Scale) -> String {
        let text = self.text().sql;
        if self.0 == 11 { text.replace(Q11_FRACTION, &format!("{:.10}", q11_fraction(scale))) } else { text.to_owned() }
    }

    pub(crate) fn order(self) -> &'static [&'static str] {
        self.text().order
    }

    pub(crate) fn quotients(self) -> &'static [&'static str] {
        self.text().quotients
    }

    fn text(self) -> &'static Text {
        &TEXTS[self.number() - 1]
    }
}

/// The fraction of query 11: the stock's share that counts as important falls as the stock grows.
pub(crate) fn q11_fraction(scale: Scale) -> f64 {
    0.0001 / scale.factor().max(1.0)
}

impl TryFrom<usize> for Query {
    type Error = String;

    fn try_from(number: usize) -> Result<Self, Self::Error> {
        match u8::try_from(number) {
            Ok(small @ 1..=22) => Ok(Self(small)),
            _ => Err(format!("queries are numbered 1 to 22, got {number}")),
        }
    }
}

impl FromStr for Query {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: usize = text
            .trim()
            .trim_start_matches(['q', 'Q'])
            .parse()
            .map_err(|_| format!("a query is a number from 1 to 22, got '{text}'"))?;
        Self::try_from(number)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("q{:02}", self.0))
    }
}

macro_rules! text {
    ($file:literal, [$($order:literal),*], [$($quotient:literal),*]) => {
        Text { sql: include_str!(concat!("../queries/", $file, ".sql")), order: &[$($order),*], quotients: &[$($quotient),*] }
    };
}

static TEXTS: [Text; 22] = [
    text!("q01", ["l_returnflag", "l_linestatus"], ["avg_qty", "avg_price", "avg_disc"]),
    text!("q02", ["s_acctbal", "n_name", "s_name", "p_partkey"], []),
    text!("q03", ["revenue", "o_orderdate"], []),
    text!("q04", ["o_orderpriority"], []),
    text!("q05", ["revenue"], []),
    text!("q06", [], []),
    text!("q07", ["supp_nation", "cust_nation", "l_year"], []),
    text!("q08", ["o_year"], ["mkt_share"]),
    text!("q09", ["nation", "o_year"], []),
    text!("q10", ["revenue"], []),
    text!("q11", ["value"], []),
    text!("q12", ["l_shipmode"], []),
    text!("q13", ["custdist", "c_count"], []),
    text!("q14", [], ["promo_revenue"]),
    text!("q15", ["s_suppkey"], []),
    text!("q16", ["supplier_cnt", "p_brand", "p_type", "p_size"], []),
    text!("q17", [], ["avg_yearly"]),
    text!("q18", ["o_totalprice", "o_orderdate"], []),
    text!("q19", [], []),
    text!("q20", ["s_name"], []),
    text!("q21", ["numwait", "s_name"], []),
    text!("q22", ["cntrycode"], []),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_q() {
        for text in ["7", "q7", "Q07", " 7 "] {
            assert_eq!(text.parse::<Query>().unwrap().number(), 7, "{text}");
        }
        for text in ["0", "23", "x", ""] {
            assert!(text.parse::<Query>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_query_11_depends_on_the_scale() {
        let (one, ten) = (Scale::try_from(1.0).unwrap(), Scale::try_from(10.0).unwrap());
        for query in Query::all() {
            assert_eq!(query.sql(one) == query.sql(ten), query.number() != 11, "{query}");
            assert!(query.sql(one).starts_with(&format!("-- Q{},", query.number())), "{query}");
        }
    }
}
