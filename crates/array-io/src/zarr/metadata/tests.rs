use swath_kernels::TimeUnit;

use super::super::codec::packing::Packing;
use super::*;

fn v3(change: impl FnOnce(&mut Value)) -> Result<ZarrMetadata, String> {
    let mut json = serde_json::json!({
        "zarr_format": 3, "node_type": "array", "shape": [10, 20], "data_type": "float64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 8]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd", "configuration": {"level": 0, "checksum": false}}],
        "attributes": {"a": 1}, "dimension_names": ["x", null], "storage_transformers": [],
    });
    change(&mut json);
    let metadata = v3::parse(&json)?;
    metadata.check(1 << 30)?;
    Ok(metadata)
}

fn v2(change: impl FnOnce(&mut Value)) -> Result<ZarrMetadata, String> {
    let mut json = serde_json::json!({
        "zarr_format": 2, "shape": [10, 20], "chunks": [4, 8], "dtype": "<f8", "fill_value": "NaN", "order": "F",
        "filters": [{"id": "shuffle", "elementsize": 8}], "compressor": {"id": "gzip", "level": 5},
    });
    change(&mut json);
    let metadata = v2::parse(&json, Some(&serde_json::json!({"_ARRAY_DIMENSIONS": ["y", "x"], "u": 2})))?;
    metadata.check(1 << 30)?;
    Ok(metadata)
}

#[test]
fn version_3_is_read_and_written() {
    let metadata = v3(|_| ()).unwrap();
    assert_eq!(
        (metadata.dtype, metadata.shape.as_slice(), metadata.chunk_shape.as_slice()),
        (DType::F64, &[10, 20][..], &[4, 8][..])
    );
    assert_eq!(metadata.dimension_names, Some(vec![Some("x".to_owned()), None]));
    assert_eq!(metadata.attributes["a"], 1);
    assert_eq!(metadata.keys.key(&[1, 2]), "c/1/2");
    let again = v3::parse(&v3::format(&metadata)).unwrap();
    assert_eq!(
        (again.codecs, again.keys, again.dimension_names),
        (metadata.codecs, metadata.keys, metadata.dimension_names)
    );
    let time = v3(|json| {
        json["data_type"] =
            serde_json::json!({"name": "numpy.datetime64", "configuration": {"unit": "s", "scale_factor": 1}});
        json["fill_value"] = "NaT".into();
        json["chunk_key_encoding"] = "v2".into();
    });
    let time = time.unwrap();
    assert_eq!(time.dtype, DType::Datetime64(TimeUnit::Second));
    assert_eq!(time.fill_value, Scalar::nan(time.dtype).unwrap());
    assert_eq!((time.keys.key(&[1, 2]), time.keys.key(&[])), ("1.2".to_owned(), "0".to_owned()));
    let back = v3::parse(&v3::format(&time)).unwrap();
    assert_eq!((back.dtype, back.fill_value, back.keys), (time.dtype, time.fill_value, time.keys));
}

#[test]
fn version_2_is_read_and_written() {
    let metadata = v2(|_| ()).unwrap();
    assert_eq!(metadata.codecs.order, Some(vec![1, 0]));
    assert_eq!(metadata.codecs.packings, [Packing::Shuffle { item: 8 }, Packing::Gzip { level: 5 }]);
    assert!(metadata.fill_value.is_nan());
    assert_eq!(metadata.dimension_names, Some(vec![Some("y".to_owned()), Some("x".to_owned())]));
    assert_eq!((metadata.attributes.len(), metadata.keys.key(&[0, 3])), (1, "0.3".to_owned()));
    let plain = v2(|json| {
        json["order"] = "C".into();
        json["filters"] = Value::Null;
        json["compressor"] = serde_json::json!({"id": "zstd", "level": 3});
        json["fill_value"] = Value::Null;
    });
    let plain = plain.unwrap();
    let (json, attributes) = v2::format(&plain);
    let back = v2::parse(&json, Some(&attributes)).unwrap();
    assert_eq!(
        (back.codecs, back.dimension_names, back.attributes),
        (plain.codecs, plain.dimension_names, plain.attributes)
    );
}

#[test]
fn fill_values_come_back() {
    for dtype in DType::NUMERIC {
        for value in [Some(Scalar::one(dtype)), Some(Scalar::zero(dtype)), Scalar::nan(dtype)].into_iter().flatten() {
            let back = fill::parse(&fill::format(value), dtype).unwrap();
            assert!(back == value || (back.is_nan() && value.is_nan()), "{dtype} {value}");
        }
    }
    let parse = |value: Value, dtype| fill::parse(&value, dtype);
    assert_eq!(parse("0x7fc00000".into(), DType::F32).map(|value| value.is_nan()), Ok(true));
    assert_eq!(parse("-Infinity".into(), DType::F16), Ok(Scalar::F64(f64::NEG_INFINITY).cast(DType::F16)));
    assert_eq!(parse(u64::MAX.into(), DType::U64), Ok(Scalar::U64(u64::MAX)));
    assert_eq!(parse(3.0.into(), DType::I16), Ok(Scalar::I16(3)));
    for (value, dtype) in [
        (Value::from(300), DType::U8),
        (Value::from(-1), DType::U64),
        (Value::from(0.5), DType::I32),
        (Value::from("x"), DType::F64),
        (Value::from(vec![1, 2, 3]), DType::C64),
        (Value::Null, DType::I32),
        (Value::from("0x1ffffffff"), DType::F32),
    ] {
        let error = parse(value.clone(), dtype).unwrap_err();
        assert!(error.contains("'fill_value' is") && error.contains(dtype.name()), "{value}: {error}");
    }
}

