//! One error type for users: it names the thing that is wrong and the remedy.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use swath_exec::WorkersLost;
use swath_exec::files::FileError;
use swath_exec::foreign::FunctionError;
use swath_exec::interrupt::Interrupted;
use swath_exec::object_stores::StoreFailure;
use swath_exec::value_error::ValueError;
use swath_planner::nearest;

use crate::rewording;
use crate::sql_place::{SqlPlace, split_position};

/// What went wrong, in a user's terms.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An expression or method names a column that the table does not have.
    #[error(
        "column '{name}' not found{}; the columns are: {}{}",
        did_you_mean(.nearest), quoted(.available), shown(.place)
    )]
    ColumnNotFound {
        /// The name that was asked for.
        name: String,
        /// The columns that exist.
        available: Vec<String>,
        /// The most likely meant one, if any is near.
        nearest: Option<String>,
        /// Where it stands, if it was named in SQL.
        place: Option<Box<SqlPlace>>,
    },
    /// A table name that the session does not know.
    #[error("table '{name}' not found{}; the tables are: {}{}", did_you_mean(.nearest), quoted(.available), shown(.place))]
    TableNotFound {
        /// The name that was asked for.
        name: String,
        /// The tables that exist.
        available: Vec<String>,
        /// The most likely meant one, if any is near.
        nearest: Option<String>,
        /// Where it stands, if it was named in SQL.
        place: Option<Box<SqlPlace>>,
    },
    /// An argument of a method is out of range or does not fit the others.
    #[error("{operation}: {message}")]
    InvalidArgument {
        /// The method.
        operation: &'static str,
        /// What was expected, what came, and what to do.
        message: String,
    },
    /// The memory or spill limit was reached by work that cannot spill further.
    #[error("not enough memory: {message}\nhelp: {remedy}")]
    ResourcesExhausted {
        /// Which operator asked for how much.
        message: String,
        /// Which option helps.
        remedy: String,
    },
    /// SQL text that cannot be parsed or planned.
    #[error("{message}{}", shown(.place))]
    Sql {
        /// What is wrong.
        message: String,
        /// Where in the text.
        place: Option<Box<SqlPlace>>,
    },
    /// What is asked for makes no sense: types that do not go together, a field that a struct does not have.
    #[error("{message}{}", shown(.place))]
    Plan {
        /// What is wrong, and what to write instead.
        message: String,
        /// Where it stands, if it was written in SQL.
        place: Option<Box<SqlPlace>>,
    },
    /// A value that an operation cannot take.
    #[error("{message}; {remedy}")]
    Value {
        /// What is wrong with which value.
        message: String,
        /// What to write instead.
        remedy: Cow<'static, str>,
    },
    /// A file or folder could not be read or written.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// A file, folder, glob or address cannot be used as asked.
    #[error(transparent)]
    File(#[from] FileError),
    /// A cluster cannot be started or reached, or is of another version.
    #[error("{0}")]
    Cluster(String),
    /// A query that loses its workers again and again.
    #[error(transparent)]
    WorkersLost(#[from] WorkersLost),
    /// The caller asked to end the wait for it; what it had begun is cancelled.
    #[error("interrupted")]
    Interrupted,
    /// A user's function failed.
    #[error(transparent)]
    Function(Box<FunctionError>),
    /// An error about an array.
    #[error(transparent)]
    Array(swath_nd::Error),
    /// Any other error of the engine.
    #[error(transparent)]
    Engine(Arc<DataFusionError>),
}

/// Shorthand for results with [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(feature = "cluster")]
impl From<swath_cluster::Error> for Error {
    fn from(error: swath_cluster::Error) -> Self {
        match error {
            swath_cluster::Error::Engine(error) => error.into(),
            other => Self::Cluster(other.to_string()),
        }
    }
}

impl Error {
    /// An [`Error::ColumnNotFound`] for `name`, with the nearest of `available`.
    pub fn column_not_found<'a>(name: &str, available: impl IntoIterator<Item = &'a str>) -> Self {
        let available: Vec<String> = available.into_iter().map(str::to_owned).collect();
        let nearest = nearest(name, available.iter().map(String::as_str)).map(str::to_owned);
        Self::ColumnNotFound { name: name.to_owned(), available, nearest, place: None }
    }

    /// An [`Error::TableNotFound`] for `name`, with the nearest of `available`.
    pub fn table_not_found(name: &str, available: impl IntoIterator<Item = String>) -> Self {
        let available: Vec<String> = available.into_iter().collect();
        let nearest = nearest(name, available.iter().map(String::as_str)).map(str::to_owned);
        Self::TableNotFound { name: name.to_owned(), available, nearest, place: None }
    }

    /// Where in its SQL text the mistake stands, if it is one in SQL and the place is known.
    pub fn place(&self) -> Option<&SqlPlace> {
        match self {
            Self::ColumnNotFound { place, .. }
            | Self::TableNotFound { place, .. }
            | Self::Sql { place, .. }
            | Self::Plan { place, .. } => place.as_deref(),
            _ => None,
        }
    }

    /// Changes the place, for text that was cut out of a longer one.
    pub fn map_place(mut self, change: impl FnOnce(&mut SqlPlace)) -> Self {
        if let Self::ColumnNotFound { place, .. }
        | Self::TableNotFound { place, .. }
        | Self::Sql { place, .. }
        | Self::Plan { place, .. } = &mut self
            && let Some(place) = place
        {
            change(place);
        }
        self
    }

    /// The error as one about `sql`: with the line that is meant, where the place is known.
    ///
    /// `tables` is asked for the names that exist when a table is not found.
    pub fn in_sql(self, sql: &str, tables: impl FnOnce() -> Vec<String>) -> Self {
        let place = match &self {
            Self::Engine(error) => SqlPlace::of(error).map(Box::new),
            _ => None,
        };
        let error = match &self {
            Self::Engine(error) => match (missing_table(error), &place) {
                (Some(name), _) => with_place(Self::table_not_found(&name, tables()), place),
                (None, Some(_)) => Self::Sql { message: plain_message(error), place },
                (None, None) => self,
            },
            _ => self,
        };
        error.map_place(|place| *place = place.clone().with_source(sql))
    }

    /// An [`Error::InvalidArgument`].
    pub fn invalid(operation: &'static str, message: impl Into<String>) -> Self {
        Self::InvalidArgument { operation, message: message.into() }
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::SchemaError(schema, _) => {
                if let SchemaError::FieldNotFound { field, valid_fields } = schema.as_ref() {
                    let missing = Self::column_not_found(field.name(), valid_fields.iter().map(Column::name));
                    return with_place(missing, SqlPlace::of(&error).map(Box::new));
                }
                Self::Engine(Arc::new(error))
            }
            DataFusionError::SQL(parser, _) => {
                let (message, place) = split_position(&parser.to_string());
                Self::Sql { message, place: place.map(Box::new) }
            }
            DataFusionError::ResourcesExhausted(message) => Self::ResourcesExhausted {
                message: message.clone(),
                remedy: "raise the session's memory_limit, lower its threads, or give spill_folder more space"
                    .to_owned(),
            },
            DataFusionError::External(source) => {
                if source.is::<Interrupted>() {
                    return Self::Interrupted;
                }
                if let Some(error) = source.downcast_ref::<FunctionError>() {
                    return Self::Function(Box::new(error.clone()));
                }
                if let Some(lost) = source.downcast_ref::<WorkersLost>() {
                    return Self::WorkersLost(lost.clone());
                }
                if let Some(ValueError { message, remedy }) = source.downcast_ref::<ValueError>() {
                    return Self::Value { message: message.clone(), remedy: remedy.clone().into() };
                }
                // Of an array whose rows are a table's.
                if let Some(error) = source.downcast_ref::<swath_nd::Error>() {
                    return Self::Array(error.clone());
                }
                match (source.downcast_ref::<FileError>(), source.downcast_ref::<Self>()) {
                    (Some(file), _) => Self::File(file.clone()),
                    (_, Some(ours)) => ours.clone(),
                    _ => Self::Engine(Arc::new(error)),
                }
            }
            DataFusionError::ArrowError(source, _) => match source.as_ref() {
                // Files are written through stores, whose errors name them. What is left are spill files.
                ArrowError::IoError(_, source) if is_full(source) => full_spill_disk(source),
                ArrowError::DivideByZero => Self::Value {
                    message: "cannot divide by zero".to_owned(),
                    remedy: "divide by .null_if(0) (nullif(…, 0) in SQL) to get null".into(),
                },
                ArrowError::CastError(message) | ArrowError::ParseError(message) => {
                    Self::Value { message: message.clone(), remedy: "try_cast gives null for what does not fit".into() }
                }
                _ => Self::Engine(Arc::new(error)),
            },
            DataFusionError::IoError(source) if is_full(source) => full_spill_disk(source),
            // Not within the names of the rules that found out.
            DataFusionError::NotImplemented(message) => {
                let message = format!("not supported: {message}");
                Self::Sql { message, place: SqlPlace::of(&error).map(Box::new) }
            }
            DataFusionError::Plan(message) => match no_function(message) {
                Some(message) => Self::Sql { message, place: SqlPlace::of(&error).map(Box::new) },
                None => reworded(message, &error).unwrap_or_else(|| Self::Engine(Arc::new(error))),
            },
            DataFusionError::Execution(message) => {
                reworded(message, &error).unwrap_or_else(|| Self::Engine(Arc::new(error)))
            }
            DataFusionError::ObjectStore(source) => match StoreFailure::of(source) {
                Some(failure) => Self::File(FileError::new(failure.store(), failure.to_string())),
                None => Self::Engine(Arc::new(error)),
            },
            _ => Self::Engine(Arc::new(error)),
        }
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        Self::from(DataFusionError::from(error))
    }
}

