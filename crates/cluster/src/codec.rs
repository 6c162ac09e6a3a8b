//! Plans as bytes: operators of ours by the registry's wire forms, Ballista's by Ballista's codec, all others by DataFusion's.
//!
//! A message of ours begins with [`MAGIC`], the version of this program and the operator's name. Messages are read by the same version
//! only: client, scheduler and workers compare theirs when they meet.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::common::{Result, exec_err, not_impl_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, ScalarUDF};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_expr::scalar_subquery::ScalarSubqueryExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::to_proto::serialize_physical_expr_with_converter;
use datafusion_proto::physical_plan::{
    DefaultPhysicalProtoConverter, PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalPlanNodeExt,
    PhysicalProtoConverterExtension,
};
use datafusion_proto::protobuf::{PhysicalExprNode, PhysicalPlanNode};
use prost::Message;
use swath_exec::foreign::aggregate::AggregateFunction;
use swath_exec::foreign::scalar::ScalarFunction;
use swath_exec::registry;
use swath_exec::wire::{ExpressionCodec, WireReader, WireWriter};

/// The start of every message of ours. Protobuf cannot begin so: it would be field 0.
const MAGIC: &[u8] = b"\0swath";

/// The codec of physical plans that client, scheduler and workers share.
#[derive(Default)]
pub struct SwathCodec {
    ballista: BallistaPhysicalExtensionCodec,
}

impl fmt::Debug for SwathCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SwathCodec")
    }
}

impl PhysicalExtensionCodec for SwathCodec {
    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buffer: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let name = node.name();
        let Some(form) = registry::wire_form(name) else {
            return match self.ballista.try_encode(Arc::clone(&node), buffer, converter) {
                Ok(()) => Ok(()),
                Err(_) => not_impl_err!("{name} cannot run on a cluster: it has no wire form"),
            };
        };
        let expressions = Encoder { codec: self, converter };
        let mut message = WireWriter::new(&expressions);
        message.text(env!("CARGO_PKG_VERSION"));
        message.text(name);
        (form.encode)(node.as_ref(), &mut message)?;
        buffer.extend_from_slice(MAGIC);
        buffer.extend_from_slice(&message.finish());
        Ok(())
    }

    fn try_decode(
        &self,
        buffer: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(message) = buffer.strip_prefix(MAGIC) else {
            return self.ballista.try_decode(buffer, inputs, context, converter);
        };
        let expressions = Decoder { codec: self, converter, context };
        let mut message = WireReader::new(&expressions, message);
        let version = message.text()?;
        if version != env!("CARGO_PKG_VERSION") {
            return exec_err!("a plan of version {version} came to a process of version {}", env!("CARGO_PKG_VERSION"));
        }
        let name = message.text()?;
        let Some(form) = registry::wire_form(name) else {
            return exec_err!("this process does not know the operator {name}");
        };
        (form.decode)(&mut message, inputs.to_vec())
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buffer: &mut Vec<u8>) -> Result<()> {
        // Any other is known by its name.
        let Some(function) = ScalarFunction::of(node) else { return self.ballista.try_encode_udf(node, buffer) };
        buffer.extend_from_slice(&function.to_bytes()?);
        Ok(())
    }

    fn try_decode_udf(&self, name: &str, buffer: &[u8]) -> Result<Arc<ScalarUDF>> {
        match buffer {
            [] => self.ballista.try_decode_udf(name, buffer),
            _ => Ok(ScalarFunction::from_bytes(buffer)?.into()),
        }
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buffer: &mut Vec<u8>) -> Result<()> {
        let Some(function) = AggregateFunction::of(node) else { return self.ballista.try_encode_udaf(node, buffer) };
        buffer.extend_from_slice(&function.to_bytes()?);
        Ok(())
    }

    fn try_decode_udaf(&self, name: &str, buffer: &[u8]) -> Result<Arc<AggregateUDF>> {
        match buffer {
            [] => self.ballista.try_decode_udaf(name, buffer),
            _ => Ok(Arc::new(AggregateUDF::from(AggregateFunction::from_bytes(buffer)?))),
        }
    }
}

