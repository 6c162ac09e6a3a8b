//! One draw as a generator of blocks.

use std::any::Any;
use std::sync::Arc;

use swath_arrays::{Generator, Result};
use swath_kernels::random::{Distribution, Key};
use swath_kernels::{DType, NdArray};

/// A random array: a distribution and the key of its draw.
#[derive(Debug)]
pub(super) struct Draw {
    id: String,
    key: Key,
    distribution: Distribution,
    dtype: DType,
}

impl Draw {
    /// The generator of a draw.
    pub(super) fn generator(
        seed: u64,
        draw: u64,
        key: Key,
        distribution: Distribution,
        dtype: DType,
    ) -> Arc<dyn Generator> {
        // Weights are long: the address of the list stands for them, and lives as long as the draw.
        let parameters = match &distribution {
            Distribution::Choice(list) => format!("Choice({:p})", Arc::as_ptr(list)),
            other => format!("{other:?}"),
        };
        Arc::new(Self { id: format!("random:{seed}:{draw}:{parameters}:{dtype}"), key, distribution, dtype })
    }
}

impl Generator for Draw {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        let text = format!("{:?}", self.distribution);
        let end = text.find(|character: char| !character.is_alphanumeric()).unwrap_or(text.len());
        format!("random {}", text[..end].to_lowercase())
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn block(&self, whole: &[usize], start: &[usize], shape: &[usize]) -> Result<NdArray> {
        Ok(self.distribution.block(self.key, self.dtype, whole, start, shape)?)
    }

    fn is_cheap(&self) -> bool {
        matches!(self.distribution, Distribution::Random | Distribution::Uniform { .. } | Distribution::Integers { .. })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
