//! The cheapest order, by dynamic programming over the connected sets of inputs.

use std::collections::HashMap;

use super::graph::{Inputs, JoinGraph, Tree};

/// An order must cost less than this share of the present one to replace it: estimates are rough.
const CLEARLY_BETTER: f64 = 0.9;

struct Best {
    cost: f64,
    rows: f64,
    /// The sets that it joins; `None` for one input.
    split: Option<(Inputs, Inputs)>,
}

/// The order to use: the cheapest, or the present one if that is about as cheap.
pub(super) fn best(graph: &JoinGraph) -> Tree {
    let all: Inputs = (1 << graph.inputs.len()) - 1;
    let mut table: HashMap<Inputs, Best> = HashMap::new();
    // A set comes after all its subsets.
    for set in 1..=all {
        if set.count_ones() == 1 {
            table.insert(set, Best { cost: 0.0, rows: graph.rows(set), split: None });
            continue;
        }
        let mut rows = None;
        let mut found: Option<Best> = None;
        let mut left = (set - 1) & set;
        while left > 0 {
            let right = set & !left;
            // Each split once: the sides have no order here.
            if left > right
                && let (Some(l), Some(r)) = (table.get(&left), table.get(&right))
                && graph.connected(left, right)
            {
                let rows = *rows.get_or_insert_with(|| graph.rows(set));
                let cost = l.cost + r.cost + JoinGraph::cost(l.rows, r.rows, rows);
                if found.as_ref().is_none_or(|best| cost < best.cost) {
                    found = Some(Best { cost, rows, split: Some((left, right)) });
                }
            }
            left = (left - 1) & set;
        }
        if let Some(best) = found {
            table.insert(set, best);
        }
    }
    match table.get(&all) {
        Some(best) if best.cost < CLEARLY_BETTER * graph.tree_cost(&graph.tree) => tree_of(&table, all),
        _ => graph.tree.clone(),
    }
}

fn tree_of(table: &HashMap<Inputs, Best>, set: Inputs) -> Tree {
    match table.get(&set).and_then(|best| best.split) {
        Some((left, right)) => Tree::Join(Box::new(tree_of(table, left)), Box::new(tree_of(table, right))),
        None => Tree::Input(set.trailing_zeros() as usize),
    }
}
