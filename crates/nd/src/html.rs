//! An array as a notebook shows it: a table of sizes and a drawing of its chunks. Computes nothing.

use std::fmt::Write;

use swath_arrays::{AxisChunks, explain};

use crate::array::Array;

/// The longest side of a drawing, and the shortest, in pixels.
const LONGEST: f64 = 120.0;
const SHORTEST: f64 = 14.0;

/// Lines between chunks of one axis; of more only so many are drawn.
const MOST_LINES: usize = 24;

impl Array {
    /// A table of shape, chunks and bytes, and a drawing of the last two axes' chunks (those before are stated), as HTML.
    #[must_use]
    pub fn to_html(&self) -> String {
        let array = match self.expression() {
            Ok(array) => array,
            Err(error) => return format!("<pre>Array(invalid: {})</pre>", escaped(&error.to_string())),
        };
        let grid = array.grid();
        let length = |axis: &AxisChunks| format!("{}{}", if axis.is_known() { "" } else { "≤" }, axis.length());
        let shape: Vec<String> = grid.axes().iter().map(length).collect();
        let block: Vec<String> = grid.axes().iter().map(|axis| axis.longest().to_string()).collect();
        let block_bytes = grid.largest_block_elements() * array.dtype().item_size() as u64;
        let rows = [
            ("Shape", format!("({})", shape.join(", ")), format!("({})", block.join(", "))),
            ("Bytes", explain::bytes(array.bytes()), explain::bytes(block_bytes)),
            ("Count", array.elements().to_string(), format!("{} chunks", grid.block_count())),
            ("Dtype", array.dtype().to_string(), String::new()),
        ];
        let mut text = String::from(
            "<table class=\"swath-array\"><tr><td><table><tr><th></th><th>Array</th><th>Largest chunk</th></tr>",
        );
        for (name, whole, chunk) in rows {
            let _ = write!(text, "<tr><th>{name}</th><td>{}</td><td>{}</td></tr>", escaped(&whole), escaped(&chunk));
        }
        text.push_str("</table></td><td>");
        text.push_str(&drawing(grid.axes()));
        text.push_str("</td></tr></table>");
        text
    }
}

/// The chunks of the last two axes as an SVG; a vector is a row.
fn drawing(axes: &[AxisChunks]) -> String {
    let (rows, columns) = match axes {
        [] => return String::new(),
        [only] => (None, only),
        [.., rows, columns] => (Some(rows), columns),
    };
    let lengths = (rows.map_or(1, AxisChunks::length), columns.length());
    let most = lengths.0.max(lengths.1).max(1) as f64;
    let side = |length: usize| (length as f64 / most * LONGEST).max(SHORTEST);
    let (height, width) = (side(lengths.0), side(lengths.1));
    let mut text = format!(
        "<svg width=\"{:.0}\" height=\"{:.0}\" style=\"stroke:currentColor\"><rect x=\"1\" y=\"1\" width=\"{width:.1}\" \
         height=\"{height:.1}\" fill=\"#e8a33d\" fill-opacity=\"0.5\"/>",
        width + 2.0,
        height + 2.0
    );
    for x in cuts(columns, width) {
        let _ = write!(text, "<line x1=\"{x:.1}\" y1=\"1\" x2=\"{x:.1}\" y2=\"{:.1}\"/>", height + 1.0);
    }
    for y in rows.map(|rows| cuts(rows, height)).unwrap_or_default() {
        let _ = write!(text, "<line x1=\"1\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>", width + 1.0);
    }
    text.push_str("</svg>");
    if axes.len() > 2 {
        let _ = write!(text, "<br/>the last two of {} axes", axes.len());
    }
    text
}

/// Where chunks of an axis end, in pixels.
fn cuts(axis: &AxisChunks, side: f64) -> Vec<f64> {
    let count = axis.count();
    let every = count.div_ceil(MOST_LINES).max(1);
    let place = |chunk: usize| axis.range(chunk).end as f64 / axis.length().max(1) as f64 * side + 1.0;
    (every - 1..count.saturating_sub(1)).step_by(every).map(place).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use swath_kernels::DType;

    use crate::context::Arrays;

    #[test]
    fn chunks_are_drawn_and_nothing_runs() {
        let arrays = Arrays::embedded();
        let x = arrays.with_chunks([50, 4]).ones([100, 8], DType::F64);
        let text = x.to_html();
        assert!(text.contains("<td>(100, 8)</td><td>(50, 4)</td>") && text.contains("<td>4 chunks</td>"), "{text}");
        assert_eq!(text.matches("<line").count(), 2);
        assert!(text.contains("6.2 KiB") && text.contains("float64"), "{text}");
        let many = arrays.with_chunks(1).ones([1000], DType::I8).to_html();
        assert!(many.matches("<line").count() <= super::MOST_LINES, "{many}");
        assert!(arrays.full((), 1.0).to_html().contains("<td>()</td>"));
        assert!(arrays.ones([2, 0, 3], DType::F32).to_html().contains("the last two of 3 axes"));
        let masked = x.slice(crate::s![&x.slice(crate::s![.., 0]).gt(0.0)]);
        assert!(masked.to_html().contains("(≤100, 8)"));
        let wrong = (&x + arrays.ones([3], DType::F64)).to_html();
        assert!(wrong.starts_with("<pre>Array(invalid: operands could not be broadcast"), "{wrong}");
    }
}
