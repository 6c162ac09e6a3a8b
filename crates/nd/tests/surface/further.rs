//! Cases of the Array API standard's own functions, and of calls with more arguments.

use swath_nd::{Array, Arrays, Bins, NormKind, ReduceOptions, Result};

use super::{list, number};

fn optional<T: std::str::FromStr>(text: &str) -> Option<T>
where
    T::Err: std::fmt::Debug,
{
    (text != "-").then(|| number(text))
}

pub fn norm_kind(text: &str) -> NormKind {
    match text {
        "fro" => NormKind::Frobenius,
        "nuc" => NormKind::Nuclear,
        order => NormKind::P(number(order)),
    }
}

/// Runs a case of these, if it is one.
pub fn apply(context: &Arrays, name: &str, p: &[&str], x: &[Array], all: &[&Array]) -> Result<Option<Vec<Array>>> {
    let pair = |(first, second): (Array, Array)| vec![first, second];
    Ok(Some(match name {
        "unique_along" => {
            let found = x[0].unique_along(number(p[0]))?;
            vec![found.values, found.index, found.inverse, found.counts]
        }
        "sort_descending" => vec![x[0].sort_descending(number(p[0]))],
        "argsort_descending" => vec![x[0].argsort_descending(number(p[0]))],
        "searchsorted_by" => vec![x[0].searchsorted_by(&x[1], &x[2], p[0] == "right")],
        "insert_at" => vec![x[0].insert_at(&list(p[0]).unwrap(), &x[1], number(p[1]))],
        "diff_between" => {
            vec![x[0].diff_between(number(p[0]), number(p[1]), Some((&x[1]).into()), Some((&x[2]).into()))]
        }
        "cumulative_sum" => vec![x[0].cumulative_sum(optional(p[0]), optional(p[1]), p[2] == "1")],
        "cumulative_prod" => vec![x[0].cumulative_prod(optional(p[0]), optional(p[1]), p[2] == "1")],
        "vecdot" => vec![x[0].vecdot(&x[1], number(p[0]))],
        "cross" => vec![x[0].cross(&x[1], number(p[0]))],
        "unstack" => x[0].unstack(number(p[0]))?,
        "concat_flat" => vec![swath_nd::concat(all, None)?],
        "matrix_norm" => vec![x[0].matrix_norm(norm_kind(p[0]), p[1] == "1")],
        "vector_norm" => {
            let axes: swath_nd::Axes = list::<isize>(p[1]).as_deref().into();
            vec![x[0].vector_norm(norm_kind(p[0]), axes, p[2] == "1")]
        }
        "pinv_within" => vec![x[0].pinv_within(optional(p[0]))],
        "matrix_rank_within" => vec![x[0].matrix_rank_within(number(p[0]))],
        "histogram_all" => {
            let bins = Bins::Between(number(p[0]), number(p[1]), number(p[2]));
            pair(x[0].histogram(bins, Some(&x[1]), p[3] == "1"))
        }
        "reduce_correction" => {
            let options = ReduceOptions::over(list::<isize>(p[1]).unwrap()).correction(number(p[2]));
            vec![if p[0] == "var" { x[0].var(options) } else { x[0].std(options) }]
        }
        "isclose_nan" => vec![x[0].isclose(&x[1], 1e-5, 1e-8, true)],
        "geomspace" => vec![context.geomspace(number(p[0]), number(p[1]), number(p[2]))],
        _ => return Ok(None),
    }))
}
