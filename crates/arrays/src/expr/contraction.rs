//! Products of two arrays summed over labels, as Einstein wrote them: matmul, tensordot, einsum.

use std::fmt;

use smallvec::SmallVec;
use swath_kernels::{Dims, KernelError};

use crate::error::{ArrayError, Result};

/// The label of an axis: a letter of einsum, as a small number.
pub type Label = u8;

/// Which axes of two inputs belong together. A label that the output lacks is summed over. No label stands twice in one place; labels
/// in both inputs and the output are batches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Contraction {
    /// Labels of the first input's axes.
    pub left: SmallVec<[Label; 4]>,
    /// Labels of the second input's axes.
    pub right: SmallVec<[Label; 4]>,
    /// Labels of the result's axes.
    pub output: SmallVec<[Label; 4]>,
}

impl Contraction {
    /// `(m, k) x (k, n) -> (m, n)`.
    pub fn matmul() -> Self {
        Self {
            left: SmallVec::from_slice(&[0, 1]),
            right: SmallVec::from_slice(&[1, 2]),
            output: SmallVec::from_slice(&[0, 2]),
        }
    }

    /// Labels that are summed over, in the first input's order, then those of the second input alone.
    pub fn summed(&self) -> SmallVec<[Label; 4]> {
        let mut result: SmallVec<[Label; 4]> = SmallVec::new();
        for label in self.left.iter().chain(&self.right) {
            if !self.output.contains(label) && !result.contains(label) {
                result.push(*label);
            }
        }
        result
    }

    /// The length of a label, from the inputs' shapes.
    pub fn length(&self, label: Label, left: &[usize], right: &[usize]) -> usize {
        let find = |labels: &[Label], shape: &[usize]| {
            labels.iter().position(|own| *own == label).and_then(|axis| shape.get(axis).copied())
        };
        find(&self.left, left).or_else(|| find(&self.right, right)).unwrap_or(1)
    }

    /// The shape of the result.
    pub fn shape(&self, left: &[usize], right: &[usize]) -> Dims {
        self.output.iter().map(|label| self.length(*label, left, right)).collect()
    }

    /// Multiplications it takes; saturates.
    pub fn multiplications(&self, left: &[usize], right: &[usize]) -> u64 {
        let labels = self.output.iter().copied().chain(self.summed());
        labels.fold(1u64, |product, label| product.saturating_mul(self.length(label, left, right) as u64))
    }

    /// Whether it is a plain product of two matrices.
    pub fn is_matmul(&self) -> bool {
        let ([m, k], [k2, n], [om, on]) = (self.left.as_slice(), self.right.as_slice(), self.output.as_slice()) else {
            return false;
        };
        k == k2 && m == om && n == on && m != k && k != n && m != n
    }
}

impl fmt::Display for Contraction {
    /// As einsum's subscripts: `ab,bc->ac`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = |labels: &[Label]| labels.iter().map(|label| char::from(b'a' + label % 26)).collect::<String>();
        write!(f, "{},{}->{}", letters(&self.left), letters(&self.right), letters(&self.output))
    }
}

/// Einsum's subscripts: the labels of each operand and of the result, with the ellipsis spelled out for these dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscripts {
    /// Labels of each operand's axes; one may stand twice (a diagonal).
    pub operands: Vec<Vec<Label>>,
    /// Labels of the result's axes.
    pub output: Vec<Label>,
}

