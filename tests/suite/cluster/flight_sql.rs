//! Flight SQL on the scheduler, as drivers of other systems use it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type, Schema};
use arrow::util::pretty::pretty_format_batches;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{
    Any, CommandGetDbSchemas, CommandGetPrimaryKeys, CommandGetTables, CommandGetXdbcTypeInfo,
    CommandPreparedStatementQuery, CommandStatementIngest, CommandStatementQuery, ProstMessageExt, SqlInfo,
    TableDefinitionOptions, TableExistsOption, TableNotExistOption, TicketStatementQuery,
};
use arrow_flight::{Action, CancelFlightInfoRequest, CancelFlightInfoResult, FlightDescriptor, FlightInfo, Ticket};
use futures::{StreamExt, TryStreamExt};
use prost::Message;
use swath::prelude::*;
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use super::failures::{get, metric_of};
use super::{builder, shared};

type Outcome<T> = Result<T, FlightError>;

/// A client with a runtime of its own.
struct Client {
    runtime: Runtime,
    inner: FlightSqlServiceClient<Channel>,
}

impl Client {
    /// A client of `cluster` that shares the session of those without a name.
    fn nameless(cluster: &LocalCluster) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let address = cluster.address().replace("swath://", "http://");
        let channel = runtime.block_on(async { Endpoint::from_shared(address).unwrap().connect().await.unwrap() });
        let inner = FlightSqlServiceClient::new_from_inner(
            FlightServiceClient::new(channel).max_decoding_message_size(64 << 20),
        );
        Self { runtime, inner }
    }

    /// A client of the shared cluster with a session of its own.
    fn new() -> Self {
        Self::of(shared())
    }

    fn of(cluster: &LocalCluster) -> Self {
        let mut client = Self::nameless(cluster);
        client.runtime.block_on(client.inner.handshake("anybody", "anything")).unwrap();
        assert!(client.inner.token().is_some());
        client
    }

    fn info(&mut self, sql: &str) -> Outcome<FlightInfo> {
        self.runtime.block_on(self.inner.execute(sql.to_owned(), None))
    }

    fn fetch(&mut self, info: &FlightInfo) -> Outcome<Vec<RecordBatch>> {
        let ticket = info.endpoint[0].ticket.clone().unwrap();
        self.runtime.block_on(async { self.inner.do_get(ticket).await?.try_collect().await })
    }

    fn query(&mut self, sql: &str) -> Outcome<Vec<RecordBatch>> {
        let info = self.info(sql)?;
        let batches = self.fetch(&info)?;
        let promised = info.try_decode_schema().unwrap();
        for batch in &batches {
            assert_eq!(*batch.schema(), promised, "{sql}");
        }
        Ok(batches)
    }

    fn rows(&mut self, sql: &str) -> Vec<String> {
        texts(&self.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}")))
    }

    fn list(&mut self, info: Outcome<FlightInfo>) -> Vec<RecordBatch> {
        self.fetch(&info.unwrap()).unwrap()
    }

    fn update(&mut self, sql: &str) -> Outcome<i64> {
        self.runtime.block_on(self.inner.execute_update(sql.to_owned(), None))
    }
}

/// The rows as `a|b`, sorted.
fn texts(batches: &[RecordBatch]) -> Vec<String> {
    let table = pretty_format_batches(batches).unwrap().to_string();
    let lines = table.lines().filter(|line| line.starts_with('|')).skip(1);
    let mut rows: Vec<String> =
        lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join("|")).collect();
    rows.sort();
    rows
}

fn status<T: std::fmt::Debug>(outcome: Outcome<T>) -> Status {
    match outcome.unwrap_err() {
        FlightError::Tonic(status) => *status,
        other => panic!("expected a status, got {other:?}"),
    }
}

