//! Arrays from sources and into sinks: files, object stores, other systems.

use std::sync::Arc;

use swath_arrays::{ArrayExpr, ArraySink, ArraySource};

use crate::array::{Array, expressions};
use crate::context::{Arrays, Chunks};
use crate::error::{Error, Result};

impl Arrays {
    /// An array that a source holds, read when it is needed and only where it is; in multiples of the source's own chunks.
    pub fn from_source(&self, source: Arc<dyn ArraySource>) -> Array {
        let chunks = self.chunks_for(source.shape().len()).clone();
        self.make(|| Ok(ArrayExpr::read(source, &chunks)?))
    }

    /// As [`Arrays::from_source`], with chunks.
    pub fn from_source_in(&self, source: Arc<dyn ArraySource>, chunks: impl Into<Chunks>) -> Array {
        let chunks = chunks.into().0;
        self.make(|| Ok(ArrayExpr::read(source, &chunks)?))
    }
}

impl Array {
    /// Writes the array to a sink, block by block, now.
    ///
    /// # Errors
    /// The first mistake in shaping; a sink whose chunks do not fit; what running and writing may bring.
    pub fn store(&self, sink: Arc<dyn ArraySink>) -> Result<()> {
        store_all(&[(self, sink)])
    }
}

/// Writes several arrays to their sinks together: what they share is computed once.
///
/// # Errors
/// As [`Array::store`].
pub fn store_all(pairs: &[(&Array, Arc<dyn ArraySink>)]) -> Result<()> {
    let Some((first, _)) = pairs.first() else { return Ok(()) };
    let arrays: Vec<&Array> = pairs.iter().map(|(array, _)| *array).collect();
    let mut stores = Vec::with_capacity(pairs.len());
    for (expression, (_, sink)) in expressions(&arrays)?.iter().zip(pairs) {
        let known = crate::resolve::known(first.context(), expression)?;
        stores.push(known.store(sink.clone()).map_err(Error::from)?);
    }
    crate::run::evaluate(first.context(), &stores).map(|_| ())
}
