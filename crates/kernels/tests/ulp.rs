//! Errors of the elementary functions in units in the last place, against references in double-double arithmetic (about 100 bits).

#![allow(clippy::unwrap_used, clippy::print_stdout)] // Helpers of tests are not known as tests.

use swath_kernels::NdArray;
use swath_kernels::fused::elementwise;

/// An unevaluated sum of two floats, the second below half a unit in the last place of the first.
#[derive(Debug, Clone, Copy)]
struct Double(f64, f64);

fn two_sum(a: f64, b: f64) -> Double {
    let sum = a + b;
    let other = sum - a;
    Double(sum, (a - (sum - other)) + (b - other))
}

impl From<f64> for Double {
    fn from(value: f64) -> Self {
        Self(value, 0.0)
    }
}

impl std::ops::Add for Double {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let middle = two_sum(high.0, high.1 + low.0);
        two_sum(middle.0, middle.1 + low.1)
    }
}

impl std::ops::Neg for Double {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl std::ops::Sub for Double {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl std::ops::Mul for Double {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let lost = self.0.mul_add(other.0, -product);
        two_sum(product, lost + (self.0 * other.1 + self.1 * other.0))
    }
}

impl std::ops::Div for Double {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.0 / other.0;
        let rest = self - other * first.into();
        let second = rest.0 / other.0;
        let rest = rest - other * second.into();
        Self::from(first) + second.into() + (rest.0 / other.0).into()
    }
}

const LN2: Double = Double(std::f64::consts::LN_2, 2.319_046_813_846_3e-17);
const PI: Double = Double(std::f64::consts::PI, 1.224_646_799_147_353_2e-16);
/// π/2 in four parts of 53 bits.
const HALF_PI: [f64; 4] =
    [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17, -1.497_384_904_859_169_8e-33, 5.562_271_104_316_826e-50];

impl Double {
    fn half(self) -> Self {
        Self(self.0 * 0.5, self.1 * 0.5)
    }

    fn scaled(self, exponent: i32) -> Self {
        let (first, second) = (2f64.powi(exponent / 2), 2f64.powi(exponent - exponent / 2));
        Self(self.0 * first * second, self.1 * first * second)
    }

    fn sqrt(self) -> Self {
        if self.0 == 0.0 {
            return self;
        }
        let root = Self::from(self.0.sqrt());
        (root + self / root).half()
    }

    /// `e^x - 1` for `|x| < 1`.
    fn expm1_near(self) -> Self {
        let small = self.scaled(-8);
        let (mut term, mut sum) = (small, small);
        for n in 2..16 {
            term = term * small / f64::from(n).into();
            sum = sum + term;
        }
        for _ in 0..8 {
            sum = sum.scaled(1) + sum * sum;
        }
        sum
    }

    fn exp_parts(self) -> (i32, Self) {
        let n = (self.0 / LN2.0).round();
        // A third part of ln 2, for large n.
        let rest = self - LN2 * n.into() - (5.707_708_438_416_212e-34 * n).into();
        (n as i32, rest.expm1_near())
    }

    fn exp(self) -> Self {
        let (n, near) = self.exp_parts();
        (near + 1.0.into()).scaled(n)
    }

    fn expm1(self) -> Self {
        let (n, near) = self.exp_parts();
        if n == 0 { near } else { near.scaled(n) + (Self::from(1.0).scaled(n) - 1.0.into()) }
    }

    /// By Newton from the system's logarithm; subnormal and huge numbers by their exponent.
    fn log(self) -> Self {
        if self.0 < 1e-290 {
            return self.scaled(200).log() - LN2 * 200.0.into();
        }
        let guess = Self::from(self.0.ln());
        let first = guess + self * (-guess).exp() - 1.0.into();
        first + self * (-first).exp() - 1.0.into()
    }

    fn log1p(self) -> Self {
        let guess = Self::from(self.0.ln_1p());
        guess - (guess.expm1() - self) / guess.exp()
    }

    /// Sine and cosine by Taylor's series after reduction.
    fn sin_cos(self) -> (Self, Self) {
        let n = (self.0 / HALF_PI[0]).round();
        let mut rest = self;
        for part in HALF_PI {
            let product = n * part;
            rest = rest - Double(product, n.mul_add(part, -product));
        }
        let square = rest * rest;
        let (mut sine, mut cosine, mut term) = (rest, Self::from(1.0), rest);
        for k in (3..34).step_by(2) {
            term = -(term * square) / f64::from(k * (k - 1)).into();
            sine = sine + term;
        }
        let mut term = Self::from(1.0);
        for k in (2..34).step_by(2) {
            term = -(term * square) / f64::from(k * (k - 1)).into();
            cosine = cosine + term;
        }
        match (n as i64).rem_euclid(4) {
            0 => (sine, cosine),
            1 => (cosine, -sine),
            2 => (-sine, -cosine),
            _ => (-cosine, sine),
        }
    }

