//! Top supplier: who brought most revenue in a quarter.

use swath_collections::prelude::*;

use super::{discounted_price, in_period};
use crate::tables::Tables;

pub(super) fn q15(tables: &Tables) -> DataFrame {
    let revenue = tables
        .lineitem
        .filter(in_period("l_shipdate", "1996-01-01", "1996-04-01"))
        .group_by(["l_suppkey"])
        .agg([discounted_price().sum().alias("total_revenue")]);
    let highest = revenue.agg([col("total_revenue").max()]);

    tables
        .supplier
        .join_by(&revenue, JoinType::Inner, [("s_suppkey", "l_suppkey")])
        .filter(col("total_revenue").eq(highest.scalar()))
        .select(["s_suppkey", "s_name", "s_address", "s_phone", "total_revenue"])
        .sort(["s_suppkey"])
}
