//! Linear algebra, Fourier transforms, functions of the user's, stores.

use std::sync::Arc;

use swath_kernels::promotion::float_for;
use swath_kernels::{DType, Dims, KernelError, normalize_axis, promote};

use super::node::ArrayExpr;
use super::op::{BlockCall, Boundary, Fft, Linalg, Op};
use super::traits::{ArraySink, BlockFunction, FunctionRef, SinkRef};
use crate::error::{ArrayError, Result};
use crate::grid::{AxisChunks, ChunkGrid};

impl ArrayExpr {
    /// A function of dense linear algebra over the last two axes (the leading ones are batches); `right` is the second argument of
    /// `solve`, `solve_triangular` and `lstsq`. Integers are computed as `float64`.
    ///
    /// # Errors
    /// NumPy's: fewer than two dimensions, matrices that must be square and are not, right sides that do not fit.
    pub fn linalg(&self, function: Linalg, right: Option<&Self>) -> Result<Self> {
        let shape = self.known_shape(function.name())?;
        let [batch @ .., rows, columns] = shape.as_slice() else {
            return Err(KernelError::invalid(format!(
                "{}-dimensional array given. Array must be at least two-dimensional",
                shape.len()
            ))
            .into());
        };
        let (rows, columns) = (*rows, *columns);
        let square = !matches!(
            function,
            Linalg::QrQ | Linalg::QrR | Linalg::SvdU | Linalg::SvdS | Linalg::SvdVt | Linalg::Lstsq
        );
        if square && rows != columns {
            return Err(KernelError::invalid("Last 2 dimensions of the array must be square").into());
        }
        if right.is_some() != matches!(function, Linalg::Solve | Linalg::SolveTriangular { .. } | Linalg::Lstsq) {
            return Err(ArrayError::invalid(format!("'{}' got a wrong number of arguments", function.name())));
        }
        let computed = |dtype: DType| match dtype {
            dtype if dtype.is_integer() || matches!(dtype, DType::Bool | DType::F16) => DType::F64,
            other => other,
        };
        let mut dtype = computed(self.dtype());
        if let Some(right) = right {
            dtype = promote(dtype, computed(right.dtype()))?;
        }
        if dtype.is_time() {
            return Err(KernelError::Unsupported {
                function: function.name(),
                dtypes: vec![dtype],
                accepts: "numbers",
            }
            .into());
        }
        let ndim = shape.len();
        let least = rows.min(columns);
        let mut inputs = vec![self.cast(dtype)?.with_whole_axes(&[ndim - 2, ndim - 1])?];
        let core: Dims = match function {
            Linalg::QrQ | Linalg::SvdU => Dims::from_slice(&[rows, least]),
            Linalg::QrR | Linalg::SvdVt => Dims::from_slice(&[least, columns]),
            Linalg::SvdS => Dims::from_slice(&[least]),
            Linalg::EighValues => Dims::from_slice(&[rows]),
            Linalg::Det => Dims::new(),
            Linalg::Cholesky | Linalg::Inv | Linalg::EighVectors => Dims::from_slice(&[rows, columns]),
            Linalg::Solve | Linalg::SolveTriangular { .. } | Linalg::Lstsq => {
                let right = right.ok_or_else(|| ArrayError::internal("a right side was checked above"))?;
                let sides = right.known_shape(function.name())?;
                if !batch.is_empty() || sides.is_empty() || sides.len() > 2 || sides[0] != rows {
                    return Err(KernelError::invalid(format!(
                        "{}: a right side of shape {} does not fit a matrix of shape {}",
                        function.name(),
                        swath_kernels::error::shape(&sides),
                        swath_kernels::error::shape(&shape)
                    ))
                    .into());
                }
                inputs.push(right.cast(dtype)?.with_whole_axes(&[0])?);
                std::iter::once(columns).chain(sides[1..].iter().copied()).collect()
            }
        };
        let output = match function {
            Linalg::SvdS | Linalg::EighValues => dtype.real(),
            _ => dtype,
        };
        let mut axes: Vec<AxisChunks> = inputs[0].grid().axes()[..batch.len()].to_vec();
        axes.extend(core.iter().map(|length| AxisChunks::whole(*length)));
        if let Some(right) = inputs.get(1)
            && right.ndim() == 2
            && let Some(last) = axes.last_mut()
        {
            // Each column of the right side is solved alone.
            *last = right.grid().axis(1).clone();
        }
        Ok(Self::intern(Op::Linalg(function), inputs, output, ChunkGrid::new(axes)))
    }

