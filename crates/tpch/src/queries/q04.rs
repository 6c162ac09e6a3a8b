//! Order priority checking: orders of a quarter with a line received late.

use swath_collections::prelude::*;

use super::in_period;
use crate::tables::Tables;

pub(super) fn q04(tables: &Tables) -> DataFrame {
    let late_lines = tables.lineitem.filter(col("l_commitdate").lt(col("l_receiptdate")));

    tables
        .orders
        .filter(in_period("o_orderdate", "1993-07-01", "1993-10-01"))
        .join_by(&late_lines, JoinType::LeftSemi, [("o_orderkey", "l_orderkey")])
        .group_by(["o_orderpriority"])
        .agg([count_all().alias("order_count")])
        .sort(["o_orderpriority"])
}
