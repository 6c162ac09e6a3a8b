//! `sample`: rows drawn at random.

use datafusion::common::NullHandling;
use datafusion::functions::expr_fn;
use datafusion::functions_nested::expr_fn::range;
use datafusion::logical_expr::{Expr, cast, lit};

use arrow::datatypes::DataType;
use swath_exec::functions::row_hash;

use super::DataFrame;
use super::join::JoinOptions;
use super::resolve;
use crate::error::{Error, Result};
use crate::expr::agg::count_all;
use crate::expr::col;
use crate::expr::window::{ExprWindow, row_number, window};

/// How many rows are drawn, and how: the argument of [`DataFrame::sample`].
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    size: Size,
    seed: Option<u64>,
    with_replacement: bool,
}

#[derive(Clone, Copy, Debug)]
enum Size {
    Fraction(f64),
    Rows(usize),
}

impl Sample {
    /// Each row with this probability (with replacement: this often on average), independently of the others. So the
    /// number of rows is about that fraction of them, not exactly; the rows stream through, whatever their number.
    pub fn fraction(fraction: f64) -> Self {
        Self { size: Size::Fraction(fraction), seed: None, with_replacement: false }
    }

    /// Exactly this many rows (all, if there are fewer and none may be drawn twice). Holds that many rows in memory.
    pub fn rows(rows: usize) -> Self {
        Self { size: Size::Rows(rows), seed: None, with_replacement: false }
    }

    /// The same rows every time, as long as the table's rows are the same, whatever their order and the number of threads.
    /// Costs a pass in which rows are brought together by their hash. Without a seed each run draws others.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A row may be drawn several times.
    pub fn with_replacement(mut self) -> Self {
        self.with_replacement = true;
        self
    }
}

const HASH: &str = "__sample_hash";
const OCCURRENCE: &str = "__sample_occurrence";
const DRAW: &str = "__sample_draw";
const ROW: &str = "__sample_row";

/// Above this mean, drawing by thresholds would take too many of them.
const MAX_FRACTION_WITH_REPLACEMENT: f64 = 20.0;

impl DataFrame {
    /// Rows drawn at random: `sample(Sample::fraction(0.1).seed(42))`, `sample(Sample::rows(1000))`. They come in any order.
    pub fn sample(&self, sample: Sample) -> Self {
        let drawn = match (sample.size, sample.with_replacement) {
            (Size::Fraction(fraction), false) => self.sample_fraction(fraction, sample.seed),
            (Size::Fraction(fraction), true) => self.sample_poisson(fraction, sample.seed),
            (Size::Rows(rows), false) => self.sample_rows(rows, sample.seed),
            (Size::Rows(rows), true) => self.sample_rows_again(rows, sample.seed),
        };
        drawn.unwrap_or_else(|error| self.failed(error))
    }

    fn sample_fraction(&self, fraction: f64, seed: Option<u64>) -> Result<Self> {
        if !(0.0..=1.0).contains(&fraction) {
            let message = format!("expected a fraction between 0 and 1 (without replacement), got {fraction}");
            return Err(Error::invalid("sample", message));
        }
        let drawn = self.with_draws(seed)?.filter(col(DRAW).lt(lit(fraction)));
        drawn.only(self)
    }

    fn sample_rows(&self, rows: usize, seed: Option<u64>) -> Result<Self> {
        self.with_draws(seed)?.sort([DRAW]).limit(rows).only(self)
    }

    /// With replacement a row comes out as often as a Poisson variable says, which is what drawing a share of very many
    /// rows comes to.
    fn sample_poisson(&self, mean: f64, seed: Option<u64>) -> Result<Self> {
        if !(0.0..=MAX_FRACTION_WITH_REPLACEMENT).contains(&mean) {
            let message = format!(
                "expected a fraction between 0 and {MAX_FRACTION_WITH_REPLACEMENT} with replacement, got {mean}"
            );
            return Err(Error::invalid("sample", message));
        }
        let mut times = lit(0_i64);
        let (mut term, mut sum) = ((-mean).exp(), 0.0);
        for count in 1.. {
            sum += term;
            term *= mean / f64::from(count);
            times = times + cast(col(DRAW).gt_eq(lit(sum)), DataType::Int64);
            if f64::from(count) > mean && term < 1e-18 {
                break;
            }
        }
        let repeated = self.with_draws(seed)?.with_column(ROW, range(lit(0_i64), times, lit(1_i64)));
        repeated.unnest_lists("sample", &[ROW.to_owned()], NullHandling::Drop).only(self)
    }

    /// Draws numbers of rows, and joins the rows to them.
    fn sample_rows_again(&self, rows: usize, seed: Option<u64>) -> Result<Self> {
        let total = cast(self.agg([count_all()]).scalar(), DataType::Float64);
        let draws = self.session.sql(&format!("SELECT value AS {DRAW} FROM range({rows})"))?;
        let uniform = match seed {
            None => expr_fn::random(),
            Some(seed) => uniform(vec![lit(seed), col(DRAW)]),
        };
        // Random numbers are fixed as a column before anything is computed from them.
        let draws = draws.select([uniform.alias(DRAW)]);
        let draws = draws.select([cast(expr_fn::floor(col(DRAW) * total), DataType::UInt64).alias(ROW)]);
        let number = match seed {
            None => row_number(),
            Some(_) => row_number().over(window().order_by([self.hash()?])),
        };
        let numbered = self.with_column(ROW, number - lit(1_u64));
        draws.join_with(&numbered, &JoinOptions::new(datafusion::common::JoinType::Inner).on([ROW])).only(self)
    }

