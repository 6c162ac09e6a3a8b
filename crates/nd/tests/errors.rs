//! Every mistake is told in NumPy's words where NumPy has some, and kept until the array is looked at.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

use swath_nd::{
    Array, Arrays, Blockwise, Cancel, DType, Error, NdArray, NormKind, PadMode, QuantileMethod, ReduceOptions, Scalar,
    s,
};

fn context() -> Arrays {
    Arrays::builder().threads(1).build()
}

fn counted(shape: &[usize]) -> Array {
    let size = shape.iter().product::<usize>() as i64;
    context().arange(0, size, 1).reshape(shape.to_vec())
}

fn told(array: &Array) -> String {
    array.shape().map(|shape| format!("no error, shape {shape:?}")).unwrap_or_else(|error| error.to_string())
}

fn told_when_run(array: &Array) -> String {
    array.shape().unwrap();
    array.compute().unwrap_err().to_string()
}

#[test]
fn shapes_and_axes() {
    let x = counted(&[3, 4]);
    let line = counted(&[5]);
    assert_eq!(told(&(&x + &line)), "operands could not be broadcast together with shapes (3,4) (5,)");
    assert_eq!(told(&x.reshape([5, 2])), "cannot reshape array of size 12 into shape (5,2)");
    assert_eq!(told(&x.reshape([-1, -1])), "can only specify one unknown dimension");
    assert_eq!(told(&x.sum(2)), "axis 2 is out of bounds for array of dimension 2");
    assert_eq!(told(&x.sum([0, -2])), "duplicate value in 'axis': axis 0 is given more than once");
    assert_eq!(told(&x.transpose([0])), "axes don't match array");
    assert_eq!(told(&x.squeeze(0)), "cannot select an axis to squeeze out which has size not equal to one");
    assert_eq!(told(&x.rot90(1, 0, 0)), "Axes must be different.");
    assert!(told(&x.broadcast_to([4])).starts_with("operands could not be broadcast together"));
    assert!(told(&x.rechunk([2])).contains("chunks are given for 1 axes, but the array has 2"));
    assert!(told(&x.rechunk(0)).starts_with("chunks of length 0 on axis 0"));
    assert_eq!(told(&x.diag(0).reshape([1, 1, 3]).diag(0)), "Input must be 1- or 2-d.");
    assert_eq!(told(&line.diagonal(0, 0, 1)), "diag requires an array of at least two dimensions");
    assert_eq!(told(&x.roll([1, 2, 3], [0, 1])), "'shift' and 'axis' should be scalars or 1D sequences of one length");
}

#[test]
fn the_first_mistake_is_kept() {
    let x = counted(&[3, 4]);
    let wrong = (x.reshape([5]) + 1.0).sum(7).t();
    assert_eq!(told(&wrong), "cannot reshape array of size 12 into shape (5,)");
    assert_eq!(wrong.compute().unwrap_err().to_string(), told(&wrong));
    assert_eq!(wrong.to_string(), "Array(invalid: cannot reshape array of size 12 into shape (5,))");
    assert!(wrong.explain().is_err() && wrong.dtype().is_err() && wrong.nbytes().is_err());
}

#[test]
fn dtypes() {
    let truth = counted(&[3]).gt(0);
    assert!(told(&(&truth - &truth)).starts_with("'subtract' is not defined for bool, bool"));
    assert!(told(&-&truth).starts_with("'negative' is not defined for bool"));
    let bytes = counted(&[3]).astype(DType::U8);
    assert_eq!(told(&(&bytes + 300)), "integer 300 is out of bounds for uint8");
    assert_eq!(bytes.lt(300).to_vec::<bool>().unwrap(), [true; 3]);
    assert!(told(&(bytes.astype(DType::F64) & 1)).starts_with("'bitwise_and' is not defined for"));
    assert_eq!(
        bytes.to_vec::<f32>().unwrap_err().to_string(),
        "the elements are uint8, not float32: cast the array with astype(DType::F32) first"
    );
    assert!(matches!(bytes.to_ndarray::<f32>(), Err(Error::ElementType { .. })));
    assert_eq!(
        bytes.item::<u8>().unwrap_err().to_string(),
        "can only convert an array of size 1 to a scalar, not of 3"
    );
    assert_eq!(told(&bytes.ufunc::<0>("frobnicate", [])), "there is no elementwise function 'frobnicate'");
}

