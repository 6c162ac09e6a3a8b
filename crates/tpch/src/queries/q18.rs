//! Large volume customers: the hundred dearest orders of a large quantity.

use swath_collections::prelude::*;

use crate::tables::Tables;

pub(super) fn q18(tables: &Tables) -> DataFrame {
    let large = tables
        .lineitem
        .group_by(["l_orderkey"])
        .agg([col("l_quantity").sum().alias("sum")])
        .filter(col("sum").gt(lit(300)));

    large
        .join_by(&tables.orders, JoinType::Inner, [("l_orderkey", "o_orderkey")])
        .join_by(&tables.customer, JoinType::Inner, [("o_custkey", "c_custkey")])
        .select(["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "sum"])
        .sort([col("o_totalprice").desc(), col("o_orderdate").asc()])
        .limit(100)
}
