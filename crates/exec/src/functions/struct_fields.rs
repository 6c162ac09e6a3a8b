//! `struct_with_fields(struct, name, value, …)` and `struct_rename_fields(struct, name, …)`: structs with other fields.
//!
//! The first puts values into the fields of these names, in the place of what they held or after the last field; the second names all
//! fields anew. Names are constants. A null struct stays null.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The function that adds fields or changes them.
pub fn struct_with_fields() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ChangedStruct::new(Kind::WithFields).into()));
    Arc::clone(&FUNCTION)
}

/// The function that names fields anew.
pub fn struct_rename_fields() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ChangedStruct::new(Kind::Rename).into()));
    Arc::clone(&FUNCTION)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    WithFields,
    Rename,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ChangedStruct {
    kind: Kind,
    signature: Signature,
}

impl ChangedStruct {
    fn new(kind: Kind) -> Self {
        Self { kind, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// The fields of the result, and of which argument each value comes: nothing for a field of the struct.
    fn fields(
        &self,
        arguments: &[FieldRef],
        name: impl Fn(usize) -> Option<String>,
    ) -> Result<Vec<(FieldRef, Option<usize>)>> {
        let Some(DataType::Struct(old)) = arguments.first().map(|field| field.data_type()) else {
            let got = arguments.first().map_or_else(|| "nothing".to_owned(), |field| field.data_type().to_string());
            return plan_err!("{}: expected a struct, got {got}", self.name());
        };
        let named = |position: usize| match name(position) {
            Some(name) => Ok(name),
            None => plan_err!("{}: expected constant names of fields", self.name()),
        };
        let mut made: Vec<(FieldRef, Option<usize>)> = old.iter().map(|field| (Arc::clone(field), None)).collect();
        match self.kind {
            Kind::Rename => {
                if arguments.len() - 1 != old.len() {
                    let (names, fields) = (arguments.len() - 1, old.len());
                    return plan_err!("struct_rename_fields: expected {fields} names, one for each field, got {names}");
                }
                for (position, (field, _)) in made.iter_mut().enumerate() {
                    *field = Arc::new(field.as_ref().clone().with_name(named(position + 1)?));
                }
            }
            Kind::WithFields => {
                for position in (1..arguments.len().saturating_sub(1)).step_by(2) {
                    let name = named(position)?;
                    let value = &arguments[position + 1];
                    let new = Arc::new(Field::new(&name, value.data_type().clone(), true));
                    match made.iter_mut().find(|(field, _)| *field.name() == name) {
                        Some(known) => *known = (new, Some(position + 1)),
                        None => made.push((new, Some(position + 1))),
                    }
                }
            }
        }
        for (position, (field, _)) in made.iter().enumerate() {
            if made[..position].iter().any(|(before, _)| before.name() == field.name()) {
                return plan_err!("{}: two fields would be named '{}'", self.name(), field.name());
            }
        }
        Ok(made)
    }
}

fn text(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(str::to_owned)
}

impl ScalarUDFImpl for ChangedStruct {
    fn name(&self) -> &str {
        match self.kind {
            Kind::WithFields => "struct_with_fields",
            Kind::Rename => "struct_rename_fields",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if self.kind == Kind::WithFields && types.len().is_multiple_of(2) {
            return plan_err!("struct_with_fields: expected a struct and pairs of names and values");
        }
        Ok(types.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("{}: the type depends on the names", self.name())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let name = |position: usize| arguments.scalar_arguments.get(position).copied().flatten().and_then(text);
        let fields = self.fields(arguments.arg_fields, name)?;
        let fields: Fields = fields.into_iter().map(|(field, _)| field).collect();
        let nullable = arguments.arg_fields[0].is_nullable();
        Ok(Arc::new(Field::new(self.name(), DataType::Struct(fields), nullable)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = |position: usize| match arguments.args.get(position) {
            Some(ColumnarValue::Scalar(value)) => text(value),
            _ => None,
        };
        let fields = self.fields(&arguments.arg_fields, name)?;
        let rows = arguments.number_rows;
        let Some(old) = arguments.args.first() else { return internal_err!("{}: expected a struct", self.name()) };
        let old = old.to_array(rows)?;
        let Some(old) = old.as_struct_opt() else {
            return internal_err!("{}: expected a struct, got {}", self.name(), old.data_type());
        };
        let column = |(place, (_, argument)): (usize, &(FieldRef, Option<usize>))| -> Result<ArrayRef> {
            match argument {
                Some(argument) => arguments.args[*argument].to_array(rows),
                None => Ok(Arc::clone(old.column(place))),
            }
        };
        let columns = fields.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        let fields: Fields = fields.into_iter().map(|(field, _)| field).collect();
        let made = StructArray::try_new_with_length(fields, columns, old.nulls().cloned(), rows)?;
        Ok(ColumnarValue::Array(Arc::new(made)))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn rows(call: &str) -> Result<Vec<String>, String> {
        let context = SessionContext::new();
        context.register_udf(super::struct_with_fields().as_ref().clone());
        context.register_udf(super::struct_rename_fields().as_ref().clone());
        let sql = format!("SELECT {call} FROM (VALUES ({{x: 1, y: 'a'}}, 5), (NULL, 6)) AS t(s, n) ORDER BY n");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        Ok(text.lines().skip(3).filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect())
    }

    #[tokio::test]
    async fn fields_are_added_changed_and_named() {
        assert_eq!(rows("struct_with_fields(s, 'x', s.x * 10, 'z', n)").await.unwrap(), ["|{x:10,y:a,z:5}|", "||"]);
        assert_eq!(rows("struct_rename_fields(s, 'p', 'q')").await.unwrap(), ["|{p:1,q:a}|", "||"]);
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        assert!(rows("struct_rename_fields(s, 'p')").await.unwrap_err().contains("expected 2 names"));
        assert!(rows("struct_rename_fields(s, 'p', 'p')").await.unwrap_err().contains("two fields would be named 'p'"));
        assert!(rows("struct_with_fields(n, 'p', 1)").await.unwrap_err().contains("expected a struct, got Int64"));
        assert!(rows("struct_with_fields(s, 'p')").await.unwrap_err().contains("pairs of names and values"));
        assert!(rows("struct_with_fields(s, n, 1)").await.unwrap_err().contains("constant names"));
    }
}
