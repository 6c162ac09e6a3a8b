//! Errors as gRPC statuses: the code tells the kind, the message is the error's own.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use datafusion::error::DataFusionError;
use futures::FutureExt;
use swath_collections::Error;
use tonic::{Code, Status};

/// What a message may take in a response's header, where it stands percent-encoded. Many clients refuse more than 16 KB.
const LONGEST_ENCODED_BYTES: usize = 8 << 10;

/// `error` as a status.
pub fn status(error: &Error) -> Status {
    let code = match error {
        Error::ColumnNotFound { .. }
        | Error::TableNotFound { .. }
        | Error::InvalidArgument { .. }
        | Error::Sql { .. }
        | Error::Plan { .. }
        | Error::Value { .. }
        | Error::File(_) => Code::InvalidArgument,
        Error::ResourcesExhausted { .. } => Code::ResourceExhausted,
        Error::Cluster(_) => Code::Unavailable,
        Error::Engine(error) => engine_code(error),
        _ => Code::Unknown,
    };
    Status::new(code, fitting(&error.to_string()))
}

fn engine_code(error: &DataFusionError) -> Code {
    match error.find_root() {
        DataFusionError::Plan(_)
        | DataFusionError::SQL(..)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Configuration(_)
        | DataFusionError::ArrowError(..) => Code::InvalidArgument,
        DataFusionError::NotImplemented(_) => Code::Unimplemented,
        DataFusionError::ResourcesExhausted(_) => Code::ResourceExhausted,
        DataFusionError::Internal(_) => Code::Internal,
        _ => Code::Unknown,
    }
}

/// `message`, cut if it could not be sent.
fn fitting(message: &str) -> String {
    let mut encoded_bytes = 0;
    for (place, character) in message.char_indices() {
        encoded_bytes += match character {
            ' '..='~' if character != '%' => 1,
            other => 3 * other.len_utf8(),
        };
        if encoded_bytes > LONGEST_ENCODED_BYTES {
            return format!("{} …", &message[..place]);
        }
    }
    message.to_owned()
}

/// The outcome of `work`; a panic in it is an error of this call alone.
pub async fn guarded<T>(work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(panic) => {
            let why = panic_text(panic.as_ref());
            log::error!("a call of a Flight SQL client panicked: {why}");
            Err(Status::internal(format!("the scheduler could not answer this call: {why}")))
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_kinds() {
        let cases: Vec<(Error, Code)> = vec![
            (Error::invalid("sql", "x"), Code::InvalidArgument),
            (DataFusionError::Plan("x".to_owned()).into(), Code::InvalidArgument),
            (DataFusionError::Execution("x".to_owned()).into(), Code::Unknown),
            (DataFusionError::ResourcesExhausted("x".to_owned()).into(), Code::ResourceExhausted),
            (Error::Cluster("x".to_owned()), Code::Unavailable),
        ];
        for (error, code) in cases {
            assert_eq!(status(&error).code(), code, "{error}");
            assert_eq!(status(&error).message(), error.to_string());
        }
    }

    #[test]
    fn long_messages_are_cut_where_they_may() {
        assert_eq!(fitting("short\nenough"), "short\nenough");
        let cut = fitting(&"ä".repeat(10_000));
        assert!(cut.ends_with(" …") && cut.len() < 3 << 10, "{}", cut.len());
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let fallen = guarded(async { if true { panic!("fell") } else { Ok(()) } }).await.unwrap_err();
        assert!(fallen.code() == Code::Internal && fallen.message().contains("fell"), "{fallen}");
    }
}
