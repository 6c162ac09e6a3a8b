//! The wire form of operators: what an operator writes of itself so that another process can make it again.
//!
//! An operator's encode and decode stand beside it, as a [`WireForm`] in the registry, and know neither protobuf nor Ballista:
//! inputs travel outside of the message, and expressions through an [`ExpressionCodec`] that the caller brings.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::common::{Result, exec_datafusion_err, internal_datafusion_err, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;

/// Makes an operator from what was written of it, and its inputs.
pub type Decode = fn(&mut WireReader<'_>, Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>>;

/// How one operator is written and made again.
#[derive(Clone, Copy)]
pub struct WireForm {
    /// Writes everything of the operator but its inputs.
    pub encode: fn(&dyn ExecutionPlan, &mut WireWriter<'_>) -> Result<()>,
    /// Makes the operator over its inputs.
    pub decode: Decode,
}

/// Writes and makes what only the caller's serialisation knows: expressions, and whole plans inside of an operator.
pub trait ExpressionCodec {
    /// Writes an expression.
    fn encode(&self, expression: &Arc<dyn PhysicalExpr>) -> Result<Vec<u8>>;
    /// Makes an expression over rows of `schema`.
    fn decode(&self, bytes: &[u8], schema: &Schema) -> Result<Arc<dyn PhysicalExpr>>;
    /// Writes a plan that is not an input.
    fn encode_plan(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>>;
    /// Makes such a plan.
    fn decode_plan(&self, bytes: &[u8]) -> Result<Arc<dyn ExecutionPlan>>;
}

/// A message in the making: numbers as eight bytes, everything else with its length before it.
pub struct WireWriter<'a> {
    codec: &'a dyn ExpressionCodec,
    bytes: Vec<u8>,
}

impl<'a> WireWriter<'a> {
    /// An empty message.
    pub fn new(codec: &'a dyn ExpressionCodec) -> Self {
        Self { codec, bytes: vec![] }
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// Adds a truth value.
    pub fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Adds a schema.
    ///
    /// # Errors
    /// If it has a type that Arrow IPC does not know.
    pub fn schema(&mut self, schema: &Schema) -> Result<()> {
        let mut file = StreamWriter::try_new(Vec::new(), schema)?;
        file.finish()?;
        self.bytes(file.get_ref());
        Ok(())
    }

    /// Adds types.
    ///
    /// # Errors
    /// If there is one that Arrow IPC does not know.
    pub fn types(&mut self, types: &[DataType]) -> Result<()> {
        self.schema(&Schema::new(types.iter().map(|of| Field::new("", of.clone(), true)).collect::<Vec<_>>()))
    }

    /// Adds an expression.
    ///
    /// # Errors
    /// If the expression has no wire form.
    pub fn expression(&mut self, expression: &Arc<dyn PhysicalExpr>) -> Result<()> {
        let encoded = self.codec.encode(expression)?;
        self.bytes(&encoded);
        Ok(())
    }

    /// Adds a plan.
    ///
    /// # Errors
    /// If an operator in it has no wire form.
    pub fn plan(&mut self, plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
        let encoded = self.codec.encode_plan(plan)?;
        self.bytes(&encoded);
        Ok(())
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what a [`WireWriter`] wrote, in the same order.
pub struct WireReader<'a> {
    codec: &'a dyn ExpressionCodec,
    rest: &'a [u8],
}

impl<'a> WireReader<'a> {
    /// A reader at the start of `message`.
    pub fn new(codec: &'a dyn ExpressionCodec, message: &'a [u8]) -> Self {
        Self { codec, rest: message }
    }

    /// The next number.
    ///
    /// # Errors
    /// If the message ends before.
    pub fn number(&mut self) -> Result<u64> {
        let (number, rest) = self.rest.split_first_chunk().ok_or_else(too_short)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*number))
    }

    /// The next truth value.
    ///
    /// # Errors
    /// If the message ends before.
    pub fn flag(&mut self) -> Result<bool> {
        Ok(self.number()? != 0)
    }

    /// The next bytes.
    ///
    /// # Errors
    /// If the message ends before.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_| too_short())?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(too_short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next text.
    ///
    /// # Errors
    /// If the message ends before, or this is not UTF-8.
    pub fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|error| exec_datafusion_err!("a plan message is damaged: {error}"))
    }

    /// The next schema.
    ///
    /// # Errors
    /// If the message ends before, or is damaged.
    pub fn schema(&mut self) -> Result<SchemaRef> {
        Ok(StreamReader::try_new(self.bytes()?, None)?.schema())
    }

    /// The next types.
    ///
    /// # Errors
    /// If the message ends before, or is damaged.
    pub fn types(&mut self) -> Result<Vec<DataType>> {
        Ok(self.schema()?.fields().iter().map(|field| field.data_type().clone()).collect())
    }

    /// The next types, which are one.
    ///
    /// # Errors
    /// If the message ends before, or there are more or none.
    pub fn one_type(&mut self) -> Result<DataType> {
        let mut types = self.types()?;
        match (types.pop(), types.pop()) {
            (Some(one), None) => Ok(one),
            _ => Err(exec_datafusion_err!("a plan message is damaged: expected one type")),
        }
    }

    /// The next expression, over rows of `schema`.
    ///
    /// # Errors
    /// If the message ends before, or this process does not know the expression.
    pub fn expression(&mut self, schema: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
        let bytes = self.bytes()?;
        self.codec.decode(bytes, schema)
    }

    /// The next plan.
    ///
    /// # Errors
    /// If the message ends before, or this process does not know an operator in it.
    pub fn plan(&mut self) -> Result<Arc<dyn ExecutionPlan>> {
        let bytes = self.bytes()?;
        self.codec.decode_plan(bytes)
    }
}

fn too_short() -> datafusion::common::DataFusionError {
    exec_datafusion_err!("a plan message is cut short; client, scheduler and workers must be of one version")
}

/// `N` inputs of an operator.
///
/// # Errors
/// If there are more or fewer.
pub fn inputs<const N: usize>(
    operator: &str,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<[Arc<dyn ExecutionPlan>; N]> {
    <[_; N]>::try_from(inputs)
        .map_err(|inputs| internal_datafusion_err!("{operator} takes {N} inputs, got {}", inputs.len()))
}

/// For messages that hold neither expressions nor plans.
pub(crate) struct NoExpressions;

impl ExpressionCodec for NoExpressions {
    fn encode(&self, _: &Arc<dyn PhysicalExpr>) -> Result<Vec<u8>> {
        internal_err!("a message without expressions was given one")
    }

    fn decode(&self, _: &[u8], _: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
        internal_err!("a message without expressions was asked for one")
    }

    fn encode_plan(&self, _: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
        internal_err!("a message without plans was given one")
    }

    fn decode_plan(&self, _: &[u8]) -> Result<Arc<dyn ExecutionPlan>> {
        internal_err!("a message without plans was asked for one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = WireWriter::new(&NoExpressions);
        writer.number(7);
        writer.text("seven");
        writer.flag(true);
        let message = writer.finish();
        let mut reader = WireReader::new(&NoExpressions, &message);
        assert_eq!(reader.number().unwrap(), 7);
        assert_eq!(reader.text().unwrap(), "seven");
        assert!(reader.flag().unwrap());
        assert!(reader.number().unwrap_err().to_string().contains("cut short"));
        let mut cut = WireReader::new(&NoExpressions, &message[..10]);
        assert!(cut.number().is_ok() && cut.text().is_err());
    }
}
