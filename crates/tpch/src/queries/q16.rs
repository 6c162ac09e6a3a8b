//! Parts and suppliers: how many suppliers can deliver parts of a kind.

use swath_collections::prelude::*;

use crate::tables::Tables;

pub(super) fn q16(tables: &Tables) -> DataFrame {
    let complained_of = tables.supplier.filter(col("s_comment").str().like("%Customer%Complaints%"));

    tables
        .part
        .filter(col("p_brand").not_eq(lit("Brand#45")))
        .filter(col("p_type").str().not_like("MEDIUM POLISHED%"))
        .filter(col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9]))
        .join_by(&tables.partsupp, JoinType::Inner, [("p_partkey", "ps_partkey")])
        .join_by(&complained_of, JoinType::LeftAnti, [("ps_suppkey", "s_suppkey")])
        .group_by(["p_brand", "p_type", "p_size"])
        .agg([col("ps_suppkey").n_unique().alias("supplier_cnt")])
        .sort([col("supplier_cnt").desc(), col("p_brand").asc(), col("p_type").asc(), col("p_size").asc()])
}
