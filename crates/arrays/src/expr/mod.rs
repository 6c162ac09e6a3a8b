//! The expression DAG: lazy arrays, and the constructors that check shapes, axes and dtypes as NumPy does.
//!
//! | module | what |
//! |---|---|
//! | [`node`], [`op`], `algebra` | nodes, each there once; the operations |
//! | [`traits`] | sources, generators, functions and sinks that others bring |
//! | [`view`], [`reshape`] | slices, transposes, broadcasts as one map; grids for a reshape |
//! | [`ufunc`], [`reduction`], [`contraction`] | the elementwise functions, reductions, labelled products and their dtypes |
//! | `exponent` | what powers of integers refuse |
//! | `origin` | which unknown lengths are the same |
//! | [`create`], [`elementwise`], [`layout`], [`index`], [`reduce`], [`product`], [`special`], `search`, `compressed` | constructors by subject |

mod algebra;
mod compressed;
pub mod contraction;
pub mod create;
pub mod elementwise;
mod exponent;
pub mod index;
pub mod layout;
pub mod node;
pub mod op;
mod origin;
pub mod product;
mod rebuild;
pub mod reduce;
pub mod reduction;
pub mod reshape;
mod search;
pub mod special;
pub mod traits;
pub mod ufunc;
pub mod view;
