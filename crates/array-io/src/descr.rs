//! NumPy's short names of dtypes: `<f8`, `|b1`, `>M8[ns]`. They stand in npy headers and in Zarr v2's metadata.

use swath_kernels::{DType, TimeUnit};

use crate::byte_order::ByteOrder;

/// A dtype and its byte order from its short name; the error says what the name means and what helps.
pub(crate) fn parse(text: &str) -> Result<(DType, ByteOrder), String> {
    let (order, name) = match text.as_bytes().first() {
        Some(b'<') => (ByteOrder::Little, &text[1..]),
        Some(b'>') => (ByteOrder::Big, &text[1..]),
        Some(b'|' | b'=') => (ByteOrder::NATIVE, &text[1..]),
        _ => (ByteOrder::NATIVE, text),
    };
    let dtype = match name {
        "b1" | "?" => DType::Bool,
        "i1" => DType::I8,
        "i2" => DType::I16,
        "i4" => DType::I32,
        "i8" => DType::I64,
        "u1" => DType::U8,
        "u2" => DType::U16,
        "u4" => DType::U32,
        "u8" => DType::U64,
        "f2" => DType::F16,
        "f4" => DType::F32,
        "f8" => DType::F64,
        "c8" => DType::C64,
        "c16" => DType::C128,
        _ if name.starts_with("M8[") || name.starts_with("m8[") => time(text, name)?,
        _ => return Err(refusal(text, name)),
    };
    Ok((dtype, order))
}

fn time(text: &str, name: &str) -> Result<DType, String> {
    let symbol = name[3..].strip_suffix(']').unwrap_or_default();
    let unit = TimeUnit::ALL.into_iter().find(|unit| unit.symbol() == symbol).ok_or_else(|| {
        format!("dtype '{text}' has the unit '{symbol}'; units are Y, M, W, D, h, m, s, ms, us and ns without a factor")
    })?;
    Ok(if name.starts_with('M') { DType::Datetime64(unit) } else { DType::Timedelta64(unit) })
}

fn refusal(text: &str, name: &str) -> String {
    let what = match name.as_bytes().first() {
        Some(b'O') => "holds Python objects, which only Python can read (and which may run code): save numbers instead",
        Some(b'S' | b'a') => "holds byte strings: arrays here hold numbers, truth values and dates",
        Some(b'U') => "holds strings: arrays here hold numbers, truth values and dates",
        Some(b'V') => "holds raw bytes or records: save each field as an array of its own",
        Some(b'f' | b'c') => "is a float that no processor but some have: save as float64 or complex128",
        Some(b'M' | b'm') => "is a date or a span of time without a unit: save with one, as datetime64[ns]",
        _ => "is not one of bool, integers, floats, complex numbers, dates",
    };
    format!("dtype '{text}' {what}")
}

/// The short name of a dtype with its elements in this order.
pub(crate) fn format(dtype: DType, order: ByteOrder) -> String {
    let mark = match order {
        _ if dtype.item_size() == 1 => '|',
        ByteOrder::Little => '<',
        ByteOrder::Big => '>',
    };
    let size = dtype.item_size();
    match dtype {
        DType::Bool => format!("{mark}b1"),
        DType::Datetime64(unit) => format!("{mark}M8[{}]", unit.symbol()),
        DType::Timedelta64(unit) => format!("{mark}m8[{}]", unit.symbol()),
        _ if dtype.is_complex() => format!("{mark}c{size}"),
        _ if dtype.is_float() => format!("{mark}f{size}"),
        _ if dtype.name().starts_with('u') => format!("{mark}u{size}"),
        _ => format!("{mark}i{size}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        let times = TimeUnit::ALL.into_iter().flat_map(|unit| [DType::Datetime64(unit), DType::Timedelta64(unit)]);
        for dtype in DType::NUMERIC.into_iter().chain(times) {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let (found, found_order) = parse(&format(dtype, order)).unwrap();
                assert_eq!(found, dtype);
                assert!(found_order == order || dtype.item_size() == 1);
            }
        }
        assert_eq!(format(DType::F64, ByteOrder::Big), ">f8");
        assert_eq!(format(DType::Bool, ByteOrder::Big), "|b1");
        assert_eq!(parse("?"), Ok((DType::Bool, ByteOrder::NATIVE)));
    }

    #[test]
    fn others_are_refused_with_a_reason() {
        for (text, reason) in [
            ("|O", "Python objects"),
            ("|S5", "byte strings"),
            ("<U3", "strings"),
            ("|V8", "raw bytes"),
            ("<f16", "float64"),
            ("<M8", "without a unit"),
            ("<M8[25s]", "unit '25s'"),
            ("<M8[", "unit ''"),
            ("", "is not one of"),
            ("ä", "is not one of"),
        ] {
            assert!(parse(text).unwrap_err().contains(reason), "{text}: {:?}", parse(text));
        }
    }
}
