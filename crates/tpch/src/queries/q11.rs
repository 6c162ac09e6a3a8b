//! Important stock: parts that make up a visible share of a nation's stock.

use swath_collections::prelude::*;

use crate::query::q11_fraction;
use crate::tables::Tables;

pub(super) fn q11(tables: &Tables) -> DataFrame {
    let stock = tables
        .nation
        .filter(col("n_name").eq(lit("GERMANY")))
        .join_by(&tables.supplier, JoinType::Inner, [("n_nationkey", "s_nationkey")])
        .join_by(&tables.partsupp, JoinType::Inner, [("s_suppkey", "ps_suppkey")])
        .with_columns([(col("ps_supplycost") * col("ps_availqty")).alias("value")]);
    let threshold = stock.agg([(col("value").sum() * lit(q11_fraction(tables.scale))).alias("threshold")]);

    stock
        .group_by(["ps_partkey"])
        .agg([col("value").sum().alias("value")])
        .filter(col("value").gt(threshold.scalar()))
        .sort([col("value").desc()])
}