#[test]
fn indices() {
    let x = counted(&[3, 4]);
    assert_eq!(told(&x.slice(s![3])), "index 3 is out of bounds for axis 0 with size 3");
    assert_eq!(told(&x.slice(s![-4])), "index -4 is out of bounds for axis 0 with size 3");
    let many = "too many indices for array: array is 2-dimensional, but 3 were indexed";
    assert_eq!(told(&x.slice(s![0, 0, 0])), many);
    assert_eq!(told(&x.slice(s![[0, 1], 0, 0])), many);
    assert_eq!(told(&x.slice(s![..., ...])), "an index can only have a single ellipsis ('...')");
    assert_eq!(told(&x.slice(s![..;0])), "slice step cannot be zero");
    let half = context().from_vec(vec![0.5]);
    assert_eq!(told(&x.slice(s![&half])), "arrays used as indices must be of integer (or boolean) type");
    let mask = context().from_vec(vec![true, false]);
    assert!(told(&x.slice(s![&mask])).contains("size of axis is 3 but size of corresponding boolean axis is 2"));
    assert!(told(&x.set(s![&mask], 0)).contains("boolean index did not match indexed array along axis 0"));
    assert!(told(&x.slice(s![.., &mask])).contains("along axis 1; size of axis is 4"));
    assert!(told_when_run(&x.slice(s![[0, 7]])).starts_with("index 7 is out of bounds for axis 0 with size 3"));
    let three = context().from_vec(vec![1i64, 2, 3]);
    assert!(told(&x.set(s![0], &three)).starts_with("could not broadcast input array from shape"));
    assert!(told(&x.set(s![[0, 1]], &three)).starts_with("shape mismatch: value array of shape"));
    let everywhere = x.gt(9);
    assert_eq!(
        told(&x.set(s![&everywhere], three.slice(s![..1]).tile([3]))),
        "NumPy boolean array indexing assignment cannot assign 3 input values to the 2 output values where the mask is true"
    );
    assert_eq!(told(&x.vindex(s![0, 1])), "vindex needs at least one integer array; use slice for the rest");
    assert!(told(&x.blocks(s![1])).contains("index 1 is out of bounds for axis 0 with size 1"));
    assert!(told(&x.take(&half, 0)).starts_with("arrays used as indices must be of integer"));
    assert!(told(&x.take_along_axis(&three, 0)).contains("must have the same number of dimensions"));
    assert!(told(&x.compress(x.gt(0), 0)).contains("condition must be a 1-d array"));
    assert!(context().full((), 1i64).nonzero().unwrap_err().to_string().starts_with("Calling nonzero on 0d arrays"));
    assert_eq!(told(&x.delete(&[9], 1)), "index 9 is out of bounds for axis 1 with size 4");
    assert_eq!(told(&x.insert(9, 0, 1)), "index 9 is out of bounds for axis 1 with size 4");
}

