//! Which nodes become blocks of their own, and which are made again inside the programs that use them.
//!
//! A node is kept where an operation other than an elementwise one works on it, where it is a result, and where several programs
//! use it and making it again costs more than keeping it. Everything else is fused into its users. Programs over the same blocks
//! that read something in common become one with several outputs, so that it is read once.

use std::collections::{HashMap, HashSet};

use super::PlanOptions;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Op;
use crate::expr::view::View;

/// What may be made again is what costs at most so many additions an element.
const CHEAP: u32 = 4;
/// What reading an element of a costly source, or drawing a random number, counts in additions.
const READ_COST: u32 = 50;
const GENERATE_COST: u32 = 12;
/// Operations that one program may chain; the rest is kept, so that programs stay small and recursion shallow.
const LONGEST_CHAIN: usize = 200;
/// Outputs of one program.
const MOST_OUTPUTS: usize = 16;

/// Whether a node can be part of a program.
pub(super) fn is_fusable(node: &ArrayExpr) -> bool {
    matches!(
        node.op(),
        Op::Read { .. } | Op::Fill(_) | Op::Iota { .. } | Op::Generate { .. } | Op::Map(_) | Op::Cast | Op::View(_)
    )
}

/// The program that a kept node is an output of, as far as that is known before grouping: its level and its blocks.
type Home = (usize, u64);

/// The nodes that get blocks of their own, in an order in which each comes after what it needs; elementwise ones and reductions grouped
/// by program.
pub(super) fn partition(roots: &[ArrayExpr], options: &PlanOptions) -> Vec<Vec<ArrayExpr>> {
    let order = ArrayExpr::topological(roots);
    let mut users: HashMap<u64, Vec<ArrayExpr>> = HashMap::new();
    for node in &order {
        for input in node.inputs() {
            users.entry(input.id()).or_default().push(node.clone());
        }
    }
    let mut kept: HashSet<u64> = roots.iter().map(ArrayExpr::id).collect();
    let levels = levels(&order, |node| !is_fusable(node));
    let home = |node: &ArrayExpr| -> Home {
        let grid = if matches!(node.op(), Op::Reduce { .. }) { node.inputs()[0].grid() } else { node.grid() };
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(grid, &mut hasher);
        (levels[&node.id()], std::hash::Hasher::finish(&hasher))
    };
    let costs = costs(&order);
    let mut demands: HashMap<u64, Vec<(Home, View)>> = HashMap::new();
    for node in order.iter().rev() {
        if !is_fusable(node) {
            kept.insert(node.id());
            continue;
        }
        let mut own: Vec<(Home, View)> = Vec::new();
        for user in users.get(&node.id()).map(Vec::as_slice).unwrap_or_default() {
            if !is_fusable(user) && !matches!(user.op(), Op::Reduce { .. }) {
                // Operations on blocks take what is read as it is read, products also what is generated; everything else must be made
                // for them.
                let direct = match node.op() {
                    Op::Read { .. } => true,
                    Op::Generate { .. } => matches!(user.op(), Op::Contract(_)),
                    _ => false,
                };
                if !direct {
                    kept.insert(node.id());
                }
                continue;
            }
            if kept.contains(&user.id()) && is_fusable(user) || matches!(user.op(), Op::Reduce { .. }) {
                let view = step_view(user, node);
                own.extend(view.into_iter().map(|view| (home(user), view)));
            } else if let Some(outer) = demands.get(&user.id()) {
                let views = step_view(user, node);
                for (place, outer) in outer {
                    own.extend(views.iter().map(|view| (*place, outer.after(view))));
                }
            }
        }
        own.sort_by_key(|(place, _)| *place);
        let mut distinct: Vec<(Home, View)> = Vec::new();
        for demand in own {
            if !distinct.contains(&demand) {
                distinct.push(demand);
            }
        }
        let (cost, depth) = costs[&node.id()];
        let worth_keeping = cost > CHEAP && node.bytes() <= options.keep_bytes;
        if (distinct.len() > 1 && worth_keeping) || depth == LONGEST_CHAIN - 1 || distinct.len() > MOST_OUTPUTS {
            kept.insert(node.id());
        }
        demands.insert(node.id(), distinct);
    }
    group(&order, &kept, options.task_limit_bytes / 2)
}

/// How a user looks at one of its inputs: once for each place in which it stands.
fn step_view(user: &ArrayExpr, input: &ArrayExpr) -> Vec<View> {
    match user.op() {
        Op::View(view) => vec![view.clone()],
        Op::Map(_) => View::broadcast(&input.shape(), &user.shape()).into_iter().collect(),
        _ => vec![View::identity(&input.shape())],
    }
}

