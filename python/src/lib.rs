//! `swath._internal`: the native module of the Python package.
//!
//! The package around it is the surface that people see: names, documentation, what an argument may be. Here is what needs the
//! engine. `swath/_internal.pyi` is the contract between the two.
//!
//! | module | what |
//! |---|---|
//! | [`session`] | sessions, what they read |
//! | [`frame`] | lazy tables |
//! | [`expr`] | expressions over their columns |
//! | [`capsule`] | Arrow streams in and out, without copies |
//! | [`wait`] | waiting for the engine so that other threads and Ctrl-C get their turn |
//! | [`errors`] | the engine's errors as exceptions of `swath.errors` |
//! | [`cli`] | the `swath` program |

mod capsule;
mod cli;
mod errors;
mod expr;
mod frame;
mod session;
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
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<session::Session>()?;
    module.add_class::<frame::DataFrame>()?;
    module.add_class::<frame::BatchReader>()?;
    module.add_class::<expr::Expr>()?;
    module.add_function(wrap_pyfunction!(expr::col, module)?)?;
    module.add_function(wrap_pyfunction!(expr::lit, module)?)?;
    module.add_function(wrap_pyfunction!(cli::main, module)?)?;
    Ok(())
}
