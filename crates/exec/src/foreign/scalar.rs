//! A user's function over columns: as many values as there are rows.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::{Function, coerced};
use crate::wire::{WireReader, WireWriter};

/// A user's function over columns.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ScalarFunction {
    function: Function,
    /// Types of the arguments; any, if none are declared.
    inputs: Option<Vec<DataType>>,
    returns: DataType,
    signature: Signature,
    /// SQL makes small letters of a name without quotes.
    aliases: Vec<String>,
}

impl ScalarFunction {
    /// `function` with the types that it declares. A `volatile` one may give another result for the same arguments.
    pub fn new(function: Function, inputs: Option<Vec<DataType>>, returns: DataType, volatile: bool) -> Self {
        let signature = Signature::user_defined(if volatile { Volatility::Volatile } else { Volatility::Immutable });
        let aliases = lower_case(function.name());
        Self { function, inputs, returns, signature, aliases }
    }

    /// What `udf` is, if it is a user's function.
    pub fn of(udf: &ScalarUDF) -> Option<&Self> {
        (udf.inner().as_ref() as &dyn std::any::Any).downcast_ref()
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
        message.flag(self.signature.volatility == Volatility::Volatile);
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

/// The other name of a function in SQL, if it has one.
pub(super) fn lower_case(name: &str) -> Vec<String> {
    let lower = name.to_ascii_lowercase();
    if lower == name { vec![] } else { vec![lower] }
}

impl ScalarUDFImpl for ScalarFunction {
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

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let columns = arguments.args.into_iter().map(|column| column.into_array(rows)).collect::<Result<Vec<_>>>()?;
        Ok(ColumnarValue::Array(self.function.values(&columns, rows, rows, &self.returns)?))
    }
}

impl From<ScalarFunction> for Arc<ScalarUDF> {
    fn from(function: ScalarFunction) -> Self {
        Self::new(ScalarUDF::from(function))
    }
}