    /// A Fourier transform along an axis; `length` cuts or pads with zeros (for the inverse real one it is the length of the result).
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`]; a length of zero; dates; complex input to a real transform.
    pub fn fft(&self, function: Fft, axis: isize, length: Option<usize>) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        let own = self.known_length(axis, function.name())?;
        let length = match function {
            Fft::RealInverse => length.unwrap_or(2 * own.saturating_sub(1)),
            _ => length.unwrap_or(own),
        };
        if length == 0 {
            return Err(KernelError::invalid(format!("Invalid number of FFT data points ({length}) specified.")).into());
        }
        let unsupported = |accepts| {
            Err(KernelError::Unsupported { function: function.name(), dtypes: vec![self.dtype()], accepts }.into())
        };
        if self.dtype().is_time() {
            return unsupported("numbers");
        }
        if function == Fft::RealForward && self.dtype().is_complex() {
            return unsupported("real numbers; use fft for complex ones");
        }
        let wide = match float_for(self.dtype()) {
            // As NumPy, half precision is computed as single, integers as double.
            DType::F16 if self.dtype() == DType::F16 => DType::F32,
            _ if self.dtype().is_integer() || self.dtype() == DType::Bool => DType::F64,
            other => other,
        };
        let (input, output, result) = match function {
            Fft::RealForward => (wide, wide.complex(), length / 2 + 1),
            Fft::RealInverse => (wide.complex(), wide.complex().real(), length),
            // Of real elements one half is transformed, the other mirrors it.
            Fft::Forward | Fft::Inverse => (wide, wide.complex(), length),
        };
        let input = self.cast(input)?.with_whole_axes(&[axis])?;
        let grid = input.grid().with_axis(axis, AxisChunks::whole(result));
        Ok(Self::intern(Op::Fft { function, axis, length }, [input], output, grid))
    }

    /// A function over blocks. For each input and each of its axes `axes` names the result's axis whose blocks it follows, or `None` to
    /// get the axis whole; `chunks` are those of the result, whose number along each axis must be that of the inputs that follow it.
    ///
    /// # Errors
    /// Numbers of blocks that do not agree.
    pub fn blockwise(
        function: Arc<dyn BlockFunction>,
        inputs: &[(&Self, Vec<Option<usize>>)],
        dtype: DType,
        chunks: ChunkGrid,
    ) -> Result<Self> {
        let mut arrays = Vec::with_capacity(inputs.len());
        for (position, (array, axes)) in inputs.iter().enumerate() {
            if axes.len() != array.ndim() {
                return Err(ArrayError::invalid(format!(
                    "blockwise: input {position} has {} axes, but {} are named",
                    array.ndim(),
                    axes.len()
                )));
            }
            let whole: Vec<usize> = (0..axes.len()).filter(|axis| axes[*axis].is_none()).collect();
            let array = array.with_whole_axes(&whole)?;
            for (axis, follows) in axes.iter().enumerate() {
                let Some(follows) = follows else { continue };
                let own = array.grid().axis(axis).count();
                let wanted = chunks.axes().get(*follows).map(AxisChunks::count);
                // One block along an axis goes to all.
                if wanted != Some(own) && own != 1 {
                    return Err(ArrayError::invalid(format!(
                        "blockwise: axis {axis} of input {position} has {own} blocks, but axis {follows} of the result has {}; rechunk it",
                        wanted.map_or("none".to_owned(), |count| count.to_string())
                    )));
                }
            }
            arrays.push(array);
        }
        let axes = inputs.iter().map(|(_, axes)| axes.clone()).collect();
        let call = BlockCall { function: FunctionRef(function), axes, halo: Vec::new(), boundary: Boundary::None };
        Ok(Self::intern(Op::Block(call), arrays, dtype, chunks))
    }

    /// A function over blocks with slabs of their neighbours, which gives blocks of the shape without them.
    ///
    /// # Errors
    /// A halo for another number of axes, or wider than the shortest chunk.
    pub fn map_overlap(
        &self,
        function: Arc<dyn BlockFunction>,
        halo: &[(usize, usize)],
        boundary: Boundary,
        dtype: DType,
    ) -> Result<Self> {
        let shape = self.known_shape("map_overlap")?;
        if halo.len() != shape.len() {
            return Err(ArrayError::invalid(format!("map_overlap: {} depths for {} axes", halo.len(), shape.len())));
        }
        for (axis, (before, after)) in halo.iter().enumerate() {
            let deepest = (*before).max(*after);
            if deepest > shape[axis] {
                return Err(ArrayError::invalid(format!(
                    "map_overlap: a depth of {deepest} on axis {axis} is more than its length {}",
                    shape[axis]
                )));
            }
        }
        let call = BlockCall {
            function: FunctionRef(function),
            axes: vec![(0..shape.len()).map(Some).collect()],
            halo: halo.to_vec(),
            boundary,
        };
        Ok(Self::intern(Op::Block(call), [self.clone()], dtype, self.grid().clone()))
    }

    /// Writes every block to a sink, in the sink's grid if it has one. The result is the number of blocks, as 0-d `int64`.
    ///
    /// # Errors
    /// A sink's grid that does not fit the shape.
    pub fn store(&self, sink: Arc<dyn ArraySink>) -> Result<Self> {
        let input = match sink.grid() {
            // Blocks may be larger than stored chunks, as long as no stored chunk is written by two.
            Some(grid) if !grid.refines(self.grid()) => self.rechunk_to(grid)?,
            _ => self.clone(),
        };
        Ok(Self::intern(Op::Store(SinkRef(sink)), [input], DType::I64, ChunkGrid::whole(&[])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], dtype: DType) -> ArrayExpr {
        ArrayExpr::zeros(shape, dtype).unwrap()
    }

    #[test]
    fn shapes_and_dtypes_are_numpys() {
        let x = array(&[5, 3], DType::I32);
        let q = x.linalg(Linalg::QrQ, None).unwrap();
        assert_eq!((q.shape().as_slice(), q.dtype()), (&[5, 3][..], DType::F64));
        assert_eq!(array(&[2, 3, 5], DType::C64).linalg(Linalg::SvdS, None).unwrap().dtype(), DType::F32);
        let message = |result: Result<ArrayExpr>| result.unwrap_err().to_string();
        assert_eq!(message(x.linalg(Linalg::Inv, None)), "Last 2 dimensions of the array must be square");
        assert!(message(array(&[3], DType::F64).linalg(Linalg::Det, None)).starts_with("1-dimensional array given"));
        let square = array(&[3, 3], DType::F64);
        assert_eq!(square.linalg(Linalg::Solve, Some(&array(&[3], DType::F32))).unwrap().shape().as_slice(), &[3]);
        assert!(message(square.linalg(Linalg::Solve, Some(&array(&[4], DType::F32)))).contains("does not fit"));
        let line = array(&[8], DType::F32);
        assert_eq!(line.fft(Fft::RealForward, 0, None).unwrap().shape().as_slice(), &[5]);
        assert_eq!(line.fft(Fft::Forward, 0, Some(6)).unwrap().dtype(), DType::C64);
        assert_eq!(line.fft(Fft::RealInverse, 0, None).unwrap().shape().as_slice(), &[14]);
        assert!(message(line.fft(Fft::Forward, 0, Some(0))).starts_with("Invalid number of FFT data points (0)"));
    }
}
