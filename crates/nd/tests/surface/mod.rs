//! The cases of the corpus by name, as calls of the surface.

mod further;

use swath_nd::{
    Array, Arrays, Bins, Cuts, DType, Index, Indexing, Norm, Operand, PadMode, Part, QuantileMethod, ReduceOptions,
    Reduction, Result, Scalar, SliceSpec,
};

/// Rounding errors that a function may make, in units of its precision, and whether they count by the largest element.
pub fn tolerance(name: &str) -> (f64, bool) {
    match name {
        "unary" | "binary" | "complex_parts" => (8.0, false),
        "inv" | "pinv" | "solve" | "solve_triangular" | "lstsq" | "cholesky" | "eigvalsh" | "svdvals" | "det"
        | "slogdet" | "matrix_power" | "norm" | "matrix_norm" | "vector_norm" | "pinv_within" | "corrcoef" | "cov"
        | "cov_weights" | "lstsq_within" | "lstsq_all" => (2000.0, true),
        _ => (64.0, true),
    }
}

fn list<T: std::str::FromStr>(text: &str) -> Option<Vec<T>>
where
    T::Err: std::fmt::Debug,
{
    (text != "-").then(|| text.split(',').filter(|one| !one.is_empty()).map(|one| one.parse().unwrap()).collect())
}

fn number<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn over(text: &str) -> ReduceOptions {
    match list::<isize>(text) {
        Some(axes) => ReduceOptions::over(axes),
        None => ReduceOptions::default(),
    }
}

fn reduction(name: &str, ddof: i64) -> Option<Reduction> {
    use Reduction::*;
    let all = [
        Sum,
        Prod,
        Mean,
        Min,
        Max,
        Any,
        All,
        ArgMin,
        ArgMax,
        CountNonzero,
        NanSum,
        NanProd,
        NanMean,
        NanMin,
        NanMax,
        NanArgMin,
        NanArgMax,
    ];
    match name {
        "var" => Some(Var { ddof }),
        "std" => Some(Std { ddof }),
        "nanvar" => Some(NanVar { ddof }),
        "nanstd" => Some(NanStd { ddof }),
        name => all.into_iter().find(|one| one.name() == name),
    }
}

fn reduced(x: &Array, name: &str, options: ReduceOptions) -> Array {
    match name {
        "ptp" => x.ptp(options),
        "median" => x.median(options),
        "nanmedian" => x.nanmedian(options),
        "var" => x.var(options),
        "std" => x.std(options),
        "nanvar" => x.nanvar(options),
        "nanstd" => x.nanstd(options),
        name => x.reduce(reduction(name, 0).unwrap(), options),
    }
}

fn index(text: &str, arrays: &[Array]) -> Index {
    let part = |one: &str| -> Part {
        if let Some(which) = one.strip_prefix('@') {
            return Part::from(&arrays[number::<usize>(which)]);
        }
        match one {
            "new" => SliceSpec::NewAxis.into(),
            "..." => SliceSpec::Ellipsis.into(),
            _ if one.contains(':') => {
                let bounds: Vec<Option<isize>> = one.split(':').map(|bound| bound.parse().ok()).collect();
                let step = bounds.get(2).copied().flatten().unwrap_or(1);
                SliceSpec::Range { start: bounds[0], stop: bounds[1], step }.into()
            }
            _ => Part::from(number::<isize>(one)),
        }
    };
    Index::from(text.split(',').map(part).collect::<Vec<_>>())
}

fn norm_of(text: &str) -> Norm {
    match text {
        "ortho" => Norm::Ortho,
        "forward" => Norm::Forward,
        _ => Norm::Backward,
    }
}

fn method(text: &str) -> QuantileMethod {
    match text {
        "lower" => QuantileMethod::Lower,
        "higher" => QuantileMethod::Higher,
        "midpoint" => QuantileMethod::Midpoint,
        "nearest" => QuantileMethod::Nearest,
        "inverted_cdf" => QuantileMethod::InvertedCdf,
        "interpolated_inverted_cdf" => QuantileMethod::InterpolatedInvertedCdf,
        "averaged_inverted_cdf" => QuantileMethod::AveragedInvertedCdf,
        "closest_observation" => QuantileMethod::ClosestObservation,
        "hazen" => QuantileMethod::Hazen,
        "weibull" => QuantileMethod::Weibull,
        "median_unbiased" => QuantileMethod::MedianUnbiased,
        "normal_unbiased" => QuantileMethod::NormalUnbiased,
        _ => QuantileMethod::Linear,
    }
}