    /// The angle of the point `(x, self)`, improved from the system's.
    fn atan2(self, x: Self) -> Self {
        let guess = self.0.atan2(x.0);
        let (sine, cosine) = Self::from(guess).sin_cos();
        Self::from(guess) + (self * cosine - x * sine) / (x * cosine + self * sine)
    }

    fn sinh(self) -> Self {
        let grown = self.expm1();
        (grown + grown / (grown + 1.0.into())).half()
    }

    fn cosh(self) -> Self {
        let power = if self.0 > 700.0 { return (self - LN2).exp() } else { self.exp() };
        (power + Self::from(1.0) / power).half()
    }

    fn tanh(self) -> Self {
        let grown = self.scaled(1).expm1();
        grown / (grown + 2.0.into())
    }
}

fn random(count: usize, seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed | 1;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    })
}

/// Numbers between two bounds, spread evenly and, towards zero, by magnitude.
fn points(low: f64, high: f64) -> Vec<f64> {
    let count = 15_000;
    let even = random(count, 3).map(|part| low + (high - low) * part);
    let spread = random(count, 5).zip(random(count, 7)).map(|(part, side)| {
        let bound = if side * (high - low) < -low { low } else { high };
        bound * 2f64.powf(-60.0 * part * part)
    });
    even.chain(spread).filter(|x| *x >= low && *x <= high).collect()
}

/// The largest error in units in the last place of the exact result, and where.
fn worst(results: &[f64], exact: impl Fn(usize) -> Double) -> (f64, usize) {
    let mut worst = (0.0, 0);
    for (index, result) in results.iter().enumerate() {
        let exact = exact(index);
        if exact.0.abs() < 2.3e-308 || !exact.0.is_finite() {
            continue;
        }
        let unit = (exact.0.abs().next_up() - exact.0.abs()).min(exact.0.abs() - exact.0.abs().next_down());
        // Below a power of two the unit is that of the number itself.
        let unit = if exact.0.abs().to_bits().trailing_zeros() >= 52 { unit * 2.0 } else { unit };
        let error = (((result - exact.0) - exact.1) / unit).abs();
        if error > worst.0 || error.is_nan() {
            worst = (error, index);
        }
    }
    worst
}

fn check(name: &str, low: f64, high: f64, bound: f64, exact: impl Fn(Double) -> Double) {
    let points = points(low, high);
    let array = NdArray::from_vec(&[points.len()], points.clone()).unwrap();
    let results = elementwise(name, &[&array]).unwrap().to_vec::<f64>().unwrap();
    let (error, index) = worst(&results, |index| exact(points[index].into()));
    println!("{name:8} [{low:e}, {high:e}]: {error:.3} ULP at {:e}", points[index]);
    assert!(error <= bound, "{name}({:e}) is {error} units off, {bound} are promised", points[index]);
}

#[test]
fn exponentials() {
    check("exp", -708.0, 709.7, 1.5, Double::exp);
    check("exp", -1.0, 1.0, 1.5, Double::exp);
    check("exp2", -1020.0, 1023.9, 1.5, |x| (x * LN2 + (5.707_708_438_416_212e-34 * x.0).into()).exp());
    check("expm1", -50.0, 709.0, 1.5, Double::expm1);
    check("expm1", -2.0, 2.0, 1.5, Double::expm1);
}

#[test]
fn logarithms() {
    let (ln2, ln10) = (LN2, Double(std::f64::consts::LN_10, -2.170_756_223_382_249_4e-16));
    for (low, high) in [(1e-300, 2.0), (0.5, 2.0), (0.0, 1e300)] {
        check("log", low, high, 1.5, Double::log);
        check("log2", low, high, 1.5, |x| x.log() / ln2);
        check("log10", low, high, 1.5, |x| x.log() / ln10);
    }
    check("log1p", -0.999, 1.0, 1.5, Double::log1p);
    check("log1p", 0.0, 1e9, 1.5, Double::log1p);
}

