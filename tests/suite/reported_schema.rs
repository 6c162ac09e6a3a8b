//! A frame says before it runs what its results are: names and types, also when there are no rows.

use swath::prelude::*;

fn session() -> Session {
    Session::embedded().threads(2).memory_limit(256 << 20).build().unwrap()
}

/// Frames of many kinds over one table of many types.
fn frames(session: &Session) -> Vec<(String, DataFrame)> {
    let all = session
        .sql(
            "SELECT value AS i, CAST(value AS INT) AS j, value * 0.5 AS f, CAST(value AS DECIMAL(10, 2)) AS d, \
             CAST(value AS VARCHAR) AS s, value % 2 = 0 AS b, arrow_cast(CAST(value AS INT), 'Date32') AS day, \
             to_timestamp(value * 3600) AS t, [value, value + 1] AS l, \
             NULLIF(value, 3) AS n FROM range(20)",
        )
        .unwrap();
    session.register("a", &all).unwrap();
    let other = all.rename([("f", "g"), ("s", "z"), ("n", "m")]);
    let mut frames = vec![
        ("union of int and float by SQL", session.sql("SELECT i FROM a UNION ALL SELECT f FROM a").unwrap()),
        ("union of int and null", session.sql("SELECT NULL AS x UNION ALL SELECT i FROM a").unwrap()),
        ("union of dates and times", session.sql("SELECT day FROM a UNION SELECT t FROM a").unwrap()),
        ("shaped after a union", session.sql("SELECT i FROM a UNION ALL SELECT f FROM a").unwrap().fill_null(lit(0.5))),
        (
            "nested union",
            session.sql("SELECT x + 1 AS y FROM (SELECT i AS x FROM a UNION ALL SELECT f FROM a)").unwrap(),
        ),
        ("values", session.sql("SELECT * FROM (VALUES (1, 'a'), (2.5, NULL)) AS v(x, y)").unwrap()),
        ("case", session.sql("SELECT CASE WHEN b THEN i ELSE f END AS c, coalesce(n, d) AS k FROM a").unwrap()),
        (
            "with recursion",
            session
                .sql("WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 5) SELECT * FROM r")
                .unwrap(),
        ),
        ("union", all.select(["i"]).union(&all.select(["f"]))),
        ("union by name", all.union_by_name(&other)),
        (
            "arithmetic",
            all.select([
                (col("i") + col("f")).alias("a"),
                (col("d") * col("d")).alias("m"),
                (col("d") / lit(3)).alias("q"),
                (col("i") / lit(2)).alias("h"),
                (col("t") - col("t")).alias("span"),
                (col("day") - col("day")).alias("days"),
            ]),
        ),
        (
            "aggregates",
            all.group_by(["b"]).agg([
                col("i").sum().alias("sum"),
                col("d").mean().alias("mean"),
                col("f").median().alias("median"),
                col("s").max().alias("max"),
                col("i").n_unique().alias("n"),
                col("t").first().alias("first"),
                col("i").quantile(0.3).alias("q"),
            ]),
        ),
        (
            "windows",
            all.with_columns([
                col("i").cum_sum().alias("c"),
                col("f").rolling_mean(3).alias("r"),
                row_number().alias("w"),
            ]),
        ),
        ("join", all.join(&other.select(["i", "g"]), JoinType::Full, ["i"])),
        ("unnest", all.select(["i", "l"]).explode(["l"])),
        ("pivot", all.select(["b", "j", "f"]).pivot("j").columns([1, 2]).index(["b"]).sum()),
        ("unpivot", all.unpivot(["f", "d"], ["i"])),
        ("describe", all.describe()),
        ("value counts", all.value_counts(["b"])),
        ("null count", all.null_count()),
        ("row index", all.with_row_index("row", 0)),
        ("sample", all.sample(Sample::fraction(0.5).seed(1))),
        ("buckets", all.group_by_dynamic("t", "6h").agg([col("i").sum()])),
        ("rolling", all.rolling("t", "3h").agg([col("f").mean()])),
        ("intersect", all.select(["i"]).intersect(&all.select(["i"]))),
        ("tail", all.sort(["i"]).tail(3)),
    ];
    frames.push(("everything", all));
    frames.into_iter().map(|(name, frame)| (name.to_owned(), frame)).collect()
}

#[test]
fn the_reported_schema_is_that_of_the_results() {
    let session = session();
    for (name, frame) in frames(&session) {
        for (form, frame) in [("all", frame.clone()), ("none", frame.filter(lit(false))), ("few", frame.limit(1))] {
            let reported = frame.schema().unwrap_or_else(|error| panic!("{name}: {error}"));
            let batch = frame.collect_one().unwrap_or_else(|error| panic!("{name}, {form}: {error}"));
            for (told, got) in reported.fields().iter().zip(batch.schema().fields()) {
                assert_eq!((told.name(), told.data_type()), (got.name(), got.data_type()), "{name}, {form}");
                assert!(told.is_nullable() || !got.is_nullable(), "{name}, {form}: '{}' may be null", told.name());
            }
            assert_eq!(reported.fields().len(), batch.num_columns(), "{name}, {form}");
            assert_eq!(frame.columns().unwrap().len(), batch.num_columns(), "{name}, {form}");
        }
    }
}