#[test]
fn statements_run_on_the_workers() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut client = Client::new();
    let jobs = metric_of(shared(), "swath_jobs_taken_total");
    let copy =
        format!("COPY (SELECT value AS k, value % 3 AS g, 'x' AS s FROM range(100000)) TO '{}'", path("t.parquet"));
    assert_eq!(client.update(&copy).unwrap(), 100_000);
    client.update(&format!("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{}'", path("t.parquet"))).unwrap();
    assert_eq!(client.rows("SELECT g, count(*) FROM t GROUP BY g"), ["0|33334", "1|33333", "2|33333"]);
    assert!(metric_of(shared(), "swath_jobs_taken_total") > jobs, "nothing ran on the workers");
    // Files have views of strings; clients get types that all of them know.
    let strings = client.query("SELECT s FROM t WHERE k = 7").unwrap();
    assert_eq!(strings[0].column(0).data_type(), &DataType::LargeUtf8);
    client.update("CREATE VIEW v AS SELECT k + 1 AS n FROM t").unwrap();
    assert_eq!(client.rows("SELECT max(n), min(n) FROM v"), ["100000|1"]);
    client.update("SET datafusion.execution.batch_size = 100").unwrap();
    assert_eq!(client.rows("SHOW datafusion.execution.batch_size"), ["datafusion.execution.batch_size|100"]);
    client.update("CACHE TABLE c AS SELECT k FROM t WHERE k < 10").unwrap();
    assert_eq!(
        client.rows("SELECT table_name, rows FROM (SELECT 'c' AS table_name, count(*) AS rows FROM c)"),
        ["c|10"]
    );
    let cached = client.query("SHOW CACHED TABLES").unwrap();
    assert!(cached[0].num_columns() == 6 && texts(&cached).iter().any(|row| row.starts_with("c|this session|")));
    client.update("UNCACHE TABLE c").unwrap();
    // A change may also be sent as a query.
    assert_eq!(client.rows("CREATE TABLE m (a INT, b VARCHAR)"), Vec::<String>::new());
    assert_eq!(client.rows("INSERT INTO m VALUES (1, 'a'), (2, NULL)"), ["2"]);
    assert_eq!(client.update("INSERT INTO m SELECT k, s FROM t WHERE k < 5").unwrap(), 5);
    assert_eq!(client.rows("SELECT count(*), sum(a) FROM m"), ["7|13"]);
    let insert = format!("CREATE EXTERNAL TABLE files (a BIGINT) STORED AS PARQUET LOCATION '{}/'", path("files"));
    client.update(&insert).unwrap();
    assert_eq!(client.update("INSERT INTO files SELECT k FROM t").unwrap(), 100_000);
    assert_eq!(client.rows("SELECT count(*) FROM files"), ["100000"]);
    assert!(texts(&client.query("EXPLAIN SELECT * FROM t").unwrap()).iter().any(|row| row.contains("plan")));
}

#[test]
fn clients_have_sessions_of_their_own() {
    let (mut first, mut second) = (Client::new(), Client::new());
    first.update("CREATE VIEW mine AS SELECT 1 AS x").unwrap();
    assert_eq!(first.rows("SELECT x FROM mine"), ["1"]);
    assert_eq!(status(second.info("SELECT x FROM mine")).code(), Code::InvalidArgument);
    // Those without a name share one, and are offered a name.
    let (mut third, mut fourth) = (Client::nameless(shared()), Client::nameless(shared()));
    third.update("CREATE OR REPLACE VIEW common AS SELECT 3 AS x").unwrap();
    assert_eq!(fourth.rows("SELECT x FROM common"), ["3"]);
    let descriptor = FlightDescriptor::new_cmd(query_command("SELECT 1"));
    let answer = fourth.runtime.block_on(fourth.inner.inner_mut().get_flight_info(descriptor)).unwrap();
    let cookie = answer.metadata().get("set-cookie").unwrap().to_str().unwrap().split(';').next().unwrap().to_owned();
    fourth.inner.set_header("cookie", cookie);
    assert!(fourth.info("SELECT x FROM common").is_err(), "it has a session of its own now");
    fourth.update("CREATE VIEW common AS SELECT 4 AS x").unwrap();
    assert_eq!(
        (third.rows("SELECT x FROM common"), fourth.rows("SELECT x FROM common")),
        (vec!["3".into()], vec!["4".into()])
    );
    // A session that its client ends is gone, with all that was left open in it.
    let mut left = first.runtime.block_on(first.inner.prepare("SELECT x FROM mine".to_owned(), None)).unwrap();
    first.runtime.block_on(left.execute()).unwrap();
    let close = Action::new("CloseSession", vec![]);
    first.runtime.block_on(async { first.inner.do_action(close).await.unwrap().message().await.unwrap().unwrap() });
    assert_eq!(status(first.runtime.block_on(left.execute()).map(drop)).code(), Code::NotFound);
    assert!(first.info("SELECT x FROM mine").is_err());
    first.inner.set_token("forged".to_owned());
    assert_eq!(status(first.info("SELECT 1")).code(), Code::Unauthenticated);
}

