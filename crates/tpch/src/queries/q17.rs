//! Small-quantity orders: yearly revenue lost if small orders of a kind of part were refused.

use swath_collections::prelude::*;

use crate::tables::Tables;

pub(super) fn q17(tables: &Tables) -> DataFrame {
    let usual_quantity = col("l_quantity").mean().over(["p_partkey"]);

    tables
        .part
        .filter(col("p_brand").eq(lit("Brand#23")))
        .filter(col("p_container").eq(lit("MED BOX")))
        .join_by(&tables.lineitem, JoinType::Inner, [("p_partkey", "l_partkey")])
        .filter(col("l_quantity").lt(lit(0.2) * usual_quantity))
        .agg([(col("l_extendedprice").sum() / lit(7.0)).alias("avg_yearly")])
}