impl Subscripts {
    /// Reads `ij,jk->ik`; without `->` the result has the labels that occur once, in alphabetical order.
    ///
    /// # Errors
    /// NumPy's.
    pub fn parse(text: &str, ndims: &[usize]) -> Result<Self> {
        let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let (inputs, output) = match text.split_once("->") {
            Some((inputs, output)) => (inputs, Some(output)),
            None => (text.as_str(), None),
        };
        let parts: Vec<&str> = inputs.split(',').collect();
        if parts.len() != ndims.len() {
            let which = if parts.len() > ndims.len() { "fewer" } else { "more" };
            return Err(ArrayError::invalid(format!(
                "{which} operands provided to einstein sum function than specified in the subscripts string"
            )));
        }
        let mut widest = 0;
        let mut operands = Vec::with_capacity(parts.len());
        for (number, (part, ndim)) in parts.iter().zip(ndims).enumerate() {
            let named = part.replace("...", "").chars().count();
            let fits = if part.contains("...") { named <= *ndim } else { named == *ndim };
            if !fits {
                return Err(KernelError::invalid(format!(
                    "einstein sum subscripts string contains {} subscripts for operand {number}: '{part}' for {ndim} dimensions",
                    if named > *ndim { "too many" } else { "too few" }
                ))
                .into());
            }
            let extra = ndim - named;
            widest = widest.max(if part.contains("...") { extra } else { 0 });
            operands.push((*part, extra));
        }
        let read = |part: &str, extra: usize| -> Result<Vec<Label>> {
            let mut labels = Vec::new();
            let mut rest = part;
            while let Some(character) = rest.chars().next() {
                if let Some(after) = rest.strip_prefix("...") {
                    // Dimensions of the ellipsis are counted from the right, as in broadcasting.
                    labels.extend((widest - extra..widest).map(|axis| 52 + axis as Label));
                    rest = after;
                    continue;
                }
                labels.push(match character {
                    'a'..='z' => character as Label - b'a',
                    'A'..='Z' => character as Label - b'A' + 26,
                    _ => {
                        return Err(ArrayError::invalid(format!(
                            "invalid subscript '{character}' in einstein sum subscripts string, subscripts must be letters"
                        )));
                    }
                });
                rest = &rest[character.len_utf8()..];
            }
            Ok(labels)
        };
        let operands = operands.into_iter().map(|(part, extra)| read(part, extra)).collect::<Result<Vec<_>>>()?;
        let output = match output {
            Some(output) => read(output, widest)?,
            None => {
                let all: Vec<Label> = operands.iter().flatten().copied().collect();
                let once = |label: &Label| all.iter().filter(|other| *other == label).count() == 1;
                let mut single: Vec<Label> = all.iter().copied().filter(|label| *label < 52 && once(label)).collect();
                // Upper case comes first, as in ASCII.
                single.sort_by_key(|label| (*label < 26, *label));
                (0..widest).map(|axis| 52 + axis as Label).chain(single).collect()
            }
        };
        for (position, label) in output.iter().enumerate() {
            let letter = char::from(if *label < 26 { b'a' + label } else { b'A' + (label - 26) % 26 });
            if output[..position].contains(label) {
                return Err(ArrayError::invalid(format!(
                    "einstein sum subscripts string includes output subscript '{letter}' multiple times"
                )));
            }
            if !operands.iter().flatten().any(|other| other == label) {
                return Err(ArrayError::invalid(format!(
                    "einstein sum subscripts string included output subscript '{letter}' which never appeared in an input"
                )));
            }
        }
        Ok(Self { operands, output })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscripts_are_read() {
        let parsed = Subscripts::parse("ij, jk -> ik", &[2, 2]).unwrap();
        assert_eq!((parsed.operands, parsed.output), (vec![vec![8, 9], vec![9, 10]], vec![8, 10]));
        assert_eq!(Subscripts::parse("ba", &[2]).unwrap().output, [0, 1]);
        assert_eq!(Subscripts::parse("...ij,...jk->...ik", &[3, 2]).unwrap().output, [52, 8, 10]);
        assert_eq!(Subscripts::parse("ii", &[2]).unwrap().output, [] as [u8; 0]);
    }

    #[test]
    fn wrong_subscripts_are_told() {
        let message = |text: &str, ndims: &[usize]| Subscripts::parse(text, ndims).unwrap_err().to_string();
        assert!(message("ij,jk", &[2]).starts_with("fewer operands provided"));
        assert!(message("ijk", &[2]).contains("too many subscripts for operand 0"));
        assert!(message("i", &[2]).contains("too few"));
        assert!(message("i->j", &[1]).contains("output subscript 'j' which never appeared"));
        assert!(message("ij->ii", &[2]).contains("multiple times"));
        assert!(message("i1", &[2]).contains("invalid subscript '1'"));
    }
}
