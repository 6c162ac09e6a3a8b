//! The Flight service: which call is which command.
//!
//! Flight SQL says what it wants by messages inside Flight's calls. A statement gives a [`FlightInfo`] whose ticket names the result;
//! a list (catalogs, types …) gives one whose ticket is the command itself, as lists are made again at little cost. `arrow-flight`
//! has a trait with a method for each pair of call and command; it leaves out `GetSchema`, so the calls are matched here.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Any, Command,
    DoPutPreparedStatementResult, DoPutUpdateResult, ProstMessageExt, TicketStatementQuery,
};
use arrow_flight::{
    Action, ActionType, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, Criteria, Empty, FlightData,
    FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest, HandshakeResponse, IpcMessage, PollInfo, PutResult,
    SchemaAsIpc, SchemaResult, Ticket,
};
use bytes::Bytes;
use datafusion::common::ParamValues;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use prost::Message;
use swath_cluster::Front;
use swath_collections::{Parameter, Statement};
use tonic::{Request, Response, Status, Streaming};

use crate::caller::{Caller, SessionId};
use crate::failure::{guarded, status};
use crate::handles::Handles;
use crate::parameters::{self, ByteBudget, Incoming, MOST_PARAMETER_BYTES, Share};
use crate::plain_types::plain_type;
use crate::run::{self, Ready};
use crate::sessions::{ClientSession, Sessions};
use crate::{catalog, ingest, results, server_info};

/// Results that may wait for their clients, and prepared statements that may be open.
const MOST_HANDLES: usize = 1000;
/// How long a result waits for its client.
const RESULT_LIFETIME: Duration = Duration::from_secs(600);
/// Bytes of one statement.
const MOST_TEXT_BYTES: usize = 1 << 20;
/// What a statement's plan takes for each byte of its text, roughly.
const PLAN_BYTES_A_CHARACTER: usize = 16;
/// Bytes of statements and parameters that are kept for all clients together.
const KEPT_BYTES: usize = 512 << 20;
/// How often is looked for what nobody uses.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// Entries that one call may ask for by number.
const MOST_WANTED: usize = 10_000;

/// The actions of Flight SQL that are answered here.
const ACTIONS: [(&str, &str); 5] = [
    (CREATE_PREPARED_STATEMENT, "prepares a statement: ActionCreatePreparedStatementRequest"),
    (CLOSE_PREPARED_STATEMENT, "closes a prepared statement: ActionClosePreparedStatementRequest"),
    (CANCEL_FLIGHT_INFO, "cancels a query: CancelFlightInfoRequest"),
    (CANCEL_QUERY, "cancels a query: ActionCancelQueryRequest"),
    (CLOSE_SESSION, "ends the client's session: CloseSessionRequest"),
];
const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";
const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";
const CANCEL_QUERY: &str = "CancelQuery";
const CLOSE_SESSION: &str = "CloseSession";

/// Flight SQL on a scheduler, beside the scheduler's own actions.
pub struct FlightSql {
    inner: Arc<Inner>,
}

struct Inner {
    front: Front,
    sessions: Sessions,
    prepared: Handles<Prepared>,
    results: Handles<Ready>,
    kept: ByteBudget,
}

/// A prepared statement. It is planned anew when it runs: tables may have changed.
struct Prepared {
    client: Arc<ClientSession>,
    text: String,
    parameters: Vec<Parameter>,
    bound: Mutex<Option<Bound>>,
    _share: Share,
}

/// Values for the placeholders of a prepared statement.
struct Bound {
    rows: Vec<ParamValues>,
    _share: Share,
}

/// The answer to `CloseSession`, for which `arrow-flight` has no type yet.
#[derive(Clone, PartialEq, prost::Message)]
struct CloseSessionResult {
    /// 1: closed.
    #[prost(int32, tag = "1")]
    status: i32,
}

type Boxed<T> = BoxStream<'static, Result<T, Status>>;

