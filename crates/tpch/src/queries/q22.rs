//! Global sales opportunity: well-off customers of some country codes who never ordered.

use swath_collections::prelude::*;

use crate::tables::Tables;

pub(super) fn q22(tables: &Tables) -> DataFrame {
    let customers = tables
        .customer
        .with_columns([col("c_phone").str().slice(0, 2).alias("cntrycode")])
        .filter(col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"]));
    let usual_balance = customers.filter(col("c_acctbal").gt(lit(0))).agg([col("c_acctbal").mean()]);

    customers
        .filter(col("c_acctbal").gt(usual_balance.scalar()))
        .join_by(&tables.orders, JoinType::LeftAnti, [("c_custkey", "o_custkey")])
        .group_by(["cntrycode"])
        .agg([count_all().alias("numcust"), col("c_acctbal").sum().alias("totacctbal")])
        .sort(["cntrycode"])
}