/// For each node the most kept nodes on a way down from it, itself not counted.
fn levels(order: &[ArrayExpr], is_kept: impl Fn(&ArrayExpr) -> bool) -> HashMap<u64, usize> {
    let mut levels: HashMap<u64, usize> = HashMap::new();
    for node in order {
        let level = node.inputs().iter().map(|input| levels[&input.id()] + usize::from(is_kept(input))).max();
        levels.insert(node.id(), level.unwrap_or(0));
    }
    levels
}

/// What an element of each node costs if everything fusable below it is made with it, and how long the chain is.
fn costs(order: &[ArrayExpr]) -> HashMap<u64, (u32, usize)> {
    let mut costs: HashMap<u64, (u32, usize)> = HashMap::new();
    for node in order {
        let (below, depth) = node
            .inputs()
            .iter()
            .filter(|input| is_fusable(input))
            .map(|input| costs[&input.id()])
            // Where a chain is cut the next begins, on every way down.
            .map(|(cost, chain)| (cost, if chain == LONGEST_CHAIN - 1 { 0 } else { chain }))
            .fold((0u32, 0usize), |(cost, depth), (own, chain)| (cost.saturating_add(own), depth.max(chain)));
        let own = match node.op() {
            Op::Read { source, .. } if !source.0.is_cheap() => READ_COST,
            Op::Generate { generator, .. } if !generator.0.is_cheap() => GENERATE_COST,
            Op::Map(function) => function.cost(),
            Op::Cast => 1,
            _ => 0,
        };
        let chained =
            usize::from(!matches!(node.op(), Op::Fill(_) | Op::Iota { .. } | Op::Read { .. } | Op::Generate { .. }));
        costs.insert(node.id(), (below.saturating_add(own), depth + chained));
    }
    costs
}

/// Kept nodes level by level; elementwise ones and reductions of one level over the same blocks that read something in common together.
fn group(order: &[ArrayExpr], kept: &HashSet<u64>, most_bytes: u64) -> Vec<Vec<ArrayExpr>> {
    let levels = levels(order, |node| kept.contains(&node.id()));
    let mut leaves: HashMap<u64, HashSet<u64>> = HashMap::new();
    for node in order {
        let mut own: HashSet<u64> = HashSet::new();
        for input in node.inputs() {
            if kept.contains(&input.id()) {
                own.insert(input.id());
            } else {
                own.extend(&leaves[&input.id()]);
            }
        }
        if matches!(node.op(), Op::Read { .. } | Op::Generate { .. }) {
            own.insert(node.id());
        }
        leaves.insert(node.id(), own);
    }
    let mut nodes: Vec<&ArrayExpr> = order.iter().filter(|node| kept.contains(&node.id())).collect();
    nodes.sort_by_key(|node| levels[&node.id()]);
    let mut groups: Vec<Group> = Vec::new();
    let mut readers_of: HashMap<u64, Vec<usize>> = HashMap::new();
    for node in nodes {
        let level = levels[&node.id()];
        let grid = match node.op() {
            Op::Reduce { .. } => Some(node.inputs()[0].grid().clone()),
            _ if is_fusable(node) => Some(node.grid().clone()),
            _ => None,
        };
        let own = &leaves[&node.id()];
        // What it makes and reads, at the most: together they must fit in a task.
        let bytes = node.block_bytes().saturating_mul(1 + own.len() as u64);
        let fits = |group: &Group| {
            group.level == level
                && grid.is_some()
                && group.grid == grid
                && group.nodes.len() < MOST_OUTPUTS
                && group.bytes.saturating_add(bytes) <= most_bytes
        };
        // The first of those that read something of what this one reads.
        let readers = own.iter().filter_map(|leaf| readers_of.get(leaf)).flatten().copied();
        let number = readers.filter(|number| fits(&groups[*number])).min().unwrap_or_else(|| {
            groups.push(Group { level, grid: grid.clone(), bytes: 0, nodes: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[number];
        group.bytes = group.bytes.saturating_add(bytes);
        group.nodes.push(node.clone());
        for leaf in own {
            let readers = readers_of.entry(*leaf).or_default();
            if readers.last() != Some(&number) {
                readers.push(number);
            }
        }
    }
    groups.into_iter().map(|group| group.nodes).collect()
}

/// Nodes that one program makes.
struct Group {
    level: usize,
    /// The blocks of the program; none for other operations, which stand alone.
    grid: Option<crate::grid::ChunkGrid>,
    /// What a task of it takes, about.
    bytes: u64,
    nodes: Vec<ArrayExpr>,
}
