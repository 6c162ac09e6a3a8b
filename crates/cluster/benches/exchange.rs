//! How fast data moves: within a worker, between workers, and by way of the disk, beside what the machine can do at all.
//!
//! `cargo bench --workspace --bench exchange`. Each line is the best of some runs. Bytes are those of the batches in memory,
//! whatever they were on the way.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringViewArray};
use arrow::compute::BatchCoalescer;
use arrow_flight::flight_service_server::FlightServiceServer;
use arrow_flight::{Action, ActionType, FlightData, Ticket as FlightTicket};
use axum::serve::ListenerExt;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::Partitioning;
use datafusion::physical_plan::metrics::Time;
use datafusion::physical_plan::repartition::BatchPartitioner;
use futures::StreamExt;
use futures::stream::BoxStream;
use swath_cluster::actions::{ActionService, Actions};
use swath_cluster::client::channels::Channels;
use swath_shuffle::flight::{self, Ticket};
use swath_shuffle::{OutputKey, PartitionStore, StoredPartition, TaskOutputs};
use tokio::runtime::{Handle, Runtime};
use tonic::Status;
use tonic::service::RoutesBuilder;

const BATCHES: usize = 1200;
const ROWS: usize = 8192;
const RUNS: usize = 5;

/// Half of the bytes compress well, the other half not at all.
fn batches() -> Vec<RecordBatch> {
    let mut state = 1_u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64
    };
    (0..BATCHES)
        .map(|batch| {
            let from = (batch * ROWS) as i64;
            let columns: [(&str, ArrayRef); 4] = [
                ("key", Arc::new(Int64Array::from_iter_values(from..from + ROWS as i64))),
                ("value", Arc::new(Float64Array::from_iter_values((0..ROWS).map(|_| noise())))),
                ("group", Arc::new(Int32Array::from_iter_values((0..ROWS as i32).map(|row| row % 100)))),
                ("flag", Arc::new(StringViewArray::from_iter_values((0..ROWS).map(|row| ["A", "N", "R"][row % 3])))),
            ];
            RecordBatch::try_from_iter(columns).unwrap()
        })
        .collect()
}

fn bytes(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::get_array_memory_size).sum()
}

/// Prints the best rate of some runs of `work`, which moves `bytes`.
fn measure(what: &str, bytes: usize, mut work: impl FnMut()) {
    let best = (0..RUNS).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed().as_secs_f64()
    });
    let best = best.fold(f64::INFINITY, f64::min);
    println!("{what:<58} {:>8.2} GB/s {:>9.1} ms", bytes as f64 / best / 1e9, best * 1e3);
}

fn memcpy(bytes: usize) {
    let from = vec![1_u8; bytes];
    let mut to = vec![0_u8; bytes];
    measure("memcpy", bytes, || to.copy_from_slice(std::hint::black_box(&from)));
    std::hint::black_box(&to);
}

fn loopback(bytes: usize) {
    measure("TCP over loopback, 1 MB writes", bytes, || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let writer = std::thread::spawn(move || {
            let block = vec![1_u8; 1 << 20];
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            for at in (0..bytes).step_by(block.len()) {
                stream.write_all(&block[..block.len().min(bytes - at)]).unwrap();
            }
        });
        let mut block = vec![0_u8; 1 << 20];
        let (mut stream, _) = listener.accept().unwrap();
        while stream.read(&mut block).unwrap() > 0 {}
        writer.join().unwrap();
    });
}

fn store(batches: &[RecordBatch], budget_bytes: usize) -> (PartitionStore, StoredPartition) {
    let store = PartitionStore::new(Arc::new(RuntimeEnv::default()), budget_bytes);
    let mut writer = store.writer(batches[0].schema());
    for batch in batches {
        writer.push(batch.clone()).unwrap();
    }
    let partition = writer.finish().unwrap();
    (store, partition)
}

fn read(runtime: &Runtime, partition: &StoredPartition) -> usize {
    runtime.block_on(async {
        let mut stream = partition.stream().unwrap();
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            rows += batch.unwrap().num_rows();
        }
        rows
    })
}