#[test]
fn what_is_wrong_in_version_3_is_said() {
    let sharded = |inner: Value| {
        serde_json::json!([{"name": "sharding_indexed", "configuration": {
            "chunk_shape": inner, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
        }}])
    };
    let packed_index = serde_json::json!([{"name": "sharding_indexed", "configuration": {
        "chunk_shape": [2, 2], "codecs": ["bytes"], "index_codecs": ["bytes", "gzip"],
    }}]);
    let cases: Vec<(&str, Value, &str)> = vec![
        ("zarr_format", 4.into(), "'zarr_format' is 4, not 3"),
        ("node_type", "group".into(), "'node_type' is \"group\", not array"),
        ("shape", "big".into(), "'shape' is not a list of lengths"),
        ("shape", vec![-1, 2].into(), "'shape' is [-1,2], not a list of lengths"),
        ("shape", vec![1u64 << 40, 1 << 40].into(), "too big: its bytes cannot be counted"),
        ("shape", vec![10].into(), "'dimension_names' is"),
        ("shape", vec![1; 65].into(), "'dimension_names' is"),
        ("data_type", "string".into(), "data type \"string\" is not supported"),
        (
            "data_type",
            serde_json::json!({"name": "numpy.datetime64", "configuration": {"unit": "s", "scale_factor": 10}}),
            "is not supported",
        ),
        ("chunk_grid", "rectangular".into(), "only regular grids are supported"),
        (
            "chunk_grid",
            serde_json::json!({"name": "regular", "configuration": {"chunk_shape": [0, 8]}}),
            "has a length of zero",
        ),
        (
            "chunk_grid",
            serde_json::json!({"name": "regular", "configuration": {"chunk_shape": [8]}}),
            "differ in their axes",
        ),
        (
            "chunk_grid",
            serde_json::json!({"name": "regular", "configuration": {"chunk_shape": [1 << 20, 1 << 20]}}),
            "the limit for one chunk",
        ),
        (
            "chunk_grid",
            serde_json::json!({"name": "regular", "configuration": {"chunk_shape": [u64::MAX, u64::MAX]}}),
            "the limit for one chunk",
        ),
        (
            "chunk_key_encoding",
            serde_json::json!({"name": "default", "configuration": {"separator": "../"}}),
            "neither '/' nor '.'",
        ),
        ("chunk_key_encoding", "other".into(), "neither default nor v2"),
        ("fill_value", Value::Null, "'fill_value' is null"),
        ("codecs", Value::Null, "'codecs' is not a list"),
        ("codecs", vec!["bytes"; 17].into(), "'codecs' is not a list"),
        ("codecs", vec!["zstd"].into(), "codec 'zstd' before the elements are bytes"),
        (
            "codecs",
            serde_json::json!([{"name": "bytes", "configuration": {"endian": "little"}}, "zfpy"]),
            "codec 'zfpy' is not supported: known are",
        ),
        ("codecs", vec!["bytes"].into(), "neither little nor big"),
        (
            "codecs",
            serde_json::json!([{"name": "transpose", "configuration": {"order": [0, 0]}}, "bytes"]),
            "does not name each of 2 axes once",
        ),
        (
            "codecs",
            serde_json::json!([{"name": "transpose", "configuration": {"order": [1, 0]}}]),
            "no codec makes bytes",
        ),
        ("codecs", sharded(vec![3, 8].into()), "cannot be cut into inner chunks of shape [3, 8]"),
        ("codecs", sharded(vec![0, 8].into()), "has a length of zero"),
        ("codecs", sharded(vec![4].into()), "do not have 2 axes"),
        ("codecs", packed_index, "neither little nor big"),
        ("dimension_names", vec!["x"].into(), "not a list of 2 names"),
        ("storage_transformers", vec!["x"].into(), "storage transformers are not supported"),
        ("unheard", serde_json::json!({"name": "of"}), "'unheard', which must be understood"),
    ];
    for (key, value, message) in cases {
        let result = v3(|json| json[key] = value.clone());
        let error = match result {
            Err(error) => error,
            Ok(_) => panic!("{key} = {value} was taken"),
        };
        assert!(error.contains(message), "{key} = {value}: {error}");
    }
    assert!(v3(|json| json["unheard"] = serde_json::json!({"must_understand": false})).is_ok());
}

#[test]
fn what_is_wrong_in_version_2_is_said() {
    let cases: Vec<(&str, Value, &str)> = vec![
        ("zarr_format", 3.into(), "'zarr_format' is 3, not 2"),
        ("dtype", "|O".into(), "Python objects"),
        ("dtype", vec!["a"].into(), "save each field as an array"),
        ("order", "K".into(), "neither C nor F"),
        ("dimension_separator", "..".into(), "neither '/' nor '.'"),
        ("filters", "x".into(), "'filters' is \"x\", not a list"),
        ("filters", serde_json::json!([{"id": "delta"}]), "codec 'delta' is not supported: known are"),
        ("compressor", serde_json::json!({"id": "crc32c"}), "not supported in version 2"),
        ("compressor", "gzip".into(), "has no options"),
        ("chunks", vec![4].into(), "differ in their axes"),
        ("fill_value", "x".into(), "not a value of float64"),
    ];
    for (key, value, message) in cases {
        let result = v2(|json| json[key] = value.clone());
        let error = match result {
            Err(error) => error,
            Ok(_) => panic!("{key} = {value} was taken"),
        };
        assert!(error.contains(message), "{key} = {value}: {error}");
    }
}