#[test]
fn reductions() {
    let nothing = context().zeros([0, 3], DType::F64);
    assert_eq!(told(&nothing.min(0)), "zero-size array to reduction operation min which has no identity");
    assert_eq!(told(&nothing.argmax(())), "attempt to get argmax of an empty sequence");
    let x = counted(&[3, 4]);
    let mask = x.gt(1);
    assert!(told(&x.max(ReduceOptions::over(0).mask(&mask))).contains("one has to specify 'initial'"));
    assert_eq!(told(&x.sum(ReduceOptions::over(0).mask(&x))), "where must be a boolean array");
    assert_eq!(told(&x.mean(ReduceOptions::over(0).initial(1i64))), "'mean' takes no initial value");
    assert_eq!(
        told(&x.median(ReduceOptions::over(0).dtype(DType::F32))),
        "'quantile' takes axes and keepdims, nothing else"
    );
    assert_eq!(told(&x.quantiles(&[1.5], 0, QuantileMethod::Linear)), "Quantiles must be in the range [0, 1]");
    assert_eq!(told(&x.percentile(101.0, 0)), "Percentiles must be in the range [0, 100]");
    assert_eq!(told(&x.partition(4, 1)), "kth(=4) out of bounds (4)");
    assert!(told(&x.topk(5, 1)).contains("5 elements of an axis of length 4"));
    assert_eq!(told(&(&x - 5).ravel().bincount(None, 0)), "'list' argument must have no negative elements");
    assert!(told(&x.histogram(0, None, false).0).starts_with("`bins` must be positive"));
    assert!(told(&x.searchsorted(1, false)).starts_with("searchsorted needs a sorted array of one dimension"));
    assert!(told(&x.average(0, Some(&counted(&[4])))).starts_with("Length of weights not compatible"));
    assert!(told(&x.average((), Some(&counted(&[4])))).starts_with("Axis must be specified when shapes"));
}

#[test]
fn what_is_found_when_it_runs() {
    let exponents = context().from_vec(vec![2i64, -1, 0]);
    let x = counted(&[3]);
    let refused = "Integers to negative integer powers are not allowed.";
    assert_eq!(told(&x.power(-1)), refused);
    assert_eq!(told_when_run(&x.power(&exponents)), refused);
    assert_eq!(x.power(exponents.abs()).to_vec::<i64>().unwrap(), [0, 1, 1]);
    let holes = context().from_vec(vec![f64::NAN, f64::NAN, 1.0, f64::NAN]).reshape([2, 2]);
    assert_eq!(told_when_run(&holes.nanargmin(1)), "All-NaN slice encountered");
    assert_eq!(holes.nanargmax(0).compute().unwrap_err().to_string(), "All-NaN slice encountered");
    assert_eq!(holes.nanargmin(()).item::<i64>().unwrap(), 2);
    let along = context().from_vec(vec![0i64, 3, 1]);
    assert_eq!(told_when_run(&x.take_along_axis(&along, 0)), "index 3 is out of bounds for axis 0 with size 3");
    assert_eq!(told_when_run(&x.take(&along, 0)), "index 3 is out of bounds for axis 0 with size 3");
}

#[test]
fn the_standards_functions() {
    let (x, y) = (counted(&[3, 4]), counted(&[3, 5]));
    let line = counted(&[3]);
    assert_eq!(told(&x.insert_at(&[0, 9], 1, 1)), "index 9 is out of bounds for axis 1 with size 4");
    assert!(told(&x.insert_at(&[0, 1], &y, 1)).starts_with("operands could not be broadcast together"));
    assert_eq!(x.unique_along(2).unwrap_err().to_string(), "axis 2 is out of bounds for array of dimension 2");
    assert_eq!(x.unstack(-3).unwrap_err().to_string(), "axis -3 is out of bounds for array of dimension 2");
    assert_eq!(told(&line.searchsorted_by(&counted(&[2]), 1, false)), "sorter.size must equal to key.size");
    assert_eq!(told(&line.searchsorted_by(&line.astype(DType::F64), 1, false)), "sorter must only contain integers");
    assert!(told(&x.vecdot(&y, -1)).ends_with("(size 5 is different from 4)"));
    assert!(told(&x.cross(&line, -1)).starts_with("Both input arrays must be (arrays of) 3-dimensional vectors"));
    assert!(told(&x.cumulative_sum(None, None, false)).starts_with("For arrays which have more than one dimension"));
    assert_eq!(told(&x.cumulative_prod(Some(2), None, true)), "axis 2 is out of bounds for array of dimension 2");
    assert!(told(&x.diff_between(1, 0, Some((&y).into()), None)).starts_with("all the input array dimensions except"));
    assert!(told(&line.qr_complete().0).starts_with("1-dimensional array given"));
    assert!(told(&line.svd_full().2).starts_with("1-dimensional array given"));
    assert_eq!(told(&x.argsort_descending(5)), "axis 5 is out of bounds for array of dimension 2");
    assert_eq!(swath_nd::concat(&[], None).unwrap_err().to_string(), "need at least one array to concatenate");
    assert_eq!(told(&x.matrix_norm(NormKind::P(3.0), false)), "Invalid norm order for matrices.");
    assert_eq!(told(&x.vector_norm(NormKind::Nuclear, 0, false)), "Invalid norm order 'nuc' for vectors");
}

