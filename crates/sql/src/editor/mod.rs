//! What makes the line editor know SQL.
//!
//! | module | what |
//! |---|---|
//! | [`prompt`] | what stands before the text |
//! | [`validator`] | whether Enter runs the text or starts a new line |
//! | [`highlighter`] | colours |
//! | [`completer`] | what Tab offers |
//! | [`scope`] | the tables that a statement names |
//! | [`keywords`] | the words of SQL |

mod completer;
mod highlighter;
mod keywords;
mod prompt;
mod scope;
mod validator;

pub use completer::SqlCompleter;
pub use highlighter::SqlHighlighter;
pub use prompt::SqlPrompt;
pub use validator::SqlValidator;
