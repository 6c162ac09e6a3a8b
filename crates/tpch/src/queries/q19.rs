//! Discounted revenue: three kinds of parts, sizes and quantities, delivered by air in person.

use swath_collections::prelude::*;

use super::discounted_price;
use crate::tables::Tables;

pub(super) fn q19(tables: &Tables) -> DataFrame {
    let kind = |brand: &str, containers: [&str; 4], least_quantity: i64, largest_size: i64| {
        all_of([
            col("p_brand").eq(lit(brand)),
            col("p_container").is_in(containers),
            col("l_quantity").between(lit(least_quantity), lit(least_quantity + 10)),
            col("p_size").between(lit(1), lit(largest_size)),
        ])
    };

    tables
        .lineitem
        .filter(col("l_shipmode").is_in(["AIR", "AIR REG"]))
        .filter(col("l_shipinstruct").eq(lit("DELIVER IN PERSON")))
        .join_by(&tables.part, JoinType::Inner, [("l_partkey", "p_partkey")])
        .filter(any_of([
            kind("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5),
            kind("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10),
            kind("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15),
        ]))
        .agg([discounted_price().sum().alias("revenue")])
}