/// What a stage does before it stores.
fn partition(batches: &[RecordBatch], partitions: usize) -> usize {
    let keys = vec![Arc::new(Column::new("key", 0)) as _];
    let mut partitioner =
        BatchPartitioner::try_new(Partitioning::Hash(keys, partitions), Time::default(), 0, 1).unwrap();
    let mut pieces: Vec<_> = (0..partitions).map(|_| BatchCoalescer::new(batches[0].schema(), ROWS)).collect();
    let mut rows = 0;
    for batch in batches {
        partitioner
            .partition(batch.clone(), |partition, piece| {
                pieces[partition].push_batch(piece)?;
                while let Some(batch) = pieces[partition].next_completed_batch() {
                    rows += batch.num_rows();
                }
                Ok(())
            })
            .unwrap();
    }
    for piece in &mut pieces {
        piece.finish_buffered_batch().unwrap();
        while let Some(batch) = piece.next_completed_batch() {
            rows += batch.num_rows();
        }
    }
    rows
}

struct Serve(Arc<TaskOutputs>);

#[tonic::async_trait]
impl Actions for Serve {
    fn list(&self) -> Vec<ActionType> {
        vec![]
    }

    async fn act(&self, _: Action) -> Result<BoxStream<'static, Result<Vec<u8>, Status>>, Status> {
        Err(Status::unimplemented("no actions"))
    }

    async fn get(&self, ticket: FlightTicket) -> Result<BoxStream<'static, Result<FlightData, Status>>, Status> {
        flight::serve(&self.0, &ticket)
    }
}

const KEY: OutputKey = OutputKey { stage: 1, partition: 0, task: 0 };

/// Serves `partition` as a worker does, and gives the address.
fn served(runtime: &Runtime, store: PartitionStore, partition: StoredPartition) -> String {
    let outputs = Arc::new(TaskOutputs::new(store));
    outputs.insert("job", KEY, partition).unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut routes = RoutesBuilder::default();
    routes.add_service(
        FlightServiceServer::new(ActionService(Serve(outputs))).max_encoding_message_size(flight::MAX_MESSAGE_BYTES),
    );
    let router = routes.routes().into_axum_router();
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn fetched(network: &Runtime, address: &str, batches: &[RecordBatch], compression: &str) -> usize {
    let handle: &Handle = network.handle();
    let channels = Channels::new(handle.clone());
    let ticket = Ticket {
        job: "job".to_owned(),
        outputs: vec![KEY.into()],
        compression: compression.to_owned(),
        ..Default::default()
    };
    let expected = (batches.len() * ROWS) as u64;
    network.block_on(async {
        let mut stream = flight::fetch(channels.peer(address).unwrap(), ticket, batches[0].schema(), Some(expected));
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            rows += batch.unwrap().num_rows();
        }
        rows
    })
}

fn main() {
    let batches = batches();
    let bytes = bytes(&batches);
    println!("{} MB in {} batches", bytes >> 20, batches.len());
    memcpy(bytes);
    loopback(bytes);
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (reader, server) = (runtime(), runtime());
    measure("hash partitioning into 2, one thread", bytes, || {
        assert_eq!(partition(&batches, 2), BATCHES * ROWS);
    });
    measure("hash partitioning into 16, one thread", bytes, || {
        assert_eq!(partition(&batches, 16), BATCHES * ROWS);
    });
    measure("within a worker: stored and read", bytes, || {
        let (_, partition) = store(&batches, usize::MAX);
        assert_eq!(read(&reader, &partition), BATCHES * ROWS);
    });
    measure("within a worker, by way of the disk: stored", bytes, || drop(store(&batches, 0)));
    let (_, spilled) = store(&batches, 0);
    measure("within a worker, by way of the disk: read", bytes, || {
        assert_eq!(read(&reader, &spilled), BATCHES * ROWS);
    });
    let (held, partition) = store(&batches, usize::MAX);
    println!("memory held by the store: {} MB", held.usage().memory_bytes >> 20);
    let address = served(&server, held, partition);
    for compression in ["none", "adaptive", "lz4", "zstd"] {
        measure(&format!("between workers over loopback, {compression}"), bytes, || {
            assert_eq!(fetched(&reader, &address, &batches, compression), BATCHES * ROWS);
        });
    }
    let (held, partition) = store(&batches, bytes / 4);
    let usage = held.usage();
    println!("overflow: {} MB in memory, {} MB on disk", usage.memory_bytes >> 20, usage.disk_bytes >> 20);
    let address = served(&server, held, partition);
    measure("between workers over loopback, three quarters on disk", bytes, || {
        assert_eq!(fetched(&reader, &address, &batches, "none"), BATCHES * ROWS);
    });
}
