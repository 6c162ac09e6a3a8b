//! Inner loops compiled for several instruction sets, the best one chosen when the program runs.
//!
//! A loop body is generic code that the compiler vectorises. It is inlined into one function per instruction set, so that the same
//! source becomes AVX-512, AVX2 and baseline code.

/// What a loop works on: up to four input tiles and an output tile, contiguous and of equal length.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The input tiles; those beyond the arity are not read.
    pub inputs: [*const u8; 4],
    /// The output tile; it overlaps no input.
    pub output: *mut u8,
    /// Elements in each.
    pub length: usize,
    /// A parameter of the loop, such as units of time.
    pub argument: u64,
}

/// A compiled loop.
///
/// # Safety
/// The pointers must be aligned for the dtypes that the loop was made for, and valid for `length` elements of them.
pub type Loop = unsafe fn(&Ports);

/// The source of a loop. Implementations are `#[inline(always)]`, else they do not get the instruction set of their caller.
pub trait Body: 'static {
    /// Runs the loop.
    ///
    /// # Safety
    /// As [`Loop`].
    unsafe fn run(ports: &Ports);
}

/// Instruction sets that have versions of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What the build's target has.
    Baseline,
    /// AVX2, FMA.
    Avx2,
    /// AVX-512 F, DQ, BW, VL.
    Avx512,
}

impl Isa {
    /// The best one of this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 =
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("bmi2");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 {
                return Self::Avx512;
            }
            if avx2 {
                return Self::Avx2;
            }
        }
        Self::Baseline
    }
}

/// # Safety
/// As [`Loop`].
unsafe fn baseline<B: Body>(ports: &Ports) {
    // SAFETY: the caller's promise.
    unsafe { B::run(ports) }
}

/// # Safety
/// As [`Loop`]; the processor has these instructions.
#[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt,f16c")]
unsafe fn avx2<B: Body>(ports: &Ports) {
    // SAFETY: the caller's promise.
    unsafe { B::run(ports) }
}

/// # Safety
/// As [`Loop`]; the processor has these instructions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2,popcnt,lzcnt,f16c")]
unsafe fn avx512<B: Body>(ports: &Ports) {
    // SAFETY: the caller's promise.
    unsafe { B::run(ports) }
}

/// The version of a loop for this processor: for bodies whose arithmetic outweighs their memory traffic.
pub fn dispatch<B: Body>() -> Loop {
    version::<B>(Isa::detect())
}

/// The version of a loop for an instruction set, which the processor must have.
pub(crate) fn version<B: Body>(isa: Isa) -> Loop {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::<B>,
        #[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
        Isa::Avx2 => avx2::<B>,
        _ => baseline::<B>,
    }
}

/// The one version of a loop that gains nothing from wider vectors: it keeps the code small.
pub fn single<B: Body>() -> Loop {
    baseline::<B>
}

/// A piece of work that is not a [`Loop`]. `work` is `#[inline(always)]`.
pub(crate) trait Work {
    /// What it gives.
    type Given;
    /// Does it.
    fn work(self) -> Self::Given;
}

#[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt,f16c")]
fn work_avx2<W: Work>(work: W) -> W::Given {
    work.work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2,popcnt,lzcnt,f16c")]
fn work_avx512<W: Work>(work: W) -> W::Given {
    work.work()
}

/// Does a piece of work with the best instruction set of this processor.
#[inline]
pub(crate) fn perform<W: Work>(work: W) -> W::Given {
    match Isa::detect() {
        // SAFETY: the processor has these instructions.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { work_avx512(work) },
        // SAFETY: the processor has these instructions.
        #[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
        Isa::Avx2 => unsafe { work_avx2(work) },
        _ => work.work(),
    }
}
