//! Minimum cost supplier: who in a region sells each part of a kind at the lowest price.

use swath_collections::prelude::*;

use crate::tables::Tables;

pub(super) fn q02(tables: &Tables) -> DataFrame {
    let european_suppliers = tables
        .region
        .filter(col("r_name").eq(lit("EUROPE")))
        .join_by(&tables.nation, JoinType::Inner, [("r_regionkey", "n_regionkey")])
        .join_by(&tables.supplier, JoinType::Inner, [("n_nationkey", "s_nationkey")]);

    tables
        .part
        .filter(col("p_size").eq(lit(15)))
        .filter(col("p_type").str().ends_with("BRASS"))
        .join_by(&tables.partsupp, JoinType::Inner, [("p_partkey", "ps_partkey")])
        .join_by(&european_suppliers, JoinType::Inner, [("ps_suppkey", "s_suppkey")])
        .filter(col("ps_supplycost").eq(col("ps_supplycost").min().over(["p_partkey"])))
        .select(["s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment"])
        .sort([col("s_acctbal").desc(), col("n_name").asc(), col("s_name").asc(), col("p_partkey").asc()])
        .limit(100)
}
