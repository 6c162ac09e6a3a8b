//! The optimiser: an ordered list of rules, each a rewrite of one node that keeps shape, dtype, grid and elements of the result.
//!
//! | step | rules |
//! |---|---|
//! | constants and shapes | [`fold`] |
//! | views and casts to the sources | [`merge_views`], [`push_view`], [`push_view_reduce`], [`push_view_concat`], [`push_view_contract`], [`view_into_source`], [`reshape_into_source`], [`push_cast`] |
//! | products | [`transpose_into_product`], [`order_products`] |
//! | chunks | [`merge_rechunks`], [`push_rechunk`], [`absorb_rechunk`] |
//!
//! Fusion, reduction trees and the memory plan follow when stages are made ([`crate::lower`]).

use std::collections::HashMap;

use crate::error::{ArrayError, Result};
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::view::View;
use crate::grid::ChunkGrid;

pub mod absorb_rechunk;
pub mod fold;
pub mod merge_rechunks;
pub mod merge_views;
pub mod order_products;
pub mod push_cast;
pub mod push_rechunk;
pub mod push_view;
pub mod push_view_concat;
pub mod push_view_contract;
pub mod push_view_reduce;
pub mod reshape_into_source;
pub mod transpose_into_product;
pub mod view_into_source;

/// A rewrite of one node.
pub trait Rule: Send + Sync {
    /// A verb, as `explain()` shows it.
    fn name(&self) -> &'static str;

    /// What stands for the node instead, if the rule applies: the same elements in the same shape, dtype and grid.
    ///
    /// # Errors
    /// Those of the constructors; none is expected.
    fn rewrite(&self, node: &ArrayExpr, uses: &Uses) -> Result<Option<ArrayExpr>>;
}

/// The rules in their order. Those of one step are applied in turn until none applies.
pub static STEPS: &[&[&dyn Rule]] = &[
    &[
        &fold::FoldConstants,
        &merge_views::MergeViews,
        &push_view::PushViewThroughElementwise,
        &push_view_reduce::PushViewThroughReduce,
        &push_view_concat::PushViewThroughConcat,
        &push_view_contract::PushViewThroughContract,
        &view_into_source::ViewIntoSource,
        &reshape_into_source::ReshapeIntoSource,
        &push_cast::PushNarrowingCast,
    ],
    &[&transpose_into_product::TransposeIntoProduct, &order_products::OrderProducts],
    &[
        &merge_rechunks::MergeRechunks,
        &absorb_rechunk::AbsorbRechunk,
        &push_rechunk::PushRechunkThroughElementwise,
        &fold::FoldConstants,
    ],
];

