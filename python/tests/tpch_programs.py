"""The 22 queries of TPC-H as programs over frames.

Each takes the eight tables as attributes of ``t`` and says the same as the SQL text of its number, in the way
in which one would write it with frames: a correlated subquery becomes a join or a window, ``exists`` a semi
join.
"""

from datetime import date

import swath as sw
from swath import col

PRICE = col("l_extendedprice") * (1 - col("l_discount"))


def period(column, start, end):
    return (col(column) >= date.fromisoformat(start)) & (col(column) < date.fromisoformat(end))


def q1(t):
    return (
        t.lineitem.filter(col("l_shipdate") <= date(1998, 9, 2))
        .group_by("l_returnflag", "l_linestatus")
        .agg(
            sum_qty=col("l_quantity").sum(),
            sum_base_price=col("l_extendedprice").sum(),
            sum_disc_price=PRICE.sum(),
            sum_charge=(PRICE * (1 + col("l_tax"))).sum(),
            avg_qty=col("l_quantity").mean(),
            avg_price=col("l_extendedprice").mean(),
            avg_disc=col("l_discount").mean(),
            count_order=sw.len(),
        )
        .sort("l_returnflag", "l_linestatus")
    )


def q2(t):
    european_suppliers = (
        t.region.filter(col("r_name") == "EUROPE")
        .join(t.nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(t.supplier, left_on="n_nationkey", right_on="s_nationkey")
    )
    return (
        t.part.filter(col("p_size") == 15, col("p_type").str.ends_with("BRASS"))
        .join(t.partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(european_suppliers, left_on="ps_suppkey", right_on="s_suppkey")
        .filter(col("ps_supplycost") == col("ps_supplycost").min().over("p_partkey"))
        .select("s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment")
        .sort("s_acctbal", "n_name", "s_name", "p_partkey", descending=[True, False, False, False])
        .limit(100)
    )


def q3(t):
    day = date(1995, 3, 15)
    return (
        t.customer.filter(col("c_mktsegment") == "BUILDING")
        .join(t.orders.filter(col("o_orderdate") < day), left_on="c_custkey", right_on="o_custkey")
        .join(t.lineitem.filter(col("l_shipdate") > day), left_on="o_orderkey", right_on="l_orderkey")
        .group_by("l_orderkey", "o_orderdate", "o_shippriority")
        .agg(revenue=PRICE.sum())
        .select("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
        .sort("revenue", "o_orderdate", descending=[True, False])
        .limit(10)
    )


def q4(t):
    late_lines = t.lineitem.filter(col("l_commitdate") < col("l_receiptdate"))
    return (
        t.orders.filter(period("o_orderdate", "1993-07-01", "1993-10-01"))
        .join(late_lines, how="semi", left_on="o_orderkey", right_on="l_orderkey")
        .group_by("o_orderpriority")
        .agg(order_count=sw.len())
        .sort("o_orderpriority")
    )


def q5(t):
    orders = t.orders.filter(period("o_orderdate", "1994-01-01", "1995-01-01"))
    return (
        t.region.filter(col("r_name") == "ASIA")
        .join(t.nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(t.customer, left_on="n_nationkey", right_on="c_nationkey")
        .join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(t.lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .join(t.supplier, left_on=["l_suppkey", "c_nationkey"], right_on=["s_suppkey", "s_nationkey"])
        .group_by("n_name")
        .agg(revenue=PRICE.sum())
        .sort("revenue", descending=True)
    )


def q6(t):
    return t.lineitem.filter(
        period("l_shipdate", "1994-01-01", "1995-01-01"),
        col("l_discount").between(
            sw.lit("0.05").cast(sw.Decimal(15, 2)), sw.lit("0.07").cast(sw.Decimal(15, 2))
        ),
        col("l_quantity") < 24,
    ).agg(revenue=(col("l_extendedprice") * col("l_discount")).sum())


def q7(t):
    either = col("n_name").is_in(["FRANCE", "GERMANY"])
    nations = t.nation.filter(either)
    suppliers = nations.join(t.supplier, left_on="n_nationkey", right_on="s_nationkey").select(
        "s_suppkey", supp_nation="n_name"
    )
    customers = nations.join(t.customer, left_on="n_nationkey", right_on="c_nationkey").select(
        "c_custkey", cust_nation="n_name"
    )
    lines = t.lineitem.filter(col("l_shipdate").between(date(1995, 1, 1), date(1996, 12, 31)))
    return (
        suppliers.join(lines, left_on="s_suppkey", right_on="l_suppkey")
        .join(t.orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(customers, left_on="o_custkey", right_on="c_custkey")
        .filter(col("supp_nation") != col("cust_nation"))
        .group_by("supp_nation", "cust_nation", l_year=col("l_shipdate").dt.year())
        .agg(revenue=PRICE.sum())
        .sort("supp_nation", "cust_nation", "l_year")
    )


def q8(t):
    customers = (
        t.region.filter(col("r_name") == "AMERICA")
        .join(t.nation, left_on="r_regionkey", right_on="n_regionkey")
        .join(t.customer, left_on="n_nationkey", right_on="c_nationkey")
    )
    suppliers = t.nation.join(t.supplier, left_on="n_nationkey", right_on="s_nationkey").select(
        "s_suppkey", nation="n_name"
    )
    orders = t.orders.filter(col("o_orderdate").between(date(1995, 1, 1), date(1996, 12, 31)))
    return (
        t.part.filter(col("p_type") == "ECONOMY ANODIZED STEEL")
        .join(t.lineitem, left_on="p_partkey", right_on="l_partkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(customers, how="semi", left_on="o_custkey", right_on="c_custkey")
        .join(suppliers, left_on="l_suppkey", right_on="s_suppkey")
        .group_by(o_year=col("o_orderdate").dt.year())
        .agg(brazilian=sw.when(col("nation") == "BRAZIL").then(PRICE).otherwise(0).sum(), all=PRICE.sum())
        .select("o_year", mkt_share=col("brazilian") / col("all"))
        .sort("o_year")
    )


def q9(t):
    profit = PRICE - col("ps_supplycost") * col("l_quantity")
    return (
        t.part.filter(col("p_name").str.contains("green"))
        .join(t.lineitem, left_on="p_partkey", right_on="l_partkey")
        .join(t.partsupp, left_on=["l_partkey", "l_suppkey"], right_on=["ps_partkey", "ps_suppkey"])
        .join(t.supplier, left_on="l_suppkey", right_on="s_suppkey")
        .join(t.orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(t.nation, left_on="s_nationkey", right_on="n_nationkey")
        .group_by(nation="n_name", o_year=col("o_orderdate").dt.year())
        .agg(sum_profit=profit.sum())
        .sort("nation", "o_year", descending=[False, True])
    )


def q10(t):
    orders = t.orders.filter(period("o_orderdate", "1993-10-01", "1994-01-01"))
    return (
        t.customer.join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(t.lineitem.filter(col("l_returnflag") == "R"), left_on="o_orderkey", right_on="l_orderkey")
        .join(t.nation, left_on="c_nationkey", right_on="n_nationkey")
        .group_by("c_custkey", "c_name", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment")
        .agg(revenue=PRICE.sum())
        .select("c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment")
        .sort("revenue", descending=True)
        .limit(20)
    )


def q11(t):
    stock = (
        t.nation.filter(col("n_name") == "GERMANY")
        .join(t.supplier, left_on="n_nationkey", right_on="s_nationkey")
        .join(t.partsupp, left_on="s_suppkey", right_on="ps_suppkey")
        .with_columns(value=col("ps_supplycost") * col("ps_availqty"))
    )
    threshold = stock.agg(threshold=col("value").sum() * (0.0001 / max(t.scale, 1)))
    return (
        stock.group_by("ps_partkey")
        .agg(value=col("value").sum())
        .filter(col("value") > threshold.scalar())
        .sort("value", descending=True)
    )


def q12(t):
    urgent = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    late_lines = t.lineitem.filter(
        col("l_shipmode").is_in(["MAIL", "SHIP"]),
        col("l_commitdate") < col("l_receiptdate"),
        col("l_shipdate") < col("l_commitdate"),
        period("l_receiptdate", "1994-01-01", "1995-01-01"),
    )
    return (
        late_lines.join(t.orders, left_on="l_orderkey", right_on="o_orderkey")
        .group_by("l_shipmode")
        .agg(
            high_line_count=sw.when(urgent).then(1).otherwise(0).sum(),
            low_line_count=sw.when(urgent).then(0).otherwise(1).sum(),
        )
        .sort("l_shipmode")
    )


def q13(t):
    orders = t.orders.filter(~col("o_comment").str.like("%special%requests%"))
    return (
        t.customer.join(orders, how="left", left_on="c_custkey", right_on="o_custkey")
        .group_by("c_custkey")
        .agg(c_count=col("o_orderkey").count())
        .group_by("c_count")
        .agg(custdist=sw.len())
        .sort("custdist", "c_count", descending=True)
    )


def q14(t):
    promoted = sw.when(col("p_type").str.starts_with("PROMO")).then(PRICE).otherwise(0)
    return (
        t.lineitem.filter(period("l_shipdate", "1995-09-01", "1995-10-01"))
        .join(t.part, left_on="l_partkey", right_on="p_partkey")
        .agg(promoted=promoted.sum(), all=PRICE.sum())
        .select(promo_revenue=100.0 * col("promoted") / col("all"))
    )


def q15(t):
    revenue = (
        t.lineitem.filter(period("l_shipdate", "1996-01-01", "1996-04-01"))
        .group_by("l_suppkey")
        .agg(total_revenue=PRICE.sum())
    )
    highest = revenue.agg(col("total_revenue").max())
    return (
        t.supplier.join(revenue, left_on="s_suppkey", right_on="l_suppkey")
        .filter(col("total_revenue") == highest.scalar())
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .sort("s_suppkey")
    )


def q16(t):
    complained_of = t.supplier.filter(col("s_comment").str.like("%Customer%Complaints%"))
    return (
        t.part.filter(
            col("p_brand") != "Brand#45",
            ~col("p_type").str.starts_with("MEDIUM POLISHED"),
            col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9]),
        )
        .join(t.partsupp, left_on="p_partkey", right_on="ps_partkey")
        .join(complained_of, how="anti", left_on="ps_suppkey", right_on="s_suppkey")
        .group_by("p_brand", "p_type", "p_size")
        .agg(supplier_cnt=col("ps_suppkey").n_unique())
        .sort("supplier_cnt", "p_brand", "p_type", "p_size", descending=[True, False, False, False])
    )


def q17(t):
    usual_quantity = col("l_quantity").mean().over("p_partkey")
    return (
        t.part.filter(col("p_brand") == "Brand#23", col("p_container") == "MED BOX")
        .join(t.lineitem, left_on="p_partkey", right_on="l_partkey")
        .filter(col("l_quantity") < 0.2 * usual_quantity)
        .agg(avg_yearly=col("l_extendedprice").sum() / 7.0)
    )


def q18(t):
    large = t.lineitem.group_by("l_orderkey").agg(sum=col("l_quantity").sum()).filter(col("sum") > 300)
    return (
        large.join(t.orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(t.customer, left_on="o_custkey", right_on="c_custkey")
        .select("c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "sum")
        .sort("o_totalprice", "o_orderdate", descending=[True, False])
        .limit(100)
    )


def q19(t):
    def kind(brand, containers, least_quantity, largest_size):
        return (
            (col("p_brand") == brand)
            & col("p_container").is_in(containers)
            & col("l_quantity").between(least_quantity, least_quantity + 10)
            & col("p_size").between(1, largest_size)
        )

    return (
        t.lineitem.filter(
            col("l_shipmode").is_in(["AIR", "AIR REG"]), col("l_shipinstruct") == "DELIVER IN PERSON"
        )
        .join(t.part, left_on="l_partkey", right_on="p_partkey")
        .filter(
            kind("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
            | kind("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10)
            | kind("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)
        )
        .agg(revenue=PRICE.sum())
    )


def q20(t):
    sold = (
        t.lineitem.filter(period("l_shipdate", "1994-01-01", "1995-01-01"))
        .join(
            t.part.filter(col("p_name").str.starts_with("forest")),
            how="semi",
            left_on="l_partkey",
            right_on="p_partkey",
        )
        .group_by("l_partkey", "l_suppkey")
        .agg(half_sold=0.5 * col("l_quantity").sum())
    )
    surplus = t.partsupp.join(
        sold, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"]
    ).filter(col("ps_availqty") > col("half_sold"))
    return (
        t.nation.filter(col("n_name") == "CANADA")
        .join(t.supplier, left_on="n_nationkey", right_on="s_nationkey")
        .join(surplus, how="semi", left_on="s_suppkey", right_on="ps_suppkey")
        .select("s_name", "s_address")
        .sort("s_name")
    )


def q21(t):
    late = t.lineitem.filter(col("l_receiptdate") > col("l_commitdate"))
    finished = t.orders.filter(col("o_orderstatus") == "F")

    def lines(of):
        return of.select(other_order="l_orderkey", other_supplier="l_suppkey")

    another = [col("l_orderkey") == col("other_order"), col("l_suppkey") != col("other_supplier")]
    return (
        t.nation.filter(col("n_name") == "SAUDI ARABIA")
        .join(t.supplier, left_on="n_nationkey", right_on="s_nationkey")
        .join(late, left_on="s_suppkey", right_on="l_suppkey")
        .join(finished, how="semi", left_on="l_orderkey", right_on="o_orderkey")
        .join(lines(t.lineitem), another, "semi")
        .join(lines(late), another, "anti")
        .group_by("s_name")
        .agg(numwait=sw.len())
        .sort("numwait", "s_name", descending=[True, False])
        .limit(100)
    )


def q22(t):
    customers = t.customer.with_columns(cntrycode=col("c_phone").str.slice(0, 2)).filter(
        col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"])
    )
    usual_balance = customers.filter(col("c_acctbal") > 0).agg(col("c_acctbal").mean())
    return (
        customers.filter(col("c_acctbal") > usual_balance.scalar())
        .join(t.orders, how="anti", left_on="c_custkey", right_on="o_custkey")
        .group_by("cntrycode")
        .agg(numcust=sw.len(), totacctbal=col("c_acctbal").sum())
        .sort("cntrycode")
    )


PROGRAMS = {number: globals()[f"q{number}"] for number in range(1, 23)}
