//! Nodes of the expression DAG: reference-counted, immutable, and each there only once.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use smallvec::SmallVec;
use swath_kernels::{DType, Dims};

use super::op::Op;
use crate::error::{ArrayError, Result};
use crate::grid::ChunkGrid;

/// A lazy array: an operation over other lazy arrays, with the dtype, shape and chunk grid of its result. Cheap to clone.
///
/// Equal expressions are the same node (hash-consing): building one twice gives the first, comparing two is comparing addresses,
/// and whatever looks at a DAG sees shared parts once. The table of nodes holds them weakly; a node goes with its last user.
#[derive(Clone)]
pub struct ArrayExpr(Arc<Node>);

struct Node {
    id: u64,
    hash: u64,
    op: Op,
    inputs: SmallVec<[ArrayExpr; 2]>,
    dtype: DType,
    grid: ChunkGrid,
}

/// Nodes by hash.
type Table = HashMap<u64, SmallVec<[Weak<Node>; 1]>>;

/// Every node. Held only for a look or a change, never while a node is dropped.
static NODES: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

fn nodes() -> MutexGuard<'static, Table> {
    NODES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Number of nodes alive in this process.
pub fn live_nodes() -> usize {
    nodes().values().map(SmallVec::len).sum()
}

impl ArrayExpr {
    /// The node of these parts: the one that exists, else a new one. Parts must fit; the public constructors see to that.
    pub(crate) fn intern(op: Op, inputs: impl IntoIterator<Item = Self>, dtype: DType, grid: ChunkGrid) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let inputs: SmallVec<[Self; 2]> = inputs.into_iter().collect();
        let mut hasher = DefaultHasher::new();
        (&op, dtype, &grid).hash(&mut hasher);
        inputs.iter().for_each(|input| input.0.id.hash(&mut hasher));
        let hash = hasher.finish();
        // Others with this hash; dropped only after the table is free again, since the last drop of a node locks it.
        let mut others: SmallVec<[Arc<Node>; 1]> = SmallVec::new();
        let mut table = nodes();
        let slot = table.entry(hash).or_default();
        let mut found = None;
        for node in slot.iter().filter_map(Weak::upgrade) {
            let same = node.op == op && node.dtype == dtype && node.grid == grid && node.inputs == inputs;
            if same {
                found = Some(Self(node));
                break;
            }
            others.push(node);
        }
        let result = found.unwrap_or_else(|| {
            let id = IDS.fetch_add(1, Ordering::Relaxed);
            let node = Arc::new(Node { id, hash, op, inputs, dtype, grid });
            slot.push(Arc::downgrade(&node));
            Self(node)
        });
        drop(table);
        result
    }

    /// A number that no other node alive or gone has.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The operation.
    pub fn op(&self) -> &Op {
        &self.0.op
    }

    /// What it works on.
    pub fn inputs(&self) -> &[Self] {
        &self.0.inputs
    }

    /// The dtype of the result.
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// The chunk grid of the result.
    pub fn grid(&self) -> &ChunkGrid {
        &self.0.grid
    }

    /// Dimensions of the result.
    pub fn ndim(&self) -> usize {
        self.0.grid.ndim()
    }

    /// Lengths of the axes; upper bounds where they are known only after running.
    pub fn shape(&self) -> Dims {
        self.0.grid.shape()
    }

    /// The shape, if it is known before running.
    ///
    /// # Errors
    /// [`ArrayError::UnknownLength`] with the name of the operation that asks.
    pub fn known_shape(&self, operation: &'static str) -> Result<Dims> {
        match self.0.grid.axes().iter().position(|axis| !axis.is_known()) {
            Some(axis) => Err(ArrayError::UnknownLength { operation, axis }),
            None => Ok(self.shape()),
        }
    }

    /// The length of an axis, if it is known before running. The axis must exist.
    ///
    /// # Errors
    /// [`ArrayError::UnknownLength`] with the name of the operation that asks.
    pub fn known_length(&self, axis: usize, operation: &'static str) -> Result<usize> {
        let chunks = self.0.grid.axis(axis);
        if chunks.is_known() { Ok(chunks.length()) } else { Err(ArrayError::UnknownLength { operation, axis }) }
    }

    /// Number of elements; an upper bound where lengths are not known.
    pub fn elements(&self) -> u64 {
        self.0.grid.elements()
    }

    /// Bytes of all elements: exact where the shape is known, else an upper bound.
    pub fn bytes(&self) -> u64 {
        self.elements().saturating_mul(self.0.dtype.item_size() as u64)
    }

    /// Bytes of the largest block.
    pub fn block_bytes(&self) -> u64 {
        self.0.grid.largest_block_elements().saturating_mul(self.0.dtype.item_size() as u64)
    }

    /// The same operation over other inputs of the same shapes, dtypes and grids, or another grid.
    pub(crate) fn with_inputs(&self, inputs: impl IntoIterator<Item = Self>) -> Self {
        Self::intern(self.0.op.clone(), inputs, self.0.dtype, self.0.grid.clone())
    }

    /// Every node below and including these, inputs before users, each once.
    pub fn topological(roots: &[Self]) -> Vec<Self> {
        let mut seen = std::collections::HashSet::new();
        let mut order = Vec::new();
        // A stack of its own: expressions may be deeper than the thread's.
        let mut stack: Vec<(Self, bool)> = roots.iter().rev().map(|root| (root.clone(), false)).collect();
        while let Some((node, inputs_done)) = stack.pop() {
            if inputs_done {
                order.push(node);
            } else if seen.insert(node.id()) {
                stack.push((node.clone(), true));
                stack.extend(node.inputs().iter().rev().map(|input| (input.clone(), false)));
            }
        }
        order
    }

    /// The operation with dtype, grid and bytes on one line.
    pub fn describe(&self) -> String {
        format!("{}: {} {} {}", self.op().label(), self.dtype(), self.grid(), crate::explain::bytes(self.bytes()))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        {
            let mut table = nodes();
            if let Some(slot) = table.get_mut(&self.hash) {
                slot.retain(|node| node.strong_count() > 0);
                if slot.is_empty() {
                    table.remove(&self.hash);
                }
            }
        }
        // Chains of thousands of operations must not need as many stack frames.
        let mut pending: Vec<ArrayExpr> = self.inputs.drain(..).collect();
        while let Some(ArrayExpr(node)) = pending.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                pending.extend(node.inputs.drain(..));
            }
        }
    }
}

