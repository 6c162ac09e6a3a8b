//! What a user's function failed with.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use datafusion::common::DataFusionError;

/// The error of a user's function, with what its language says of it.
#[derive(Clone, Debug)]
pub struct FunctionError {
    /// The function's name.
    pub function: String,
    /// The class of the exception.
    pub class: String,
    /// Its message.
    pub message: String,
    /// Where in the user's code it was raised, in the form of the language.
    pub traceback: String,
    /// The exception itself, in the process where it was raised.
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

/// Between the fields of an error as text.
const SEPARATOR: char = '\u{1f}';

/// The name of functions that have none, such as lambdas.
const NAMELESS: &str = "function";

impl FunctionError {
    /// The error of a function that raised nothing, but returned what it must not; `class` is the exception that it is like.
    pub fn wrong_result(function: &str, class: &str, message: impl Into<String>) -> Self {
        let (function, class, message) = (function.to_owned(), class.to_owned(), message.into());
        Self { function, class, message, traceback: String::new(), source: None }
    }

    /// The error as text that [`from_text`](Self::from_text) reads.
    pub fn to_text(&self) -> String {
        let fields = [&self.function, &self.class, &self.message, &self.traceback];
        fields.map(|field| field.replace(SEPARATOR, " ")).join(&SEPARATOR.to_string())
    }

    fn is_wrong_result(&self) -> bool {
        self.source.is_none() && self.traceback.is_empty()
    }

    /// The error in `text`, without its source.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut fields = text.splitn(4, SEPARATOR).map(str::to_owned);
        let (function, class, message) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self { function, class, message, traceback: fields.next()?, source: None })
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.function.as_str() {
            function if self.is_wrong_result() => return write!(f, "{function}: {}", self.message),
            NAMELESS => f.write_str("the function failed: ")?,
            function => write!(f, "the function {function} failed: ")?,
        }
        write!(f, "{}: {}", self.class, self.message)?;
        match &self.source {
            // Whoever reads it has the exception at hand.
            Some(_) => Ok(()),
            None => write!(f, "\n\nOn a worker:\n{}", self.traceback.trim_end()),
        }
    }
}

impl Error for FunctionError {}

impl From<FunctionError> for DataFusionError {
    fn from(error: FunctionError) -> Self {
        Self::External(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_functions_that_have_a_name() {
        let source: Arc<dyn Error + Send + Sync> = Arc::new(fmt::Error);
        let raised = |function: &str| {
            let error = FunctionError::wrong_result(function, "ValueError", "no luck");
            FunctionError { source: Some(Arc::clone(&source)), ..error }.to_string()
        };
        assert_eq!(raised("f"), "the function f failed: ValueError: no luck");
        assert_eq!(raised("function"), "the function failed: ValueError: no luck");
        assert_eq!(FunctionError::wrong_result("f", "TypeError", "not so").to_string(), "f: not so");
    }

    #[test]
    fn an_error_survives_as_text() {
        let [function, class, message, traceback] =
            ["f", "ValueError", "no\nluck", "line 1\nline 2"].map(str::to_owned);
        let error = FunctionError { function, class, message, traceback, source: None };
        let again = FunctionError::from_text(&error.to_text()).unwrap();
        assert_eq!(again.to_string(), error.to_string());
        assert!(again.to_string().ends_with("On a worker:\nline 1\nline 2"), "{again}");
        assert!(FunctionError::from_text("something else").is_none());
    }
}
