//! Operations that need more of an axis than a task holds, rewritten as operations over several blocks.
//!
//! Expressions give such operations whole axes. Where the limit does not allow that, their inputs are cut again here: sorting and what
//! rests on it then has stages of its own ([`super::order`]); factorisations and transforms become expressions of smaller ones. Grids of
//! results may change.
//!
//! | module | what |
//! |---|---|
//! | `along` | elements picked along an axis |
//! | `gather` | elements at positions, by fewer tasks |
//! | `order` | sort, argsort, partition, topk, unique, quantiles |
//! | `linalg` | QR, SVD, Cholesky, linear systems |
//! | `transform` | Fourier transforms |
//! | `product` | products in tiles; products of whole arrays |
//! | `reduction` | reductions whose states would outweigh what they reduce |

mod along;
mod gather;
mod linalg;
mod order;
mod product;
mod reduction;
mod transform;

use std::collections::HashMap;

use super::PlanOptions;
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::optimize::Uses;

/// The DAG with operations that no task holds rewritten. Comes before the rules, which would merge whole chunks into what makes them.
pub(super) fn spread(roots: &[ArrayExpr], options: &PlanOptions) -> Result<Vec<ArrayExpr>> {
    rewritten(roots, |node| match node.op() {
        Op::Order(function) => order::spread(node, function, options),
        Op::Gather { axis, count } => gather::spread(node, (*axis, *count), options),
        Op::TakeAlong { axis } => along::spread(node, *axis, options),
        Op::Linalg(function) => linalg::spread(node, *function, options),
        Op::Contract(contraction) => product::tiled(node, contraction, options),
        Op::Fft { function, axis, length } => transform::spread(node, *function, (*axis, *length), options),
        _ => Ok(None),
    })
}

/// Products that stand beside one another are work for all processors as they are.
const MOST_SHARED_PRODUCTS: usize = 8;

/// The DAG with work shared out otherwise than by the chunks that came: products that would leave processors without work, reductions that
/// would leave many states. Comes after the rules, which find `x.T @ x` and what can be read in any chunks.
pub(super) fn share(roots: &[ArrayExpr], options: &PlanOptions) -> Result<Vec<ArrayExpr>> {
    let roots = share_products(roots, options)?;
    let uses = Uses::of(&roots);
    let roots = rewritten(&roots, |node| reduction::whole(node, &uses, options))?;
    let uses = Uses::of(&roots);
    Ok(roots.iter().map(|root| reduction::followed(root, &uses).unwrap_or_else(|| root.clone())).collect())
}

fn share_products(roots: &[ArrayExpr], options: &PlanOptions) -> Result<Vec<ArrayExpr>> {
    let order = ArrayExpr::topological(roots);
    let products = order.iter().filter(|node| matches!(node.op(), Op::Contract(_))).count();
    if products == 0 || products > MOST_SHARED_PRODUCTS {
        return Ok(roots.to_vec());
    }
    rewritten(roots, |node| match node.op() {
        Op::Contract(contraction) => product::spread(node, contraction, options),
        _ => Ok(None),
    })
}

/// Every node replaced by what a function makes of it, inputs before users; grids of users follow.
fn rewritten(roots: &[ArrayExpr], rewrite: impl Fn(&ArrayExpr) -> Result<Option<ArrayExpr>>) -> Result<Vec<ArrayExpr>> {
    let order = ArrayExpr::topological(roots);
    let mut made: HashMap<u64, ArrayExpr> = HashMap::with_capacity(order.len());
    for node in &order {
        let inputs: Vec<ArrayExpr> = node.inputs().iter().map(|input| made[&input.id()].clone()).collect();
        let rebuilt = node.rebuild(&inputs)?;
        let result = rewrite(&rebuilt)?;
        made.insert(node.id(), result.unwrap_or(rebuilt));
    }
    Ok(roots.iter().map(|root| made[&root.id()].clone()).collect())
}

/// What was there before it was brought into whole chunks.
fn before_rechunk(node: &ArrayExpr) -> ArrayExpr {
    match node.op() {
        Op::Rechunk => before_rechunk(&node.inputs()[0]),
        _ => node.clone(),
    }
}

#[cfg(test)]
mod tests;
