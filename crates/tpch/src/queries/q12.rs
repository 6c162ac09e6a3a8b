//! Shipping modes and order priority: late lines by mode.

use swath_collections::prelude::*;

use super::in_period;
use crate::tables::Tables;

pub(super) fn q12(tables: &Tables) -> DataFrame {
    let late_lines = tables
        .lineitem
        .filter(col("l_shipmode").is_in(["MAIL", "SHIP"]))
        .filter(col("l_commitdate").lt(col("l_receiptdate")))
        .filter(col("l_shipdate").lt(col("l_commitdate")))
        .filter(in_period("l_receiptdate", "1994-01-01", "1995-01-01"));
    let urgent = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"]);

    late_lines
        .join_by(&tables.orders, JoinType::Inner, [("l_orderkey", "o_orderkey")])
        .group_by(["l_shipmode"])
        .agg([
            when(urgent.clone()).then(1).otherwise(0).sum().alias("high_line_count"),
            when(urgent).then(0).otherwise(1).sum().alias("low_line_count"),
        ])
        .sort(["l_shipmode"])
}
