//! A host of another language, played by Rust: functions are numbers to multiply with.

use arrow::array::{AsArray, Float64Array};
use arrow::datatypes::{Field, Float64Type, Schema};
use datafusion::common::exec_datafusion_err;
use datafusion::logical_expr::AggregateUDF;
use datafusion::prelude::SessionContext;

use super::aggregate::AggregateFunction;
use super::scalar::ScalarFunction;
use super::*;
use crate::{Engine, EngineOptions};

#[derive(Debug)]
struct Times(f64);

#[derive(Debug)]
struct Sum(f64);

fn floats(array: &ArrayRef) -> impl Iterator<Item = f64> + '_ {
    array.as_primitive::<Float64Type>().values().iter().copied()
}

impl Callable for Times {
    fn payload(&self) -> Result<Arc<[u8]>> {
        Ok(self.0.to_le_bytes().as_slice().into())
    }

    fn values(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        if self.0.is_nan() {
            return exec_err!("no luck");
        }
        assert_eq!(arguments[0].len(), rows);
        Ok(Arc::new(Float64Array::from_iter_values(floats(&arguments[0]).map(|value| value * self.0))))
    }

    fn rows(&self, batch: RecordBatch) -> Result<RecordBatch> {
        Ok(batch.slice(0, 1))
    }

    fn state(&self) -> Result<Box<dyn State>> {
        Ok(Box::new(Sum(0.0)))
    }
}

impl State for Sum {
    fn update(&mut self, arguments: &[ArrayRef]) -> Result<()> {
        self.0 += floats(&arguments[0]).sum::<f64>();
        Ok(())
    }

    fn merge(&mut self, state: &[u8]) -> Result<()> {
        self.0 += f64::from_le_bytes(state.try_into().map_err(|_| exec_datafusion_err!("no number"))?);
        Ok(())
    }

    fn bytes(&mut self) -> Result<Vec<u8>> {
        Ok(self.0.to_le_bytes().to_vec())
    }

    fn evaluate(&mut self) -> Result<ArrayRef> {
        Ok(Arc::new(Float64Array::from(vec![self.0])))
    }
}

#[derive(Debug)]
struct Multiplication;

impl Host for Multiplication {
    fn load(&self, _: &str, payload: &[u8]) -> Result<Arc<dyn Callable>> {
        Ok(Arc::new(Times(f64::from_le_bytes(payload.try_into().map_err(|_| exec_datafusion_err!("no number"))?))))
    }
}

fn times(by: f64, id: u128) -> Function {
    Function::new("times", id, Arc::new(Times(by)))
}

fn scalar(function: Function) -> ScalarFunction {
    ScalarFunction::new(function, Some(vec![DataType::Float64]), DataType::Float64, false)
}

/// The only value of a query.
fn answer(engine: &Engine, sql: &str) -> Result<f64> {
    let (context, sql) = (engine.context().clone(), sql.to_owned());
    let batches = engine.block_on(async move { context.sql(&sql).await?.collect().await })?;
    Ok(batches.iter().flat_map(|batch| floats(batch.column(0)).collect::<Vec<_>>()).sum())
}

fn engine() -> Engine {
    Engine::start(EngineOptions { threads: Some(2), ..Default::default() }).unwrap()
}

#[test]
fn functions_are_called_from_expressions_and_aggregates() {
    let engine = engine();
    let context: &SessionContext = engine.context();
    context.register_udf(Arc::<datafusion::logical_expr::ScalarUDF>::from(scalar(times(2.0, 1))).as_ref().clone());
    assert_eq!(answer(&engine, "SELECT times(value) FROM range(1000)").unwrap(), 999_000.0);
    for keeps_state in [true, false] {
        // Of all values at once it gives as many as there are: one, of one row.
        let (name, rows) = if keeps_state { ("kept", 1000) } else { ("whole", 1) };
        let function = Function::new(name, 2, Arc::new(Times(1.0)));
        let aggregate = AggregateFunction::new(function, None, DataType::Float64, keeps_state);
        context.register_udaf(AggregateUDF::from(aggregate));
        let sum = (0..rows).sum::<i64>() as f64;
        let sql = format!("SELECT {name}(value * 1.0) FROM range({rows}) GROUP BY value % 3");
        assert_eq!(answer(&engine, &sql).unwrap(), sum);
    }
    let wrong = answer(&engine, "SELECT times('a') FROM range(10)").unwrap_err().to_string();
    assert!(wrong.contains("times: argument 1 was declared as Float64, got Utf8"), "{wrong}");
}

#[test]
fn functions_are_made_again_from_their_bytes() {
    let message = scalar(times(3.0, 7)).to_bytes().unwrap();
    let again = ScalarFunction::from_bytes(&message).unwrap();
    assert_eq!(again, scalar(times(3.0, 7)));
    assert_ne!(again, scalar(times(3.0, 8)));
    let function = from_bytes(&message, Function::decode).unwrap();
    let two: ArrayRef = Arc::new(Float64Array::from(vec![2.0]));
    let refused = function.values(&[Arc::clone(&two)], 1, 1, &DataType::Float64).unwrap_err().to_string();
    assert!(refused.contains("this worker has no Python"), "{refused}");
    install(Arc::new(Multiplication));
    let made = function.values(&[two], 1, 1, &DataType::Float64).unwrap();
    assert_eq!(floats(&made).collect::<Vec<_>>(), [6.0]);
    assert!(from_bytes(&message[..20], Function::decode).is_err());
}

#[test]
fn what_a_function_returns_is_checked() {
    let function = times(1.0, 9);
    let two: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    let count = function.values(std::slice::from_ref(&two), 2, 1, &DataType::Float64).unwrap_err().to_string();
    assert!(count.contains("times: expected 1 values, the function returned 2"), "{count}");
    let kind = function.values(&[two], 2, 2, &DataType::Utf8).unwrap_err().to_string();
    assert!(kind.contains("times: the result was declared as Utf8, the function returned Float64"), "{kind}");
    let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, false)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(Float64Array::from(vec![1.0, 2.0]))]).unwrap();
    assert_eq!(function.rows(batch).unwrap().num_rows(), 1);
}