#[test]
fn arguments() {
    let (x, line) = (counted(&[3, 4]), counted(&[3]));
    let truth = context().from_vec(vec![true; 9]);
    assert_eq!(told(&x.compress(&truth, 0)), "condition has more elements than the axis it picks from");
    assert_eq!(told(&x.astype(DType::F64).choose(&[&x])), "choose needs an array of integers");
    assert_eq!(told(&x.choose(&[])), "need at least one array to choose from");
    let nothing = swath_nd::select(&[], &[], 0).unwrap_err().to_string();
    assert_eq!(nothing, "select with an empty condition list is not possible");
    let error = swath_nd::select(&[&x], &[&x], 0).unwrap_err().to_string();
    assert_eq!(error, "conditions must be boolean, not int64");
    assert_eq!(told(&x.blocks(s![NewAxis])), "blocks takes integers, ranges and lists, one for each axis");
    let empty = swath_nd::block(swath_nd::Nested::List(Vec::new())).unwrap_err().to_string();
    assert_eq!(empty, "List at arrays cannot be empty");
    let draws = context().random(1);
    assert_eq!(told(&draws.choice(&context().full((), 1i64), 1, true, None)), "a must be at least 1-dimensional");
    let none = context().zeros([0], DType::F64);
    assert_eq!(told(&draws.choice(&none, 1, true, None)), "a cannot be empty unless no samples are taken");
    let weights = [1.0, 0.0, 0.0];
    assert_eq!(told(&draws.choice(&line, 2, false, Some(&weights))), "Fewer non-zero entries in p than size");
    assert_eq!(told(&x.cov(true, 1).reshape([1, 3, 3]).cov(true, 1)), "m has more than 2 dimensions");
    let endless = swath_nd::Bins::Between(3, 0.0, f64::INFINITY);
    assert_eq!(told(&x.histogram(endless, None, false).0), "supplied range of [0, inf] is not finite");
    let backwards = swath_nd::Bins::Between(3, 1.0, 0.0);
    assert_eq!(told(&x.histogram(backwards, None, false).1), "max must be larger than min in range parameter.");
    assert_eq!(
        told(&x.vecdot(context().ones([1, 3, 4], DType::I64), 0)),
        "vecdot: Input operand 1 has a mismatch in its core dimension 0 (size 1 is different from 3)"
    );
    assert!(told(&line.vecdot(context().ones([3, 4], DType::I64), 0)).ends_with("counts from the end"));
    assert_eq!(
        told(&x.median(()).gt(0.0).median(())),
        "'quantile' is not defined for bool: bool has no values between false and true: \
        cast it, or take a method that gives elements"
    );
    let endless = x.astype(DType::F64).set(s![0, 0], f64::NAN).histogram(3, None, false);
    assert_eq!(told_when_run(&endless.1), "autodetected range of [nan, nan] is not finite");
    assert!(endless.0.compute().unwrap_err().to_string().ends_with("autodetected range of [nan, nan] is not finite"));
    let unsorted = context().from_vec(vec![1, 3, 2]);
    assert_eq!(told_when_run(&x.digitize(&unsorted, false)), "bins must be monotonically increasing or decreasing");
    let turned = x.astype(DType::C128);
    assert!(told(&turned.digitize(&line, false)).starts_with("'digitize' is not defined for complex128, int64"));
    assert_eq!(
        told(&x.dot(&line)),
        "shapes (3,4) and (3,) not aligned: the last axis and the only one of the other differ in length"
    );
    assert_eq!(told(&x.set(s![0], &line)), "could not broadcast input array from shape (3,) into shape (4,)");
    let masked = ReduceOptions::over(0).mask(&x.gt(1)).correction(0.5);
    assert_eq!(told(&x.var(masked)), "a correction that is not an integer needs all elements to count");
    assert_eq!(told(&context().geomspace(0.0, 1.0, 3)), "Geometric sequence cannot include zero");
    let zeros = context().zeros([3], DType::F64);
    assert_eq!(told_when_run(&x.average(0, Some(&zeros))), "Weights sum to zero, can't be normalized");
    assert_eq!(told(&x.eig().0), "Last 2 dimensions of the array must be square");
    let endless = context().full([2, 2], f64::NAN);
    assert_eq!(told_when_run(&endless.eigvals()), "Array must not contain infs or NaNs");
}

