//! Cases of the Array API standard's own functions, and of calls with more arguments.

use swath_nd::{Array, Arrays, Bins, Covariance, NormKind, ReduceOptions, Result};

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
        "complex_parts" => {
            let result = x[0].ufunc::<0>(p[0], []);
            let parts = [result.real(), result.imag()];
            parts.into_iter().flat_map(|part| [part.clone(), part.signbit().logical_and(part.equal(0.0))]).collect()
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
        "histogram_rule" => {
            let range = optional(p[1]).zip(optional(p[2]));
            pair(x[0].histogram(Bins::Rule(p[0].parse()?, range), None, false))
        }
        "histogram2d" => {
            let bins = (number::<usize>(p[0]), number::<usize>(p[1]));
            let (counts, along_x, along_y) = x[0].histogram2d(&x[1], bins, x.get(2), p[2] == "1");
            vec![counts, along_x, along_y]
        }
        "histogram2d_edges" => {
            let (counts, along_x, along_y) = x[0].histogram2d(&x[1], (&x[2], &x[3]), None, false);
            vec![counts, along_x, along_y]
        }
        "histogramdd" => {
            let bins: Vec<Bins> = list::<usize>(p[0]).unwrap().into_iter().map(Bins::Count).collect();
            let (counts, edges) = x[0].histogramdd(&bins, x.get(1), p[1] == "1");
            std::iter::once(counts).chain(edges).collect()
        }
        "cov_weights" => {
            let given = |which: char| p[2].find(which).map(|at| &x[1 + at]);
            let (frequencies, weights) = (given('f'), given('a'));
            vec![x[0].cov_with(Covariance { rows: p[0] == "1", ddof: optional(p[1]), frequencies, weights })]
        }
        "weighted_quantile" => vec![x[0].weighted_quantiles(&list(p[0]).unwrap(), &x[1], optional(p[1]))],
        "lstsq_within" => {
            let found = x[0].lstsq_within(&x[1], optional(p[0]));
            vec![found.solution, found.rank, found.singular_values]
        }
        "lstsq_all" => {
            let found = x[0].lstsq(&x[1]);
            vec![found.solution, found.residuals, found.rank, found.singular_values]
        }
        "qr_stack" => pair(x[0].qr()),
        "qr_product" => {
            let (q, r) = x[0].qr();
            vec![q.matmul(r)]
        }
        "trace_of" => vec![x[0].trace_of(number(p[0]), number(p[1]), number(p[2]))],
        "is_not_in" => vec![x[0].is_not_in(&x[1])],
        "reduce_correction" => {
            let options = ReduceOptions::over(list::<isize>(p[1]).unwrap()).correction(number(p[2]));
            vec![if p[0] == "var" { x[0].var(options) } else { x[0].std(options) }]
        }
        "isclose_nan" => vec![x[0].isclose(&x[1], 1e-5, 1e-8, true)],
        "geomspace" => vec![context.geomspace(number(p[0]), number(p[1]), number(p[2]))],
        _ => return Ok(None),
    }))
}
