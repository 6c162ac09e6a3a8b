//! Expressions as bytes, for `pickle`.
//!
//! DataFusion's wire form of logical expressions, with a codec for what it does not know: functions of users, and what waits for the table
//! ([`Deferred`]), which is JSON. The form leaves some things out (a window function's FILTER, say); so an expression is only taken for
//! written if it can be read again and is the same.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result, TableReference, exec_datafusion_err, not_impl_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, Expr as Logical, Extension, LogicalPlan, ScalarUDF};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::logical_plan::from_proto::parse_expr;
use datafusion_proto::logical_plan::to_proto::serialize_expr;
use datafusion_proto::protobuf::LogicalExprNode;
use prost::Message;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use swath_collections::foreign::aggregate::AggregateFunction;
use swath_collections::foreign::scalar::ScalarFunction;

use super::deferred::Deferred;
use super::naming::Function;
use super::{Expr, text};

/// What is known by its name alone.
static FUNCTIONS: LazyLock<Arc<TaskContext>> = LazyLock::new(swath_collections::expr::functions_by_name);

/// The bytes of an expression.
///
/// # Errors
/// If something in it has none.
pub fn written<'py>(py: Python<'py>, expr: &Logical) -> PyResult<Bound<'py, PyBytes>> {
    let refused = |why: String| {
        let shown = text::of(expr);
        PyTypeError::new_err(format!("the expression {shown} cannot be pickled: {why}"))
    };
    let node = serialize_expr(expr, &Codec).map_err(|error| refused(error.to_string()))?;
    let bytes = node.encode_to_vec();
    match read(&bytes) {
        // A function over names that was read again is another object.
        Ok(again) if again == *expr || Deferred::maps_names(expr) => Ok(PyBytes::new(py, &bytes)),
        Ok(_) => Err(refused("a part of it has no form as bytes, such as a window function's filter".to_owned())),
        Err(error) => Err(refused(error.to_string())),
    }
}

fn read(bytes: &[u8]) -> Result<Logical> {
    let node = LogicalExprNode::decode(bytes).map_err(|error| exec_datafusion_err!("it is damaged: {error}"))?;
    Ok(parse_expr(&node, &FUNCTIONS, &Codec)?)
}

/// The expression that was pickled as `bytes`.
#[pyfunction]
pub fn unpickled(bytes: &[u8]) -> PyResult<Expr> {
    match read(bytes) {
        Ok(expr) => Ok(expr.into()),
        Err(error) => Err(PyValueError::new_err(format!("not a pickled expression of this version: {error}"))),
    }
}

/// The codec of functions that are not known by name.
#[derive(Debug)]
struct Codec;

/// The first byte of the message of a function.
const DEFERRED: u8 = b'd';
const FOREIGN: u8 = b'f';

impl LogicalExtensionCodec for Codec {
    fn try_decode(&self, _: &[u8], _: &[LogicalPlan], _: &TaskContext) -> Result<Extension> {
        not_impl_err!("a query inside an expression stays in its process")
    }

    fn try_encode(&self, _: &Extension, _: &mut Vec<u8>) -> Result<()> {
        not_impl_err!("a query inside an expression stays in its process")
    }

    fn try_decode_table_provider(
        &self,
        _: &[u8],
        _: &TableReference,
        _: SchemaRef,
        _: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        not_impl_err!("a table inside an expression stays in its process")
    }

    fn try_encode_table_provider(&self, _: &TableReference, _: Arc<dyn TableProvider>, _: &mut Vec<u8>) -> Result<()> {
        not_impl_err!("a table inside an expression stays in its process")
    }

    fn try_encode_udf(&self, function: &ScalarUDF, message: &mut Vec<u8>) -> Result<()> {
        if let Some(deferred) = Deferred::of_function(function) {
            message.push(DEFERRED);
            message.extend(serde_json::to_vec(deferred).map_err(wrong)?);
        } else if let Some(function) = ScalarFunction::of(function) {
            message.push(FOREIGN);
            message.extend(function.to_bytes()?);
        }
        Ok(())
    }

    fn try_decode_udf(&self, name: &str, message: &[u8]) -> Result<Arc<ScalarUDF>> {
        match message.split_first() {
            Some((&DEFERRED, message)) => Ok(serde_json::from_slice::<Deferred>(message).map_err(wrong)?.function()),
            Some((&FOREIGN, message)) => Ok(ScalarFunction::from_bytes(message)?.into()),
            _ => not_impl_err!("there is no function {name}"),
        }
    }

    fn try_encode_udaf(&self, function: &AggregateUDF, message: &mut Vec<u8>) -> Result<()> {
        if let Some(function) = AggregateFunction::of(function) {
            message.push(FOREIGN);
            message.extend(function.to_bytes()?);
        }
        Ok(())
    }

    fn try_decode_udaf(&self, name: &str, message: &[u8]) -> Result<Arc<AggregateUDF>> {
        match message.split_first() {
            Some((&FOREIGN, message)) => Ok(Arc::new(AggregateFunction::from_bytes(message)?.into())),
            _ => not_impl_err!("there is no aggregate {name}"),
        }
    }
}

fn wrong(error: serde_json::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Types of Arrow's, as the bytes of a schema.
pub mod types {
    use super::*;

    /// Writes them.
    ///
    /// # Errors
    /// If a type has no form as bytes.
    pub fn serialize<S: Serializer>(types: &[DataType], serializer: S) -> Result<S::Ok, S::Error> {
        let fields: Vec<_> = types.iter().map(|of| Field::new("", of.clone(), true)).collect();
        let writer = StreamWriter::try_new(vec![], &Schema::new(fields));
        let bytes = writer.and_then(|mut writer| writer.finish().and_then(|()| writer.into_inner()));
        bytes.map_err(ser::Error::custom)?.serialize(serializer)
    }

    /// Reads them.
    ///
    /// # Errors
    /// If the bytes are damaged.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<DataType>, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let reader = StreamReader::try_new(bytes.as_slice(), None).map_err(de::Error::custom)?;
        Ok(reader.schema().fields().iter().map(|field| field.data_type().clone()).collect())
    }
}

impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = Python::attach(|py| {
            let calls = py.import("swath.functions.calls")?;
            calls.call_method1("dumps", (self.0.bind(py), "name.map"))?.extract::<Vec<u8>>()
        });
        bytes.map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let function = Python::attach(|py| {
            let loads = py.import("pickle")?.getattr("loads")?;
            Ok::<_, PyErr>(loads.call1((PyBytes::new(py, &bytes),))?.unbind())
        });
        Ok(Self(Arc::new(function.map_err(de::Error::custom)?)))
    }
}
