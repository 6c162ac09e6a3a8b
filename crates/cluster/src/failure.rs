//! Errors that cross processes.
//!
//! Ballista carries the error of a task as text, with words of its own around it. A worker therefore marks the place of its message
//! and its kind in that text, and the client takes both out again, so that "out of memory" is that everywhere.

use arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use swath_exec::WorkersLost;
use swath_exec::files::FileError;
use swath_exec::foreign::FunctionError;
use swath_exec::value_error::ValueError;

// Characters that a debug format leaves as they are.
const BEGIN: &str = "⟦swath:";
const END: char = '⟧';

/// `error` as text that [`unmarked`] turns back.
pub fn marked(error: &DataFusionError) -> DataFusionError {
    let root = error.find_root();
    let kind = match root {
        DataFusionError::ResourcesExhausted(_) => "resources",
        DataFusionError::NotImplemented(_) => "unsupported",
        DataFusionError::Plan(_) | DataFusionError::SchemaError(_, _) => "plan",
        DataFusionError::Internal(_) => "internal",
        DataFusionError::Configuration(_) => "configuration",
        // Only these let the scheduler try again; their kind must survive.
        DataFusionError::IoError(error) => {
            let text = format!("{BEGIN}io:{}{END}", escaped(&error.to_string()));
            return DataFusionError::IoError(std::io::Error::new(error.kind(), text));
        }
        _ => "execution",
    };
    if let Some((kind, text)) = of_ours(root) {
        return DataFusionError::Execution(format!("{BEGIN}{kind}:{}{END}", escaped(&text)));
    }
    let message = match root {
        DataFusionError::ResourcesExhausted(message)
        | DataFusionError::NotImplemented(message)
        | DataFusionError::Plan(message)
        | DataFusionError::Internal(message)
        | DataFusionError::Configuration(message)
        | DataFusionError::Execution(message) => message.clone(),
        other => other.strip_backtrace(),
    };
    DataFusionError::Execution(format!("{BEGIN}{kind}:{}{END}", escaped(&message)))
}

/// Kind and text of an error that has more to it than its message.
fn of_ours(root: &DataFusionError) -> Option<(&'static str, String)> {
    match root {
        DataFusionError::External(error) => {
            let function = error.downcast_ref::<FunctionError>().map(|error| ("function", error.to_text()));
            let value = || error.downcast_ref::<ValueError>().map(|error| ("value", error.to_text()));
            let file = || error.downcast_ref::<FileError>().map(|error| ("file", error.to_text()));
            let lost = || error.downcast_ref::<WorkersLost>().map(|error| ("workers", error.to_string()));
            function.or_else(value).or_else(file).or_else(lost)
        }
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::CastError(message) => Some(("cast", message.clone())),
            ArrowError::ParseError(message) => Some(("parse", message.clone())),
            ArrowError::DivideByZero => Some(("division", String::new())),
            _ => None,
        },
        _ => None,
    }
}

/// `text` without what a debug format would change.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' | '"' | '\\' | '\'' | END => escaped.push_str(&format!("%{:04x}", u32::from(character))),
            control if control.is_control() => escaped.push_str(&format!("%{:04x}", u32::from(control))),
            other => escaped.push(other),
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let code = after.get(..4).and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        match code {
            Some(character) => {
                plain.push(character);
                rest = &after[4..];
            }
            None => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain + rest
}

/// The error in a job's failure, as the worker raised it; the whole text if none is marked in it.
pub fn unmarked(text: &str) -> DataFusionError {
    let marked =
        text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).and_then(|(inner, _)| inner.split_once(':'));
    let Some((kind, message)) = marked else { return DataFusionError::Execution(format!("the cluster says: {text}")) };
    let message = unescaped(message);
    match kind {
        "resources" => DataFusionError::ResourcesExhausted(message),
        "unsupported" => DataFusionError::NotImplemented(message),
        "plan" => DataFusionError::Plan(message),
        "internal" => DataFusionError::Internal(message),
        "configuration" => DataFusionError::Configuration(message),
        "function" => match FunctionError::from_text(&message) {
            Some(error) => DataFusionError::External(Box::new(error)),
            None => DataFusionError::Execution(message),
        },
        "value" => match ValueError::from_text(&message) {
            Some(error) => error.into(),
            None => DataFusionError::Execution(message),
        },
        "file" => match FileError::from_text(&message) {
            Some(error) => error.into(),
            None => DataFusionError::Execution(message),
        },
        "workers" => WorkersLost::from_text(&message).into(),
        "cast" => ArrowError::CastError(message).into(),
        "parse" => ArrowError::ParseError(message).into(),
        "division" => ArrowError::DivideByZero.into(),
        "io" => DataFusionError::IoError(std::io::Error::other(message)),
        _ => DataFusionError::Execution(message),
    }
}

/// A job's failure as people read it: the error that is marked in it, or else the text as it is.
pub fn told(text: &str) -> String {
    if text.contains(BEGIN) { unmarked(text).strip_backtrace() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_error_survives() {
        let [function, class, message, traceback] = ["f", "ValueError", "it's\n\u{7}", "  line 1\n"].map(str::to_owned);
        let error = FunctionError { function, class, message, traceback, source: None };
        let text = format!("Task: {:?}", marked(&DataFusionError::External(Box::new(error.clone()))).to_string());
        let DataFusionError::External(again) = unmarked(&text) else { panic!("another kind: {text}") };
        assert_eq!(again.downcast_ref::<FunctionError>().unwrap().to_text(), error.to_text());
    }

    #[test]
    fn what_is_wrong_with_values_and_files_survives() {
        let errors = [
            ValueError::new("explode: 2 and 3", "make them \"as\" long").into(),
            FileError::engine("/a b.csv", "line 2"),
            WorkersLost::new(3, 1, &["f".to_owned()], true).into(),
            ArrowError::CastError("Cannot cast string 'x'".to_owned()).into(),
            ArrowError::ParseError("no date".to_owned()).into(),
            ArrowError::DivideByZero.into(),
        ];
        for error in errors {
            let again = unmarked(&format!("Task: {:?}", marked(&error).to_string()));
            assert_eq!(again.strip_backtrace(), error.strip_backtrace());
            assert_eq!(std::mem::discriminant(&again), std::mem::discriminant(&error), "{again:?}");
        }
    }

    #[test]
    fn kinds_survive_other_peoples_words() {
        let error = DataFusionError::ResourcesExhausted("sort: \"a\"\n5 % of C:\\tmp".to_owned());
        for text in
            [format!("Job x failed: {}, sorry", marked(&error)), format!("Task 3: {:?}", marked(&error).to_string())]
        {
            let again = unmarked(&text);
            assert!(
                matches!(&again, DataFusionError::ResourcesExhausted(m) if m == "sort: \"a\"\n5 % of C:\\tmp"),
                "{again}"
            );
        }
        assert!(
            matches!(unmarked("lost all workers"), DataFusionError::Execution(m) if m.contains("lost all workers"))
        );
    }
}