/// Writes a plan whose scalar subqueries were answered: each as the value that it gave.
#[derive(Debug)]
pub struct KnownSubqueries;

impl PhysicalProtoConverterExtension for KnownSubqueries {
    fn physical_expr_to_proto(
        &self,
        expression: &Arc<dyn PhysicalExpr>,
        codec: &dyn PhysicalExtensionCodec,
    ) -> Result<PhysicalExprNode> {
        let Some(subquery) = expression.downcast_ref::<ScalarSubqueryExpr>() else {
            return serialize_physical_expr_with_converter(expression, codec, self);
        };
        // A value does not depend on rows.
        match subquery.evaluate(&RecordBatch::new_empty(Arc::new(Schema::empty())))? {
            ColumnarValue::Scalar(value) => serialize_physical_expr_with_converter(&lit(value), codec, self),
            ColumnarValue::Array(_) => exec_err!("a scalar subquery gave an array"),
        }
    }

    fn execution_plan_to_proto(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        codec: &dyn PhysicalExtensionCodec,
    ) -> Result<PhysicalPlanNode> {
        PhysicalPlanNode::try_from_physical_plan_with_converter(Arc::clone(plan), codec, self)
    }

    fn proto_to_execution_plan(
        &self,
        node: &PhysicalPlanNode,
        context: &PhysicalPlanDecodeContext<'_>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        DefaultPhysicalProtoConverter {}.proto_to_execution_plan(node, context)
    }

    fn proto_to_physical_expr(
        &self,
        node: &PhysicalExprNode,
        schema: &Schema,
        context: &PhysicalPlanDecodeContext<'_>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        DefaultPhysicalProtoConverter {}.proto_to_physical_expr(node, schema, context)
    }
}

struct Encoder<'a> {
    codec: &'a SwathCodec,
    converter: &'a dyn PhysicalProtoConverterExtension,
}

impl ExpressionCodec for Encoder<'_> {
    fn encode(&self, expression: &Arc<dyn PhysicalExpr>) -> Result<Vec<u8>> {
        Ok(self.converter.physical_expr_to_proto(expression, self.codec)?.encode_to_vec())
    }

    fn decode(&self, _: &[u8], _: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
        exec_err!("an encoder does not decode")
    }

    fn encode_plan(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
        Ok(self.converter.execution_plan_to_proto(plan, self.codec)?.encode_to_vec())
    }

    fn decode_plan(&self, _: &[u8]) -> Result<Arc<dyn ExecutionPlan>> {
        exec_err!("an encoder does not decode")
    }
}

struct Decoder<'a> {
    codec: &'a SwathCodec,
    converter: &'a dyn PhysicalProtoConverterExtension,
    context: &'a TaskContext,
}

impl ExpressionCodec for Decoder<'_> {
    fn encode(&self, _: &Arc<dyn PhysicalExpr>) -> Result<Vec<u8>> {
        exec_err!("a decoder does not encode")
    }

    fn decode(&self, bytes: &[u8], schema: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
        let Ok(node) = PhysicalExprNode::decode(bytes) else { return exec_err!("an expression's message is damaged") };
        let context = PhysicalPlanDecodeContext::new(self.context, self.codec);
        self.converter.proto_to_physical_expr(&node, schema, &context)
    }

    fn encode_plan(&self, _: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
        exec_err!("a decoder does not encode")
    }

    fn decode_plan(&self, bytes: &[u8]) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok(node) = PhysicalPlanNode::decode(bytes) else { return exec_err!("a plan's message is damaged") };
        let context = PhysicalPlanDecodeContext::new(self.context, self.codec);
        self.converter.proto_to_execution_plan(&node, &context)
    }
}
