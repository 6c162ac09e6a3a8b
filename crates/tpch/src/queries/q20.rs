//! Potential part promotion: suppliers with more of a part in stock than half of what they sold in a year.

use swath_collections::prelude::*;

use super::in_period;
use crate::tables::Tables;

pub(super) fn q20(tables: &Tables) -> DataFrame {
    let parts = tables.part.filter(col("p_name").str().starts_with("forest"));
    let sold = tables
        .lineitem
        .filter(in_period("l_shipdate", "1994-01-01", "1995-01-01"))
        .join_by(&parts, JoinType::LeftSemi, [("l_partkey", "p_partkey")])
        .group_by(["l_partkey", "l_suppkey"])
        .agg([(lit(0.5) * col("l_quantity").sum()).alias("half_sold")]);
    let surplus = tables
        .partsupp
        .join_by(&sold, JoinType::Inner, [("ps_partkey", "l_partkey"), ("ps_suppkey", "l_suppkey")])
        .filter(col("ps_availqty").gt(col("half_sold")));

    tables
        .nation
        .filter(col("n_name").eq(lit("CANADA")))
        .join_by(&tables.supplier, JoinType::Inner, [("n_nationkey", "s_nationkey")])
        .join_by(&surplus, JoinType::LeftSemi, [("s_suppkey", "ps_suppkey")])
        .select(["s_name", "s_address"])
        .sort(["s_name"])
}
