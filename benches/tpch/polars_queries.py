"""The 22 queries as lazy Polars frames: the same plans as Swath's own programs in crates/tpch/src/queries."""

from datetime import date

import polars as pl
from polars import col

PRICE = col("l_extendedprice") * (1 - col("l_discount"))


def period(day, first, after):
    return (col(day) >= first) & (col(day) < after)


def q1(lineitem, **_):
    return (
        lineitem.filter(col("l_shipdate") <= date(1998, 9, 2))
        .group_by("l_returnflag", "l_linestatus")
        .agg(
            sum_qty=col("l_quantity").sum(),
            sum_base_price=col("l_extendedprice").sum(),
            sum_disc_price=PRICE.sum(),
            sum_charge=(PRICE * (1 + col("l_tax"))).sum(),
            avg_qty=col("l_quantity").mean(),
            avg_price=col("l_extendedprice").mean(),
            avg_disc=col("l_discount").mean(),
            count_order=pl.len(),
        )
        .sort("l_returnflag", "l_linestatus")
    )


def q2(part, supplier, partsupp, nation, region, **_):
    offers = (
        part.filter((col("p_size") == 15) & col("p_type").str.ends_with("BRASS"))
        .join(partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(supplier, left_on="ps_suppkey", right_on="s_suppkey")
        .join(nation, left_on="s_nationkey", right_on="n_nationkey")
        .join(region.filter(col("r_name") == "EUROPE"), left_on="n_regionkey", right_on="r_regionkey")
    )
    cheapest = offers.group_by("p_partkey").agg(col("ps_supplycost").min())
    columns = ["s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment"]
    return (
        offers.join(cheapest, on=["p_partkey", "ps_supplycost"])
        .select(columns)
        .sort("s_acctbal", "n_name", "s_name", "p_partkey", descending=[True, False, False, False])
        .head(100)
    )


def q3(customer, orders, lineitem, **_):
    return (
        customer.filter(col("c_mktsegment") == "BUILDING")
        .join(orders.filter(col("o_orderdate") < date(1995, 3, 15)), left_on="c_custkey", right_on="o_custkey")
        .join(lineitem.filter(col("l_shipdate") > date(1995, 3, 15)), left_on="o_orderkey", right_on="l_orderkey")
        .group_by("o_orderkey", "o_orderdate", "o_shippriority")
        .agg(revenue=PRICE.sum())
        .sort("revenue", "o_orderdate", descending=[True, False])
        .head(10)
    )


def q4(orders, lineitem, **_):
    late = lineitem.filter(col("l_commitdate") < col("l_receiptdate"))
    return (
        orders.filter(period("o_orderdate", date(1993, 7, 1), date(1993, 10, 1)))
        .join(late, left_on="o_orderkey", right_on="l_orderkey", how="semi")
        .group_by("o_orderpriority")
        .agg(order_count=pl.len())
        .sort("o_orderpriority")
    )


def q5(customer, orders, lineitem, supplier, nation, region, **_):
    return (
        region.filter(col("r_name") == "ASIA")
        .join(nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(customer, left_on="n_nationkey", right_on="c_nationkey")
        .join(
            orders.filter(period("o_orderdate", date(1994, 1, 1), date(1995, 1, 1))),
            left_on="c_custkey",
            right_on="o_custkey",
        )
        .join(lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .join(supplier, left_on=["l_suppkey", "n_nationkey"], right_on=["s_suppkey", "s_nationkey"])
        .group_by("n_name")
        .agg(revenue=PRICE.sum())
        .sort("revenue", descending=True)
    )


def q6(lineitem, **_):
    return lineitem.filter(
        period("l_shipdate", date(1994, 1, 1), date(1995, 1, 1))
        & col("l_discount").is_between(pl.lit("0.05").cast(pl.Decimal(15, 2)), pl.lit("0.07").cast(pl.Decimal(15, 2)))
        & (col("l_quantity") < 24)
    ).select(revenue=(col("l_extendedprice") * col("l_discount")).sum())


def q7(supplier, lineitem, orders, customer, nation, **_):
    either = nation.filter(col("n_name").is_in(["FRANCE", "GERMANY"]))
    suppliers = either.join(supplier, left_on="n_nationkey", right_on="s_nationkey").rename({"n_name": "supp_nation"})
    customers = either.join(customer, left_on="n_nationkey", right_on="c_nationkey").rename({"n_name": "cust_nation"})
    lines = lineitem.filter(col("l_shipdate").is_between(date(1995, 1, 1), date(1996, 12, 31)))
    return (
        suppliers.select("s_suppkey", "supp_nation")
        .join(lines, left_on="s_suppkey", right_on="l_suppkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(customers.select("c_custkey", "cust_nation"), left_on="o_custkey", right_on="c_custkey")
        .filter(col("supp_nation") != col("cust_nation"))
        .group_by("supp_nation", "cust_nation", l_year=col("l_shipdate").dt.year())
        .agg(revenue=PRICE.sum())
        .sort("supp_nation", "cust_nation", "l_year")
    )


def q8(part, supplier, lineitem, orders, customer, nation, region, **_):
    customers = (
        region.filter(col("r_name") == "AMERICA")
        .join(nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(customer, left_on="n_nationkey", right_on="c_nationkey")
    )
    suppliers = nation.join(supplier, left_on="n_nationkey", right_on="s_nationkey").rename({"n_name": "nation"})
    return (
        part.filter(col("p_type") == "ECONOMY ANODIZED STEEL")
        .join(lineitem, left_on="p_partkey", right_on="l_partkey")
        .join(
            orders.filter(col("o_orderdate").is_between(date(1995, 1, 1), date(1996, 12, 31))),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .join(customers, left_on="o_custkey", right_on="c_custkey", how="semi")
        .join(suppliers.select("s_suppkey", "nation"), left_on="l_suppkey", right_on="s_suppkey")
        .group_by(o_year=col("o_orderdate").dt.year())
        .agg(
            brazilian=PRICE.filter(col("nation") == "BRAZIL").sum().cast(pl.Float64),
            all=PRICE.sum().cast(pl.Float64),
        )
        .select("o_year", mkt_share=col("brazilian") / col("all"))
        .sort("o_year")
    )


def q9(part, supplier, lineitem, partsupp, orders, nation, **_):
    return (
        part.filter(col("p_name").str.contains("green", literal=True))
        .join(lineitem, left_on="p_partkey", right_on="l_partkey")
        .join(partsupp, left_on=["p_partkey", "l_suppkey"], right_on=["ps_partkey", "ps_suppkey"])
        .join(supplier, left_on="l_suppkey", right_on="s_suppkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(nation, left_on="s_nationkey", right_on="n_nationkey")
        .group_by(nation=col("n_name"), o_year=col("o_orderdate").dt.year())
        .agg(sum_profit=(PRICE - col("ps_supplycost") * col("l_quantity")).sum())
        .sort("nation", "o_year", descending=[False, True])
    )


def q10(customer, orders, lineitem, nation, **_):
    return (
        customer.join(
            orders.filter(period("o_orderdate", date(1993, 10, 1), date(1994, 1, 1))),
            left_on="c_custkey",
            right_on="o_custkey",
        )
        .join(lineitem.filter(col("l_returnflag") == "R"), left_on="o_orderkey", right_on="l_orderkey")
        .join(nation, left_on="c_nationkey", right_on="n_nationkey")
        .group_by("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment")
        .agg(revenue=PRICE.sum())
        .sort("revenue", descending=True)
        .head(20)
    )


def q11(partsupp, supplier, nation, q11_fraction, **_):
    stock = (
        nation.filter(col("n_name") == "GERMANY")
        .join(supplier, left_on="n_nationkey", right_on="s_nationkey")
        .join(partsupp, left_on="s_suppkey", right_on="ps_suppkey")
        .with_columns(value=col("ps_supplycost") * col("ps_availqty"))
    )
    threshold = stock.select(threshold=col("value").sum().cast(pl.Float64) * q11_fraction)
    return (
        stock.group_by("ps_partkey")
        .agg(col("value").sum())
        .join(threshold, how="cross")
        .filter(col("value").cast(pl.Float64) > col("threshold"))
        .select("ps_partkey", "value")
        .sort("value", descending=True)
    )


def q12(orders, lineitem, **_):
    urgent = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    return (
        lineitem.filter(
            col("l_shipmode").is_in(["MAIL", "SHIP"])
            & (col("l_commitdate") < col("l_receiptdate"))
            & (col("l_shipdate") < col("l_commitdate"))
            & period("l_receiptdate", date(1994, 1, 1), date(1995, 1, 1))
        )
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .group_by("l_shipmode")
        .agg(high_line_count=urgent.sum(), low_line_count=(~urgent).sum())
        .sort("l_shipmode")
    )


def q13(customer, orders, **_):
    return (
        customer.join(
            orders.filter(~col("o_comment").str.contains("special.*requests")),
            left_on="c_custkey",
            right_on="o_custkey",
            how="left",
        )
        .group_by("c_custkey")
        .agg(c_count=col("o_orderkey").count())
        .group_by("c_count")
        .agg(custdist=pl.len())
        .sort("custdist", "c_count", descending=True)
    )


def q14(lineitem, part, **_):
    promoted = PRICE.filter(col("p_type").str.starts_with("PROMO"))
    return (
        lineitem.filter(period("l_shipdate", date(1995, 9, 1), date(1995, 10, 1)))
        .join(part, left_on="l_partkey", right_on="p_partkey")
        .select(promo_revenue=100.0 * promoted.sum().cast(pl.Float64) / PRICE.sum().cast(pl.Float64))
    )


def q15(lineitem, supplier, **_):
    revenue = (
        lineitem.filter(period("l_shipdate", date(1996, 1, 1), date(1996, 4, 1)))
        .group_by("l_suppkey")
        .agg(total_revenue=PRICE.sum())
    )
    return (
        supplier.join(revenue, left_on="s_suppkey", right_on="l_suppkey")
        .filter(col("total_revenue") == col("total_revenue").max())
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .sort("s_suppkey")
    )


def q16(partsupp, part, supplier, **_):
    complained_of = supplier.filter(col("s_comment").str.contains("Customer.*Complaints"))
    return (
        part.filter(
            (col("p_brand") != "Brand#45")
            & ~col("p_type").str.starts_with("MEDIUM POLISHED")
            & col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9])
        )
        .join(partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(complained_of, left_on="ps_suppkey", right_on="s_suppkey", how="anti")
        .group_by("p_brand", "p_type", "p_size")
        .agg(supplier_cnt=col("ps_suppkey").n_unique())
        .sort("supplier_cnt", "p_brand", "p_type", "p_size", descending=[True, False, False, False])
    )


def q17(lineitem, part, **_):
    parts = part.filter((col("p_brand") == "Brand#23") & (col("p_container") == "MED BOX"))
    lines = parts.join(lineitem, left_on="p_partkey", right_on="l_partkey")
    usual = lines.group_by("p_partkey").agg(usual=0.2 * col("l_quantity").cast(pl.Float64).mean())
    return (
        lines.join(usual, on="p_partkey")
        .filter(col("l_quantity").cast(pl.Float64) < col("usual"))
        .select(avg_yearly=col("l_extendedprice").sum().cast(pl.Float64) / 7.0)
    )


def q18(customer, orders, lineitem, **_):
    large = lineitem.group_by("l_orderkey").agg(sum=col("l_quantity").sum()).filter(col("sum") > 300)
    return (
        large.join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(customer, left_on="o_custkey", right_on="c_custkey")
        .select("c_name", "o_custkey", "l_orderkey", "o_orderdate", "o_totalprice", "sum")
        .sort("o_totalprice", "o_orderdate", descending=[True, False])
        .head(100)
    )


def q19(lineitem, part, **_):
    def kind(brand, containers, least_quantity, largest_size):
        return (
            (col("p_brand") == brand)
            & col("p_container").is_in(containers)
            & (col("l_quantity") >= least_quantity)
            & (col("l_quantity") <= least_quantity + 10)
            & col("p_size").is_between(1, largest_size)
        )

    return (
        lineitem.filter(
            col("l_shipmode").is_in(["AIR", "AIR REG"]) & (col("l_shipinstruct") == "DELIVER IN PERSON")
        )
        .join(part, left_on="l_partkey", right_on="p_partkey")
        .filter(
            kind("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
            | kind("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10)
            | kind("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)
        )
        .select(revenue=PRICE.sum())
    )


def q20(supplier, nation, partsupp, part, lineitem, **_):
    parts = part.filter(col("p_name").str.starts_with("forest"))
    sold = (
        lineitem.filter(period("l_shipdate", date(1994, 1, 1), date(1995, 1, 1)))
        .join(parts, left_on="l_partkey", right_on="p_partkey", how="semi")
        .group_by("l_partkey", "l_suppkey")
        .agg(half_sold=0.5 * col("l_quantity").sum().cast(pl.Float64))
    )
    surplus = partsupp.join(
        sold, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"]
    ).filter(col("ps_availqty") > col("half_sold"))
    return (
        nation.filter(col("n_name") == "CANADA")
        .join(supplier, left_on="n_nationkey", right_on="s_nationkey")
        .join(surplus, left_on="s_suppkey", right_on="ps_suppkey", how="semi")
        .select("s_name", "s_address")
        .sort("s_name")
    )


def q21(supplier, lineitem, orders, nation, **_):
    # Polars has no semi join with an inequality: count suppliers and late suppliers per order instead.
    late = lineitem.filter(col("l_receiptdate") > col("l_commitdate"))
    several = lineitem.group_by("l_orderkey").agg(suppliers=col("l_suppkey").n_unique()).filter(col("suppliers") > 1)
    one_late = late.group_by("l_orderkey").agg(late=col("l_suppkey").n_unique()).filter(col("late") == 1)
    return (
        nation.filter(col("n_name") == "SAUDI ARABIA")
        .join(supplier, left_on="n_nationkey", right_on="s_nationkey")
        .join(late, left_on="s_suppkey", right_on="l_suppkey")
        .join(several, on="l_orderkey", how="semi")
        .join(one_late, on="l_orderkey", how="semi")
        .join(orders.filter(col("o_orderstatus") == "F"), left_on="l_orderkey", right_on="o_orderkey", how="semi")
        .group_by("s_name")
        .agg(numwait=pl.len())
        .sort("numwait", "s_name", descending=[True, False])
        .head(100)
    )


def q22(customer, orders, **_):
    customers = customer.with_columns(cntrycode=col("c_phone").str.slice(0, 2)).filter(
        col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"])
    )
    usual = customers.filter(col("c_acctbal") > 0).select(usual=col("c_acctbal").cast(pl.Float64).mean())
    return (
        customers.join(usual, how="cross")
        .filter(col("c_acctbal").cast(pl.Float64) > col("usual"))
        .join(orders, left_on="c_custkey", right_on="o_custkey", how="anti")
        .group_by("cntrycode")
        .agg(numcust=pl.len(), totacctbal=col("c_acctbal").sum())
        .sort("cntrycode")
    )
