//! Volume shipping: trade between two nations by year.

use swath_collections::prelude::*;

use super::discounted_price;
use crate::tables::Tables;

pub(super) fn q07(tables: &Tables) -> DataFrame {
    let either = col("n_name").is_in(["FRANCE", "GERMANY"]);
    let suppliers = tables
        .nation
        .filter(either.clone())
        .join_by(&tables.supplier, JoinType::Inner, [("n_nationkey", "s_nationkey")])
        .select([col("s_suppkey"), col("n_name").alias("supp_nation")]);
    let customers = tables
        .nation
        .filter(either)
        .join_by(&tables.customer, JoinType::Inner, [("n_nationkey", "c_nationkey")])
        .select([col("c_custkey"), col("n_name").alias("cust_nation")]);
    let lines = tables.lineitem.filter(col("l_shipdate").between(date("1995-01-01"), date("1996-12-31")));

    suppliers
        .join_by(&lines, JoinType::Inner, [("s_suppkey", "l_suppkey")])
        .join_by(&tables.orders, JoinType::Inner, [("l_orderkey", "o_orderkey")])
        .join_by(&customers, JoinType::Inner, [("o_custkey", "c_custkey")])
        .filter(col("supp_nation").not_eq(col("cust_nation")))
        .group_by([col("supp_nation"), col("cust_nation"), col("l_shipdate").dt().year().alias("l_year")])
        .agg([discounted_price().sum().alias("revenue")])
        .sort(["supp_nation", "cust_nation", "l_year"])
}
