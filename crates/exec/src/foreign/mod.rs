//! Functions of users in another language than the engine's, Python say.
//!
//! The engine knows such a [`Function`] by what it can be asked ([`Callable`]). In the process that made it, it is the user's object
//! itself. It goes to other processes as bytes, and is made again there by the language's [`Host`], which the process installs
//! ([`install`]); a process without a host carries plans with functions on, but cannot run them.
//!
//! | module | what |
//! |---|---|
//! | [`scalar`] | a function over columns, in expressions and SQL |
//! | [`aggregate`] | a function over all values of a group |
//! | [`batches`] | a function over batches or whole groups of rows |
//! | [`gather`] | fewer and larger batches for a function over columns |
//! | [`fit`] | what a function returned, as the type that it declared |
//! | [`error`] | what a function failed with, across processes |
//!
//! A call may take long and wait for a lock of its language. It is made where the thread may block: the runtime gives the thread's other
//! work to another one ([`Function`]'s methods do so).

pub mod aggregate;
pub mod batches;
pub mod error;
pub mod fit;
pub mod gather;
pub mod scalar;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::physical_plan::ExecutionPlan;
use tokio::runtime::{Handle, RuntimeFlavor};

pub use error::FunctionError;

use crate::cancel;
use crate::wire::{NoExpressions, WireReader, WireWriter};

/// What the engine asks of a function. What goes wrong in the function itself is a [`FunctionError`].
pub trait Callable: fmt::Debug + Send + Sync {
    /// Bytes from which a host makes the same function in another process.
    ///
    /// # Errors
    /// If the function holds something that has no such form.
    fn payload(&self) -> Result<Arc<[u8]>>;

    /// One value a row of `arguments`, which have `rows` rows; of an aggregate one value for all.
    ///
    /// # Errors
    /// The function's own.
    fn values(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef>;

    /// The rows that become of `batch`.
    ///
    /// # Errors
    /// The function's own.
    fn rows(&self, batch: RecordBatch) -> Result<RecordBatch>;

    /// An empty state, of an aggregate that keeps one.
    ///
    /// # Errors
    /// The function's own.
    fn state(&self) -> Result<Box<dyn State>>;
}

/// What an aggregate function keeps of the values of one group.
pub trait State: fmt::Debug + Send + Sync {
    /// Takes further values in.
    ///
    /// # Errors
    /// The function's own.
    fn update(&mut self, arguments: &[ArrayRef]) -> Result<()>;

    /// Takes in another state, as bytes.
    ///
    /// # Errors
    /// The function's own.
    fn merge(&mut self, state: &[u8]) -> Result<()>;

    /// The state as bytes.
    ///
    /// # Errors
    /// If it has no such form.
    fn bytes(&mut self) -> Result<Vec<u8>>;

    /// One value: the result.
    ///
    /// # Errors
    /// The function's own.
    fn evaluate(&mut self) -> Result<ArrayRef>;
}

/// Makes functions of a language again from their bytes.
pub trait Host: fmt::Debug + Send + Sync {
    /// The function that [`Callable::payload`] wrote.
    ///
    /// # Errors
    /// If this process lacks something that it needs.
    fn load(&self, name: &str, payload: &[u8]) -> Result<Arc<dyn Callable>>;
}

static HOST: OnceLock<Arc<dyn Host>> = OnceLock::new();

/// Makes `host` the one of this process. The first one stays.
pub fn install(host: Arc<dyn Host>) {
    // A second one would be the same language's.
    let _ = HOST.set(host);
}

/// A user's function: equal to itself and to what it becomes in other processes.
#[derive(Clone)]
pub struct Function {
    name: Arc<str>,
    id: u128,
    callable: Arc<dyn Callable>,
}

impl Function {
    /// `callable` under the name that users know it by, and an `id` that no other function has.
    pub fn new(name: &str, id: u128, callable: Arc<dyn Callable>) -> Self {
        Self { name: name.into(), id, callable }
    }

