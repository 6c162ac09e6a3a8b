//! Functions of lines, and of core dimensions by signature.

use swath_arrays::{ArrayError, ArrayExpr, AxisChunks, ChunkGrid};
use swath_kernels::{DType, NdArray, SliceSpec, layout::arrange, normalize_axis};

use super::closure::closure;
use crate::array::Array;
use crate::error::{Error, Result};

impl Array {
    /// A function of each line along an axis, which gives arrays of one shape; its axes stand where the axis was.
    ///
    /// # Errors
    /// Kept: an axis out of bounds. What the function gives is held to `shape` and `dtype` when it runs.
    #[must_use]
    pub fn apply_along_axis<F>(&self, axis: isize, dtype: DType, shape: &[usize], function: F) -> Self
    where
        F: Fn(&NdArray) -> swath_arrays::Result<NdArray> + Send + Sync + 'static,
    {
        let made = shape.to_vec();
        let ndim = match self.ndim() {
            Ok(ndim) => ndim,
            Err(error) => return self.failed(error),
        };
        let axis = match normalize_axis(axis, ndim) {
            Ok(axis) => axis,
            Err(error) => return self.failed(error.into()),
        };
        let lengths = made.clone();
        let each = closure("apply_along_axis", move |blocks, _| lines(&blocks[0], axis, dtype, &lengths, &function));
        self.then(|array| {
            array.known_length(axis, "apply_along_axis")?;
            let own = array.grid().axes();
            let new = made.iter().map(|length| AxisChunks::whole(*length));
            let grid = ChunkGrid::new(own[..axis].iter().cloned().chain(new).chain(own[axis + 1..].iter().cloned()));
            let follow = (0..array.ndim()).map(|own| match own.cmp(&axis) {
                std::cmp::Ordering::Less => Some(own),
                std::cmp::Ordering::Equal => None,
                std::cmp::Ordering::Greater => Some(own + made.len() - 1),
            });
            // The axis whole, the others in their blocks: what is given whole must not cut them further.
            let whole = array.grid().with_axis(axis, AxisChunks::whole(array.shape()[axis]));
            ArrayExpr::blockwise(each.clone(), &[(&array.rechunk_to(whole)?, follow.collect())], dtype, grid)
        })
    }
}

/// A function of each line of a block, put together.
fn lines(
    block: &NdArray,
    axis: usize,
    dtype: DType,
    shape: &[usize],
    function: &dyn Fn(&NdArray) -> swath_arrays::Result<NdArray>,
) -> swath_arrays::Result<NdArray> {
    let outer: Vec<usize> = block.shape().iter().enumerate().filter(|(own, _)| *own != axis).map(|(_, n)| *n).collect();
    let count: usize = outer.iter().product();
    let mut made = Vec::with_capacity(count);
    for number in 0..count {
        let mut rest = number;
        let mut index: Vec<SliceSpec> = vec![SliceSpec::ALL; block.ndim()];
        for own in (0..block.ndim()).rev().filter(|own| *own != axis) {
            let length = block.shape()[own];
            index[own] = SliceSpec::Index((rest % length) as isize);
            rest /= length;
        }
        let result = function(&block.slice(&index)?)?;
        if result.dtype() != dtype || result.shape() != shape {
            return Err(ArrayError::invalid(format!(
                "apply_along_axis: the function gave {} of shape {:?}, but {dtype} of shape {shape:?} was promised",
                result.dtype(),
                result.shape()
            )));
        }
        made.push(result);
    }
    let full: Vec<usize> = outer.iter().chain(shape).copied().collect();
    if made.is_empty() {
        return reordered(&NdArray::zeros(dtype, &full)?, axis, shape.len(), outer.len());
    }
    reordered(&arrange::stack(&made, 0)?.reshape(&full)?, axis, shape.len(), outer.len())
}

/// New axes from behind to where the old axis was.
fn reordered(array: &NdArray, axis: usize, new: usize, outer: usize) -> swath_arrays::Result<NdArray> {
    let order: Vec<usize> = (0..axis).chain(outer..outer + new).chain(axis..outer).collect();
    Ok(array.transpose(&order)?)
}

/// The core dimensions of a signature such as `(m,n),(n)->(m)`.
struct Signature {
    inputs: Vec<Vec<String>>,
    outputs: Vec<Vec<String>>,
}

impl Signature {
    fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("Not a valid gufunc signature: {text}"));
        let side = |part: &str| -> Result<Vec<Vec<String>>> {
            let mut groups = Vec::new();
            let mut rest = part.trim();
            loop {
                let inner = rest.strip_prefix('(').ok_or_else(wrong)?;
                let (names, after) = inner.split_once(')').ok_or_else(wrong)?;
                let names: Vec<String> =
                    names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
                if names.iter().any(|name| !name.chars().all(|c| c.is_alphanumeric() || c == '_')) {
                    return Err(wrong());
                }
                groups.push(names);
                rest = after.trim_start();
                match rest.strip_prefix(',') {
                    Some(next) => rest = next.trim_start(),
                    None if rest.is_empty() => return Ok(groups),
                    None => return Err(wrong()),
                }
            }
        };
        let (inputs, outputs) = text.split_once("->").ok_or_else(wrong)?;
        Ok(Self { inputs: side(inputs)?, outputs: side(outputs)? })
    }
}

