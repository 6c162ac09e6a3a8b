//! Local supplier volume: revenue where customer and supplier share a nation.

use swath_collections::prelude::*;

use super::{discounted_price, in_period};
use crate::tables::Tables;

pub(super) fn q05(tables: &Tables) -> DataFrame {
    let orders = tables.orders.filter(in_period("o_orderdate", "1994-01-01", "1995-01-01"));

    tables
        .region
        .filter(col("r_name").eq(lit("ASIA")))
        .join_by(&tables.nation, JoinType::Inner, [("r_regionkey", "n_regionkey")])
        .join_by(&tables.customer, JoinType::Inner, [("n_nationkey", "c_nationkey")])
        .join_by(&orders, JoinType::Inner, [("c_custkey", "o_custkey")])
        .join_by(&tables.lineitem, JoinType::Inner, [("o_orderkey", "l_orderkey")])
        .join_by(&tables.supplier, JoinType::Inner, [("l_suppkey", "s_suppkey"), ("c_nationkey", "s_nationkey")])
        .group_by(["n_name"])
        .agg([discounted_price().sum().alias("revenue")])
        .sort([col("revenue").desc()])
}