/// Runs a case.
pub fn apply(context: &Arrays, name: &str, p: &[&str], x: &[Array]) -> Result<Vec<Array>> {
    let all: Vec<&Array> = x.iter().collect();
    let several = shapes_of(context, name, p, x, &all)?;
    if let Some(results) = several {
        return Ok(results);
    }
    let one = match name {
        "unary" => x[0].ufunc::<0>(p[0], []),
        "binary" => x[0].ufunc(p[0], [Operand::from(&x[1])]),
        "round" => x[0].round(number(p[0])),
        "clip" => {
            let bound = |text: &str| -> Option<Operand> {
                match (text, text.parse::<i64>()) {
                    ("-", _) => None,
                    (_, Ok(integer)) => Some(integer.into()),
                    (text, _) => Some(number::<f64>(text).into()),
                }
            };
            x[0].clip(bound(p[0]), bound(p[1]))
        }
        "nan_to_num" => x[0].nan_to_num(0.0, None, None),
        "isclose" => x[0].isclose(&x[1], 1e-5, 1e-8, false),
        "where" => x[0].where_(&x[1], &x[2]),
        "reduce" => {
            let options = over(p[1]);
            reduced(&x[0], p[0], if p[2] == "1" { options.keepdims() } else { options })
        }
        "reduce_ddof" => reduced(&x[0], p[0], over(p[1]).ddof(number(p[2]))),
        "reduce_dtype" => reduced(&x[0], p[0], over(p[1]).dtype(number(p[2]))),
        "reduce_initial" => reduced(&x[0], p[0], over(p[1]).initial(number::<i64>(p[2]))),
        "reduce_mask" => reduced(&x[0], p[0], over(p[1]).mask(&x[1])),
        "reduce_mask_ddof" => reduced(&x[0], p[0], over(p[1]).mask(&x[1]).ddof(number(p[2]))),
        "reduce_mask_initial" => reduced(&x[0], p[0], over(p[1]).mask(&x[1]).initial(number::<i64>(p[2]))),
        "scan" => {
            let axis = number(p[1]);
            match p[0] {
                "cumsum" => x[0].cumsum(axis),
                "cumprod" => x[0].cumprod(axis),
                "nancumsum" => x[0].nancumsum(axis),
                "nancumprod" => x[0].nancumprod(axis),
                "cummax" => x[0].cummax(axis),
                _ => x[0].cummin(axis),
            }
        }
        "diff" => x[0].diff(number(p[0]), number(p[1])),
        "average" => x[0].average(over(p[0]), Some(&x[1])),
        "sort" => x[0].sort(number(p[0])),
        "argsort" => x[0].argsort(number(p[0])),
        // Only the element at the place is settled.
        "partition" => {
            x[0].partition(number(p[0]), number(p[1])).take(context.from_vec(vec![number::<i64>(p[0])]), number(p[1]))
        }
        "topk" => x[0].topk(number(p[0]), number(p[1])),
        "quantile" => x[0].quantiles(&list(p[0]).unwrap(), over(p[1]), method(p[2])),
        "nanquantile" => x[0].nanquantiles(&list(p[0]).unwrap(), over(p[1]), method(p[2])),
        "quantile_by" => x[0].quantile_by(number(p[0]), over(p[1]), method(p[2]), false),
        "nanquantile_by" => x[0].quantile_by(number(p[0]), over(p[1]), method(p[2]), true),
        "percentile" => x[0].percentile(number(p[0]), over(p[1])),
        "bincount" => x[0].bincount(None, number(p[0])),
        "bincount_weights" => x[0].bincount(Some(&x[1]), number(p[0])),
        "unique" => x[0].unique(),
        "searchsorted" => x[0].searchsorted(&x[1], p[0] == "right"),
        "digitize" => x[0].digitize(&x[1], p[0] == "1"),
        "isin" => x[0].isin(&x[1]),
        "cov" => x[0].cov(p[0] == "1", number(p[0])),
        "corrcoef" => x[0].corrcoef(true),
        "reshape" => x[0].reshape(list::<isize>(p[0]).unwrap()),
        "transpose" => match list::<isize>(p[0]) {
            Some(order) => x[0].transpose(order),
            None => x[0].t(),
        },
        "moveaxis" => x[0].moveaxis(list::<isize>(p[0]).unwrap(), list::<isize>(p[1]).unwrap()),
        "swapaxes" => x[0].swapaxes(number(p[0]), number(p[1])),
        "squeeze" => match list::<isize>(p[0]) {
            Some(axes) => x[0].squeeze(axes),
            None => x[0].squeeze(()),
        },
        "expand_dims" => x[0].expand_dims(list::<isize>(p[0]).unwrap()),
        "broadcast_to" => x[0].broadcast_to(list::<usize>(p[0]).unwrap()),
        "flip" => match list::<isize>(p[0]) {
            Some(axes) => x[0].flip(axes),
            None => x[0].flip(()),
        },
        "rot90" => x[0].rot90(number(p[0]), number(p[1]), number(p[2])),
        "roll" => match list::<isize>(p[1]) {
            Some(axes) => x[0].roll(list::<isize>(p[0]).unwrap(), axes),
            None => x[0].roll(list::<isize>(p[0]).unwrap(), ()),
        },
        "tril" => x[0].tril(number(p[0])),
        "triu" => x[0].triu(number(p[0])),
        "diag" => x[0].diag(number(p[0])),
        "diagonal" => x[0].diagonal(number(p[0]), number(p[1]), number(p[2])),
        "trace" => x[0].trace(number(p[0])),
        "eye" => context.eye(number(p[0]), number(p[1]), number(p[2]), DType::F64),
        "tri" => context.tri(number(p[0]), number(p[1]), number(p[2]), DType::F64),
        "arange" => context.arange(number::<i64>(p[0]), number(p[1]), number(p[2])),
        "arange_float" => context.arange(number::<f64>(p[0]), number(p[1]), number(p[2])),
        "linspace" => context.linspace(number(p[0]), number(p[1]), number(p[2])),
        "linspace_open" => context.linspace_open(number(p[0]), number(p[1]), number(p[2])),
        "logspace" => context.logspace(number(p[0]), number(p[1]), number(p[2]), number(p[3])),
        "concatenate" => swath_nd::concatenate(&all, number(p[0]))?,
        "stack" => swath_nd::stack(&all, number(p[0]))?,
        "vstack" => swath_nd::vstack(&all)?,
        "hstack" => swath_nd::hstack(&all)?,
        "dstack" => swath_nd::dstack(&all)?,
        "column_stack" => swath_nd::column_stack(&all)?,
        "block" => swath_nd::block([[&x[0], &x[1]], [&x[2], &x[3]]])?,
        "tile" => x[0].tile(list::<usize>(p[0]).unwrap()),
        "repeat" => x[0].repeat(number(p[0]), number(p[1])),
        "repeat_each" => x[0].repeat_each(&list(p[0]).unwrap(), number(p[1])),
        "append" => x[0].append(&x[1], number(p[0])),
        "delete" => x[0].delete(&list(p[0]).unwrap(), number(p[1])),
        "insert" => x[0].insert(number(p[0]), &x[1], number(p[1])),
        "pad" => {
            let widths: Vec<usize> = list(p[1]).unwrap();
            let widths: Vec<(usize, usize)> = widths.chunks(2).map(|pair| (pair[0], pair[1])).collect();
            x[0].pad(&widths, pad_mode(p[0]))
        }
        "slice" => x[0].slice(index(p[0], &x[1..])),
        "set" => x[0].set(index(p[0], &x[2..]), &x[1]),
        "take" => x[0].take(&x[1], number(p[0])),
        "take_along_axis" => x[0].take_along_axis(&x[1], number(p[0])),
        "compress" => x[0].compress(&x[1], number(p[0])),
        "put_along_axis" => x[0].put_along_axis(&x[1], &x[2], number(p[0])),
        "argwhere" => x[0].argwhere(),
        "flatnonzero" => x[0].flatnonzero(),
        "extract" => x[0].extract(&x[1]),
        "choose" => x[0].choose(&all[1..]),
        "select_weak" => swath_nd::select(&all[..1], &all[1..], 0)?,
        "select" => swath_nd::select(&all[..2], &all[2..], number::<i64>(p[0]))?,
        "matmul" => x[0].matmul(&x[1]),
        "dot" => x[0].dot(&x[1]),
        "vdot" => x[0].vdot(&x[1]),
        "inner" => x[0].inner(&x[1]),
        "outer" => x[0].outer(&x[1]),
        "kron" => x[0].kron(&x[1]),
        "tensordot" => x[0].tensordot(&x[1], &list(p[0]).unwrap(), &list(p[1]).unwrap()),
        "tensordot_last" => x[0].tensordot_last(&x[1], number(p[0])),
        "einsum" => swath_nd::einsum(p[0], &all)?,
        "inv" => x[0].inv(),
        "det" => x[0].det(),
        "svdvals" => x[0].svdvals(),
        "matrix_power" => x[0].matrix_power(number(p[0])),
        "cholesky" => x[0].cholesky(),
        "eigvalsh" => x[0].eigvalsh(),
        "pinv" => x[0].pinv(),
        "solve" => x[0].solve(&x[1]),
        "solve_triangular" => x[0].solve_triangular(&x[1], p[0] == "1"),
        "lstsq" => x[0].lstsq(&x[1]).solution,
        "matrix_rank" => x[0].matrix_rank(),
        "norm" => {
            let kind = further::norm_kind(p[0]);
            match list::<isize>(p[1]) {
                Some(axes) => x[0].norm(kind, axes, false),
                None => x[0].norm(kind, (), false),
            }
        }
        "fft" | "ifft" | "rfft" | "irfft" | "hfft" | "ihfft" => {
            let (length, axis, norm) = (p[0].parse().ok(), number(p[1]), norm_of(p[2]));
            match name {
                "fft" => x[0].fft(length, axis, norm),
                "ifft" => x[0].ifft(length, axis, norm),
                "rfft" => x[0].rfft(length, axis, norm),
                "irfft" => x[0].irfft(length, axis, norm),
                "hfft" => x[0].hfft(length, axis, norm),
                _ => x[0].ihfft(length, axis, norm),
            }
        }
        "fftn" | "ifftn" | "rfftn" | "irfftn" => {
            let (lengths, axes) = (list::<usize>(p[0]), list::<isize>(p[1]));
            let axes: swath_nd::Axes = axes.as_deref().into();
            match name {
                "fftn" => x[0].fftn(lengths.as_deref(), axes, Norm::Backward),
                "ifftn" => x[0].ifftn(lengths.as_deref(), axes, Norm::Backward),
                "rfftn" => x[0].rfftn(lengths.as_deref(), axes, Norm::Backward),
                _ => x[0].irfftn(lengths.as_deref(), axes, Norm::Backward),
            }
        }
        "fftfreq" => context.fftfreq(number(p[0]), number(p[1])),
        "rfftfreq" => context.rfftfreq(number(p[0]), number(p[1])),
        "fftshift" => x[0].fftshift(()),
        "ifftshift" => x[0].ifftshift(0),
        "apply_along_axis" => {
            x[0].apply_along_axis(number(p[0]), DType::F64, &[3], |line| Ok(swath_nd::kernels::order::sort(line, 0)?))
        }
        "apply_along_axis_sum" => x[0].apply_along_axis(number(p[0]), DType::F64, &[], |line| {
            let sum: f64 = line.to_vec::<f64>()?.iter().sum();
            Ok(swath_nd::NdArray::scalar(Scalar::F64(sum)))
        }),
        other => panic!("the corpus has a case '{other}' that nobody runs"),
    };
    Ok(vec![one])
}