/// A function over the core dimensions that a signature such as `(m,n),(n)->(m)` names: the last axes of each array, which it gets whole.
/// The other axes broadcast and are taken block by block; the function gets them too, in front, and must work on all of them at a time.
/// One array for each output; a function with several runs once for each.
///
/// # Errors
/// A signature that cannot be read or does not fit the arrays. Kept: axes that do not broadcast.
pub fn apply_gufunc<F>(function: F, signature: &str, arrays: &[&Array], dtypes: &[DType]) -> Result<Vec<Array>>
where
    F: Fn(&[NdArray]) -> swath_arrays::Result<Vec<NdArray>> + Send + Sync + 'static,
{
    let signature = Signature::parse(signature)?;
    let (inputs, outputs) = (signature.inputs.len(), signature.outputs.len());
    if inputs != arrays.len() || outputs != dtypes.len() {
        return Err(Error::invalid(format!(
            "apply_gufunc: the signature has {inputs} inputs and {outputs} outputs, but {} arrays and {} dtypes came",
            arrays.len(),
            dtypes.len()
        )));
    }
    let Some(first) = arrays.first() else { return Err(Error::invalid("apply_gufunc needs at least one array")) };
    let function = std::sync::Arc::new(function);
    let make = |output: usize| {
        let (own, count) = (function.clone(), outputs);
        let each = closure("apply_gufunc", move |blocks, _| {
            let made = own(blocks)?;
            if made.len() != count {
                let given = made.len();
                return Err(ArrayError::invalid(format!(
                    "apply_gufunc: {given} arrays were given for {count} outputs"
                )));
            }
            made.into_iter().nth(output).ok_or_else(|| ArrayError::invalid("apply_gufunc: an output is missing"))
        });
        Array::of(first.context(), arrays, |arrays| gufunc(&each, &signature, output, dtypes[output], arrays))
    };
    Ok((0..outputs).map(make).collect())
}

fn gufunc(
    function: &std::sync::Arc<dyn swath_arrays::BlockFunction>,
    signature: &Signature,
    output: usize,
    dtype: DType,
    arrays: &[ArrayExpr],
) -> Result<ArrayExpr> {
    let mut lengths: Vec<(&str, usize)> = Vec::new();
    let mut loops = Vec::new();
    for (number, (array, names)) in arrays.iter().zip(&signature.inputs).enumerate() {
        let shape = array.known_shape("apply_gufunc")?;
        let Some(lead) = shape.len().checked_sub(names.len()) else {
            let (ndim, core) = (shape.len(), names.len());
            return Err(Error::invalid(format!(
                "apply_gufunc: input {number} has {ndim} axes, but {core} core dimensions"
            )));
        };
        for (name, length) in names.iter().zip(&shape[lead..]) {
            match lengths.iter().find(|(known, _)| known == name) {
                Some((_, known)) if known != length => {
                    return Err(Error::invalid(format!(
                        "apply_gufunc: core dimension '{name}' is {known} and {length}"
                    )));
                }
                Some(_) => {}
                None => lengths.push((name, *length)),
            }
        }
        // The axes that broadcast, as an array of their own: positions of the first core element.
        let first: Vec<SliceSpec> =
            (0..shape.len()).map(|axis| if axis < lead { SliceSpec::ALL } else { SliceSpec::from(0..1) }).collect();
        let shape: Vec<isize> = shape[..lead].iter().map(|length| *length as isize).collect();
        loops.push(match shape[..].contains(&0) || array.shape().contains(&0) {
            true => ArrayExpr::zeros(&array.shape()[..lead], DType::Bool)?,
            false => array.slice(&first)?.reshape(&shape)?,
        });
    }
    let (grid, aligned) = ArrayExpr::align("apply_gufunc", &loops)?;
    let mut inputs = Vec::with_capacity(arrays.len());
    for (array, own) in arrays.iter().zip(&aligned) {
        let lead = own.ndim();
        let core = array.shape()[lead..].iter().map(|length| AxisChunks::whole(*length)).collect::<Vec<_>>();
        let target = ChunkGrid::new(own.grid().axes().iter().cloned().chain(core));
        let follow: Vec<Option<usize>> =
            (0..array.ndim()).map(|axis| (axis < lead).then(|| grid.ndim() - lead + axis)).collect();
        inputs.push((array.rechunk_to(target)?, follow));
    }
    let mut axes: Vec<AxisChunks> = grid.axes().to_vec();
    for name in &signature.outputs[output] {
        let found = lengths.iter().find(|(known, _)| known == name);
        let (_, length) = found.ok_or_else(|| {
            Error::invalid(format!("apply_gufunc: no input has the core dimension '{name}' of the output"))
        })?;
        axes.push(AxisChunks::whole(*length));
    }
    let follows: Vec<(&ArrayExpr, Vec<Option<usize>>)> =
        inputs.iter().map(|(array, axes)| (array, axes.clone())).collect();
    Ok(ArrayExpr::blockwise(function.clone(), &follows, dtype, ChunkGrid::new(axes))?)
}