    /// The name that users know it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What tells it from other functions.
    pub fn id(&self) -> u128 {
        self.id
    }

    /// [`Callable::values`], and the result has `rows` rows of the type that was declared.
    ///
    /// # Errors
    /// The function's own; one that says what it returned instead.
    pub fn values(
        &self,
        arguments: &[ArrayRef],
        rows: usize,
        expected: usize,
        declared: &DataType,
    ) -> Result<ArrayRef> {
        let values = self.outside(|| self.callable.values(arguments, rows))?;
        self.check(values, expected, declared)
    }

    /// `values`, if they are so many, as the type that was declared.
    fn check(&self, values: ArrayRef, expected: usize, declared: &DataType) -> Result<ArrayRef> {
        if values.len() != expected {
            let message = format!("expected {expected} values, the function returned {}", values.len());
            return Err(FunctionError::wrong_result(&self.name, "ValueError", message).into());
        }
        fit::fitted(&self.name, "the result", values, declared)
    }

    /// [`Callable::rows`].
    ///
    /// # Errors
    /// The function's own.
    pub fn rows(&self, batch: RecordBatch) -> Result<RecordBatch> {
        self.outside(|| self.callable.rows(batch))
    }

    /// [`Callable::state`].
    ///
    /// # Errors
    /// The function's own.
    pub fn state(&self) -> Result<Box<dyn State>> {
        self.outside(|| self.callable.state())
    }

    /// Runs a call where it may block, unless its query was cancelled.
    fn outside<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        if cancel::is_cancelled() {
            return exec_err!("{}: the query was cancelled", self.name);
        }
        match Handle::try_current() {
            Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(call),
            _ => call(),
        }
    }

    /// Adds it to a message.
    ///
    /// # Errors
    /// If it has no form as bytes.
    pub fn encode(&self, message: &mut WireWriter<'_>) -> Result<()> {
        message.text(&self.name);
        message.bytes(&self.id.to_le_bytes());
        message.bytes(&self.callable.payload()?);
        Ok(())
    }

    /// The next thing of a message, a function. Nothing of it runs before it is first called.
    ///
    /// # Errors
    /// If the message is damaged.
    pub fn decode(message: &mut WireReader<'_>) -> Result<Self> {
        let name = message.text()?;
        let Ok(id) = <[u8; 16]>::try_from(message.bytes()?) else {
            return exec_err!("a function's message is damaged");
        };
        let id = u128::from_le_bytes(id);
        let shipped = Shipped { name: name.into(), id, payload: message.bytes()?.into(), loaded: OnceLock::new() };
        Ok(Self::new(name, id, Arc::new(shipped)))
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// A function that came from another process; made when it is first called.
struct Shipped {
    name: Arc<str>,
    id: u128,
    payload: Arc<[u8]>,
    loaded: OnceLock<Arc<dyn Callable>>,
}

/// How many functions a process keeps for the next task that needs them.
const KEPT: usize = 64;

static LOADED: Mutex<Option<HashMap<u128, Arc<dyn Callable>>>> = Mutex::new(None);

impl Shipped {
    fn callable(&self) -> Result<&Arc<dyn Callable>> {
        if let Some(callable) = self.loaded.get() {
            return Ok(callable);
        }
        let kept =
            LOADED.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|all| all.get(&self.id).cloned());
        let callable = match kept {
            Some(callable) => callable,
            None => {
                let Some(host) = HOST.get() else {
                    return exec_err!(
                        "{}: this worker has no Python to run the function in; start workers with `python -m swath worker`, or use \
                         sw.LocalCluster from Python",
                        self.name
                    );
                };
                // Not under the lock: it runs code of the user's.
                let callable = host.load(&self.name, &self.payload)?;
                let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
                let all = loaded.get_or_insert_default();
                if all.len() >= KEPT {
                    all.clear();
                }
                Arc::clone(all.entry(self.id).or_insert(callable))
            }
        };
        Ok(self.loaded.get_or_init(|| callable))
    }
}

impl fmt::Debug for Shipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes", self.name, self.payload.len())
    }
}