fn with_place(mut error: Error, at: Option<Box<SqlPlace>>) -> Error {
    if let Error::ColumnNotFound { place, .. }
    | Error::TableNotFound { place, .. }
    | Error::Sql { place, .. }
    | Error::Plan { place, .. } = &mut error
    {
        *place = at;
    }
    error
}

/// The name in the planner's "table 'a.b.c' not found".
fn missing_table(error: &DataFusionError) -> Option<String> {
    let DataFusionError::Plan(message) = error.find_root() else { return None };
    let name = message.strip_prefix("table '")?.strip_suffix("' not found")?;
    // A bare name was completed with the default catalog and schema.
    Some(name.strip_prefix("datafusion.public.").unwrap_or(name).to_owned())
}

/// What the system says of a full disk, or of a file beyond the process's limit.
const NO_SPACE: [&str; 2] = ["No space left on device", "File too large"];

/// Whether a disk, or what one user or process may take of it, is full.
fn is_full(error: &io::Error) -> bool {
    // A compressor's error holds the system's as text only.
    let text = error.to_string();
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        || NO_SPACE.iter().any(|told| text.contains(told))
}

fn full_spill_disk(error: &io::Error) -> Error {
    Error::ResourcesExhausted {
        message: format!("the disk of the spill folder is full: {error}"),
        remedy: "choose a spill_folder with more space, or raise the session's memory_limit, so that less is spilled"
            .to_owned(),
    }
}

