//! A user's function over all values of a group: one value a group.
//!
//! A plain function sees all values of a group at once. They are collected for it: what is exchanged between the parts of an aggregation
//! are lists of values, and a group must fit into memory. A function that keeps a state of its own sees values as they come; the state
//! is what is exchanged.

use arrow::array::{Array, ArrayRef, AsArray, ListArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

use super::scalar::lower_case;
use super::{Function, State, coerced};
use crate::wire::{WireReader, WireWriter};

/// A user's function over groups.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct AggregateFunction {
    function: Function,
    /// Types of the arguments; any, if none are declared.
    inputs: Option<Vec<DataType>>,
    returns: DataType,
    keeps_state: bool,
    signature: Signature,
    aliases: Vec<String>,
}

impl AggregateFunction {
    /// `function` with the types that it declares; one that `keeps_state` is asked for states, any other for the value of all values.
    pub fn new(function: Function, inputs: Option<Vec<DataType>>, returns: DataType, keeps_state: bool) -> Self {
        let aliases = lower_case(function.name());
        let signature = Signature::user_defined(Volatility::Immutable);
        Self { function, inputs, returns, keeps_state, signature, aliases }
    }

    /// What `udaf` is, if it is a user's function.
    pub fn of(udaf: &AggregateUDF) -> Option<&Self> {
        (udaf.inner().as_ref() as &dyn std::any::Any).downcast_ref()
    }

    /// It as bytes, for another process.
    ///
    /// # Errors
    /// If the function has no form as bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        super::to_bytes(|message| self.encode(message))
    }

    /// It again.
    ///
    /// # Errors
    /// If the bytes are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        super::from_bytes(bytes, Self::decode)
    }

    fn encode(&self, message: &mut WireWriter<'_>) -> Result<()> {
        self.function.encode(message)?;
        message.flag(self.inputs.is_some());
        message.types(self.inputs.as_deref().unwrap_or_default())?;
        message.types(std::slice::from_ref(&self.returns))?;
        message.flag(self.keeps_state);
        Ok(())
    }

    fn decode(message: &mut WireReader<'_>) -> Result<Self> {
        let function = Function::decode(message)?;
        let declared = message.flag()?;
        let inputs = message.types()?;
        let returns = message.one_type()?;
        Ok(Self::new(function, declared.then_some(inputs), returns, message.flag()?))
    }
}

impl AggregateUDFImpl for AggregateFunction {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        coerced(self.name(), self.inputs.as_deref(), types)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        if self.keeps_state {
            let name = format_state_name(arguments.name, "state");
            return Ok(vec![Arc::new(Field::new(name, DataType::Binary, true))]);
        }
        let fields = arguments.input_fields.iter().enumerate().map(|(position, field)| {
            let name = format_state_name(arguments.name, &format!("values_{position}"));
            Arc::new(Field::new(name, DataType::List(item(field.data_type())), true))
        });
        Ok(fields.collect())
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if arguments.is_distinct {
            return plan_err!("{}: DISTINCT is not supported; select distinct rows before", self.name());
        }
        if arguments.expr_fields.is_empty() {
            return plan_err!("{}: expected at least one argument", self.name());
        }
        let (function, returns) = (self.function.clone(), self.returns.clone());
        if self.keeps_state {
            let state = function.state()?;
            return Ok(Box::new(OwnState { function, returns, state, seen_bytes: 0 }));
        }
        let types: Vec<_> = arguments.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        let values = vec![vec![]; types.len()];
        Ok(Box::new(AllValues { function, returns, types, values, bytes: 0 }))
    }
}

fn item(data_type: &DataType) -> FieldRef {
    Arc::new(Field::new_list_field(data_type.clone(), true))
}

/// Collects the values of a group.
#[derive(Debug)]
struct AllValues {
    function: Function,
    returns: DataType,
    types: Vec<DataType>,
    /// By argument.
    values: Vec<Vec<ArrayRef>>,
    bytes: usize,
}

impl AllValues {
    fn push(&mut self, argument: usize, values: ArrayRef) -> Result<()> {
        if !values.is_empty() {
            self.bytes += values.to_data().get_slice_memory_size()? + size_of::<ArrayRef>();
            self.values[argument].push(values);
        }
        Ok(())
    }

    /// All values of each argument.
    fn whole(&mut self) -> Result<Vec<ArrayRef>> {
        for (values, data_type) in self.values.iter_mut().zip(&self.types) {
            if values.len() != 1 {
                let parts: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
                *values = vec![if parts.is_empty() { new_empty_array(data_type) } else { concat(&parts)? }];
            }
        }
        Ok(self.values.iter().map(|values| Arc::clone(&values[0])).collect())
    }
}

impl Accumulator for AllValues {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values.iter().enumerate().try_for_each(|(argument, values)| self.push(argument, Arc::clone(values)))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for (argument, state) in states.iter().enumerate() {
            let Some(lists) = state.as_list_opt::<i32>() else { return internal_err!("expected lists of values") };
            lists.iter().flatten().try_for_each(|values| self.push(argument, values))?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let whole = self.whole()?;
        let lists = whole.into_iter().map(|values| {
            let offsets = OffsetBuffer::from_lengths([values.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(item(values.data_type()), offsets, values, None)?)))
        });
        lists.collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let whole = self.whole()?;
        let rows = whole.first().map_or(0, |values| values.len());
        let value = self.function.values(&whole, rows, 1, &self.returns)?;
        ScalarValue::try_from_array(&value, 0)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes
    }
}

/// Hands the values of a group to a state of the function's own.
#[derive(Debug)]
struct OwnState {
    function: Function,
    returns: DataType,
    state: Box<dyn State>,
    /// What a state holds is not known; it is a few numbers, or what it was given.
    seen_bytes: usize,
}

/// The least that a state takes.
const STATE_BYTES: usize = 256;

impl Accumulator for OwnState {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if values.first().is_none_or(|values| values.is_empty()) {
            return Ok(());
        }
        let Self { function, state, .. } = self;
        function.outside(|| state.update(values))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first().and_then(|states| states.as_binary_opt::<i32>()) else {
            return internal_err!("expected states as bytes");
        };
        let Self { function, state, seen_bytes, .. } = self;
        function.outside(|| {
            states.iter().flatten().try_for_each(|bytes| {
                *seen_bytes = (*seen_bytes).max(bytes.len());
                state.merge(bytes)
            })
        })
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let Self { function, state, .. } = self;
        Ok(vec![ScalarValue::Binary(Some(function.outside(|| state.bytes())?))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let Self { function, state, returns, .. } = self;
        let value = function.outside(|| state.evaluate())?;
        let value = function.check(value, 1, returns)?;
        ScalarValue::try_from_array(&value, 0)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + STATE_BYTES + self.seen_bytes
    }
}
