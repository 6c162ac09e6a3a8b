//! The methods of a frame, one after another, embedded and connected over the same files.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use swath::prelude::*;

use super::{embedded, rows, staged};

/// `t(k, g, at, x, s, l)`: 3,000 rows in three Parquet files; `at` is a time, `x` has nulls, `l` lists.
fn table(folder: &std::path::Path) -> String {
    let target = folder.join("t");
    std::fs::create_dir_all(&target).unwrap();
    for part in 0..3 {
        let sql = format!(
            "SELECT value AS k, value % 5 AS g, to_timestamp(1704067200 + value * 420) AS at, \
             CASE WHEN value % 10 > 0 THEN value * 0.5 END AS x, 'name ' || (value % 4) AS s, \
             make_array(value, value % 3) AS l FROM range({}, {})",
            part * 1000,
            (part + 1) * 1000
        );
        let path = target.join(format!("{part}.parquet"));
        embedded().sql(&sql).unwrap().write_parquet(path.to_str().unwrap(), WriteOptions::default()).unwrap();
    }
    target.to_str().unwrap().to_owned()
}

type Shape = fn(&DataFrame) -> DataFrame;

fn same(shapes: &[(&str, Shape)]) {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let (here, there) = (embedded(), staged());
    let (local, remote) = (here.read_parquet(path.as_str()).unwrap(), there.read_parquet(path.as_str()).unwrap());
    for (name, shape) in shapes {
        let expected = shape(&local).collect().map(|_| rows(&shape(&local)));
        let got = shape(&remote).collect().map(|_| rows(&shape(&remote)));
        match (expected, got) {
            (Ok(expected), Ok(got)) => assert_eq!(got, expected, "{name}"),
            (expected, got) => panic!("{name}: embedded {expected:?}, connected {got:?}"),
        }
    }
}

#[test]
fn shapes_and_rows() {
    same(&[
        ("with_columns", |t| {
            t.with_columns([(col("k") * lit(2)).alias("d"), col("s").str().to_uppercase().alias("u")])
        }),
        ("explode", |t| t.select([col("k"), col("l")]).explode(["l"])),
        ("struct", |t| t.select([struct_of([col("k"), col("g")]).alias("p")]).unnest(["p"])),
        ("unpivot", |t| t.unpivot(["k", "g"], ["s"])),
        ("pivot", |t| t.pivot("s").index(["g"]).values(["k"]).sum()),
        // The last digits of a deviation depend on the order in which sums are added.
        ("describe", |t| {
            t.select([col("k"), col("x")]).describe().with_columns([col("x").round(9), col("k").round(9)])
        }),
        ("value_counts", |t| t.value_counts(["s"])),
        ("null_count", |t| t.null_count()),
        ("fill and drop nulls", |t| t.drop_nulls().union(&t.fill_null_by(FillNull::Zero))),
        ("sample", |t| t.sample(Sample::fraction(0.1).seed(7))),
        ("sample rows", |t| t.sample(Sample::rows(50).seed(7))),
        ("row index", |t| t.sort([col("k").desc()]).with_row_index("row", 1)),
        ("tail", |t| t.sort([col("k").asc()]).tail(9)),
        ("slice", |t| t.sort([col("k").asc()]).slice(-20, 5)),
        ("distinct_by", |t| t.sort([col("k").desc()]).distinct_by(["g"])),
        ("top_k", |t| t.top_k(6, ["x"])),
        ("distinct", |t| t.select([col("g"), col("s")]).distinct()),
        ("intersect", |t| t.filter(col("k").lt(lit(9))).intersect(&t.filter(col("k").gt(lit(4))))),
        ("except", |t| t.filter(col("k").lt(lit(9))).except_(&t.filter(col("k").gt(lit(4))))),
    ]);
}

#[test]
fn groups_windows_and_time() {
    same(&[
        ("buckets", |t| {
            t.group_by_dynamic("at", "1d").by(["g"]).agg([col("k").sum().alias("n"), col("x").mean().alias("m")])
        }),
        ("sliding buckets", |t| t.group_by_dynamic("at", "1d").period("2d").agg([count_all().alias("n")])),
        ("rolling frame", |t| t.rolling("at", "3h").by(["g"]).agg([col("k").sum().alias("n")])),
        ("rolling", |t| t.sort([col("k").asc()]).select([col("k"), col("k").rolling_sum(3).alias("r")])),
        ("rolling by time", |t| t.select([col("k"), col("k").rolling_sum_by("at", "2h").alias("r")])),
        ("over", |t| {
            t.with_columns([col("k").sum().over(["g"]).alias("total"), col("x").max().over(["s"]).alias("most")])
        }),
        ("rank", |t| {
            t.select([col("k"), rank().over(window().partition_by(["g"]).order_by([col("k").desc()])).alias("r")])
        }),
        ("first and last", |t| {
            t.sort([col("k").asc()]).group_by(["g"]).agg([col("k").first().alias("a"), col("k").last().alias("b")])
        }),
        ("median", |t| t.group_by(["s"]).agg([col("k").median().alias("m"), col("k").n_unique().alias("n")])),
        ("rollup", |t| t.group_by(["g", "s"]).agg([count_all().alias("n")]).agg([col("n").max().alias("most")])),
        ("as of", |t| {
            let right = t.filter((col("k") % lit(7)).eq(lit(0))).select([col("at"), col("g"), col("k").alias("found")]);
            t.select([col("k"), col("at"), col("g")]).join_asof(&right, AsofOptions::on("at").by(["g"]))
        }),
    ]);
}

