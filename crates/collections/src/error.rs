//! One error type for users: it names the thing that is wrong and the remedy.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use swath_planner::nearest;

/// What went wrong, in a user's terms.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An expression or method names a column that the table does not have.
    #[error("column '{name}' not found{}; the columns are: {}", did_you_mean(.nearest), quoted(.available))]
    ColumnNotFound {
        /// The name that was asked for.
        name: String,
        /// The columns that exist.
        available: Vec<String>,
        /// The most likely meant one, if any is near.
        nearest: Option<String>,
    },
    /// A table name that the session does not know.
    #[error("table '{name}' not found{}; the tables are: {}", did_you_mean(.nearest), quoted(.available))]
    TableNotFound {
        /// The name that was asked for.
        name: String,
        /// The tables that exist.
        available: Vec<String>,
        /// The most likely meant one, if any is near.
        nearest: Option<String>,
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
    #[error("{message}")]
    Sql {
        /// What is wrong, with the position in the text.
        message: String,
    },
    /// A file or folder could not be read or written.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        source: Arc<std::io::Error>,
    },
    /// Any other error of the engine.
    #[error(transparent)]
    Engine(Arc<DataFusionError>),
}

/// Shorthand for results with [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::ColumnNotFound`] for `name`, with the nearest of `available`.
    pub fn column_not_found<'a>(name: &str, available: impl IntoIterator<Item = &'a str>) -> Self {
        let available: Vec<String> = available.into_iter().map(str::to_owned).collect();
        let nearest = nearest(name, available.iter().map(String::as_str)).map(str::to_owned);
        Self::ColumnNotFound { name: name.to_owned(), available, nearest }
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
                    return Self::column_not_found(field.name(), valid_fields.iter().map(Column::name));
                }
                Self::Engine(Arc::new(error))
            }
            DataFusionError::ResourcesExhausted(message) => Self::ResourcesExhausted {
                message: message.clone(),
                remedy: "raise the session's memory_limit, lower its threads, or give spill_folder more space"
                    .to_owned(),
            },
            _ => Self::Engine(Arc::new(error)),
        }
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::from(DataFusionError::from(error))
    }
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