/// Cases with several results.
fn shapes_of(context: &Arrays, name: &str, p: &[&str], x: &[Array], all: &[&Array]) -> Result<Option<Vec<Array>>> {
    let pair = |(first, second): (Array, Array)| vec![first, second];
    Ok(Some(match name {
        "modf" => pair(x[0].modf()),
        "frexp" => pair(x[0].frexp()),
        "divmod" => pair(x[0].divmod(number::<i64>(p[0]))),
        "histogram" => pair(x[0].histogram(number::<usize>(p[0]), None, false)),
        "histogram_range" => pair(x[0].histogram(Bins::Between(number(p[0]), number(p[1]), number(p[2])), None, false)),
        "histogram_edges" => pair(x[0].histogram(&x[1], None, false)),
        "histogram_weights" => pair(x[0].histogram(number::<usize>(p[0]), Some(&x[1]), false)),
        "histogram_density" => pair(x[0].histogram(number::<usize>(p[0]), None, true)),
        "unique_counts" => pair(x[0].unique_counts()),
        "unique_inverse" => pair(x[0].unique_inverse()),
        "unique_all" => {
            let found = x[0].unique_all()?;
            vec![found.values, found.index, found.inverse, found.counts]
        }
        "meshgrid" => context.meshgrid(all, if p[0] == "ij" { Indexing::Ij } else { Indexing::Xy })?,
        "indices" => context.indices(list::<usize>(p[0]).unwrap()),
        "array_split" => x[0].array_split(number::<usize>(p[0]), number(p[1]))?,
        "array_split_at" => x[0].array_split(Cuts::At(list(p[0]).unwrap()), number(p[1]))?,
        "split" => x[0].split(number(p[0]), number(p[1]))?,
        "nonzero" => x[0].nonzero()?,
        "slogdet" => pair(x[0].slogdet()),
        _ => return further::apply(context, name, p, x, all),
    }))
}

fn pad_mode(name: &str) -> PadMode {
    match name {
        "edge" => PadMode::Edge,
        "linear_ramp" => PadMode::LinearRamp(0.0),
        "maximum" => PadMode::Maximum,
        "minimum" => PadMode::Minimum,
        "mean" => PadMode::Mean,
        "median" => PadMode::Median,
        "reflect" => PadMode::Reflect,
        "symmetric" => PadMode::Symmetric,
        "wrap" => PadMode::Wrap,
        _ => PadMode::Constant(Scalar::I64(0)),
    }
}
