//! National market share: a nation's part of a region's market for one kind of part.

use swath_collections::prelude::*;

use super::discounted_price;
use crate::tables::Tables;

pub(super) fn q08(tables: &Tables) -> DataFrame {
    let customers = tables
        .region
        .filter(col("r_name").eq(lit("AMERICA")))
        .join_by(&tables.nation, JoinType::Inner, [("r_regionkey", "n_regionkey")])
        .join_by(&tables.customer, JoinType::Inner, [("n_nationkey", "c_nationkey")])
        .select(["c_custkey"]);
    let suppliers = tables
        .nation
        .join_by(&tables.supplier, JoinType::Inner, [("n_nationkey", "s_nationkey")])
        .select([col("s_suppkey"), col("n_name").alias("nation")]);
    let orders = tables.orders.filter(col("o_orderdate").between(date("1995-01-01"), date("1996-12-31")));
    let brazilian = col("nation").eq(lit("BRAZIL"));

    tables
        .part
        .filter(col("p_type").eq(lit("ECONOMY ANODIZED STEEL")))
        .join_by(&tables.lineitem, JoinType::Inner, [("p_partkey", "l_partkey")])
        .join_by(&orders, JoinType::Inner, [("l_orderkey", "o_orderkey")])
        .join_by(&customers, JoinType::LeftSemi, [("o_custkey", "c_custkey")])
        .join_by(&suppliers, JoinType::Inner, [("l_suppkey", "s_suppkey")])
        .group_by([col("o_orderdate").dt().year().alias("o_year")])
        .agg([
            when(brazilian).then(discounted_price()).otherwise(0).sum().alias("brazilian"),
            discounted_price().sum().alias("all"),
        ])
        .select([col("o_year"), (col("brazilian") / col("all")).alias("mkt_share")])
        .sort(["o_year"])
}