impl PartialEq for ArrayExpr {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ArrayExpr {}

impl Hash for ArrayExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl fmt::Debug for ArrayExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swath_kernels::Scalar;

    #[test]
    fn equal_expressions_are_one_node() {
        let make = || {
            let x = ArrayExpr::full(&[917, 3], Scalar::F64(f64::NAN)).unwrap();
            x.add(&x).unwrap()
        };
        let (first, second) = (make(), make());
        assert_eq!((first.id(), &first), (second.id(), &second));
        let other = ArrayExpr::full(&[917, 3], Scalar::F32(f32::NAN)).unwrap();
        assert_ne!(other, first.inputs()[0]);
    }

    #[test]
    fn nodes_go_with_their_last_user() {
        let mut expression = ArrayExpr::full(&[41], Scalar::F64(0.5)).unwrap();
        for _ in 0..100_000 {
            expression = expression.sqrt().unwrap();
        }
        let (id, hash) = (expression.id(), expression.0.hash);
        assert!(nodes().contains_key(&hash) && live_nodes() > 100_000);
        assert_eq!(ArrayExpr::topological(&[expression.clone()]).len(), 100_001);
        drop(expression);
        assert!(
            !nodes().get(&hash).is_some_and(|slot| slot.iter().filter_map(Weak::upgrade).any(|node| node.id == id))
        );
    }
}
