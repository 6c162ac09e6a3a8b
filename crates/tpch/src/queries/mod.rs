//! The 22 queries as programs over frames, one file each. They read as examples of the DataFrame API.
//!
//! A program says the same as the SQL text of its number, in the way in which one would write it with frames: a correlated
//! subquery becomes a join or a window, `exists` a semi join.

mod q01;
mod q02;
mod q03;
mod q04;
mod q05;
mod q06;
mod q07;
mod q08;
mod q09;
mod q10;
mod q11;
mod q12;
mod q13;
mod q14;
mod q15;
mod q16;
mod q17;
mod q18;
mod q19;
mod q20;
mod q21;
mod q22;

use swath_collections::prelude::*;

use crate::query::Query;
use crate::tables::Tables;

/// A query as a program: from the tables to its answer. It only plans; nothing runs before the frame is collected.
pub type Program = fn(&Tables) -> DataFrame;

/// The program of a query.
pub fn program(query: Query) -> Program {
    PROGRAMS[query.number() - 1]
}

static PROGRAMS: [Program; 22] = [
    q01::q01,
    q02::q02,
    q03::q03,
    q04::q04,
    q05::q05,
    q06::q06,
    q07::q07,
    q08::q08,
    q09::q09,
    q10::q10,
    q11::q11,
    q12::q12,
    q13::q13,
    q14::q14,
    q15::q15,
    q16::q16,
    q17::q17,
    q18::q18,
    q19::q19,
    q20::q20,
    q21::q21,
    q22::q22,
];

/// What a line brings: its price less the discount.
fn discounted_price() -> Expr {
    col("l_extendedprice") * (lit(1) - col("l_discount"))
}

/// A day in `[first, last)`.
fn in_period(day: &str, first: &str, after: &str) -> Expr {
    col(day).gt_eq(date(first)).and(col(day).lt(date(after)))
}
