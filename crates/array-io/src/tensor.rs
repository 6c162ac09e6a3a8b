//! Arrow types whose values are elements of arrays, and their bytes.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, TimeUnit as ArrowUnit};
use swath_kernels::{DType, TimeUnit};

/// The name of the extension type, <https://arrow.apache.org/docs/format/CanonicalExtensions.html#fixed-shape-tensor>.
const TENSOR: &str = "arrow.fixed_shape_tensor";

/// How one row of a column is an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The dtype of the elements.
    pub dtype: DType,
    /// The shape of a row's elements as they lie.
    pub stored: Vec<usize>,
    /// Axis `i` of a row's array is axis `permutation[i]` as stored.
    permutation: Vec<usize>,
}

impl Tensor {
    /// How the rows of a column are arrays: of no axes for plain values, else of those of its fixed-size lists.
    ///
    /// # Errors
    /// What is wrong with the column's type.
    pub fn of(field: &Field) -> Result<Self, String> {
        let mut stored = Vec::new();
        let mut inner = field.data_type();
        while let DataType::FixedSizeList(item, size) = inner {
            stored.push(usize::try_from(*size).map_err(|_| format!("its lists have the impossible length {size}"))?);
            inner = item.data_type();
        }
        let dtype = element(inner).ok_or_else(|| {
            format!(
                "{} is no array: columns of bool, integers, floats, dates, spans of time, and fixed-size lists of them are",
                field.data_type()
            )
        })?;
        let mut permutation: Vec<usize> = (0..stored.len()).collect();
        if field.metadata().get("ARROW:extension:name").is_some_and(|name| name == TENSOR) {
            let text = field.metadata().get("ARROW:extension:metadata").map_or("{}", String::as_str);
            (stored, permutation) = declared(text, stored.iter().product())?;
        }
        Ok(Self { dtype, stored, permutation })
    }

    /// The shape of a row's array.
    pub fn shape(&self) -> Vec<usize> {
        self.permutation.iter().map(|axis| self.stored[*axis]).collect()
    }

    /// The order of axes that makes the arrays of what is stored, with the rows first.
    pub fn order(&self) -> Vec<usize> {
        std::iter::once(0).chain(self.permutation.iter().map(|axis| axis + 1)).collect()
    }

    /// Appends the elements of all rows of a batch's column.
    ///
    /// # Errors
    /// Rows without a value, and a column of another type.
    pub fn append(&self, column: &dyn Array, out: &mut Vec<u8>) -> Result<(), String> {
        let nulls = column.logical_null_count();
        if nulls > 0 {
            return Err(format!("{nulls} of its rows are null, and arrays have no nulls: fill them first (fill_null)"));
        }
        if let Some(list) = column.as_fixed_size_list_opt() {
            let size = list.value_length() as usize;
            let values = list.values().slice(list.offset() * size, list.len() * size);
            return self.append(&values, out);
        }
        let wrong = || format!("a batch has the type {}", column.data_type());
        let data = column.to_data();
        let width = match column.data_type() {
            DataType::Boolean => {
                let values = column.as_boolean();
                out.extend(values.values().iter().map(u8::from));
                return Ok(());
            }
            // Days of 32 bits, dates of 64 bits.
            DataType::Date32 => {
                let values = column.as_primitive::<arrow::datatypes::Date32Type>();
                out.extend(values.values().iter().flat_map(|day| i64::from(*day).to_ne_bytes()));
                return Ok(());
            }
            other => other.primitive_width().ok_or_else(wrong)?,
        };
        if width != self.dtype.item_size() {
            return Err(wrong());
        }
        let buffer = data.buffers().first().ok_or_else(wrong)?;
        let bytes = buffer.get(data.offset() * width..(data.offset() + data.len()) * width);
        out.extend_from_slice(bytes.ok_or_else(wrong)?);
        Ok(())
    }
}

/// Shape and order of axes of an extension type; its lists have `size` elements.
fn declared(text: &str, size: usize) -> Result<(Vec<usize>, Vec<usize>), String> {
    let wrong = |what: &str| format!("the type {TENSOR} {what}: {}", text.chars().take(120).collect::<String>());
    let json: serde_json::Value = serde_json::from_str(text).map_err(|_| wrong("has metadata that is no JSON"))?;
    let list = |key: &str| -> Option<Vec<usize>> {
        json.get(key)?.as_array()?.iter().map(|value| usize::try_from(value.as_u64()?).ok()).collect()
    };
    let shape = list("shape").ok_or_else(|| wrong("has no shape"))?;
    let count = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    if count != Some(size) {
        return Err(wrong(&format!("has another shape than its lists of {size} elements")));
    }
    let Some(permutation) = list("permutation") else {
        let order = (0..shape.len()).collect();
        return Ok((shape, order));
    };
    let mut sorted = permutation.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..shape.len()) {
        return Err(wrong("has a permutation that does not name each axis once"));
    }
    Ok((shape, permutation))
}

/// The dtype of the elements that values of this type are; none for what is no array.
pub fn element(data_type: &DataType) -> Option<DType> {
    let unit = |unit: &ArrowUnit| match unit {
        ArrowUnit::Second => TimeUnit::Second,
        ArrowUnit::Millisecond => TimeUnit::Millisecond,
        ArrowUnit::Microsecond => TimeUnit::Microsecond,
        ArrowUnit::Nanosecond => TimeUnit::Nanosecond,
    };
    Some(match data_type {
        DataType::Boolean => DType::Bool,
        DataType::Int8 => DType::I8,
        DataType::Int16 => DType::I16,
        DataType::Int32 => DType::I32,
        DataType::Int64 => DType::I64,
        DataType::UInt8 => DType::U8,
        DataType::UInt16 => DType::U16,
        DataType::UInt32 => DType::U32,
        DataType::UInt64 => DType::U64,
        DataType::Float16 => DType::F16,
        DataType::Float32 => DType::F32,
        DataType::Float64 => DType::F64,
        DataType::Date32 => DType::Datetime64(TimeUnit::Day),
        DataType::Date64 => DType::Datetime64(TimeUnit::Millisecond),
        // The zone says how to show it, not which moment it is.
        DataType::Timestamp(of, _) => DType::Datetime64(unit(of)),
        DataType::Duration(of) => DType::Timedelta64(unit(of)),
        _ => return None,
    })
}
