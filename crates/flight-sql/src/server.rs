//! What clients find: their sessions, prepared statements and results, and the answer to each command.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Command, DoPutPreparedStatementResult,
    DoPutUpdateResult, ProstMessageExt, TicketStatementQuery,
};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightData, FlightDescriptor,
    FlightEndpoint, FlightInfo, PutResult, Ticket,
};
use datafusion::common::ParamValues;
use datafusion::scalar::ScalarValue;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use prost::Message;
use swath_cluster::Front;
use swath_cluster::actions::Actions;
use swath_collections::{Parameter, Statement};
use tonic::{Status, Streaming};

use crate::caller::Caller;
use crate::failure::status;
use crate::handles::Handles;
use crate::messages::{
    CANCEL_FLIGHT_INFO, CANCEL_QUERY, CLOSE_PREPARED_STATEMENT, CLOSE_SESSION, CREATE_PREPARED_STATEMENT,
    CloseSessionResult, command, list_schema, no_substrait, no_transactions, not_offered, parameter_schema,
    schema_bytes, unpacked, without_transaction,
};
use crate::parameters::{self, ByteBudget, Incoming, MOST_PARAMETER_BYTES, Share};
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
/// Entries that one call may ask for by number.
const MOST_WANTED: usize = 10_000;

/// A stream of messages to a client.
pub type Boxed<T> = BoxStream<'static, Result<T, Status>>;

/// What clients find.
pub struct Server {
    /// What the scheduler itself answers.
    pub actions: Arc<dyn Actions>,
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

impl Server {
    /// What a scheduler's clients find, over the scheduler's own actions.
    pub fn new(front: Front) -> Self {
        let lifetime = Duration::from_secs(front.sql.session_idle_seconds);
        Self {
            sessions: Sessions::new(front.address.clone(), front.sql),
            prepared: Handles::new("prepared statement", MOST_HANDLES, lifetime),
            results: Handles::new("result", MOST_HANDLES, RESULT_LIFETIME),
            kept: ByteBudget::new(KEPT_BYTES),
            actions: front.actions,
        }
    }

    /// Forgets what nobody uses any more.
    pub fn sweep(&self) {
        self.results.forget_old();
        self.prepared.forget_old();
        self.sessions.end_idle();
    }

    /// Ends the caller's session with all that it left open.
    fn close(&self, caller: &Caller) {
        if let Some(closed) = self.sessions.close(caller) {
            self.prepared.forget(|prepared| Arc::ptr_eq(&prepared.client, &closed));
            for result in self.results.forget(|result| Arc::ptr_eq(&result.client, &closed)) {
                result.cancel.send_replace(true);
            }
        }
    }

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

    /// What fetching gives and how: the answer to `GetFlightInfo`.
    ///
    /// # Errors
    /// Whatever the command fails with.
    pub async fn info(&self, caller: &Caller, descriptor: FlightDescriptor) -> Result<FlightInfo, Status> {
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

    /// The columns that a command gives; nothing happens.
    ///
    /// # Errors
    /// If it cannot be planned.
    pub async fn schema(&self, caller: &Caller, descriptor: &FlightDescriptor) -> Result<SchemaRef, Status> {
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

    /// The rows that a ticket names.
    ///
    /// # Errors
    /// If there are none of this name.
    pub async fn fetched(self: &Arc<Self>, caller: &Caller, ticket: &Ticket) -> Result<Boxed<FlightData>, Status> {
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
        Ok(results::encoded(&schema, batches))
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

    /// Takes rows, or a change without rows.
    ///
    /// # Errors
    /// Whatever the command fails with.
    pub async fn put(&self, caller: &Caller, mut messages: Streaming<FlightData>) -> Result<PutResult, Status> {
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
                (rows, bytes + values * size_of::<ScalarValue>())
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

    /// Does an action.
    ///
    /// # Errors
    /// Whatever it fails with.
    pub async fn act(&self, caller: &Caller, action: Action) -> Result<Boxed<arrow_flight::Result>, Status> {
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
                self.close(caller);
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
                let answers = self.actions.act(action).await?;
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
