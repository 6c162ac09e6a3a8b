//! `swath._internal`: the native module of the Python package.
//!
//! The package around it is the surface that people see: names, documentation, what an argument may be. Here is what needs the
//! engine. `swath/_internal/*.pyi` is the contract between the two.
//!
//! | module | what |
//! |---|---|
//! | [`session`] | sessions, what they read |
//! | [`frame`], [`group`] | lazy tables, groups of their rows |
//! | [`io`] | files |
//! | [`plan`] | plans in parts, to be drawn |
//! | [`batches`] | rows in memory, rows as they come |
//! | [`columns`], [`values`] | values of Python into columns, and out of them |
//! | [`fitting`] | columns in the types that were asked for |
//! | [`expr`] | expressions over their columns |
//! | [`literals`], [`dtypes`] | constants and their types |
//! | [`mod@array`] | lazy n-d arrays |
//! | [`function`], [`calls`] | functions written in Python, and their end |
//! | [`running`] | queries that are awaited, and how far others are |
//! | [`capsule`], [`imported`] | Arrow streams in and out, without copies |
//! | [`wait`] | waiting for the engine so that other threads and Ctrl-C get their turn |
//! | [`errors`] | the engine's errors as exceptions of `swath.errors` |
//! | [`cluster`] | clusters on this machine |
//! | [`cli`] | the `swath` program |

// Arguments that come from Python come by value; methods are named as Python has them.
#![allow(clippy::needless_pass_by_value, clippy::wrong_self_convention)]

mod array;
mod batches;
mod calls;
mod capsule;
mod cli;
mod cluster;
mod columns;
mod dtypes;
mod errors;
mod expr;
mod fitting;
mod frame;
mod function;
mod group;
mod imported;
mod io;
mod literals;
mod plan;
mod running;
mod session;
mod values;
mod wait;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Has the allocator give all freed memory back to the system.
fn give_back() {
    // SAFETY: may be called at any time, from any thread.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

#[pymodule]
fn _internal(module: &Bound<'_, PyModule>) -> PyResult<()> {
    swath_collections::give_back_with(give_back);
    function::install();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<session::Session>()?;
    module.add_class::<cluster::LocalCluster>()?;
    module.add_class::<frame::DataFrame>()?;
    module.add_class::<batches::Batches>()?;
    module.add_class::<batches::BatchReader>()?;
    module.add_class::<columns::Column>()?;
    module.add_class::<group::GroupBy>()?;
    expr::register(module)?;
    literals::register(module)?;
    module.add_class::<function::ArrowArray>()?;
    module.add_class::<function::Function>()?;
    module.add_class::<function::ColumnFunction>()?;
    module.add_class::<running::Awaited>()?;
    module.add_function(wrap_pyfunction!(frame::concat, module)?)?;
    module.add_function(wrap_pyfunction!(frame::column_name, module)?)?;
    module.add_function(wrap_pyfunction!(group::group_by, module)?)?;
    module.add_function(wrap_pyfunction!(group::grouping_sets, module)?)?;
    module.add_function(wrap_pyfunction!(group::group_by_dynamic, module)?)?;
    module.add_function(wrap_pyfunction!(group::rolling, module)?)?;
    module.add_function(wrap_pyfunction!(group::pivot, module)?)?;
    module.add_function(wrap_pyfunction!(plan::plan_operators, module)?)?;
    module.add_function(wrap_pyfunction!(plan::plan_stages, module)?)?;
    module.add_function(wrap_pyfunction!(plan::plan_analyzed, module)?)?;
    module.add_function(wrap_pyfunction!(plan::is_at_hand, module)?)?;
    module.add_function(wrap_pyfunction!(io::read_parquet, module)?)?;
    module.add_function(wrap_pyfunction!(io::read_csv, module)?)?;
    module.add_function(wrap_pyfunction!(io::read_json, module)?)?;
    module.add_function(wrap_pyfunction!(io::read_arrow, module)?)?;
    module.add_function(wrap_pyfunction!(io::write, module)?)?;
    module.add_function(wrap_pyfunction!(cli::main, module)?)?;
    array::add(module)?;
    Ok(())
}