#[test]
fn joining() {
    let (x, y) = (counted(&[3, 4]), counted(&[3, 5]));
    let joined = swath_nd::concatenate(&[&x, &y], 0).unwrap();
    assert!(
        told(&joined)
            .starts_with("all the input array dimensions except for the concatenation axis must match exactly")
    );
    assert_eq!(told(&swath_nd::stack(&[&x, &y], 0).unwrap()), "all input arrays must have the same shape");
    assert_eq!(swath_nd::stack(&[], 0).unwrap_err().to_string(), "need at least one array to stack");
    assert_eq!(x.split(2, 0).unwrap_err().to_string(), "array split does not result in an equal division");
    assert_eq!(x.array_split(0, 0).unwrap_err().to_string(), "number sections must be larger than 0.");
    let uneven = swath_nd::Nested::List(vec![(&x).into(), [&x].into()]);
    assert!(swath_nd::block(uneven).unwrap_err().to_string().starts_with("List depths are mismatched"));
    assert_eq!(
        swath_nd::select(&[&x], &[], 0).unwrap_err().to_string(),
        "list of cases must be same length as list of conditions"
    );
    assert_eq!(told(&x.pad(&[(1, 1); 3], PadMode::Edge)), "pad takes a width for each of 2 axes, not 3");
    let nothing = context().zeros([0], DType::F64);
    assert_eq!(
        told(&nothing.pad(&[(1, 1)], PadMode::Edge)),
        "can't extend empty axis 0 using modes other than 'constant' or 'empty'"
    );
}

#[test]
fn linear_algebra() {
    let (x, y) = (counted(&[3, 4]), counted(&[3, 4]));
    assert!(told(&x.matmul(&y)).ends_with("(size 3 is different from 4)"));
    assert!(told(&x.dot(&y)).starts_with("shapes (3,4) and (3,4) not aligned"));
    assert_eq!(told(&x.inv()), "Last 2 dimensions of the array must be square");
    assert!(told(&x.ravel().det()).starts_with("1-dimensional array given"));
    assert_eq!(told_when_run(&context().ones([2, 2], DType::F64).inv()), "Singular matrix");
    assert!(told_when_run(&(-context().identity(2, DType::F64)).cholesky()).contains("not positive definite"));
    assert_eq!(told(&x.norm(NormKind::P(3.0), [0, 1], false)), "Invalid norm order for matrices.");
    assert_eq!(told(&x.norm(NormKind::Nuclear, 0, false)), "Invalid norm order 'nuc' for vectors");
    let error = swath_nd::einsum("ij,jk", &[&x, &y]).unwrap().shape().unwrap_err().to_string();
    assert!(error.contains("operand 1 has length 3 on axis 0, where another has 4"), "{error}");
    assert!(told(&x.fft(Some(0), 0, swath_nd::Norm::Backward)).starts_with("Invalid number of FFT data points (0)"));
    assert_eq!(told(&x.fftn(Some(&[1]), [0, 1], swath_nd::Norm::Backward)), "Shape and axes have different lengths.");
    let draws = context().random(1);
    assert!(told(&draws.normal(0.0, -1.0, 3)).starts_with("scale < 0"));
    assert!(told(&draws.choice(&counted(&[3]), 4, false, None)).starts_with("Cannot take a larger sample"));
    assert_eq!(told(&draws.choice(&counted(&[3]), 4, true, Some(&[1.0]))), "a and p must have same size");
}

