//! Tests of distributions, with fixed seeds: each limit is one that a right generator misses with probability below 10^-6.

/// Mean and variance are within five standard errors (the fourth moment is estimated).
pub(super) fn assert_moments(values: &[f64], mean: f64, variance: f64) {
    let count = values.len() as f64;
    let found_mean = values.iter().sum::<f64>() / count;
    assert!((found_mean - mean).abs() < 5.0 * (variance / count).sqrt(), "mean {found_mean}, expected {mean}");
    let squares = values.iter().map(|v| (v - mean).powi(2));
    let found_variance = squares.clone().sum::<f64>() / count;
    let fourth = squares.map(|s| s * s).sum::<f64>() / count;
    let error = ((fourth - variance * variance).max(0.0) / count).sqrt();
    assert!((found_variance - variance).abs() < 5.0 * error, "variance {found_variance}, expected {variance}");
}

/// The test of Kolmogorov and Smirnov.
pub(super) fn assert_ks(values: &[f64], cdf: impl Fn(f64) -> f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let distance = sorted.iter().enumerate().fold(0.0_f64, |worst, (i, &x)| {
        let expected = cdf(x);
        worst.max((expected - i as f64 / count).abs()).max(((i + 1) as f64 / count - expected).abs())
    });
    assert!(distance * count.sqrt() < 2.7, "distance {distance} of {count} values");
}

/// Pearson's chi-square of counts against probabilities, by the cube-root approximation of Wilson and Hilferty.
pub(super) fn assert_chi_square(counts: &[u64], probabilities: &[f64]) {
    let total = counts.iter().sum::<u64>() as f64;
    let statistic: f64 =
        counts.iter().zip(probabilities).map(|(&n, p)| (n as f64 - total * p).powi(2) / (total * p)).sum();
    let freedom = (counts.len() - 1) as f64;
    let spread = 2.0 / (9.0 * freedom);
    let deviate = ((statistic / freedom).cbrt() - (1.0 - spread)) / spread.sqrt();
    assert!(deviate.abs() < 5.0, "chi-square {statistic} with {freedom} degrees of freedom: {deviate} deviations");
}

/// The normal distribution function, by Simpson's rule (tests do not need it fast).
pub(super) fn normal_cdf(x: f64) -> f64 {
    const STEPS: usize = 64;
    let density = |t: f64| (-0.5 * t * t).exp();
    let step = x / STEPS as f64;
    let inner: f64 = (1..STEPS).map(|i| density(step * i as f64) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    0.5 + (1.0 + inner + density(x)) * step / 3.0 / std::f64::consts::TAU.sqrt()
}
