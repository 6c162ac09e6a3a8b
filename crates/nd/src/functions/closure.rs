//! Closures as block functions.

use std::any::Any;
use std::sync::Arc;

use swath_arrays::{BlockContext, BlockFunction, Result};
use swath_kernels::NdArray;

use crate::coordinates::number;

type Function = Box<dyn Fn(&[NdArray], &BlockContext) -> Result<NdArray> + Send + Sync>;

struct Closure {
    id: String,
    name: String,
    function: Function,
    is_local: bool,
}

/// A closure as a block function, different from all others.
pub(crate) fn closure<F>(name: &str, function: F) -> Arc<dyn BlockFunction>
where
    F: Fn(&[NdArray], &BlockContext) -> Result<NdArray> + Send + Sync + 'static,
{
    Arc::new(Closure { id: number(name), name: name.to_owned(), function: Box::new(function), is_local: false })
}

/// A closure whose elements each follow from those within the margins around them.
pub(crate) fn local_closure<F>(name: &str, function: F) -> Arc<dyn BlockFunction>
where
    F: Fn(&[NdArray], &BlockContext) -> Result<NdArray> + Send + Sync + 'static,
{
    Arc::new(Closure { id: number(name), name: name.to_owned(), function: Box::new(function), is_local: true })
}

impl BlockFunction for Closure {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn apply(&self, blocks: &[NdArray], context: &BlockContext) -> Result<NdArray> {
        (self.function)(blocks, context)
    }

    fn is_local(&self) -> bool {
        self.is_local
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