#[test]
fn functions_of_the_users() {
    same(&[("map_batches", |t| {
        let schema = Arc::new(Schema::new(vec![Field::new("d", DataType::Int64, true)]));
        let declared = Arc::clone(&schema);
        let doubled = t.select([col("k")]).map_batches(schema, move |batch: RecordBatch| {
            let numbers: Int64Array = batch.column(0).as_primitive::<Int64Type>().unary(|k| k * 2);
            Ok(RecordBatch::try_new(Arc::clone(&declared), vec![Arc::new(numbers)])?)
        });
        doubled.filter(col("d").gt(lit(100))).agg([col("d").sum().alias("s"), count_all().alias("n")])
    })]);
}

#[test]
fn all_readers() {
    let root = tempfile::tempdir().unwrap();
    let source = embedded().sql("SELECT value AS k, value % 3 AS g, 'a,\"' || value AS s FROM range(900)").unwrap();
    let at = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    source.write_parquet(at("hive"), WriteOptions::default().partition_by(["g"])).unwrap();
    for suffix in ["csv", "csv.gz", "csv.zst", "csv.bz2", "json", "json.gz", "tsv"] {
        let path = at(&format!("file.{suffix}"));
        let written = match suffix.contains("json") {
            true => source.write_json(&path, WriteOptions::default()),
            false => source.write_csv(&path, WriteOptions::default()),
        };
        written.unwrap();
    }
    source.write_arrow(at("file.arrow"), WriteOptions::default()).unwrap();
    for part in 0..3 {
        source
            .filter(col("g").eq(lit(part)))
            .write_parquet(at(&format!("part-{part}.parquet")), WriteOptions::default())
            .unwrap();
    }
    let expected = rows(&source);
    let there = staged();
    let read = |frame: Result<DataFrame>| rows(&frame.unwrap().select([col("k"), col("g"), col("s")]));
    assert_eq!(read(there.read_parquet(at("hive"))), expected);
    assert_eq!(read(there.read_parquet(at("part-*.parquet"))), expected);
    assert_eq!(read(there.read_parquet([at("part-0.parquet"), at("part-1.parquet"), at("part-2.parquet")])), expected);
    for name in ["file.csv", "file.csv.gz", "file.csv.zst", "file.csv.bz2", "file.tsv"] {
        assert_eq!(read(there.read_csv(at(name))), expected, "{name}");
    }
    for name in ["file.json", "file.json.gz"] {
        assert_eq!(read(there.read_json(at(name))), expected, "{name}");
    }
    assert_eq!(read(there.read_arrow(at("file.arrow"))), expected);
    assert_eq!(read(there.sql(&format!("SELECT * FROM '{}'", at("part-*.parquet")))), expected);
    let pruned = there.read_parquet(at("hive")).unwrap().filter(col("g").eq(lit(1)));
    assert_eq!(pruned.count().unwrap(), 300);
}

#[test]
fn the_shell_connects() {
    let root = tempfile::tempdir().unwrap();
    let path = table(root.path());
    let target = root.path().join("out");
    let script = format!(
        "CREATE VIEW v AS SELECT g, k FROM '{path}'; CACHE TABLE c AS SELECT g, sum(k) AS s FROM v GROUP BY g; \
         COPY (SELECT * FROM c) TO '{}' STORED AS CSV; SELECT count(*) AS n, sum(s) AS s FROM c; UNCACHE TABLE c;",
        target.display()
    );
    let result = std::process::Command::new(env!("CARGO_BIN_EXE_swath"))
        .args(["sql", "--connect", super::shared().address(), "-c", &script])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&result.stdout);
    assert!(result.status.success(), "{printed}{}", String::from_utf8_lossy(&result.stderr));
    assert!(printed.contains("4498500"), "{printed}");
    assert_eq!(embedded().read_csv(target.to_str().unwrap()).unwrap().count().unwrap(), 5);
}