#[test]
fn trigonometry() {
    for bound in [1.0, 100.0, 1e6, 1e9] {
        check("sin", -bound, bound, 1.5, |x| x.sin_cos().0);
        check("cos", -bound, bound, 1.5, |x| x.sin_cos().1);
        check("tan", -bound, bound, 1.5, |x| x.sin_cos().0 / x.sin_cos().1);
    }
    let complement = |x: Double| ((Double::from(1.0) - x) * (Double::from(1.0) + x)).sqrt();
    check("arcsin", -1.0, 1.0, 1.5, |x| x.atan2(complement(x)));
    check("arccos", -1.0, 1.0, 1.5, |x| complement(x).atan2(x));
    check("arctan", -10.0, 10.0, 1.5, |x| x.atan2(1.0.into()));
    check("arctan", -1e12, 1e12, 1.5, |x| x.atan2(1.0.into()));
}

#[test]
fn hyperbolic_functions() {
    check("sinh", -20.0, 20.0, 2.0, Double::sinh);
    check("sinh", -1.0, 1.0, 2.0, Double::sinh);
    check("cosh", -20.0, 700.0, 2.0, Double::cosh);
    check("tanh", -20.0, 20.0, 2.0, Double::tanh);
    check("tanh", -1.0, 1.0, 2.0, Double::tanh);
    check("arcsinh", -1e6, 1e6, 2.0, |x| {
        let guess = Double::from(x.0.asinh());
        guess - (guess.sinh() - x) / guess.cosh()
    });
    check("arcsinh", -2.0, 2.0, 2.0, |x| {
        let guess = Double::from(x.0.abs().ln_1p().max(x.0.abs() * 0.9).min(x.0.abs()).copysign(x.0));
        let step = |guess: Double| guess - (guess.sinh() - x) / guess.cosh();
        (0..6).fold(guess, |guess, _| step(guess))
    });
    check("arccosh", 1.0, 100.0, 2.0, |x| {
        let below = x - 1.0.into();
        (below + (below * (x + 1.0.into())).sqrt()).log1p()
    });
    check("arctanh", -1.0, 1.0, 2.0, |x| ((x + x) / (Double::from(1.0) - x)).log1p().half());
}

#[test]
fn roots_and_powers() {
    check("cbrt", -1e9, 1e9, 1.5, |x| {
        let guess = Double::from(x.0.cbrt());
        guess - (guess * guess * guess - x) / (Double::from(3.0) * guess * guess)
    });
    let count = 30_000;
    for (low, high, exponent) in [(0.0, 10.0, 30.0), (0.5, 2.0, 700.0), (0.0, 1e6, 40.0), (0.999, 1.001, 1e5)] {
        let x: Vec<f64> = random(count, 11).map(|part| low + (high - low) * part).collect();
        let y: Vec<f64> = random(count, 13).map(|part| exponent * (2.0 * part - 1.0)).collect();
        let array = |values: &[f64]| NdArray::from_vec(&[count], values.to_vec()).unwrap();
        let results = elementwise("power", &[&array(&x), &array(&y)]).unwrap().to_vec::<f64>().unwrap();
        let exact = |index: usize| {
            let product = Double::from(x[index]).log() * y[index].into();
            if product.0.abs() > 700.0 { Double(f64::INFINITY, 0.0) } else { product.exp() }
        };
        let (error, index) = worst(&results, exact);
        println!("power [{low}, {high}]^{exponent}: {error:.3} ULP at {:e}^{:e}", x[index], y[index]);
        assert!(error <= 1.5, "{:e}^{:e} is {error} units off", x[index], y[index]);
    }
}

#[test]
fn angles_of_points() {
    let count = 30_000;
    for scale in [1.0, 2f64.powi(996), 2f64.powi(-996)] {
        let y: Vec<f64> = random(count, 17).map(|part| scale * (2.0 * part - 1.0)).collect();
        let x: Vec<f64> = random(count, 19).map(|part| scale * (2.0 * part - 1.0)).collect();
        let array = |values: &[f64]| NdArray::from_vec(&[count], values.to_vec()).unwrap();
        let results = elementwise("arctan2", &[&array(&y), &array(&x)]).unwrap().to_vec::<f64>().unwrap();
        let (error, index) = worst(&results, |i| Double::from(y[i] / scale).atan2((x[i] / scale).into()));
        println!("arctan2 at {scale:e}: {error:.3} ULP at {:e}, {:e}", y[index], x[index]);
        assert!(error <= 1.5, "{error}");
    }
}

