//! Returned items: the twenty customers who sent back most in a quarter.

use swath_collections::prelude::*;

use super::{discounted_price, in_period};
use crate::tables::Tables;

pub(super) fn q10(tables: &Tables) -> DataFrame {
    let orders = tables.orders.filter(in_period("o_orderdate", "1993-10-01", "1994-01-01"));
    let returned = tables.lineitem.filter(col("l_returnflag").eq(lit("R")));

    tables
        .customer
        .join_by(&orders, JoinType::Inner, [("c_custkey", "o_custkey")])
        .join_by(&returned, JoinType::Inner, [("o_orderkey", "l_orderkey")])
        .join_by(&tables.nation, JoinType::Inner, [("c_nationkey", "n_nationkey")])
        .group_by(["c_custkey", "c_name", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment"])
        .agg([discounted_price().sum().alias("revenue")])
        .select(["c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment"])
        .sort([col("revenue").desc()])
        .limit(20)
}
