//! Promotion effect: the share of a month's revenue from promoted parts, in percent.

use swath_collections::prelude::*;

use super::{discounted_price, in_period};
use crate::tables::Tables;

pub(super) fn q14(tables: &Tables) -> DataFrame {
    let promoted = col("p_type").str().starts_with("PROMO");

    tables
        .lineitem
        .filter(in_period("l_shipdate", "1995-09-01", "1995-10-01"))
        .join_by(&tables.part, JoinType::Inner, [("l_partkey", "p_partkey")])
        .agg([
            when(promoted).then(discounted_price()).otherwise(0).sum().alias("promoted"),
            discounted_price().sum().alias("all"),
        ])
        .select([(lit(100.0) * col("promoted") / col("all")).alias("promo_revenue")])
}
