//! Customer distribution: how many customers have how many orders.

use swath_collections::prelude::*;

use crate::tables::Tables;

pub(super) fn q13(tables: &Tables) -> DataFrame {
    let orders = tables.orders.filter(col("o_comment").str().not_like("%special%requests%"));

    tables
        .customer
        .join_by(&orders, JoinType::Left, [("c_custkey", "o_custkey")])
        .group_by(["c_custkey"])
        .agg([col("o_orderkey").count().alias("c_count")])
        .group_by(["c_count"])
        .agg([count_all().alias("custdist")])
        .sort([col("custdist").desc(), col("c_count").desc()])
}