    /// A column of random numbers in [0, 1). Seeded, it is made of the row's hash and, among equal rows, its number.
    fn with_draws(&self, seed: Option<u64>) -> Result<Self> {
        let Some(seed) = seed else {
            return Ok(self.with_column(DRAW, expr_fn::random()));
        };
        let hashed = self.with_column(HASH, self.hash()?);
        let counted = hashed.with_column(OCCURRENCE, row_number().over([HASH]));
        Ok(counted.with_column(DRAW, uniform(vec![lit(seed), col(HASH), col(OCCURRENCE)])))
    }

    fn hash(&self) -> Result<Expr> {
        Ok(row_hash().call(resolve::all_columns(&self.bare_plan()?)))
    }

    /// The columns of `other`.
    fn only(&self, other: &Self) -> Result<Self> {
        Ok(self.select(other.columns()?))
    }
}

/// A number in [0, 1) that is the same for the same values.
fn uniform(values: Vec<Expr>) -> Expr {
    // 2^-64; the largest hash still rounds below 1 only if its last bits are cut, which `least` sees to.
    let number = cast(row_hash().call(values), DataType::Float64) * lit(1.0 / 18_446_744_073_709_551_616.0);
    expr_fn::least(vec![number, lit(1.0 - f64::EPSILON)])
}

#[cfg(test)]
mod tests {
    use super::Sample;
    use crate::prelude::*;
    use crate::testing::{mistake, session, sorted_rows, table};

    fn thousand() -> DataFrame {
        table("SELECT value AS x, value % 2 AS y FROM range(1000)")
    }

    #[test]
    fn a_fraction_is_about_that_many_rows_each_at_most_once() {
        for sample in [Sample::fraction(0.3), Sample::fraction(0.3).seed(1)] {
            let drawn = thousand().sample(sample);
            let count = drawn.collect_one().unwrap().num_rows();
            // Six standard deviations (14.5) of the binomial distribution.
            assert!((213..=387).contains(&count), "{count}");
            assert_eq!(drawn.columns().unwrap(), ["x", "y"]);
        }
        let drawn = thousand().sample(Sample::fraction(0.3).seed(1));
        assert_eq!(drawn.distinct().count().unwrap(), drawn.count().unwrap());
    }

    #[test]
    fn a_number_of_rows_is_exact() {
        assert_eq!(thousand().sample(Sample::rows(100)).count().unwrap(), 100);
        assert_eq!(thousand().sample(Sample::rows(100).seed(5)).distinct().count().unwrap(), 100);
        assert_eq!(thousand().sample(Sample::rows(5000)).count().unwrap(), 1000);
    }

    #[test]
    fn a_seed_draws_the_same_rows_in_whatever_order_they_come() {
        let forward = thousand().sort(["x"]);
        let backward = thousand().sort([col("x").desc()]);
        for sample in [
            Sample::fraction(0.1).seed(7),
            Sample::rows(20).seed(7),
            Sample::fraction(0.1).seed(7).with_replacement(),
            Sample::rows(20).seed(7).with_replacement(),
        ] {
            let drawn = sorted_rows(&forward.sample(sample));
            assert_eq!(drawn, sorted_rows(&backward.sample(sample)), "{sample:?}");
            assert_ne!(drawn, sorted_rows(&forward.sample(sample.seed(8))), "{sample:?}");
        }
    }

    #[test]
    fn equal_rows_are_drawn_one_by_one() {
        let same = session().sql("SELECT 1 AS x FROM range(1000)").unwrap();
        let count = same.sample(Sample::fraction(0.5).seed(3)).count().unwrap();
        assert!((405..=595).contains(&count), "{count}");
    }

    #[test]
    fn with_replacement_rows_repeat() {
        let drawn = thousand().sample(Sample::rows(3000).seed(2).with_replacement());
        assert_eq!(drawn.count().unwrap(), 3000);
        let different = drawn.distinct().count().unwrap();
        // 1000 (1 - e^-3) = 950, standard deviation 6.
        assert!((914..=986).contains(&different), "{different}");
        let often = thousand().sample(Sample::fraction(2.0).seed(2).with_replacement()).count().unwrap();
        assert!((1732..=2268).contains(&often), "{often}");
        assert_eq!(thousand().filter(lit(false)).sample(Sample::rows(5).with_replacement()).count().unwrap(), 0);
    }

    #[test]
    fn absurd_fractions_are_refused() {
        assert!(mistake(&thousand().sample(Sample::fraction(1.5))).contains("between 0 and 1"));
        assert!(mistake(&thousand().sample(Sample::fraction(f64::NAN))).contains("got NaN"));
        assert!(mistake(&thousand().sample(Sample::fraction(100.0).with_replacement())).contains("between 0 and 20"));
    }
}
