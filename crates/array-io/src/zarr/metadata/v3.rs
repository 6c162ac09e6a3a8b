//! Version 3: `zarr.json`. The format: <https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html>.

use serde_json::{Map, Value, json};
use swath_kernels::{DType, TimeUnit};

use super::{ChunkKeys, ZarrFormat, ZarrMetadata, codecs, fill, lengths, shown};

/// What an array's `zarr.json` may hold that changes nothing else.
const KNOWN: [&str; 11] = [
    "zarr_format",
    "node_type",
    "shape",
    "data_type",
    "chunk_grid",
    "chunk_key_encoding",
    "fill_value",
    "codecs",
    "attributes",
    "dimension_names",
    "storage_transformers",
];

/// Reads an array's `zarr.json`.
pub(crate) fn parse(json: &Value) -> Result<ZarrMetadata, String> {
    let map = json.as_object().ok_or("the metadata is no object")?;
    if map.get("zarr_format").and_then(Value::as_u64) != Some(3) {
        return Err(format!("'zarr_format' is {}, not 3", shown(map.get("zarr_format"))));
    }
    if map.get("node_type").and_then(Value::as_str) != Some("array") {
        return Err(format!("'node_type' is {}, not array", shown(map.get("node_type"))));
    }
    let must = |value: &Value| value.get("must_understand").and_then(Value::as_bool) != Some(false);
    if let Some((name, _)) = map.iter().find(|(name, value)| !KNOWN.contains(&name.as_str()) && must(value)) {
        return Err(format!("the metadata has '{}', which must be understood and is not known", name.escape_debug()));
    }
    if let Some(list) =
        map.get("storage_transformers").filter(|value| value.as_array().is_none_or(|list| !list.is_empty()))
    {
        return Err(format!("storage transformers are not supported: {}", shown(Some(list))));
    }
    let shape = lengths("shape", map.get("shape"))?;
    let dtype = data_type(map.get("data_type"))?;
    let grid = map.get("chunk_grid");
    let (name, options) = named(grid);
    if name != Some("regular") {
        return Err(format!("'chunk_grid' is {}; only regular grids are supported", shown(grid)));
    }
    let chunk_shape = lengths("chunk_shape", options.and_then(|options| options.get("chunk_shape")))?;
    Ok(ZarrMetadata {
        format: ZarrFormat::V3,
        dtype,
        keys: chunk_keys(map.get("chunk_key_encoding"))?,
        fill_value: fill::parse(map.get("fill_value").unwrap_or(&Value::Null), dtype)?,
        dimension_names: dimension_names(map.get("dimension_names"), shape.len())?,
        attributes: map.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default(),
        codecs: codecs::parse_v3(map.get("codecs"), shape.len(), dtype.item_size())?,
        shape,
        chunk_shape,
    })
}

/// A name with a configuration; the name alone may stand for both.
fn named(value: Option<&Value>) -> (Option<&str>, Option<&Map<String, Value>>) {
    match value {
        Some(Value::String(name)) => (Some(name), None),
        Some(value) => {
            (value.get("name").and_then(Value::as_str), value.get("configuration").and_then(Value::as_object))
        }
        None => (None, None),
    }
}

fn data_type(value: Option<&Value>) -> Result<DType, String> {
    let (name, options) = named(value);
    let unsupported = || {
        let what = shown(value);
        format!("data type {what} is not supported: arrays here hold bool, integers, floats, complex numbers and dates")
    };
    let name = name.ok_or_else(unsupported)?;
    if let Some(dtype) = DType::NUMERIC.into_iter().find(|dtype| dtype.name() == name) {
        return Ok(dtype);
    }
    let option = |key: &str| options.and_then(|options| options.get(key));
    let unit = option("unit").and_then(Value::as_str);
    let unit = TimeUnit::ALL.into_iter().find(|known| Some(known.symbol()) == unit);
    let has_factor = option("scale_factor").and_then(Value::as_u64).is_some_and(|factor| factor != 1);
    match (name, unit) {
        ("numpy.datetime64", Some(unit)) if !has_factor => Ok(DType::Datetime64(unit)),
        ("numpy.timedelta64", Some(unit)) if !has_factor => Ok(DType::Timedelta64(unit)),
        _ => Err(unsupported()),
    }
}

fn chunk_keys(value: Option<&Value>) -> Result<ChunkKeys, String> {
    let (name, options) = named(value);
    let (has_prefix, usual) = match name {
        Some("default") => (true, '/'),
        Some("v2") => (false, '.'),
        _ => return Err(format!("'chunk_key_encoding' is {}, neither default nor v2", shown(value))),
    };
    let separator = match options.and_then(|options| options.get("separator")).map(|value| value.as_str()) {
        None => usual,
        Some(Some("/")) => '/',
        Some(Some(".")) => '.',
        _ => return Err(format!("the separator of {} is neither '/' nor '.'", shown(value))),
    };
    Ok(ChunkKeys { has_prefix, separator })
}

fn dimension_names(value: Option<&Value>, axes: usize) -> Result<Option<Vec<Option<String>>>, String> {
    let list = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_array().filter(|list| list.len() == axes),
    };
    let list = list.ok_or_else(|| format!("'dimension_names' is {}, not a list of {axes} names", shown(value)))?;
    Ok(Some(list.iter().map(|name| name.as_str().map(str::to_owned)).collect()))
}

/// An array's `zarr.json`.
pub(crate) fn format(metadata: &ZarrMetadata) -> Value {
    let data_type = match metadata.dtype {
        DType::Datetime64(unit) | DType::Timedelta64(unit) => json!({
            "name": format!("numpy.{}", metadata.dtype.name()),
            "configuration": {"unit": unit.symbol(), "scale_factor": 1},
        }),
        dtype => json!(dtype.name()),
    };
    let encoding = if metadata.keys.has_prefix { "default" } else { "v2" };
    let mut json = json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": metadata.shape,
        "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": metadata.chunk_shape}},
        "chunk_key_encoding": {"name": encoding, "configuration": {"separator": metadata.keys.separator}},
        "fill_value": fill::format(metadata.fill_value),
        "codecs": codecs::format_v3(&metadata.codecs),
        "attributes": metadata.attributes,
        "storage_transformers": [],
    });
    if let Some(names) = &metadata.dimension_names {
        json["dimension_names"] = json!(names);
    }
    json
}