fn query_command(sql: &str) -> Vec<u8> {
    CommandStatementQuery { query: sql.to_owned(), transaction_id: None }.as_any().encode_to_vec()
}

fn numbers_and_texts(numbers: Vec<i64>, texts: Vec<Option<&str>>) -> RecordBatch {
    let columns: [(&str, ArrayRef); 2] =
        [("a", Arc::new(Int64Array::from(numbers))), ("b", Arc::new(StringArray::from(texts)))];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

#[test]
fn prepared_statements_take_parameters() {
    let mut client = Client::new();
    client.update("CREATE TABLE t (a INT, b VARCHAR)").unwrap();
    let runtime = &client.runtime;
    let mut insert = runtime.block_on(client.inner.prepare("INSERT INTO t VALUES (?, ?)".to_owned(), None)).unwrap();
    assert!(insert.dataset_schema().unwrap().fields().is_empty());
    let parameters = insert.parameter_schema().unwrap();
    assert_eq!(
        parameters.fields().iter().map(|field| (field.name().as_str(), field.data_type().clone())).collect::<Vec<_>>(),
        [("$1", DataType::Int32), ("$2", DataType::LargeUtf8)]
    );
    insert.set_parameters(numbers_and_texts(vec![1, 2, 3], vec![Some("x"), None, Some("it's")])).unwrap();
    assert_eq!(runtime.block_on(insert.execute_update()).unwrap(), 3);
    insert.set_parameters(numbers_and_texts(vec![4], vec![Some("y")])).unwrap();
    assert_eq!(runtime.block_on(insert.execute_update()).unwrap(), 1);
    runtime.block_on(insert.close()).unwrap();

    let text = "SELECT a, b FROM t WHERE a > $1 AND b <> $2";
    let mut select = runtime.block_on(client.inner.prepare(text.to_owned(), None)).unwrap();
    assert_eq!(select.dataset_schema().unwrap().fields().len(), 2);
    let unbound = runtime.block_on(select.execute()).map(drop);
    assert!(status(unbound).message().contains("$1, $2"));
    // Once for each row of parameters.
    select.set_parameters(numbers_and_texts(vec![1, 3], vec![Some("none"), Some("none")])).unwrap();
    let info = runtime.block_on(select.execute()).unwrap();
    let again = runtime.block_on(select.execute()).unwrap();
    assert_eq!(texts(&client.fetch(&info).unwrap()), ["3|it's", "4|y", "4|y"]);
    assert_eq!(texts(&client.fetch(&again).unwrap()), ["3|it's", "4|y", "4|y"]);

    let runtime = &client.runtime;
    let mut named = runtime
        .block_on(client.inner.prepare("SELECT CAST($b AS VARCHAR) || CAST($a AS VARCHAR) AS x".to_owned(), None))
        .unwrap();
    named.set_parameters(numbers_and_texts(vec![7], vec![Some("n")])).unwrap();
    let info = runtime.block_on(named.execute()).unwrap();
    assert_eq!(texts(&client.fetch(&info).unwrap()), ["n7"]);
    let runtime = &client.runtime;
    let mut wrong = runtime.block_on(client.inner.prepare("SELECT a FROM t WHERE a = ?".to_owned(), None)).unwrap();
    wrong.set_parameters(numbers_and_texts(vec![7], vec![Some("n")])).unwrap();
    let error = status(runtime.block_on(wrong.execute()).map(drop));
    assert!(error.code() == Code::InvalidArgument && error.message().contains("($1), got 2"), "{error}");
}

#[test]
fn the_catalog_is_listed() {
    let mut client = Client::new();
    client.update("CREATE TABLE orders (id BIGINT NOT NULL, note VARCHAR)").unwrap();
    client.update("CREATE VIEW order_ids AS SELECT id FROM orders").unwrap();
    client.update("CREATE SCHEMA other").unwrap();
    client.update("CREATE TABLE other.things (x INT)").unwrap();
    let catalogs = client.runtime.block_on(client.inner.get_catalogs());
    assert_eq!(texts(&client.list(catalogs)), ["datafusion"]);
    let any = CommandGetDbSchemas { catalog: None, db_schema_filter_pattern: Some("o%".to_owned()) };
    let schemas = client.runtime.block_on(client.inner.get_db_schemas(any));
    assert_eq!(texts(&client.list(schemas)), ["datafusion|other"]);
    let wanted = CommandGetTables {
        include_schema: true,
        table_name_filter_pattern: Some("order%".to_owned()),
        ..Default::default()
    };
    let tables = client.runtime.block_on(client.inner.get_tables(wanted));
    let batch = client.list(tables).remove(0);
    let shown = texts(&[batch.project(&[0, 1, 2, 3]).unwrap()]);
    assert_eq!(shown, ["datafusion|public|order_ids|VIEW", "datafusion|public|orders|TABLE"]);
    let schema = arrow_flight::IpcMessage(batch.column(4).as_binary::<i32>().value(1).to_vec().into());
    let schema: Schema = schema.try_into().unwrap();
    assert_eq!(schema.field(1).data_type(), &DataType::LargeUtf8);
    assert!(!schema.field(0).is_nullable());
    let views = CommandGetTables { table_types: vec!["VIEW".to_owned()], ..Default::default() };
    let tables = client.runtime.block_on(client.inner.get_tables(views));
    assert_eq!(texts(&client.list(tables)), ["datafusion|public|order_ids|VIEW"]);
    let types = client.runtime.block_on(client.inner.get_table_types());
    assert_eq!(texts(&client.list(types)), ["LOCAL TEMPORARY", "TABLE", "VIEW"]);
    let infos = vec![SqlInfo::FlightSqlServerName, SqlInfo::FlightSqlServerCancel];
    let infos = client.runtime.block_on(client.inner.get_sql_info(infos));
    assert_eq!(client.list(infos)[0].num_rows(), 2);
    let types = client.runtime.block_on(client.inner.get_xdbc_type_info(CommandGetXdbcTypeInfo { data_type: None }));
    assert_eq!(client.list(types)[0].num_rows(), 13);
    let keys = CommandGetPrimaryKeys { table: "orders".to_owned(), ..Default::default() };
    let keys = client.runtime.block_on(client.inner.get_primary_keys(keys));
    assert_eq!(client.list(keys).iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    // GetSchema looks and does nothing.
    let descriptor = FlightDescriptor::new_cmd(query_command("CREATE TABLE never AS SELECT 1 AS x"));
    let mut raw = client.inner.inner().clone();
    let mut request = tonic::Request::new(descriptor);
    let token = format!("Bearer {}", client.inner.token().unwrap());
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    client.runtime.block_on(raw.get_schema(request)).unwrap();
    assert!(client.info("SELECT * FROM never").is_err());
}

/// A query that takes longer than any test waits.
const ENDLESS: &str = "SELECT count(*) FROM range(100000000) a JOIN range(1000) b ON a.value % 7 <> b.value";

/// A cluster of its own: other tests' jobs are not counted.
fn own_cluster() -> LocalCluster {
    builder().workers(1).threads(1).memory_limit(512 << 20).start().unwrap()
}

fn wait_for_one(cluster: &LocalCluster, name: &str) {
    let begin = Instant::now();
    while metric_of(cluster, name) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "{name} stays 0");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn queries_are_cancelled() {
    let cluster = own_cluster();
    let mut client = Client::of(&cluster);
    let info = client.info(ENDLESS).unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let mut fetcher = FlightSqlServiceClient::new_from_inner(client.inner.inner().clone());
    let fetched = client.runtime.spawn(async move { fetcher.do_get(ticket).await?.try_collect::<Vec<_>>().await });
    wait_for_one(&cluster, "swath_jobs_taken_total");
    let action = || Action::new("CancelFlightInfo", CancelFlightInfoRequest::new(info.clone()).encode_to_vec());
    let (runtime, inner) = (&client.runtime, &mut client.inner);
    let answer = runtime.block_on(async { inner.do_action(action()).await?.message().await });
    let answer = CancelFlightInfoResult::decode(answer.unwrap().unwrap().body).unwrap();
    assert_eq!(answer.status, 1);
    assert_eq!(status(runtime.block_on(fetched).unwrap()).code(), Code::Cancelled);
    wait_for_one(&cluster, "swath_jobs_cancelled_total");
    let again = runtime.block_on(async { inner.do_action(action()).await.map(drop) });
    assert!(again.unwrap_err().to_string().contains("no result"));
}

#[test]
fn a_dropped_stream_ends_its_job() {
    let cluster = own_cluster();
    let mut client = Client::of(&cluster);
    let info = client.info(ENDLESS).unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let fetched = client.runtime.spawn({
        let mut fetcher = FlightSqlServiceClient::new_from_inner(client.inner.inner().clone());
        async move { fetcher.do_get(ticket).await?.try_collect::<Vec<_>>().await }
    });
    wait_for_one(&cluster, "swath_jobs_taken_total");
    fetched.abort();
    wait_for_one(&cluster, "swath_jobs_cancelled_total");
}

#[test]
fn mistakes_are_told_with_fitting_codes() {
    let mut client = Client::new();
    client.update("CREATE VIEW cities AS SELECT 'Rome' AS name").unwrap();
    let error = status(client.info("SELECT nam FROM cities"));
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("did you mean 'name'") && error.message().contains("line 1, column 8"), "{error}");
    assert_eq!(status(client.info("SELECT 1 FRM x WHERE")).code(), Code::InvalidArgument);
    let error = status(client.query("SELECT 1 / (value - 1) FROM range(3)"));
    assert!(error.message().contains("ivide by zero"), "{error}");
    let error = status(client.update("SELECT 1"));
    assert!(error.code() == Code::InvalidArgument && error.message().contains("execute it as a query"), "{error}");
    let large = format!("SELECT '{}'", "x".repeat(2 << 20));
    assert!(status(client.info(&large)).message().contains("1 MB"));
    let transaction = client.runtime.block_on(client.inner.begin_transaction()).unwrap_err().to_string();
    assert!(transaction.contains("autocommit"), "{transaction}");
    let (runtime, inner) = (&client.runtime, &mut client.inner);
    let in_one = runtime.block_on(inner.execute("SELECT 1".to_owned(), Some(vec![1].into())));
    assert_eq!(status(in_one).code(), Code::Unimplemented);
    // Handles that nobody gave, tickets and commands that are none.
    let unknown = TicketStatementQuery { statement_handle: "0".repeat(32).into() };
    let mut ticket = |bytes: Vec<u8>| status(runtime.block_on(inner.do_get(Ticket::new(bytes))).map(drop));
    assert_eq!(ticket(unknown.as_any().encode_to_vec()).code(), Code::NotFound);
    assert_eq!(ticket(vec![0xff; 64]).code(), Code::InvalidArgument);
    let damaged = Any { type_url: TicketStatementQuery::type_url().to_owned(), value: vec![0xff; 9].into() };
    assert_eq!(ticket(damaged.encode_to_vec()).code(), Code::InvalidArgument);
    let foreign = Any { type_url: "type.googleapis.com/other".to_owned(), value: vec![].into() };
    assert_eq!(ticket(foreign.encode_to_vec()).code(), Code::Unimplemented);
    assert_eq!(ticket(vec![]).code(), Code::Unimplemented);
    let unknown = CommandPreparedStatementQuery { prepared_statement_handle: vec![1; 9].into() };
    let descriptor = FlightDescriptor::new_cmd(unknown.as_any().encode_to_vec());
    let error = runtime.block_on(inner.inner_mut().get_flight_info(descriptor)).unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    // The scheduler is as it was.
    assert_eq!(client.rows("SELECT 1 AS x"), ["1"]);
    assert_eq!(get(shared().address().trim_start_matches("swath://"), "/healthz"), "ok\n");
}

fn ingest(
    client: &mut Client,
    table: &str,
    missing: TableNotExistOption,
    exists: TableExistsOption,
    rows: RecordBatch,
) -> Outcome<i64> {
    let command = CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: missing as i32,
            if_exists: exists as i32,
        }),
        table: table.to_owned(),
        ..Default::default()
    };
    client.runtime.block_on(client.inner.execute_ingest(command, futures::stream::iter([Ok(rows)])))
}

