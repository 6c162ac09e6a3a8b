//! Amounts of memory as people write them: `4GB`, `512 MiB`, `1.5g`.

/// Reads a number of bytes. `KB`, `MB`, `GB`, `TB` are powers of 1000; `KiB`, `MiB`, `GiB`, `TiB` and bare `K`, `M`, `G`, `T` of 1024.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_byte_size(text: &str) -> Result<usize, String> {
    let trimmed = text.trim();
    let unit_at = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(unit_at);
    let unit_bytes: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1024.0 * 1024.0,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "t" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(format!("expected an amount of memory such as 4GB or 512MiB, got '{text}'")),
    };
    match number.parse::<f64>() {
        Ok(number) if number * unit_bytes >= 1.0 && number * unit_bytes < usize::MAX as f64 => {
            Ok((number * unit_bytes) as usize)
        }
        _ => Err(format!("expected an amount of memory such as 4GB or 512MiB, got '{text}'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        assert_eq!(parse_byte_size("4GB"), Ok(4_000_000_000));
        assert_eq!(parse_byte_size("1.5 GiB"), Ok(3 << 29));
        assert_eq!(parse_byte_size("512m"), Ok(512 << 20));
        assert_eq!(parse_byte_size("1024"), Ok(1024));
        for text in ["", "GB", "-1GB", "4XB", "1e9", "0", "99999999999TB"] {
            assert!(parse_byte_size(text).is_err(), "{text}");
        }
    }
}