/// Names of rules and how often each applied, in the order of their first use.
pub type Applied = Vec<(&'static str, usize)>;

/// Rounds of a step after which it is left as it is.
const MOST_ROUNDS: usize = 20;

/// Who uses a node, in the DAG as it was when a rule began.
#[derive(Debug, Default)]
pub struct Uses {
    by_node: HashMap<u64, Use>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Use {
    users: usize,
    views: usize,
    viewed_elements: u64,
}

impl Uses {
    /// Counts the users of every node.
    pub fn of(roots: &[ArrayExpr]) -> Self {
        let mut by_node: HashMap<u64, Use> = HashMap::new();
        for root in roots {
            by_node.entry(root.id()).or_default().users += 1;
        }
        for node in ArrayExpr::topological(roots) {
            for input in node.inputs() {
                let entry = by_node.entry(input.id()).or_default();
                entry.users += 1;
                if matches!(node.op(), Op::View(_)) {
                    entry.views += 1;
                    entry.viewed_elements = entry.viewed_elements.saturating_add(node.elements());
                }
            }
        }
        Self { by_node }
    }

    /// Whether nobody but one user needs the node. Nodes that a rule has just made belong to it alone.
    pub fn is_single(&self, node: &ArrayExpr) -> bool {
        self.by_node.get(&node.id()).is_none_or(|uses| uses.users <= 1)
    }

    /// Whether work pushed below the node is not done twice: it has one user, or all are views that together take no more than all of
    /// it.
    pub fn is_free(&self, node: &ArrayExpr) -> bool {
        self.by_node
            .get(&node.id())
            .is_none_or(|uses| uses.users <= 1 || (uses.views == uses.users && uses.viewed_elements <= node.elements()))
    }
}

/// The optimised roots, and how often which rule applied.
///
/// # Errors
/// [`ArrayError::Internal`] when a rule breaks its promise.
pub fn optimize(roots: &[ArrayExpr]) -> Result<(Vec<ArrayExpr>, Applied)> {
    let mut roots = roots.to_vec();
    let mut applied = Applied::new();
    for step in STEPS {
        for _ in 0..MOST_ROUNDS {
            let before = roots.clone();
            for rule in *step {
                let count = apply(*rule, &mut roots)?;
                if count == 0 {
                    continue;
                }
                add_applied(&mut applied, vec![(rule.name(), count)]);
            }
            if roots == before {
                break;
            }
        }
    }
    Ok((roots, applied))
}

/// Counts of applied rules added to those before.
pub(crate) fn add_applied(applied: &mut Applied, more: Applied) {
    for (name, count) in more {
        match applied.iter_mut().find(|(known, _)| *known == name) {
            Some((_, total)) => *total += count,
            None => applied.push((name, count)),
        }
    }
}

/// Applies a rule wherever it applies, users before inputs.
fn apply(rule: &dyn Rule, roots: &mut [ArrayExpr]) -> Result<usize> {
    let uses = Uses::of(roots);
    let mut done: HashMap<u64, ArrayExpr> = HashMap::new();
    let mut count = 0;
    let mut stack: Vec<(ArrayExpr, Option<ArrayExpr>)> = roots.iter().map(|root| (root.clone(), None)).collect();
    while let Some((node, rewritten)) = stack.pop() {
        if done.contains_key(&node.id()) {
            continue;
        }
        if let Some(current) = rewritten {
            let inputs = current.inputs().iter().map(|input| done.get(&input.id()).unwrap_or(input).clone());
            let inputs: Vec<ArrayExpr> = inputs.collect();
            let result = if inputs == current.inputs() { current } else { current.with_inputs(inputs) };
            done.insert(node.id(), result);
            continue;
        }
        let mut current = node.clone();
        for _ in 0..MOST_ROUNDS {
            let Some(next) = rule.rewrite(&current, &uses)? else { break };
            if next == current {
                break;
            }
            if next.dtype() != current.dtype() || next.grid() != current.grid() {
                return Err(ArrayError::internal(format!("{} made {next:?} of {current:?}", rule.name())));
            }
            count += 1;
            current = next;
        }
        stack.push((node, Some(current.clone())));
        stack.extend(current.inputs().iter().map(|input| (input.clone(), None)));
    }
    for root in roots.iter_mut() {
        if let Some(result) = done.get(&root.id()) {
            *root = result.clone();
        }
    }
    Ok(count)
}

impl ArrayExpr {
    /// A view in a grid of its own, which need not be the natural one.
    pub(crate) fn view_in(&self, view: View, grid: ChunkGrid) -> Self {
        if view.is_identity(&self.shape()) && grid == *self.grid() {
            return self.clone();
        }
        Self::intern(Op::View(view), [self.clone()], self.dtype(), grid)
    }
}

/// The text before and after a rule, for its tests.
#[cfg(test)]
pub(crate) fn before_and_after(rule: &dyn Rule, root: &ArrayExpr) -> String {
    let mut roots = [root.clone()];
    let before = crate::explain::tree(&roots);
    apply(rule, &mut roots).unwrap();
    let expected = crate::reference::evaluate(root).unwrap();
    assert_eq!(crate::reference::evaluate(&roots[0]).unwrap(), expected, "{} changed the elements", rule.name());
    format!("{before}=>\n{}", crate::explain::tree(&roots))
}

#[cfg(test)]
pub(crate) mod tests;
