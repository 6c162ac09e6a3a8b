//! Texts that show an expression.

use std::collections::HashMap;
use std::fmt::Write;

use crate::expr::node::ArrayExpr;

/// Bytes in a unit that reads well: `800 B`, `32.0 MiB`.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    if count < 1024 {
        return format!("{count} B");
    }
    for unit in ["KiB", "MiB", "GiB", "TiB"] {
        value /= 1024.0;
        if value < 1024.0 {
            return format!("{value:.1} {unit}");
        }
    }
    format!("{:.1} PiB", value / 1024.0)
}

/// A DAG as indented lines, users before inputs. What stands under several is numbered where it first stands and named by its number
/// afterwards.
pub fn tree(roots: &[ArrayExpr]) -> String {
    let mut uses: HashMap<u64, usize> = HashMap::new();
    for node in ArrayExpr::topological(roots) {
        node.inputs().iter().for_each(|input| *uses.entry(input.id()).or_default() += 1);
    }
    let mut numbers: HashMap<u64, usize> = HashMap::new();
    let mut text = String::new();
    let mut stack: Vec<(ArrayExpr, usize)> = roots.iter().rev().map(|root| (root.clone(), 0)).collect();
    while let Some((node, depth)) = stack.pop() {
        let indent = "  ".repeat(depth);
        if let Some(number) = numbers.get(&node.id()) {
            let _ = writeln!(text, "{indent}#{number}");
            continue;
        }
        let shared = uses.get(&node.id()).is_some_and(|uses| *uses > 1) && !node.inputs().is_empty();
        let mark = if shared {
            let number = numbers.len() + 1;
            numbers.insert(node.id(), number);
            format!("#{number} ")
        } else {
            String::new()
        };
        let _ = writeln!(text, "{indent}{mark}{}", node.describe());
        stack.extend(node.inputs().iter().rev().map(|input| (input.clone(), depth + 1)));
    }
    text
}