#[test]
fn rows_are_ingested() {
    use TableExistsOption as E;
    use TableNotExistOption as N;
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::new();
    let rows = |n: i64| numbers_and_texts(vec![n, n + 1], vec![Some("x"), None]);
    assert_eq!(ingest(&mut client, "T", N::Create, E::Fail, rows(1)).unwrap(), 2);
    assert_eq!(ingest(&mut client, "T", N::Fail, E::Append, rows(3)).unwrap(), 2);
    assert_eq!(client.rows("SELECT a, b FROM \"T\""), ["1|x", "2|", "3|x", "4|"]);
    assert!(status(ingest(&mut client, "T", N::Create, E::Fail, rows(1))).message().contains("already exists"));
    assert!(status(ingest(&mut client, "U", N::Fail, E::Append, rows(1))).message().contains("'U' not found"));
    assert_eq!(ingest(&mut client, "T", N::Create, E::Replace, rows(9)).unwrap(), 2);
    assert_eq!(client.rows("SELECT sum(a) FROM \"T\""), ["19"]);
    // Into files, by the workers; columns by their names, in the table's types.
    let location = folder.path().join("files/");
    let create =
        format!("CREATE EXTERNAL TABLE f (b VARCHAR, a INT) STORED AS PARQUET LOCATION '{}'", location.display());
    client.update(&create).unwrap();
    assert_eq!(ingest(&mut client, "f", N::Fail, E::Append, rows(5)).unwrap(), 2);
    assert_eq!(client.rows("SELECT a, b FROM f"), ["5|x", "6|"]);
    let columns = rows(1).columns().to_vec();
    let other = RecordBatch::try_from_iter([("a", Arc::clone(&columns[0])), ("c", Arc::clone(&columns[1]))]).unwrap();
    assert!(status(ingest(&mut client, "f", N::Fail, E::Append, other)).message().contains("no column 'c'"));
    assert!(!client.rows("SHOW TABLES").iter().any(|row| row.contains("swath_ingested")));
}

