//! Suppliers who kept orders waiting: the only late one of several on a finished order.

use swath_collections::prelude::*;

use crate::tables::Tables;

pub(super) fn q21(tables: &Tables) -> DataFrame {
    let late = tables.lineitem.filter(col("l_receiptdate").gt(col("l_commitdate")));
    let finished = tables.orders.filter(col("o_orderstatus").eq(lit("F")));
    let lines = [col("l_orderkey").alias("other_order"), col("l_suppkey").alias("other_supplier")];
    let another = [col("l_orderkey").eq(col("other_order")), col("l_suppkey").not_eq(col("other_supplier"))];

    tables
        .nation
        .filter(col("n_name").eq(lit("SAUDI ARABIA")))
        .join_by(&tables.supplier, JoinType::Inner, [("n_nationkey", "s_nationkey")])
        .join_by(&late, JoinType::Inner, [("s_suppkey", "l_suppkey")])
        .join_by(&finished, JoinType::LeftSemi, [("l_orderkey", "o_orderkey")])
        .join_on(&tables.lineitem.select(lines.clone()), JoinType::LeftSemi, another.clone())
        .join_on(&late.select(lines), JoinType::LeftAnti, another)
        .group_by(["s_name"])
        .agg([count_all().alias("numwait")])
        .sort([col("numwait").desc(), col("s_name").asc()])
        .limit(100)
}
