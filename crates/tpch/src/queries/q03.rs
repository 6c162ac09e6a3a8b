//! Shipping priority: the ten unshipped orders worth most.

use swath_collections::prelude::*;

use super::discounted_price;
use crate::tables::Tables;

pub(super) fn q03(tables: &Tables) -> DataFrame {
    let orders = tables.orders.filter(col("o_orderdate").lt(date("1995-03-15")));
    let lines = tables.lineitem.filter(col("l_shipdate").gt(date("1995-03-15")));

    tables
        .customer
        .filter(col("c_mktsegment").eq(lit("BUILDING")))
        .join_by(&orders, JoinType::Inner, [("c_custkey", "o_custkey")])
        .join_by(&lines, JoinType::Inner, [("o_orderkey", "l_orderkey")])
        .group_by(["l_orderkey", "o_orderdate", "o_shippriority"])
        .agg([discounted_price().sum().alias("revenue")])
        .select(["l_orderkey", "revenue", "o_orderdate", "o_shippriority"])
        .sort([col("revenue").desc(), col("o_orderdate").asc()])
        .limit(10)
}
