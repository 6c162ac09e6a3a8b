//! Functions written in Python: what the engine calls, and how they get to workers.
//!
//! The package hands over an object of `swath.functions.calls` that takes and gives Arrow data; conversions to what the user's function
//! wants are its. Each call takes the interpreter's lock on a thread that may wait for it.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StructArray, new_empty_array};
use arrow::compute::{concat, concat_batches};
use arrow::datatypes::DataType;
use arrow::ffi::to_ffi;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyList};
use swath_collections::foreign::aggregate::AggregateFunction;
use swath_collections::foreign::scalar::ScalarFunction;
use swath_collections::foreign::{self, Callable, FunctionError, Host, State};

use crate::calls;
use crate::capsule;
use crate::expr::Expr;
use crate::frame::{DataFrame, made};
use crate::group::GroupBy;
use crate::session::Session;

/// Makes this process one that can run functions of Python.
pub fn install() {
    foreign::install(Arc::new(Interpreter));
}

/// Columns that go to Python without a copy.
#[pyclass(module = "swath._internal", frozen)]
pub struct ArrowArray {
    array: ArrayRef,
}

#[pymethods]
impl ArrowArray {
    /// The type and the values, as capsules.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        drop(requested_schema);
        let (array, schema) = to_ffi(&self.array.to_data()).map_err(capsule::invalid)?;
        let schema = PyCapsule::new_with_value(py, schema, capsule::SCHEMA)?;
        Ok((schema, PyCapsule::new_with_value(py, array, capsule::ARRAY)?))
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }
}

/// The array that `object` hands out.
fn array(object: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    let (data_type, arrays) = capsule::arrays(object)?;
    match arrays.as_slice() {
        [] => Ok(new_empty_array(&data_type)),
        [one] => Ok(Arc::clone(one)),
        several => {
            let several: Vec<&dyn Array> = several.iter().map(AsRef::as_ref).collect();
            concat(&several).map_err(capsule::invalid)
        }
    }
}

/// A function of the user's, as the engine knows it.
#[pyclass(module = "swath._internal", frozen)]
pub struct Function {
    function: foreign::Function,
}

#[pymethods]
impl Function {
    /// `call` is of `swath.functions.calls`; no other function has the same `id`.
    #[new]
    fn new(name: &str, id: u128, call: Py<PyAny>) -> Self {
        let callable = PythonFunction { name: name.to_owned(), call };
        Self { function: foreign::Function::new(name, id, Arc::new(callable)) }
    }

    /// The function over columns, with its types.
    #[pyo3(signature = (inputs, returns, *, volatile))]
    fn scalar(
        &self,
        inputs: Option<Vec<Bound<'_, PyAny>>>,
        returns: &Bound<'_, PyAny>,
        volatile: bool,
    ) -> PyResult<ColumnFunction> {
        let (inputs, returns) = (types(inputs)?, capsule::type_of(returns)?);
        let function: Arc<ScalarUDF> = ScalarFunction::new(self.function.clone(), inputs, returns, volatile).into();
        Ok(ColumnFunction { called: Called::Scalar(function) })
    }

    /// The function over groups, with its types.
    #[pyo3(signature = (inputs, returns, *, keeps_state))]
    fn aggregate(
        &self,
        inputs: Option<Vec<Bound<'_, PyAny>>>,
        returns: &Bound<'_, PyAny>,
        keeps_state: bool,
    ) -> PyResult<ColumnFunction> {
        let (inputs, returns) = (types(inputs)?, capsule::type_of(returns)?);
        let function = AggregateFunction::new(self.function.clone(), inputs, returns, keeps_state);
        Ok(ColumnFunction { called: Called::Aggregate(Arc::new(AggregateUDF::from(function))) })
    }

    /// What the function makes of the batches of `frame`.
    fn map_batches(&self, py: Python<'_>, frame: &DataFrame, schema: &Bound<'_, PyAny>) -> PyResult<DataFrame> {
        made(py, frame.frame.map_batches_with(capsule::schema_of(schema)?, self.function.clone()))
    }

    /// What the function makes of each of the groups.
    fn map_groups(&self, py: Python<'_>, groups: &GroupBy, schema: &Bound<'_, PyAny>) -> PyResult<DataFrame> {
        made(py, groups.group.map_groups_with(capsule::schema_of(schema)?, self.function.clone()))
    }
}

fn types(declared: Option<Vec<Bound<'_, PyAny>>>) -> PyResult<Option<Vec<DataType>>> {
    declared.map(|types| types.iter().map(capsule::type_of).collect()).transpose()
}

/// A function that expressions and SQL can call.
#[pyclass(module = "swath._internal", frozen)]
pub struct ColumnFunction {
    called: Called,
}

enum Called {
    /// One value a row.
    Scalar(Arc<ScalarUDF>),
    /// One value a group.
    Aggregate(Arc<AggregateUDF>),
}

