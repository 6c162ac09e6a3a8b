//! Lists of codecs as metadata holds them.

use serde_json::{Map, Value, json};

use super::super::codec::packing::Packing;
use super::super::codec::shard::Shards;
use super::super::codec::{Body, Codecs};
use super::{lengths, shown};
use crate::byte_order::ByteOrder;

/// More codecs in a row are not meant.
const MOST_CODECS: usize = 16;

/// Version 3's list for chunks with so many axes of elements with so many bytes.
pub(crate) fn parse_v3(list: Option<&Value>, axes: usize, item: usize) -> Result<Codecs, String> {
    let list = list.and_then(Value::as_array).filter(|list| list.len() <= MOST_CODECS);
    let list = list.ok_or("'codecs' is not a list of at most 16 codecs")?;
    let mut order: Option<Vec<usize>> = None;
    let mut body = None;
    let mut packings = Vec::new();
    for codec in list {
        let name = codec.as_str().or_else(|| codec.get("name").and_then(Value::as_str));
        let name = name.ok_or_else(|| format!("codec {} has no name", shown(Some(codec))))?;
        let empty = Map::new();
        let options = codec.get("configuration").and_then(Value::as_object).unwrap_or(&empty);
        match (name, &body) {
            ("transpose", None) => order = Some(followed_by(order, &transpose(options, axes)?)),
            ("bytes" | "endian", None) => body = Some(Body::Elements(endian(options, item)?)),
            ("sharding_indexed", None) => body = Some(Body::Shards(Box::new(shards(options, axes, item)?))),
            (_, Some(_)) => packings.push(packing(name.strip_prefix("numcodecs.").unwrap_or(name), options, item)?),
            _ => return Err(format!("codec '{name}' before the elements are bytes is not supported: {KNOWN}")),
        }
    }
    let body = body.ok_or("no codec makes bytes of the elements: 'bytes' or 'sharding_indexed' is missing")?;
    Ok(Codecs { order: order.filter(|order| !order.is_sorted()), body, packings })
}

const KNOWN: &str = "known are bytes, transpose, sharding_indexed, gzip, zlib, zstd, blosc, lz4, shuffle and crc32c";

fn followed_by(first: Option<Vec<usize>>, second: &[usize]) -> Vec<usize> {
    match first {
        Some(first) => second.iter().map(|axis| first[*axis]).collect(),
        None => second.to_vec(),
    }
}

fn transpose(options: &Map<String, Value>, axes: usize) -> Result<Vec<usize>, String> {
    match options.get("order") {
        Some(Value::String(order)) if order == "C" => Ok((0..axes).collect()),
        Some(Value::String(order)) if order == "F" => Ok((0..axes).rev().collect()),
        order => {
            let order = lengths("order", order)?;
            let mut sorted = order.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..axes) {
                return Err(format!("transpose's order {order:?} does not name each of {axes} axes once"));
            }
            Ok(order)
        }
    }
}

fn endian(options: &Map<String, Value>, item: usize) -> Result<ByteOrder, String> {
    match options.get("endian").and_then(Value::as_str) {
        Some("little") => Ok(ByteOrder::Little),
        Some("big") => Ok(ByteOrder::Big),
        None if item == 1 => Ok(ByteOrder::NATIVE),
        _ => Err(format!("'endian' is {}, neither little nor big", shown(options.get("endian")))),
    }
}

fn shards(options: &Map<String, Value>, axes: usize, item: usize) -> Result<Shards, String> {
    let chunk = lengths("chunk_shape", options.get("chunk_shape"))?;
    if chunk.len() != axes {
        return Err(format!("inner chunks of shape {chunk:?} do not have {axes} axes"));
    }
    let codecs = parse_v3(options.get("codecs"), axes, item)?;
    // Two numbers of eight bytes for each inner chunk.
    let index = parse_v3(options.get("index_codecs"), 2, 8)?;
    let is_fixed =
        matches!(index.body, Body::Elements(_)) && index.packings.iter().all(|packing| *packing == Packing::Crc32c);
    if !is_fixed {
        return Err("a shard's index must have a size that is known before: bytes, and crc32c".to_owned());
    }
    let index_is_first = match options.get("index_location").map(|place| place.as_str()) {
        None | Some(Some("end")) => false,
        Some(Some("start")) => true,
        _ => {
            return Err(format!("'index_location' is {}, neither start nor end", shown(options.get("index_location"))));
        }
    };
    Ok(Shards { chunk, codecs, index, index_is_first })
}

/// A codec from bytes to bytes by its name, which the versions have in common.
pub(crate) fn packing(name: &str, options: &Map<String, Value>, item: usize) -> Result<Packing, String> {
    let level = |usual: i64| options.get("level").and_then(Value::as_i64).unwrap_or(usual);
    let deflate = || u32::try_from(level(1).clamp(0, 9)).unwrap_or(1);
    Ok(match name {
        "gzip" => Packing::Gzip { level: deflate() },
        "zlib" => Packing::Zlib { level: deflate() },
        "zstd" => Packing::Zstd {
            level: i32::try_from(level(0).clamp(-131_072, 22)).unwrap_or(0),
            has_checksum: options.get("checksum").and_then(Value::as_bool).unwrap_or(false),
        },
        "blosc" => Packing::Blosc,
        "lz4" => Packing::Lz4,
        "crc32c" => Packing::Crc32c,
        "shuffle" => {
            let item = options.get("elementsize").and_then(Value::as_u64).unwrap_or(item as u64);
            Packing::Shuffle { item: usize::try_from(item.clamp(1, 1 << 16)).unwrap_or(1) }
        }
        other => return Err(format!("codec '{other}' is not supported: {KNOWN}")),
    })
}

/// Version 3's list.
pub(crate) fn format_v3(codecs: &Codecs) -> Value {
    let mut list = Vec::new();
    if let Some(order) = &codecs.order {
        list.push(json!({"name": "transpose", "configuration": {"order": order}}));
    }
    list.push(match &codecs.body {
        Body::Elements(order) => json!({"name": "bytes", "configuration": {"endian": endian_name(*order)}}),
        Body::Shards(shards) => json!({"name": "sharding_indexed", "configuration": {
            "chunk_shape": shards.chunk,
            "codecs": format_v3(&shards.codecs),
            "index_codecs": format_v3(&shards.index),
            "index_location": if shards.index_is_first { "start" } else { "end" },
        }}),
    });
    list.extend(codecs.packings.iter().map(|packing| match packing {
        Packing::Gzip { level } => json!({"name": "gzip", "configuration": {"level": level}}),
        Packing::Zstd { level, has_checksum } => {
            json!({"name": "zstd", "configuration": {"level": level, "checksum": has_checksum}})
        }
        Packing::Crc32c => json!({"name": "crc32c"}),
        Packing::Zlib { level } => json!({"name": "numcodecs.zlib", "configuration": {"level": level}}),
        // Never in what is written here.
        Packing::Blosc => json!({"name": "blosc"}),
        Packing::Lz4 => json!({"name": "numcodecs.lz4"}),
        Packing::Shuffle { item } => json!({"name": "numcodecs.shuffle", "configuration": {"elementsize": item}}),
    }));
    Value::Array(list)
}

fn endian_name(order: ByteOrder) -> &'static str {
    match order {
        ByteOrder::Little => "little",
        ByteOrder::Big => "big",
    }
}
