//! The messages of Flight SQL inside Flight's calls: read, and refused where there is no answer.

use std::fmt::Display;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::{Any, Command, ProstMessageExt};
use arrow_flight::{Action, IpcMessage, SchemaAsIpc, SchemaResult};
use bytes::Bytes;
use prost::Message;
use swath_collections::Parameter;
use tonic::Status;

use crate::plain_types::plain_type;
use crate::{catalog, server_info};

/// The actions of Flight SQL that are answered here.
pub const ACTIONS: [(&str, &str); 5] = [
    (CREATE_PREPARED_STATEMENT, "prepares a statement: ActionCreatePreparedStatementRequest"),
    (CLOSE_PREPARED_STATEMENT, "closes a prepared statement: ActionClosePreparedStatementRequest"),
    (CANCEL_FLIGHT_INFO, "cancels a query: CancelFlightInfoRequest"),
    (CANCEL_QUERY, "cancels a query: ActionCancelQueryRequest"),
    (CLOSE_SESSION, "ends the client's session: CloseSessionRequest"),
];
/// Prepares a statement.
pub const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
/// Closes a prepared statement.
pub const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";
/// Cancels a query.
pub const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";
/// Cancels a query, as older clients say it.
pub const CANCEL_QUERY: &str = "CancelQuery";
/// Ends the session of the caller.
pub const CLOSE_SESSION: &str = "CloseSession";

/// The answer to `CloseSession`, for which `arrow-flight` has no type yet.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CloseSessionResult {
    /// 1: closed.
    #[prost(int32, tag = "1")]
    pub status: i32,
}

/// What to tell who asks for a transaction.
pub fn no_transactions() -> Status {
    Status::unimplemented(
        "there are no transactions: each statement commits by itself, and writes are all or nothing; turn autocommit on",
    )
}

/// What to tell who sends a Substrait plan.
pub fn no_substrait() -> Status {
    Status::unimplemented("Substrait plans are not supported: send the query as SQL")
}

/// Checks that a statement is to run without a transaction.
///
/// # Errors
/// If it names one.
pub fn without_transaction(id: Option<&Bytes>) -> Result<(), Status> {
    if id.is_some_and(|id| !id.is_empty()) { Err(no_transactions()) } else { Ok(()) }
}

/// The command in `message`.
///
/// # Errors
/// If it is no message, or not what it says.
pub fn command(message: &[u8]) -> Result<Command, Status> {
    let damaged = |error: &dyn Display| Status::invalid_argument(format!("the command is damaged: {error}"));
    let any = Any::decode(message).map_err(|error| damaged(&error))?;
    Command::try_from(any).map_err(|error| damaged(&error))
}

/// What to tell who sends `command` by a call that does not take it.
pub fn not_offered(call: &str, command: &Command) -> Status {
    match command {
        Command::CommandStatementSubstraitPlan(_) => no_substrait(),
        other => Status::unimplemented(format!("{call} does not take the command '{}' here", other.type_url())),
    }
}

/// The message of `action`.
///
/// # Errors
/// If it is another one.
pub fn unpacked<M: ProstMessageExt>(action: &Action) -> Result<M, Status> {
    let wrong = |why: String| Status::invalid_argument(format!("the message of {} is damaged: {why}", action.r#type));
    let any = Any::decode(action.body.clone()).map_err(|error| wrong(error.to_string()))?;
    let message = any.unpack().map_err(|error| wrong(error.to_string()))?;
    message.ok_or_else(|| wrong(format!("it is a '{}'", any.type_url)))
}

/// `schema` as Flight SQL sends it in messages; nothing if there are no columns.
///
/// # Errors
/// If it has no wire form.
pub fn schema_bytes(schema: &Schema) -> Result<Bytes, Status> {
    if schema.fields().is_empty() {
        return Ok(Bytes::new());
    }
    let options = IpcWriteOptions::default();
    let message = SchemaAsIpc::new(schema, &options).try_into();
    let IpcMessage(bytes) = message.map_err(|error: ArrowError| Status::internal(error.to_string()))?;
    Ok(bytes)
}

/// `schema` as the answer to `GetSchema`.
///
/// # Errors
/// If it has no wire form.
pub fn schema_result(schema: &Schema) -> Result<SchemaResult, Status> {
    let options = IpcWriteOptions::default();
    let result = SchemaAsIpc::new(schema, &options).try_into();
    result.map_err(|error: ArrowError| Status::internal(error.to_string()))
}

/// The placeholders as columns.
pub fn parameter_schema(parameters: &[Parameter]) -> Schema {
    let field = |parameter: &Parameter| {
        let data_type = parameter.data_type.as_ref().map_or(DataType::Null, plain_type);
        Field::new(&parameter.name, data_type, true)
    };
    Schema::new(parameters.iter().map(field).collect::<Vec<_>>())
}

/// The columns of a list.
///
/// # Errors
/// If `command` asks for none.
pub fn list_schema(command: &Command) -> Result<SchemaRef, Status> {
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