impl Callable for Shipped {
    fn payload(&self) -> Result<Arc<[u8]>> {
        Ok(Arc::clone(&self.payload))
    }

    fn values(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        self.callable()?.values(arguments, rows)
    }

    fn rows(&self, batch: RecordBatch) -> Result<RecordBatch> {
        self.callable()?.rows(batch)
    }

    fn state(&self) -> Result<Box<dyn State>> {
        self.callable()?.state()
    }
}

/// What `write` adds to a message, as bytes. For functions, which hold neither expressions nor plans.
fn to_bytes(write: impl FnOnce(&mut WireWriter<'_>) -> Result<()>) -> Result<Vec<u8>> {
    let mut message = WireWriter::new(&NoExpressions);
    write(&mut message)?;
    Ok(message.finish())
}

/// What `read` makes of such bytes.
fn from_bytes<T>(bytes: &[u8], read: impl FnOnce(&mut WireReader<'_>) -> Result<T>) -> Result<T> {
    read(&mut WireReader::new(&NoExpressions, bytes))
}

/// The types that a function gets for arguments of the types `got`: those that it declared, where these fit; any, if it declared none.
///
/// # Errors
/// If there are more or fewer, or one does not fit.
fn coerced(name: &str, declared: Option<&[DataType]>, got: &[DataType]) -> Result<Vec<DataType>> {
    let Some(declared) = declared else { return Ok(got.iter().map(plain).collect()) };
    if declared.len() != got.len() {
        let plural = if declared.len() == 1 { "" } else { "s" };
        return plan_err!("{name}: expected {} argument{plural} as declared, got {}", declared.len(), got.len());
    }
    for (position, (wanted, got)) in declared.iter().zip(got).enumerate() {
        if !fit::fits(got, wanted) {
            return plan_err!(
                "{name}: argument {} was declared as {wanted}, got {got}; cast it, or declare the function with that type",
                position + 1
            );
        }
    }
    Ok(declared.to_vec())
}

/// The type without a view: other Arrow libraries can do little with these.
fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    }
}

/// Adds the names of the user's functions that are called in `plan` and its inputs to `names`.
pub fn functions_called(plan: &dyn ExecutionPlan, names: &mut BTreeSet<String>) {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    use datafusion::physical_expr::ScalarFunctionExpr;
    use datafusion::physical_plan::aggregates::AggregateExec;
    let looked = plan.apply_expressions(&mut |expression| {
        expression.apply(|part| {
            let call = part.downcast_ref::<ScalarFunctionExpr>();
            let call = call.filter(|call| scalar::ScalarFunction::of(call.fun()).is_some());
            names.extend(call.map(|call| call.fun().name().to_owned()));
            Ok(TreeNodeRecursion::Continue)
        })
    });
    if let Err(error) = looked {
        log::debug!("{} could not be searched for functions: {error}", plan.name());
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        let calls = aggregate.aggr_expr().iter().map(|call| call.fun());
        let own = calls.filter(|function| aggregate::AggregateFunction::of(function).is_some());
        names.extend(own.map(|function| function.name().to_owned()));
    }
    if let Some(map) = plan.downcast_ref::<crate::operators::map_batches::MapBatchesExec>() {
        names.extend(map.function_name());
    }
    for input in plan.children() {
        functions_called(input.as_ref(), names);
    }
}

/// Whether an expression in `plan`, not in its inputs, calls a user's function.
///
/// # Errors
/// If the plan cannot be looked at; never in practice.
pub fn calls_function(plan: &dyn ExecutionPlan) -> Result<bool> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    use datafusion::physical_expr::ScalarFunctionExpr;
    let mut calls = false;
    plan.apply_expressions(&mut |expression| {
        expression.apply(|part| {
            let function = part.downcast_ref::<ScalarFunctionExpr>();
            calls |= function.is_some_and(|part| scalar::ScalarFunction::of(part.fun()).is_some());
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(calls)
}
