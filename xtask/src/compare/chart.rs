//! The comparison as a drawing: hot time over the reference engine's, query by query, on a logarithmic scale.

use std::fmt::Write;

use super::comparison::Comparison;

const BAR_WIDTH: f64 = 7.0;
const GAP: f64 = 12.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 50.0;
const HEIGHT: f64 = 320.0;
/// The ratios at the lower and upper edge; what lies beyond is cut off there.
const LOWEST: f64 = 1.0 / 8.0;
const HIGHEST: f64 = 8.0;

/// An SVG document.
pub fn svg(comparison: &Comparison) -> String {
    let engines = comparison.summaries.len() as f64;
    let group = engines * BAR_WIDTH + GAP;
    let groups = comparison.rows.len() + 1;
    let width = LEFT + groups as f64 * group + 20.0;
    let mut text = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {:.0}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
<text x="{LEFT}" y="18" font-size="14">{}, {} threads: hot time over that of {} (lower is better)</text>
"#,
        TOP + HEIGHT + 40.0,
        comparison.title,
        comparison.threads,
        comparison.reference
    );
    legend(&mut text, comparison);
    grid(&mut text, width);
    for (position, row) in comparison.rows.iter().enumerate() {
        let x = LEFT + position as f64 * group + GAP / 2.0;
        let ratios = row.engines.iter().map(|measured| (measured.engine, measured.ratio));
        bars(&mut text, x, &row.query, ratios);
    }
    let x = LEFT + comparison.rows.len() as f64 * group + GAP / 2.0;
    let means = comparison.summaries.iter().map(|summary| (summary.engine, summary.geometric_mean_ratio));
    bars(&mut text, x, "mean", means);
    text.push_str("</svg>\n");
    text
}

/// Engines of the two comparisons never stand in one chart.
fn colour(engine: &str) -> &'static str {
    match engine {
        "swath" => "#c2410c",
        "swath-df" => "#f59e0b",
        "swath-cluster" => "#be185d",
        "duckdb" | "numpy" => "#52525b",
        "polars" | "dask" => "#2563eb",
        "datafusion" | "numexpr" => "#059669",
        _ => "#7c3aed",
    }
}

fn height_of(ratio: f64) -> f64 {
    let position = (ratio.clamp(LOWEST, HIGHEST) / LOWEST).ln() / (HIGHEST / LOWEST).ln();
    TOP + HEIGHT * (1.0 - position)
}

fn legend(text: &mut String, comparison: &Comparison) {
    for (position, summary) in comparison.summaries.iter().enumerate() {
        let x = LEFT + position as f64 * 150.0;
        let mean = summary.geometric_mean_ratio.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.2}"));
        let _ = writeln!(
            text,
            r#"<rect x="{x}" y="28" width="10" height="10" fill="{}"/><text x="{}" y="37">{} ({mean})</text>"#,
            colour(summary.engine),
            x + 14.0,
            summary.engine
        );
    }
}

fn grid(text: &mut String, width: f64) {
    for (ratio, label) in [(0.125, "1/8"), (0.25, "1/4"), (0.5, "1/2"), (1.0, "1"), (2.0, "2"), (4.0, "4"), (8.0, "8")]
    {
        let y = height_of(ratio);
        let stroke = if ratio == 1.0 { "#18181b" } else { "#d4d4d8" };
        let _ = writeln!(
            text,
            r#"<line x1="{LEFT}" x2="{:.0}" y1="{y:.1}" y2="{y:.1}" stroke="{stroke}"/><text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#,
            width - 10.0,
            LEFT - 6.0,
            y + 4.0
        );
    }
}

/// One group of bars, each from the line of the reference up or down to its ratio.
fn bars(text: &mut String, x: f64, label: &str, ratios: impl Iterator<Item = (&'static str, Option<f64>)>) {
    let mut right = x;
    for (engine, ratio) in ratios {
        if let Some(ratio) = ratio {
            let (y, one) = (height_of(ratio), height_of(1.0));
            let _ = writeln!(
                text,
                r#"<rect x="{right:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="{}"><title>{label} {}: {ratio:.2}</title></rect>"#,
                y.min(one) - 0.5,
                BAR_WIDTH - 1.0,
                (y - one).abs() + 1.0,
                colour(engine),
                engine
            );
        }
        right += BAR_WIDTH;
    }
    let _ = writeln!(
        text,
        r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{label}</text>"#,
        (x + right) / 2.0,
        TOP + HEIGHT + 18.0
    );
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Run;
    use super::*;

    #[test]
    fn every_ratio_is_a_bar() {
        let run = |seconds| Run { seconds: Some(seconds), check: Some(1.0), peak_bytes: None, error: None };
        let mut comparison = Comparison::new("x".to_owned(), 2, 1, &["swath", "duckdb"], "duckdb");
        comparison.add("q1", vec![vec![run(1.0), run(0.5)], vec![run(1.0), run(1.0)]]);
        let text = svg(&comparison);
        assert!(text.contains("<title>q1 swath: 0.50</title>"));
        assert!(text.contains("<title>mean duckdb: 1.00</title>"));
        assert!(height_of(0.5) > height_of(1.0) && height_of(100.0) == height_of(8.0));
    }
}
