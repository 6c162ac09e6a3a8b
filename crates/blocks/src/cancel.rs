//! Stopping a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{BlocksError, Result};

/// A token that stops the runs it was given to. Clones are the same token.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the runs: no task starts any more, those that are under way end, and what was made is dropped.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the token is cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Nothing, as long as the token is not cancelled.
    ///
    /// # Errors
    /// [`BlocksError::Cancelled`].
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(BlocksError::Cancelled) } else { Ok(()) }
    }
}
