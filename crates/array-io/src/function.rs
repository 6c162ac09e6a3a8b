//! An array whose boxes a function makes: `from_map`, a reader of a format that is not known here, a simulation.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use swath_arrays::{ArrayError, ArraySource, ChunkGrid};
use swath_kernels::{DType, NdArray};

type Function = dyn Fn(&[Range<usize>]) -> swath_arrays::Result<NdArray> + Send + Sync;

/// An array whose boxes a function makes. It must give the same elements whichever box asks for them.
pub struct FunctionSource {
    id: String,
    name: String,
    dtype: DType,
    shape: Vec<usize>,
    grid: ChunkGrid,
    function: Box<Function>,
}

impl FunctionSource {
    /// An array of the grid's shape. Boxes that lie across the grid's blocks are asked for too. Each call makes a source of its own,
    /// equal to no other.
    pub fn new(
        name: impl Into<String>,
        dtype: DType,
        grid: ChunkGrid,
        function: impl Fn(&[Range<usize>]) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
    ) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let (name, shape) = (name.into(), grid.shape().to_vec());
        let id = format!("function:{name}:{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { id, name, dtype, shape, grid, function: Box::new(function) }
    }
}

impl fmt::Debug for FunctionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSource").field("id", &self.id).field("grid", &self.grid).finish_non_exhaustive()
    }
}

impl ArraySource for FunctionSource {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn preferred_grid(&self) -> ChunkGrid {
        self.grid.clone()
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        let array = (self.function)(region)?;
        let lengths: Vec<usize> = region.iter().map(Range::len).collect();
        if array.dtype() != self.dtype || array.shape() != lengths {
            return Err(ArrayError::invalid(format!(
                "{}: the function gave {} of shape {:?} for the box {region:?}, expected {} of shape {lengths:?}",
                self.name,
                array.dtype(),
                array.shape(),
                self.dtype
            )));
        }
        Ok(array)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_held_to_its_word() {
        let grid = ChunkGrid::regular(&[10], &[4]);
        let source = FunctionSource::new("squares", DType::I64, grid.clone(), |region| {
            Ok(NdArray::from_vec(&[region[0].len()], region[0].clone().map(|i| (i * i) as i64).collect())?)
        });
        assert_eq!(source.read(std::slice::from_ref(&(3..6))).unwrap().to_vec::<i64>().unwrap(), [9, 16, 25]);
        let wrong = FunctionSource::new("squares", DType::F64, grid, |_| Ok(NdArray::zeros(DType::F64, &[2])?));
        let error = wrong.read(std::slice::from_ref(&(0..4))).unwrap_err().to_string();
        assert!(error.contains("squares: the function gave float64 of shape [2] for the box [0..4]"), "{error}");
        assert_ne!(source.id(), wrong.id());
    }
}
