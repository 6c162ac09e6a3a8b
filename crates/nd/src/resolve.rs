//! Lengths that are known only after running, computed when an operation needs them.

use std::collections::HashMap;

use swath_arrays::ArrayExpr;

use crate::context::Arrays;
use crate::error::Result;

/// The expression with all lengths known: what a mask or `unique` keeps is computed, held in memory, and stands in their place.
pub(crate) fn known(context: &Arrays, expression: &ArrayExpr) -> Result<ArrayExpr> {
    let mut current = expression.clone();
    while !current.grid().is_known() {
        let order = ArrayExpr::topological(std::slice::from_ref(&current));
        let makers: Vec<ArrayExpr> = order
            .into_iter()
            .filter(|node| !node.grid().is_known() && node.inputs().iter().all(|input| input.grid().is_known()))
            .collect();
        let mut replaced = HashMap::new();
        for (maker, array) in makers.iter().zip(crate::run::evaluate(context, &makers)?) {
            replaced.insert(maker.id(), ArrayExpr::from_array(array.clone(), context.chunks_for(array.ndim()))?);
        }
        current = current.substitute(&replaced)?;
    }
    Ok(current)
}

/// Expressions that are combined place by place, broadcasting: with all lengths known, unless those that are not known are the same ones
/// in all of them. Two bounds that are equal say nothing about the lengths.
pub(crate) fn matched(context: &Arrays, arrays: &[ArrayExpr]) -> Result<Vec<ArrayExpr>> {
    if ArrayExpr::are_alike(arrays) {
        return Ok(arrays.to_vec());
    }
    arrays.iter().map(|array| known(context, array)).collect()
}
