//! The cube root.

use super::exp::power_of_two;
use super::{SHIFT, polynomial, two_product};

/// The cube root of `[1/2, 4]` to 9 bits.
const CBRT: [f64; 6] = [
    0.482_915_114_988_636_4,
    0.775_941_216_087_856_5,
    -0.355_959_150_189_399_1,
    0.115_890_796_116_866_7,
    -0.020_279_205_113_045_675,
    0.001_436_345_210_917_581_7,
];

/// The cube root: a polynomial, one step of Halley's, one of Newton's with the cube in two words.
#[inline(always)]
pub fn cbrt(x: f64) -> f64 {
    let magnitude = x.abs();
    let tiny = magnitude < 1e-290;
    let scaled = if tiny { magnitude * 18_014_398_509_481_984.0 } else { magnitude }; // 2^54
    let exponent =
        f64::from_bits((scaled.to_bits() >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1_023.0);
    let third = (exponent * (1.0 / 3.0) + SHIFT) - SHIFT;
    let down = power_of_two(-third);
    let m = scaled * down * down * down;
    let guess = polynomial(m, &CBRT);
    let cube = guess * guess * guess;
    let guess = guess * (cube + 2.0 * m) / (2.0 * cube + m);
    let (square, square_low) = two_product(guess, guess);
    let (cube, cube_low) = two_product(square, guess);
    let rest = (m - cube) - square_low.mul_add(guess, cube_low);
    let root = guess + rest / (3.0 * square);
    let up = power_of_two(third - if tiny { 18.0 } else { 0.0 });
    let result = root * up;
    // Zero, infinities and NaN are their own roots.
    let plain = magnitude > 0.0 && magnitude < f64::INFINITY;
    if plain { result.copysign(x) } else { x }
}
