//! Pricing summary report: what was billed, shipped and returned.

use swath_collections::prelude::*;

use super::discounted_price;
use crate::tables::Tables;

pub(super) fn q01(tables: &Tables) -> DataFrame {
    tables
        .lineitem
        .filter(col("l_shipdate").lt_eq(date("1998-09-02")))
        .group_by(["l_returnflag", "l_linestatus"])
        .agg([
            col("l_quantity").sum().alias("sum_qty"),
            col("l_extendedprice").sum().alias("sum_base_price"),
            discounted_price().sum().alias("sum_disc_price"),
            (discounted_price() * (lit(1) + col("l_tax"))).sum().alias("sum_charge"),
            col("l_quantity").mean().alias("avg_qty"),
            col("l_extendedprice").mean().alias("avg_price"),
            col("l_discount").mean().alias("avg_disc"),
            count_all().alias("count_order"),
        ])
        .sort(["l_returnflag", "l_linestatus"])
}