impl FlightSql {
    /// The service on a scheduler.
    pub fn new(front: Front) -> Self {
        let limits = front.sql;
        let inner = Arc::new(Inner {
            sessions: Sessions::new(front.address.clone(), limits),
            prepared: Handles::new(
                "prepared statement",
                MOST_HANDLES,
                Duration::from_secs(limits.session_idle_seconds),
            ),
            results: Handles::new("result", MOST_HANDLES, RESULT_LIFETIME),
            kept: ByteBudget::new(KEPT_BYTES),
            front,
        });
        let weak = Arc::downgrade(&inner);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_INTERVAL).await;
                let Some(inner) = weak.upgrade() else { return };
                inner.results.forget_old();
                inner.prepared.forget_old();
                inner.sessions.end_idle();
            }
        });
        Self { inner }
    }
}

/// What to tell who asks for a transaction.
pub fn no_transactions() -> Status {
    Status::unimplemented(
        "there are no transactions: each statement commits by itself, and writes are all or nothing; turn autocommit on",
    )
}

fn no_substrait() -> Status {
    Status::unimplemented("Substrait plans are not supported: send the query as SQL")
}

fn without_transaction(id: Option<&Bytes>) -> Result<(), Status> {
    if id.is_some_and(|id| !id.is_empty()) { Err(no_transactions()) } else { Ok(()) }
}

/// The command in `message`.
fn command(message: &[u8]) -> Result<Command, Status> {
    let damaged = |error: &dyn std::fmt::Display| Status::invalid_argument(format!("the command is damaged: {error}"));
    let any = Any::decode(message).map_err(|error| damaged(&error))?;
    Command::try_from(any).map_err(|error| damaged(&error))
}

fn not_offered(call: &str, command: &Command) -> Status {
    match command {
        Command::CommandStatementSubstraitPlan(_) => no_substrait(),
        other => Status::unimplemented(format!("{call} does not take the command '{}' here", other.type_url())),
    }
}

