//! Product type profit: profit by nation and year on parts of a colour.

use swath_collections::prelude::*;

use super::discounted_price;
use crate::tables::Tables;

pub(super) fn q09(tables: &Tables) -> DataFrame {
    tables
        .part
        .filter(col("p_name").str().contains("green"))
        .join_by(&tables.lineitem, JoinType::Inner, [("p_partkey", "l_partkey")])
        .join_by(&tables.partsupp, JoinType::Inner, [("l_partkey", "ps_partkey"), ("l_suppkey", "ps_suppkey")])
        .join_by(&tables.supplier, JoinType::Inner, [("l_suppkey", "s_suppkey")])
        .join_by(&tables.orders, JoinType::Inner, [("l_orderkey", "o_orderkey")])
        .join_by(&tables.nation, JoinType::Inner, [("s_nationkey", "n_nationkey")])
        .group_by([col("n_name").alias("nation"), col("o_orderdate").dt().year().alias("o_year")])
        .agg([(discounted_price() - col("ps_supplycost") * col("l_quantity")).sum().alias("sum_profit")])
        .sort([col("nation").asc(), col("o_year").desc()])
}