/// The planner's "No function matches …", which tells in many lines what was called and what there is.
fn no_function(message: &str) -> Option<String> {
    // A function that settles its types itself has said what it expected.
    if let Some((_, rest)) = message.split_once("user-defined coercion failed with: ") {
        let (told, _) = rest.split_once(" No function matches the given name").unwrap_or((rest, ""));
        let told = told.strip_prefix("Error during planning: ").unwrap_or(told);
        return Some(told.trim_end_matches(['.', ' ']).to_owned());
    }
    let (_, rest) = message.split_once("No function matches the given name and argument types '")?;
    let (call, rest) = rest.split_once("'.")?;
    let (_, candidates) = rest.split_once("Candidate functions:")?;
    let candidates: Vec<&str> = candidates.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Some(format!("there is no {call}; there is {}. Cast the arguments", candidates.join(", ")))
}

/// The user's error that `error`, whose message is `message`, stands for, if it is one of those that are known.
fn reworded(message: &str, error: &DataFusionError) -> Option<Error> {
    if let Some(message) = rewording::of_plan(message) {
        return Some(Error::Plan { message, place: SqlPlace::of(error).map(Box::new) });
    }
    let (message, remedy) = rewording::of_value(message)?;
    Some(Error::Value { message, remedy: remedy.into() })
}

