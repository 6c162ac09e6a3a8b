//! What most programs need: `use swath_collections::prelude::*;`.

pub use datafusion::common::JoinType;

pub use crate::error::{Error, Result};
pub use crate::expr::agg::{ExprAgg, Interpolation, corr, count_all, cov, grouping};
pub use crate::expr::conditional::{all_of, any_of, coalesce, max_horizontal, min_horizontal, when};
pub use crate::expr::ewm::{Ewm, ExprEwm};
pub use crate::expr::list::{int_range, list_of};
pub use crate::expr::literal::{
    array_value, binary, date, decimal, duration, list, null, null_of, scalar, time, timestamp,
};
pub use crate::expr::math::{ExprMath, random};
pub use crate::expr::rolling::{Closed, Rolling};
pub use crate::expr::string::concat_str;
pub use crate::expr::structure::struct_of;
pub use crate::expr::temporal::{now, today};
pub use crate::expr::window::{
    ExprWindow, RankMethod, Window, cume_dist, dense_rank, ntile, percent_rank, rank, row_number, window,
};
pub use crate::expr::{Expr, ExprExt, SortExpr, SortExprExt, col, cols, lit};
pub use crate::frame::combine::{Concat, concat};
pub use crate::frame::dynamic::{Label, StartBy};
pub use crate::frame::group::GroupBy;
pub use crate::frame::join::JoinOptions;
pub use crate::frame::join_asof::{AsofOptions, AsofTolerance};
pub use crate::frame::nulls::FillNull;
pub use crate::frame::sample::Sample;
pub use crate::frame::{BatchStream, DataFrame, ExplainView};
pub use crate::io::{
    ArrowOptions, Compression, CsvOptions, IntoPaths, JsonOptions, ParquetOptions, WriteMode, WriteOptions,
    WriteSummary,
};
pub use crate::session::{Session, SessionBuilder};
#[cfg(feature = "cluster")]
pub use swath_cluster::{LocalCluster, LocalClusterBuilder};
pub use swath_nd::{Array, Arrays, DType, NdArray, ReduceOptions, s};
pub use swath_planner::AsofStrategy;
pub use swath_planner::analyze::progress::Progress;
