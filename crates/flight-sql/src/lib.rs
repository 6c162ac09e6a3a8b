//! Flight SQL on a scheduler: clients that know nothing of Swath (ADBC, JDBC, ODBC drivers) send SQL text and get Arrow batches.
//!
//! Each client has a session in the scheduler's process, connected to its own cluster: statements are planned there and run on the
//! workers as those of any connected session. gRPC knows one Flight service a listener, so this one also passes on the actions by
//! which Swath's own clients and the scheduler speak.
//!
//! | module | what |
//! |---|---|
//! | [`service`] | the Flight service: Flight's calls |
//! | [`server`] | what clients find: the answer to each command |
//! | [`messages`] | the commands inside the calls |
//! | [`caller`] | who calls: token or cookie |
//! | [`sessions`] | the session of each client, bounded in number and idle time |
//! | [`handles`] | prepared statements and results that wait, under names that nobody can guess |
//! | [`run`] | statements: queries that stream later, changes that happen at once |
//! | [`results`] | batches on their way, and cancelling them |
//! | [`parameters`] | values for placeholders, from batches that clients send |
//! | [`memory_tables`] | tables that this process holds, within a budget |
//! | [`ingest`] | batches that clients send as tables |
//! | [`catalog`] | catalogs, schemas, tables |
//! | [`server_info`] | what the server can do, and its types |
//! | [`plain_types`] | results in types that every client knows |
//! | [`failure`] | errors as gRPC statuses |

pub mod caller;
pub mod catalog;
pub mod failure;
pub mod handles;
pub mod ingest;
pub mod memory_tables;
pub mod messages;
pub mod parameters;
pub mod plain_types;
pub mod results;
pub mod run;
pub mod server;
pub mod server_info;
pub mod service;
pub mod sessions;

pub use service::FlightSql;
