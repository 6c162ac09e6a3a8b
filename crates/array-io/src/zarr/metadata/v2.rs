//! Version 2: `.zarray` and `.zattrs`. The format: <https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html>.

use serde_json::{Map, Value, json};
use swath_kernels::Scalar;

use super::super::codec::packing::Packing;
use super::super::codec::{Body, Codecs};
use super::{ChunkKeys, ZarrFormat, ZarrMetadata, codecs, fill, lengths, shown};
use crate::descr;

/// Where xarray keeps the names of axes.
const NAMES: &str = "_ARRAY_DIMENSIONS";

/// Reads an array's `.zarray` and, where there is one, its `.zattrs`.
pub(crate) fn parse(json: &Value, attributes: Option<&Value>) -> Result<ZarrMetadata, String> {
    let map = json.as_object().ok_or("the metadata is no object")?;
    if map.get("zarr_format").and_then(Value::as_u64) != Some(2) {
        return Err(format!("'zarr_format' is {}, not 2", shown(map.get("zarr_format"))));
    }
    let shape = lengths("shape", map.get("shape"))?;
    let name = map.get("dtype").and_then(Value::as_str);
    let name =
        name.ok_or_else(|| format!("dtype {} is not supported: save each field as an array", shown(map.get("dtype"))))?;
    let (dtype, byte_order) = descr::parse(name)?;
    let fill_value = match map.get("fill_value") {
        None | Some(Value::Null) => Scalar::zero(dtype),
        Some(value) => fill::parse(value, dtype)?,
    };
    let order = match map.get("order").and_then(Value::as_str) {
        Some("C") => None,
        Some("F") => Some((0..shape.len()).rev().collect()).filter(|order: &Vec<usize>| order.len() > 1),
        _ => return Err(format!("'order' is {}, neither C nor F", shown(map.get("order")))),
    };
    let separator = match map.get("dimension_separator").and_then(Value::as_str) {
        None | Some(".") => '.',
        Some("/") => '/',
        Some(other) => return Err(format!("'dimension_separator' is '{}', neither '/' nor '.'", other.escape_debug())),
    };
    let mut packings = Vec::new();
    let filters = match map.get("filters") {
        None | Some(Value::Null) => &[][..],
        Some(value) => value.as_array().ok_or_else(|| format!("'filters' is {}, not a list", shown(Some(value))))?,
    };
    for codec in filters.iter().chain(map.get("compressor")).filter(|codec| !codec.is_null()) {
        let options = codec.as_object().ok_or_else(|| format!("codec {} has no options", shown(Some(codec))))?;
        let id = options.get("id").and_then(Value::as_str);
        let id = id.ok_or_else(|| format!("codec {} has no id", shown(Some(codec))))?;
        if id == "crc32c" {
            // numcodecs puts it elsewhere.
            return Err("codec 'crc32c' is not supported in version 2 of the format".to_owned());
        }
        packings.push(codecs::packing(id, options, dtype.item_size())?);
    }
    let mut attributes = attributes.and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(ZarrMetadata {
        format: ZarrFormat::V2,
        dtype,
        chunk_shape: lengths("chunks", map.get("chunks"))?,
        fill_value,
        dimension_names: dimension_names(&mut attributes, shape.len()),
        attributes,
        codecs: Codecs { order, body: Body::Elements(byte_order), packings },
        keys: ChunkKeys { has_prefix: false, separator },
        shape,
    })
}

fn dimension_names(attributes: &mut Map<String, Value>, axes: usize) -> Option<Vec<Option<String>>> {
    let list = attributes.get(NAMES)?.as_array().filter(|list| list.len() == axes)?;
    let names = list.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    attributes.remove(NAMES);
    Some(names)
}

/// An array's `.zarray` and `.zattrs`.
pub(crate) fn format(metadata: &ZarrMetadata) -> (Value, Value) {
    let order = match metadata.codecs.body {
        Body::Elements(order) => order,
        // Refused before.
        Body::Shards(_) => crate::byte_order::ByteOrder::NATIVE,
    };
    let compressor = match metadata.codecs.packings.first() {
        Some(Packing::Gzip { level }) => json!({"id": "gzip", "level": level}),
        Some(Packing::Zlib { level }) => json!({"id": "zlib", "level": level}),
        Some(Packing::Zstd { level, has_checksum }) => json!({"id": "zstd", "level": level, "checksum": has_checksum}),
        _ => Value::Null,
    };
    let array = json!({
        "zarr_format": 2,
        "shape": metadata.shape,
        "chunks": metadata.chunk_shape,
        "dtype": descr::format(metadata.dtype, order),
        "fill_value": fill::format(metadata.fill_value),
        "order": "C",
        "filters": null,
        "compressor": compressor,
        "dimension_separator": metadata.keys.separator,
    });
    let mut attributes = metadata.attributes.clone();
    if let Some(names) = &metadata.dimension_names {
        attributes.insert(NAMES.to_owned(), json!(names));
    }
    (array, Value::Object(attributes))
}