/// A planner's message without the name of the error's kind in front.
fn plain_message(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::Plan(message) => no_function(message).unwrap_or_else(|| message.clone()),
        DataFusionError::Execution(message) | DataFusionError::NotImplemented(message) => message.clone(),
        DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
            SchemaError::AmbiguousReference { field } => format!(
                "column '{}' is ambiguous: more than one table has it; put the table's name before it",
                field.name()
            ),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

fn shown(place: &Option<Box<SqlPlace>>) -> String {
    place.as_ref().map(|place| format!("\n{place}")).unwrap_or_default()
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
}

/// How many names a message lists before it counts the rest.
const NAMES_IN_MESSAGE: usize = 30;

fn quoted(names: &[String]) -> String {
    if names.is_empty() {
        return "(none)".to_owned();
    }
    let mut text = names.iter().take(NAMES_IN_MESSAGE).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_IN_MESSAGE {
        text.push_str(&format!(" and {} more", names.len() - NAMES_IN_MESSAGE));
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::{ExprExt, Session};

    fn message(sql: &str) -> String {
        let session = Session::embedded().threads(1).build().unwrap();
        session.sql("CREATE VIEW cities AS SELECT 'Rome' AS name, 2.8 AS population").unwrap();
        session.sql(sql).and_then(|frame| frame.collect()).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_column_is_shown_in_its_line() {
        assert_eq!(
            message("SELECT name,\n       popluation\nFROM cities"),
            "column 'popluation' not found (did you mean 'population'?); the columns are: 'name', 'population'\n  \
             --> line 2, column 8\n 2 |        popluation\n   |        ^^^^^^^^^^"
        );
    }

    #[test]
    fn an_unknown_table_is_shown_in_its_line() {
        assert_eq!(
            message("SELECT * FROM citis"),
            "table 'citis' not found (did you mean 'cities'?); the tables are: 'cities'\n  \
             --> line 1, column 15\n 1 | SELECT * FROM citis\n   |               ^^^^^"
        );
    }

    #[test]
    fn a_syntax_error_has_its_position() {
        assert_eq!(
            message("SELECT 1 FRM cities WHERE"),
            "Expected: end of statement, found: cities\n  --> line 1, column 14\n \
             1 | SELECT 1 FRM cities WHERE\n   |              ^"
        );
    }

    #[test]
    fn values_that_do_not_fit_come_with_a_remedy() {
        let cast = message("SELECT CAST(name AS INT) FROM cities");
        assert_eq!(cast, "Cannot cast string 'Rome' to value of Int32 type; try_cast gives null for what does not fit");
        let division = message("SELECT 1 / CAST(length(name) - 4 AS INT) FROM cities");
        assert!(division.starts_with("cannot divide by zero; divide by .null_if(0)"), "{division}");
    }

    #[test]
    fn a_function_that_does_not_take_its_arguments_is_told_in_one_line() {
        let session = Session::embedded().threads(1).build().unwrap();
        let numbers = session.sql("SELECT 1 AS n").unwrap();
        let upper = numbers.select([crate::col("n").str().to_uppercase()]).schema().unwrap_err().to_string();
        assert_eq!(upper, "there is no upper(Int64); there is upper(String). Cast the arguments");
        let year = numbers.select([crate::col("n").dt().year()]).schema().unwrap_err().to_string();
        assert!(
            year.starts_with("there is no date_part(Utf8, Int64); there is date_part(String, Timestamp)"),
            "{year}"
        );
    }

    #[test]
    fn what_fails_later_in_planning_has_its_place_too() {
        let text = message("SELECT name + INTERVAL '1 day' > population FROM cities");
        assert!(text.contains("line 1, column 8"), "{text}");
    }
}
