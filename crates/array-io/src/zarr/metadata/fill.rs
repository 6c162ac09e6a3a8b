//! Fill values: what stands where nothing was written.

use serde_json::{Value, json};
use swath_kernels::{Complex, DType, NAT, Scalar, f16};

use super::shown;

/// A fill value of a dtype.
pub(crate) fn parse(value: &Value, dtype: DType) -> Result<Scalar, String> {
    let wrong = || format!("'fill_value' is {}, not a value of {dtype}", shown(Some(value)));
    match dtype {
        DType::Bool => match value {
            Value::Bool(value) => Ok(Scalar::Bool(*value)),
            Value::Number(number) => Ok(Scalar::Bool(number.as_f64().is_some_and(|number| number != 0.0))),
            _ => Err(wrong()),
        },
        DType::C64 | DType::C128 => {
            let parts = match value {
                Value::Array(parts) if parts.len() == 2 => Some((&parts[0], &parts[1])),
                Value::Array(_) => None,
                real => Some((real, &Value::Null)),
            };
            let (re, im) = parts.ok_or_else(wrong)?;
            let part = |value: &Value| match value {
                Value::Null => Ok(Scalar::zero(dtype.real())),
                value => float(value, dtype.real()).ok_or_else(wrong),
            };
            Ok(match (part(re)?, part(im)?) {
                (Scalar::F32(re), Scalar::F32(im)) => Scalar::C64(Complex::new(re, im)),
                (re, im) => Scalar::C128(Complex::new(re.to(), im.to())),
            })
        }
        _ if dtype.is_float() => float(value, dtype).ok_or_else(wrong),
        _ if dtype.is_time() && value.as_str() == Some("NaT") => {
            Scalar::from_integer(NAT.into(), dtype).map_err(|_| wrong())
        }
        _ => {
            let number = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
            // Some writers put integers as 0.0.
            let whole = || {
                value
                    .as_f64()
                    .filter(|number| number.fract() == 0.0 && number.abs() < 1e15)
                    .map(|number| number as i128)
            };
            let number = number.or_else(whole).ok_or_else(wrong)?;
            Scalar::from_integer(number, dtype).map_err(|_| wrong())
        }
    }
}

fn float(value: &Value, dtype: DType) -> Option<Scalar> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            // The bits of a number, for NaNs that are not the usual one.
            text => {
                let bits = u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()?;
                return Some(match dtype {
                    DType::F16 => Scalar::F16(f16::from_bits(bits.try_into().ok()?)),
                    DType::F32 => Scalar::F32(f32::from_bits(bits.try_into().ok()?)),
                    _ => Scalar::F64(f64::from_bits(bits)),
                });
            }
        },
        _ => return None,
    };
    Some(Scalar::F64(number).cast(dtype))
}

/// A fill value as metadata holds it.
pub(crate) fn format(value: Scalar) -> Value {
    match value {
        Scalar::Bool(value) => json!(value),
        Scalar::C64(value) => json!([format(Scalar::F32(value.re)), format(Scalar::F32(value.im))]),
        Scalar::C128(value) => json!([format(Scalar::F64(value.re)), format(Scalar::F64(value.im))]),
        Scalar::F16(value) => number(value.to_f64()),
        Scalar::F32(value) => number(value.into()),
        Scalar::F64(value) => number(value),
        Scalar::U64(value) => json!(value),
        other => json!(other.to::<i64>()),
    }
}

fn number(value: f64) -> Value {
    match value {
        _ if value.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(value),
    }
}