fn unpacked<M: ProstMessageExt>(action: &Action) -> Result<M, Status> {
    let wrong = |why: String| Status::invalid_argument(format!("the message of {} is damaged: {why}", action.r#type));
    let any = Any::decode(action.body.clone()).map_err(|error| wrong(error.to_string()))?;
    let message = any.unpack().map_err(|error| wrong(error.to_string()))?;
    message.ok_or_else(|| wrong(format!("it is a '{}'", any.type_url)))
}

/// `schema` as Flight SQL sends it in messages; nothing if there are no columns.
fn schema_bytes(schema: &Schema) -> Result<Bytes, Status> {
    if schema.fields().is_empty() {
        return Ok(Bytes::new());
    }
    let options = IpcWriteOptions::default();
    let message = SchemaAsIpc::new(schema, &options).try_into();
    let IpcMessage(bytes) = message.map_err(|error: arrow::error::ArrowError| Status::internal(error.to_string()))?;
    Ok(bytes)
}

fn parameter_schema(parameters: &[Parameter]) -> Schema {
    let field = |parameter: &Parameter| {
        let data_type = parameter.data_type.as_ref().map_or(DataType::Null, plain_type);
        Field::new(&parameter.name, data_type, true)
    };
    Schema::new(parameters.iter().map(field).collect::<Vec<_>>())
}

impl Inner {
    async fn client(&self, caller: &Caller) -> Result<Arc<ClientSession>, Status> {
        self.sessions.of(caller).await
    }

    async fn planned(&self, client: &ClientSession, text: &str) -> Result<(Statement, Share), Status> {
        if text.len() > MOST_TEXT_BYTES {
            return Err(Status::invalid_argument(format!(
                "a statement may have {} MB of text, got {} bytes: give values as parameters, and rows by ingestion or files",
                MOST_TEXT_BYTES >> 20,
                text.len()
            )));
        }
        let share = self.kept.take(text.len() * PLAN_BYTES_A_CHARACTER)?;
        let statement = client.session.prepare_async(text).await.map_err(|error| status(&error))?;
        Ok((statement, share))
    }

    async fn info(&self, caller: &Caller, descriptor: FlightDescriptor) -> Result<FlightInfo, Status> {
        let (schema, ticket) = match command(&descriptor.cmd)? {
            Command::CommandStatementQuery(query) => {
                without_transaction(query.transaction_id.as_ref())?;
                let client = self.client(caller).await?;
                let (statement, share) = self.planned(&client, &query.query).await?;
                self.kept_result(run::ready(client, statement, None, Some(share)).await?)?
            }
            Command::CommandPreparedStatementQuery(query) => {
                let prepared = self.prepared.get(&query.prepared_statement_handle)?;
                let (statement, share) = self.planned(&prepared.client, &prepared.text).await?;
                let values = prepared.values()?;
                self.kept_result(run::ready(Arc::clone(&prepared.client), statement, values, Some(share)).await?)?
            }
            list => (list_schema(&list)?, Ticket::new(descriptor.cmd.clone())),
        };
        let endpoint = FlightEndpoint::new().with_ticket(ticket);
        let info = FlightInfo::new().try_with_schema(&schema).map_err(|error| Status::internal(error.to_string()))?;
        Ok(info.with_endpoint(endpoint).with_descriptor(descriptor))
    }

    fn kept_result(&self, ready: Ready) -> Result<(SchemaRef, Ticket), Status> {
        let schema = Arc::clone(&ready.schema);
        let statement_handle = self.results.insert(ready)?;
        let ticket = TicketStatementQuery { statement_handle };
        Ok((schema, Ticket::new(ticket.as_any().encode_to_vec())))
    }

    async fn schema(&self, caller: &Caller, descriptor: &FlightDescriptor) -> Result<SchemaRef, Status> {
        match command(&descriptor.cmd)? {
            Command::CommandStatementQuery(query) => {
                without_transaction(query.transaction_id.as_ref())?;
                let client = self.client(caller).await?;
                Ok(run::schema(&self.planned(&client, &query.query).await?.0))
            }
            Command::CommandPreparedStatementQuery(query) => {
                let prepared = self.prepared.get(&query.prepared_statement_handle)?;
                Ok(run::schema(&self.planned(&prepared.client, &prepared.text).await?.0))
            }
            list => list_schema(&list),
        }
    }

    async fn fetched(self: &Arc<Self>, caller: &Caller, ticket: &Ticket) -> Result<Boxed<FlightData>, Status> {
        let (schema, batches) = match command(&ticket.ticket)? {
            Command::TicketStatementQuery(ticket) => {
                let handle = ticket.statement_handle;
                let ready = self.results.get(&handle)?;
                let (schema, cancelled) = (Arc::clone(&ready.schema), ready.cancel.subscribe());
                let (batches, inner) = (ready.batches()?, Arc::clone(self));
                let at_end = move || {
                    drop(ready);
                    // Somebody else may have fetched or cancelled it, too.
                    let _ = inner.results.remove(&handle);
                };
                (schema, results::until_cancelled(batches, cancelled, at_end))
            }
            list => {
                let batch = self.list(caller, list).await?;
                (batch.schema(), stream::iter([Ok(batch)]).boxed())
            }
        };
        Ok(results::encoded(schema, batches))
    }

    /// The rows of a list.
    async fn list(&self, caller: &Caller, command: Command) -> Result<RecordBatch, Status> {
        match command {
            Command::CommandGetSqlInfo(wanted) if wanted.info.len() > MOST_WANTED => Err(Status::invalid_argument(
                format!("expected at most {MOST_WANTED} entries, got {}", wanted.info.len()),
            )),
            Command::CommandGetSqlInfo(wanted) => server_info::list_info(&wanted.info),
            Command::CommandGetXdbcTypeInfo(wanted) => server_info::list_types(wanted.data_type),
            Command::CommandGetTableTypes(_) => catalog::list_table_types(),
            Command::CommandGetCatalogs(wanted) => catalog::list_catalogs(&self.client(caller).await?.session, wanted),
            Command::CommandGetDbSchemas(wanted) => catalog::list_schemas(&self.client(caller).await?.session, wanted),
            Command::CommandGetTables(wanted) if wanted.table_types.len() > MOST_WANTED => {
                Err(Status::invalid_argument(format!(
                    "expected at most {MOST_WANTED} types, got {}",
                    wanted.table_types.len()
                )))
            }
            Command::CommandGetTables(wanted) => {
                catalog::list_tables(&self.client(caller).await?.session, wanted).await
            }
            // There are no keys.
            other => Ok(RecordBatch::new_empty(list_schema(&other)?)),
        }
    }

    async fn put(&self, caller: &Caller, mut messages: Streaming<FlightData>) -> Result<PutResult, Status> {
        let first = messages.message().await?;
        let first = first.ok_or_else(|| Status::invalid_argument("expected a command, got an empty stream"))?;
        let descriptor = first.flight_descriptor.as_ref();
        let descriptor =
            descriptor.ok_or_else(|| Status::invalid_argument("expected a command in the first message"))?;
        let command = command(&descriptor.cmd)?;
        let incoming: Incoming = stream::iter([Ok(first)]).chain(messages).boxed();
        let record_count = match command {
            Command::CommandStatementUpdate(update) => {
                without_transaction(update.transaction_id.as_ref())?;
                let client = self.client(caller).await?;
                let (statement, _share) = self.planned(&client, &update.query).await?;
                run::update(&client, &statement, None).await?
            }
            Command::CommandPreparedStatementUpdate(update) => {
                self.update_prepared(&update.prepared_statement_handle, incoming).await?
            }
            Command::CommandStatementIngest(wanted) => {
                ingest::ingest(&*self.client(caller).await?, &wanted, incoming).await?
            }
            Command::CommandPreparedStatementQuery(query) => {
                let handle = query.prepared_statement_handle;
                self.bind(&handle, incoming).await?;
                let bound = DoPutPreparedStatementResult { prepared_statement_handle: Some(handle) };
                return Ok(PutResult { app_metadata: bound.encode_to_vec().into() });
            }
            other => return Err(not_offered("DoPut", &other)),
        };
        Ok(PutResult { app_metadata: DoPutUpdateResult { record_count }.encode_to_vec().into() })
    }

    /// Keeps the values in `incoming` for the prepared statement `handle`.
    async fn bind(&self, handle: &[u8], incoming: Incoming) -> Result<(), Status> {
        let prepared = self.prepared.get(handle)?;
        let (rows, bytes) = match parameters::decoded(incoming, MOST_PARAMETER_BYTES).await? {
            Some((_, batches)) => {
                let rows = parameters::rows(&batches, &prepared.parameters)?;
                let values = rows.len() * prepared.parameters.len().max(1);
                let bytes = batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>();
                (rows, bytes + values * size_of::<datafusion::scalar::ScalarValue>())
            }
            None => (vec![], 0),
        };
        let share = self.kept.take(bytes)?;
        *prepared.bound.lock() = Some(Bound { rows, _share: share });
        Ok(())
    }

    async fn update_prepared(&self, handle: &[u8], incoming: Incoming) -> Result<i64, Status> {
        let prepared = self.prepared.get(handle)?;
        let rows = match parameters::decoded(incoming, MOST_PARAMETER_BYTES).await? {
            Some((_, batches))
                if !prepared.parameters.is_empty() || batches.iter().any(|batch| batch.num_columns() > 0) =>
            {
                Some(parameters::rows(&batches, &prepared.parameters)?)
            }
            _ => prepared.values()?,
        };
        let (statement, _share) = self.planned(&prepared.client, &prepared.text).await?;
        run::update(&prepared.client, &statement, rows.as_deref()).await
    }

    async fn create_prepared(
        &self,
        caller: &Caller,
        request: ActionCreatePreparedStatementRequest,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        without_transaction(request.transaction_id.as_ref())?;
        let client = self.client(caller).await?;
        let (statement, share) = self.planned(&client, &request.query).await?;
        let parameters = statement.parameters().map_err(|error| status(&error))?;
        // What only changes has no rows to describe; drivers tell queries by that.
        let rows = if statement.is_query() { run::schema(&statement) } else { Arc::new(Schema::empty()) };
        let (dataset_schema, parameter_schema) = (schema_bytes(&rows)?, schema_bytes(&parameter_schema(&parameters))?);
        let bound = Mutex::new(None);
        let prepared = Prepared { client, text: request.query, parameters, bound, _share: share };
        let prepared_statement_handle = self.prepared.insert(prepared)?;
        Ok(ActionCreatePreparedStatementResult { prepared_statement_handle, dataset_schema, parameter_schema })
    }

    /// Cancels the results that `info` names, whether they are being fetched or wait.
    fn cancel(&self, info: &FlightInfo) -> Result<CancelStatus, Status> {
        let mut cancelled = CancelStatus::NotCancellable;
        for ticket in info.endpoint.iter().filter_map(|endpoint| endpoint.ticket.as_ref()) {
            if let Command::TicketStatementQuery(ticket) = command(&ticket.ticket)? {
                self.results.remove(&ticket.statement_handle)?.cancel.send_replace(true);
                cancelled = CancelStatus::Cancelled;
            }
        }
        Ok(cancelled)
    }

    async fn act(&self, caller: &Caller, action: Action) -> Result<Boxed<arrow_flight::Result>, Status> {
        let body = match action.r#type.as_str() {
            CREATE_PREPARED_STATEMENT => {
                self.create_prepared(caller, unpacked(&action)?).await?.as_any().encode_to_vec()
            }
            CLOSE_PREPARED_STATEMENT => {
                let request: ActionClosePreparedStatementRequest = unpacked(&action)?;
                self.prepared.remove(&request.prepared_statement_handle)?;
                return Ok(stream::empty().boxed());
            }
            CANCEL_FLIGHT_INFO => {
                let request = CancelFlightInfoRequest::decode(action.body.clone());
                let request = request.map_err(|error| Status::invalid_argument(error.to_string()))?;
                CancelFlightInfoResult::new(self.cancel(&request.info.unwrap_or_default())?).encode_to_vec()
            }
            CANCEL_QUERY => {
                let request: ActionCancelQueryRequest = unpacked(&action)?;
                let info = FlightInfo::decode(request.info);
                let info = info.map_err(|error| Status::invalid_argument(error.to_string()))?;
                // The numbers of both kinds of answers are the same.
                ActionCancelQueryResult { result: self.cancel(&info)? as i32 }.as_any().encode_to_vec()
            }
            CLOSE_SESSION => {
                self.sessions.close(caller);
                CloseSessionResult { status: 1 }.encode_to_vec()
            }
            "BeginTransaction" | "EndTransaction" | "BeginSavepoint" | "EndSavepoint" => return Err(no_transactions()),
            "CreatePreparedSubstraitPlan" => return Err(no_substrait()),
            "SetSessionOptions" | "GetSessionOptions" => {
                return Err(Status::unimplemented(
                    "session options are not supported: use the statements SET and SHOW",
                ));
            }
            _ => {
                let answers = self.front.actions.act(action).await?;
                return Ok(answers.map(|answer| answer.map(arrow_flight::Result::new)).boxed());
            }
        };
        Ok(results::one(arrow_flight::Result::new(body)))
    }
}

impl Prepared {
    /// The values that it is to run with: none if it has no placeholders.
    fn values(&self) -> Result<Option<Vec<ParamValues>>, Status> {
        if self.parameters.is_empty() {
            return Ok(None);
        }
        match &*self.bound.lock() {
            Some(bound) => Ok(Some(bound.rows.clone())),
            None => {
                let names: Vec<_> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                Err(Status::invalid_argument(format!(
                    "the statement has the placeholders {}, and no values came for them",
                    names.join(", ")
                )))
            }
        }
    }
}

/// The columns of a list.
fn list_schema(command: &Command) -> Result<SchemaRef, Status> {
    Ok(match command {
        Command::CommandGetCatalogs(_) => catalog::catalogs_schema(),
        Command::CommandGetDbSchemas(_) => catalog::schemas_schema(),
        Command::CommandGetTables(wanted) => catalog::tables_schema(wanted.include_schema),
        Command::CommandGetTableTypes(_) => catalog::table_types_schema(),
        Command::CommandGetPrimaryKeys(_) => catalog::primary_keys_schema(),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => catalog::foreign_keys_schema(),
        Command::CommandGetSqlInfo(_) => server_info::info_schema()?,
        Command::CommandGetXdbcTypeInfo(_) => server_info::types_schema()?,
        other => return Err(not_offered("GetFlightInfo", other)),
    })
}

/// `answer` to `caller`, with a name if it has none.
fn answered<T>(caller: &Caller, answer: T) -> Response<T> {
    let mut response = Response::new(answer);
    caller.offer_name(response.metadata_mut());
    response
}

#[tonic::async_trait]
impl FlightService for FlightSql {
    type HandshakeStream = Boxed<HandshakeResponse>;
    type ListFlightsStream = Boxed<FlightInfo>;
    type DoGetStream = Boxed<FlightData>;
    type DoPutStream = Boxed<PutResult>;
    type DoExchangeStream = Boxed<FlightData>;
    type DoActionStream = Boxed<arrow_flight::Result>;
    type ListActionsStream = Boxed<ActionType>;

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        // Whoever it is: there is no authentication, only a session of one's own.
        let token = SessionId::fresh();
        let answer = HandshakeResponse { protocol_version: 0, payload: token.as_str().to_owned().into() };
        let mut response = Response::new(results::one(answer));
        let header = format!("Bearer {}", token.as_str()).parse();
        response.metadata_mut().insert("authorization", header.map_err(|_| Status::internal("a token is no header"))?);
        Ok(response)
    }

    async fn get_flight_info(&self, request: Request<FlightDescriptor>) -> Result<Response<FlightInfo>, Status> {
        let caller = Caller::of(request.metadata())?;
        let info = guarded(self.inner.info(&caller, request.into_inner())).await?;
        Ok(answered(&caller, info))
    }

    async fn poll_flight_info(&self, request: Request<FlightDescriptor>) -> Result<Response<PollInfo>, Status> {
        let caller = Caller::of(request.metadata())?;
        let info = guarded(self.inner.info(&caller, request.into_inner())).await?;
        // Nothing is left to poll for: the rows stream as they are made.
        Ok(answered(&caller, PollInfo { info: Some(info), progress: Some(1.0), ..Default::default() }))
    }

    async fn get_schema(&self, request: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        let caller = Caller::of(request.metadata())?;
        let schema = guarded(self.inner.schema(&caller, request.get_ref())).await?;
        let options = IpcWriteOptions::default();
        let result = SchemaAsIpc::new(&schema, &options).try_into();
        let result = result.map_err(|error: arrow::error::ArrowError| Status::internal(error.to_string()))?;
        Ok(answered(&caller, result))
    }

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        let caller = Caller::of(request.metadata())?;
        let rows = guarded(self.inner.fetched(&caller, request.get_ref())).await?;
        Ok(answered(&caller, rows))
    }

    async fn do_put(&self, request: Request<Streaming<FlightData>>) -> Result<Response<Self::DoPutStream>, Status> {
        let caller = Caller::of(request.metadata())?;
        let result = guarded(self.inner.put(&caller, request.into_inner())).await?;
        Ok(answered(&caller, results::one(result)))
    }

    async fn do_action(&self, request: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let caller = Caller::of(request.metadata())?;
        let answers = guarded(self.inner.act(&caller, request.into_inner())).await?;
        Ok(answered(&caller, answers))
    }

    async fn list_actions(&self, _: Request<Empty>) -> Result<Response<Self::ListActionsStream>, Status> {
        let action = |(name, what): (&str, &str)| ActionType { r#type: name.to_owned(), description: what.to_owned() };
        let actions = ACTIONS.into_iter().map(action).chain(self.inner.front.actions.list());
        Ok(Response::new(stream::iter(actions.map(Ok).collect::<Vec<_>>()).boxed()))
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Result<Response<Self::ListFlightsStream>, Status> {
        Err(Status::unimplemented("there is no list of flights: ask for catalogs, schemas and tables"))
    }

    async fn do_exchange(&self, _: Request<Streaming<FlightData>>) -> Result<Response<Self::DoExchangeStream>, Status> {
        Err(Status::unimplemented("exchanges are not offered: put rows, or get them"))
    }
}
