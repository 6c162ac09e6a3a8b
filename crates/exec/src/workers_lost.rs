//! The error of a query whose tasks lose their workers again and again.

use std::fmt;

use datafusion::common::DataFusionError;

/// Workers ended while they ran a stage of a query, so often that it is not tried again; or the last one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkersLost {
    message: String,
}

impl WorkersLost {
    /// `times` workers were lost that ran `stage`, in which these `functions` of the user's are called; none is `left`, if so.
    pub fn new(times: usize, stage: usize, functions: &[String], left: bool) -> Self {
        let workers = match times {
            1 => "a worker was".to_owned(),
            times => format!("{times} workers were"),
        };
        let functions: Vec<String> = functions.iter().map(|name| format!("'{name}'")).collect();
        let (calls, remedy) = match functions.as_slice() {
            [] => (String::new(), "look for why in the workers' logs: they may be short of memory"),
            names => (
                format!(
                    ", which calls {} {}",
                    if names.len() == 1 { "the function" } else { "the functions" },
                    names.join(", ")
                ),
                "a function that ends its process (os._exit, a crash in native code, too much memory) takes the worker with it: \
                 try it on a few rows in an embedded session",
            ),
        };
        let left = if left { "" } else { ", and no worker is left" };
        Self { message: format!("{workers} lost while running stage {stage} of the query{calls}{left}; {remedy}") }
    }

    /// The error that says `message`.
    pub fn from_text(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}

impl fmt::Display for WorkersLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for WorkersLost {}

impl From<WorkersLost> for DataFusionError {
    fn from(lost: WorkersLost) -> Self {
        Self::External(Box::new(lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_was_lost_and_where() {
        let text = WorkersLost::new(3, 2, &["f".to_owned()], true).to_string();
        assert!(
            text.starts_with("3 workers were lost while running stage 2 of the query, which calls the function 'f'; "),
            "{text}"
        );
        let text = WorkersLost::new(1, 1, &[], false).to_string();
        assert!(
            text.starts_with("a worker was lost while running stage 1 of the query, and no worker is left; "),
            "{text}"
        );
    }
}