#[pymethods]
impl ColumnFunction {
    /// The function of `arguments`.
    fn call(&self, arguments: Vec<Bound<'_, Expr>>) -> Expr {
        let arguments = arguments.iter().map(|argument| argument.get().expr.clone()).collect();
        match &self.called {
            Called::Scalar(function) => function.call(arguments).into(),
            Called::Aggregate(function) => function.call(arguments).into(),
        }
    }

    /// Makes SQL of `session` know the function by its name.
    fn register(&self, session: &Session) {
        let context = session.session.context();
        match &self.called {
            Called::Scalar(function) => context.register_udf(function.as_ref().clone()),
            Called::Aggregate(function) => context.register_udaf(function.as_ref().clone()),
        }
    }
}

/// An object of `swath.functions.calls`.
struct PythonFunction {
    name: String,
    call: Py<PyAny>,
}

impl fmt::Debug for PythonFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Callable for PythonFunction {
    fn payload(&self) -> Result<Arc<[u8]>> {
        attached(&self.name, |py| {
            let bytes = self.call.bind(py).call_method0("dumps")?;
            Ok(bytes.cast::<PyBytes>()?.as_bytes().into())
        })
    }

    fn values(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        attached(&self.name, |py| array(&self.call.bind(py).call_method1("values", (columns(py, arguments)?, rows))?))
    }

    fn rows(&self, batch: RecordBatch) -> Result<RecordBatch> {
        attached(&self.name, |py| {
            let rows = ArrowArray { array: Arc::new(StructArray::from(batch)) };
            let result = self.call.bind(py).call_method1("rows", (rows,))?;
            let reader = capsule::reader(&result)?;
            let schema = reader.schema();
            let batches = reader.collect::<Result<Vec<_>, _>>().map_err(capsule::invalid)?;
            concat_batches(&schema, &batches).map_err(capsule::invalid)
        })
    }

    fn state(&self) -> Result<Box<dyn State>> {
        attached(&self.name, |py| {
            let state = self.call.bind(py).call_method0("state")?.unbind();
            Ok(Box::new(PythonState { name: self.name.clone(), state }) as Box<dyn State>)
        })
    }
}

/// The state of an aggregate, of `swath.functions.calls`.
struct PythonState {
    name: String,
    state: Py<PyAny>,
}

impl fmt::Debug for PythonState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl State for PythonState {
    fn update(&mut self, arguments: &[ArrayRef]) -> Result<()> {
        attached(&self.name, |py| self.state.bind(py).call_method1("update", (columns(py, arguments)?,)).map(drop))
    }

    fn merge(&mut self, state: &[u8]) -> Result<()> {
        attached(&self.name, |py| self.state.bind(py).call_method1("merge", (PyBytes::new(py, state),)).map(drop))
    }

    fn bytes(&mut self) -> Result<Vec<u8>> {
        attached(&self.name, |py| self.state.bind(py).call_method0("dumps")?.extract())
    }

    fn evaluate(&mut self) -> Result<ArrayRef> {
        attached(&self.name, |py| array(&self.state.bind(py).call_method0("evaluate")?))
    }
}

fn columns<'py>(py: Python<'py>, arrays: &[ArrayRef]) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, arrays.iter().map(|array| ArrowArray { array: Arc::clone(array) }))
}

/// Runs `work` with the interpreter's lock. An exception becomes the error of the function `name`.
fn attached<T>(name: &str, work: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T> {
    let done = Python::try_attach(|py| {
        calls::ending_with_its_query(py, || work(py)).map_err(|raised| failed(py, name, raised))
    });
    match done {
        Some(done) => done,
        None => exec_err!("{name}: Python is ending"),
    }
}

fn failed(py: Python<'_>, name: &str, raised: PyErr) -> DataFusionError {
    let class = raised.get_type(py).qualname().map_or_else(|_| "Exception".to_owned(), |name| name.to_string());
    let message = raised.value(py).str().map_or_else(|_| "no message".to_owned(), |message| message.to_string());
    let traceback = formatted(py, &raised).unwrap_or_else(|_| format!("{class}: {message}"));
    DataFusionError::External(Box::new(FunctionError {
        function: name.to_owned(),
        class,
        message,
        traceback,
        source: Some(Arc::new(raised)),
    }))
}

/// The traceback as Python shows it.
fn formatted(py: Python<'_>, raised: &PyErr) -> PyResult<String> {
    let parts = (raised.get_type(py), raised.value(py), raised.traceback(py));
    let lines = py.import("traceback")?.call_method1("format_exception", parts)?;
    Ok(lines.extract::<Vec<String>>()?.concat())
}

/// The interpreter of this process.
#[derive(Debug)]
struct Interpreter;

impl Host for Interpreter {
    fn load(&self, name: &str, payload: &[u8]) -> Result<Arc<dyn Callable>> {
        attached(name, |py| {
            let call = py.import("swath.functions.calls")?.call_method1("loads", (PyBytes::new(py, payload),))?;
            Ok(Arc::new(PythonFunction { name: name.to_owned(), call: call.unbind() }) as Arc<dyn Callable>)
        })
    }
}
