//! Whether data is compressed on its way: what was asked for, or what the data and the link suggest.
//!
//! Compression costs a processor more per byte than a fast network does, and gains nothing where data do not compress. So an
//! adaptive reader asks for plain data, over loopback always, and elsewhere until it has seen that the link is slow; then the
//! server looks at the first batch and compresses, with lz4, if that saves a good part of it.

use std::collections::HashMap;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use parking_lot::Mutex;

/// The choice by data and link.
pub const ADAPTIVE: &str = "adaptive";
/// No compression.
pub const NONE: &str = "none";

/// A link that carries so much is faster than lz4 makes it.
const FAST_BYTES_PER_SECOND: f64 = 400e6;
/// A transfer of less says nothing about the link.
const FEWEST_BYTES: usize = 1 << 20;
/// How much a new observation counts against the earlier ones.
const WEIGHT: f64 = 0.3;
/// Compressed data must be smaller than this part of the plain data.
const LARGEST_SHARE: f64 = 0.75;
/// Rows of the first batch that are looked at.
const SAMPLE_ROWS: usize = 4096;

/// What is known of the links to other processes.
#[derive(Debug, Default)]
pub struct Links {
    bytes_per_second: Mutex<HashMap<String, f64>>,
}

impl Links {
    /// What to ask the process at `address`, `host:port`, for, where the setting says `asked`.
    pub fn compression<'a>(&self, asked: &'a str, address: &str) -> &'a str {
        if asked != ADAPTIVE {
            return asked;
        }
        let slow = self.bytes_per_second.lock().get(address).is_some_and(|rate| *rate < FAST_BYTES_PER_SECOND);
        if slow && !is_loopback(address) { asked } else { NONE }
    }

    /// Notes that `bytes` came from `address` in the time that their reader `waited`.
    pub fn note(&self, address: &str, bytes: usize, waited: Duration) {
        if bytes < FEWEST_BYTES {
            return;
        }
        let rate = bytes as f64 / waited.as_secs_f64().max(1e-9);
        let mut rates = self.bytes_per_second.lock();
        let known = rates.entry(address.to_owned()).or_insert(rate);
        *known += WEIGHT * (rate - *known);
    }
}

fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// How a server compresses batches of which this is the first, if it may choose.
///
/// # Errors
/// If the batch cannot be encoded.
pub fn chosen(first: &RecordBatch) -> Result<Option<CompressionType>, ArrowError> {
    let sample = first.slice(0, first.num_rows().min(SAMPLE_ROWS));
    let plain = encoded_bytes(&sample, None)?;
    let compressed = encoded_bytes(&sample, Some(CompressionType::LZ4_FRAME))?;
    Ok((compressed as f64 <= LARGEST_SHARE * plain as f64).then_some(CompressionType::LZ4_FRAME))
}

fn encoded_bytes(batch: &RecordBatch, compression: Option<CompressionType>) -> Result<usize, ArrowError> {
    let options = IpcWriteOptions::default().try_with_compression(compression)?;
    let mut writer = StreamWriter::try_new_with_options(vec![], &batch.schema(), options)?;
    writer.write(batch)?;
    Ok(writer.into_inner()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    fn batch(values: impl Iterator<Item = i64>) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
        RecordBatch::try_from_iter([("x", column)]).unwrap()
    }

    #[test]
    fn data_that_do_not_compress_are_not_compressed() {
        assert_eq!(chosen(&batch((0..8192).map(|i| i % 7))).unwrap(), Some(CompressionType::LZ4_FRAME));
        let mut state = 1_u64;
        let noise = batch((0..8192).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state ^ state >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) as i64
        }));
        assert_eq!(chosen(&noise).unwrap(), None);
        assert_eq!(chosen(&batch(std::iter::empty())).unwrap(), None);
    }

    #[test]
    fn only_slow_links_are_offered_compression() {
        let links = Links::default();
        assert_eq!(links.compression("zstd", "127.0.0.1:1"), "zstd");
        assert_eq!(links.compression(ADAPTIVE, "10.0.0.1:1"), NONE);
        links.note("10.0.0.1:1", 100 << 20, Duration::from_secs(1));
        links.note("127.0.0.1:1", 100 << 20, Duration::from_secs(1));
        assert_eq!(links.compression(ADAPTIVE, "10.0.0.1:1"), ADAPTIVE);
        assert_eq!(links.compression(ADAPTIVE, "127.0.0.1:1"), NONE);
        for _ in 0..10 {
            links.note("10.0.0.1:1", 1 << 30, Duration::from_millis(500));
        }
        assert_eq!(links.compression(ADAPTIVE, "10.0.0.1:1"), NONE);
        links.note("10.0.0.2:1", 1000, Duration::from_secs(1));
        assert_eq!(links.compression(ADAPTIVE, "10.0.0.2:1"), NONE, "too little to tell");
    }
}