#[test]
fn special_values() {
    let (inf, nan, tiny) = (f64::INFINITY, f64::NAN, f64::from_bits(1));
    let apply = |name: &str, x: f64| {
        let array = NdArray::from_vec(&[1], vec![x]).unwrap();
        elementwise(name, &[&array]).unwrap().to_vec::<f64>().unwrap()[0]
    };
    let half_pi = PI.0 / 2.0;
    for (name, cases) in [
        ("exp", vec![(inf, inf), (-inf, 0.0), (0.0, 1.0), (710.0, inf), (-746.0, 0.0), (-745.0, tiny), (tiny, 1.0)]),
        ("exp2", vec![(inf, inf), (-inf, 0.0), (10.0, 1024.0), (-1074.0, tiny), (1024.0, inf), (-3.0, 0.125)]),
        ("expm1", vec![(inf, inf), (-inf, -1.0), (0.0, 0.0), (-0.0, -0.0), (tiny, tiny), (711.0, inf)]),
        ("log", vec![(inf, inf), (0.0, -inf), (-0.0, -inf), (-1.0, nan), (1.0, 0.0), (tiny, -744.440_071_921_381_2)]),
        ("log2", vec![(inf, inf), (0.0, -inf), (-1.0, nan), (8.0, 3.0), (tiny, -1074.0), (0.125, -3.0)]),
        ("log10", vec![(inf, inf), (0.0, -inf), (-1.0, nan), (1000.0, 3.0), (1e22, 22.0), (1.0, 0.0)]),
        ("log1p", vec![(inf, inf), (-1.0, -inf), (-2.0, nan), (0.0, 0.0), (-0.0, -0.0), (tiny, tiny)]),
        (
            "sin",
            vec![(inf, nan), (-inf, nan), (0.0, 0.0), (-0.0, -0.0), (tiny, tiny), (1e22, -0.852_200_849_767_188_8)],
        ),
        ("cos", vec![(inf, nan), (0.0, 1.0), (tiny, 1.0), (1e22, 0.523_214_785_395_139)]),
        ("tan", vec![(inf, nan), (0.0, 0.0), (-0.0, -0.0), (tiny, tiny)]),
        ("arcsin", vec![(1.0, half_pi), (-1.0, -half_pi), (1.5, nan), (0.0, 0.0), (-0.0, -0.0), (inf, nan)]),
        ("arccos", vec![(1.0, 0.0), (-1.0, PI.0), (0.0, half_pi), (1.5, nan), (-inf, nan)]),
        ("arctan", vec![(inf, half_pi), (-inf, -half_pi), (0.0, 0.0), (-0.0, -0.0), (1.0, PI.0 / 4.0)]),
        ("sinh", vec![(inf, inf), (-inf, -inf), (0.0, 0.0), (-0.0, -0.0), (tiny, tiny), (711.0, inf)]),
        ("cosh", vec![(inf, inf), (-inf, inf), (0.0, 1.0), (711.0, inf)]),
        ("tanh", vec![(inf, 1.0), (-inf, -1.0), (0.0, 0.0), (-0.0, -0.0), (tiny, tiny), (30.0, 1.0)]),
        ("arcsinh", vec![(inf, inf), (-inf, -inf), (-0.0, -0.0), (tiny, tiny)]),
        ("arccosh", vec![(inf, inf), (1.0, 0.0), (0.5, nan), (-inf, nan)]),
        ("arctanh", vec![(1.0, inf), (-1.0, -inf), (-0.0, -0.0), (2.0, nan), (tiny, tiny)]),
        ("cbrt", vec![(inf, inf), (-inf, -inf), (27.0, 3.0), (-8.0, -2.0), (-0.0, -0.0), (1e-300, 1e-100)]),
    ] {
        for (x, expected) in cases.into_iter().chain([(nan, nan)]) {
            let result = apply(name, x);
            let same = result == expected && result.is_sign_negative() == expected.is_sign_negative();
            assert!(same || (result.is_nan() && expected.is_nan()), "{name}({x:e}) = {result:e}, not {expected:e}");
        }
    }
}

#[test]
fn special_powers_and_angles() {
    let values = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, -3.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for (name, exact) in [("power", f64::powf as fn(f64, f64) -> f64), ("arctan2", f64::atan2), ("hypot", f64::hypot)] {
        for x in values {
            for y in values {
                let pair = [x, y].map(|value| NdArray::from_vec(&[1], vec![value]).unwrap());
                let result = elementwise(name, &[&pair[0], &pair[1]]).unwrap().to_vec::<f64>().unwrap()[0];
                let expected = exact(x, y);
                let close = (result - expected).abs() <= 3e-16 * expected.abs() || result == expected;
                let same = close && result.is_sign_negative() == expected.is_sign_negative();
                assert!(same || (result.is_nan() && expected.is_nan()), "{name}({x}, {y}) = {result}, not {expected}");
            }
        }
    }
}
