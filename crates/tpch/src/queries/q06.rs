//! Forecasting revenue change: what smaller discounts would have brought.

use swath_collections::prelude::*;

use super::in_period;
use crate::tables::Tables;

pub(super) fn q06(tables: &Tables) -> DataFrame {
    tables
        .lineitem
        .filter(in_period("l_shipdate", "1994-01-01", "1995-01-01"))
        .filter(col("l_discount").between(decimal("0.05", 15, 2), decimal("0.07", 15, 2)))
        .filter(col("l_quantity").lt(lit(24)))
        .agg([(col("l_extendedprice") * col("l_discount")).sum().alias("revenue")])
}
