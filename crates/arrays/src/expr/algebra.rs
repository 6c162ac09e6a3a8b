//! The functions of dense linear algebra and the Fourier transforms.

/// Dense linear algebra over the last two axes. Functions of several results are several nodes over the same inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Linalg {
    /// `q` of the reduced QR decomposition, `(m, n) -> (m, k)`.
    QrQ,
    /// `r`, `(m, n) -> (k, n)`.
    QrR,
    /// Left singular vectors, `(m, n) -> (m, k)`.
    SvdU,
    /// Singular values, `(m, n) -> (k,)`.
    SvdS,
    /// Right singular vectors, `(m, n) -> (k, n)`.
    SvdVt,
    /// The lower triangular factor.
    Cholesky,
    /// `x` of `a x = b`.
    Solve,
    /// `x` of a triangular `a x = b`.
    SolveTriangular {
        /// Whether `a` is lower triangular.
        lower: bool,
    },
    /// The least-squares solution.
    Lstsq,
    /// The inverse.
    Inv,
    /// The determinant, `(n, n) -> ()`.
    Det,
    /// Eigenvalues of a symmetric or Hermitian matrix, ascending.
    EighValues,
    /// Its eigenvectors.
    EighVectors,
}

impl Linalg {
    /// The function and which of its results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QrQ => "qr.q",
            Self::QrR => "qr.r",
            Self::SvdU => "svd.u",
            Self::SvdS => "svd.s",
            Self::SvdVt => "svd.vt",
            Self::Cholesky => "cholesky",
            Self::Solve => "solve",
            Self::SolveTriangular { .. } => "solve_triangular",
            Self::Lstsq => "lstsq",
            Self::Inv => "inv",
            Self::Det => "det",
            Self::EighValues => "eigh.values",
            Self::EighVectors => "eigh.vectors",
        }
    }
}

/// Fourier transforms along one axis; those over several are chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fft {
    /// Complex to complex.
    Forward,
    /// Complex to complex, divided by the length.
    Inverse,
    /// Real to half of the complex spectrum.
    RealForward,
    /// Half of a complex spectrum to real.
    RealInverse,
}

impl Fft {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forward => "fft",
            Self::Inverse => "ifft",
            Self::RealForward => "rfft",
            Self::RealInverse => "irfft",
        }
    }
}