/// Resident memory of a process.
fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn the_scheduler_stays_small() {
    let cluster = builder()
        .workers(1)
        .threads(1)
        .memory_limit(1 << 30)
        .scheduler_argument("--sql-sessions=2")
        .scheduler_argument("--sql-session-memory=32MB")
        .start()
        .unwrap();
    let mut client = Client::of(&cluster);
    client.rows("SELECT 1");
    let before = resident_bytes(cluster.scheduler_id());
    let info = client.info("SELECT value AS a, value * 2 AS b, value * 3 AS c FROM range(10000000)").unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let (rows, most) = client.runtime.block_on(async {
        let mut stream = client.inner.do_get(ticket).await.unwrap();
        let (mut rows, mut most) = (0, 0);
        while let Some(batch) = stream.next().await {
            // A slow reader: what it does not take must not pile up.
            if rows % 100 == 0 {
                most = most.max(resident_bytes(cluster.scheduler_id()));
            }
            let batch = batch.unwrap();
            assert_eq!(batch.column(1).as_primitive::<Int64Type>().value(0) % 2, 0);
            rows += batch.num_rows();
        }
        (rows, most)
    });
    assert_eq!(rows, 10_000_000);
    assert!(most < before + (120 << 20), "240 MB passed through: {} MB before, {} MB while", before >> 20, most >> 20);
    // What this process would have to hold is bounded, and the scheduler lives on.
    let error = status(client.update("CREATE TABLE t AS SELECT value FROM range(20000000)"));
    assert!(error.code() == Code::ResourceExhausted && error.message().contains("more than 32 MB"), "{error}");
    let mut other = Client::of(&cluster);
    other.rows("SELECT 1");
    let error = status(Client::of(&cluster).info("SELECT 1"));
    assert!(error.code() == Code::ResourceExhausted && error.message().contains("--sql-sessions"), "{error}");
    assert_eq!(client.rows("SELECT 1 AS x"), ["1"]);
}