#[test]
fn functions() {
    let x = context().with_chunks(2).arange(0, 4, 1);
    let wrong = x.map_blocks(DType::F64, |block, _| Ok(block.clone()));
    let error = told_when_run(&wrong);
    assert!(error.starts_with("map_blocks gave int64") && error.contains("float64"), "{error}");
    let shorter = x.map_blocks(DType::I64, |_, _| Ok(NdArray::scalar(Scalar::I64(1))));
    assert!(told_when_run(&shorter).contains("was promised"));
    let failing = x.map_blocks(DType::I64, |_, _| Err(swath_nd::ArrayError::invalid("the user's own")));
    assert_eq!(told_when_run(&failing), "the user's own");
    assert!(swath_nd::map_blocks(&[], DType::F64, |blocks, _| Ok(blocks[0].clone())).is_err());
    let error = Blockwise::new("ij", DType::F64).input(&x, "i").run(|blocks, _| Ok(blocks[0].clone()));
    assert!(told(&error.unwrap()).contains("no input has the axis 'j'"));
    let error = Blockwise::new("i", DType::F64).input(&x, "ij").run(|blocks, _| Ok(blocks[0].clone()));
    assert!(told(&error.unwrap()).contains("input 0 has 1 axes, but 2 letters"));
    let gufunc =
        |signature: &str| swath_nd::apply_gufunc(|blocks| Ok(vec![blocks[0].clone()]), signature, &[&x], &[DType::I64]);
    assert_eq!(gufunc("i->i").unwrap_err().to_string(), "Not a valid gufunc signature: i->i");
    assert!(gufunc("(i),(i)->(i)").unwrap_err().to_string().contains("2 inputs and 1 outputs"));
    assert!(told(&gufunc("(i,j)->(i)").unwrap()[0]).contains("input 0 has 1 axes, but 2 core dimensions"));
    assert!(
        told(&x.apply_along_axis(1, DType::I64, &[], |line| Ok(line.clone()))).starts_with("axis 1 is out of bounds")
    );
    let lines = x.apply_along_axis(0, DType::I64, &[], |line| Ok(line.clone()));
    assert!(told_when_run(&lines).contains("was promised"));
    let made = context().from_map([4], DType::F64, 2, |_, _| Ok(NdArray::scalar(Scalar::F64(1.0))));
    assert!(told_when_run(&made).contains("was promised"), "{}", told_when_run(&made));
    let both = swath_nd::apply_gufunc(|_| Ok(Vec::new()), "(i)->(i)", &[&x], &[DType::I64]).unwrap();
    assert_eq!(told_when_run(&both[0]), "apply_gufunc: 0 arrays were given for 1 outputs");
    let (three, four) = (counted(&[3]), counted(&[4]));
    let uneven = Blockwise::new("i", DType::I64).input(&three, "i").input(&four, "i");
    let error = told(&uneven.run(|blocks, _| Ok(blocks[0].clone())).unwrap());
    assert_eq!(error, "blockwise: axes 'i' have lengths 3 and 4");
    assert!(
        told(&x.map_overlap(&[], swath_nd::Boundary::None, DType::I64, |b, _| Ok(b.clone())))
            .contains("0 depths for 1 axes")
    );
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!((&x + 1).compute_by_plan(&cancel).unwrap_err().to_string(), "the computation was cancelled");
}
