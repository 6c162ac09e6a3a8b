//! The check that this processor has the instructions that the build uses.
//!
//! A build for AVX2 ends with an illegal instruction on an older machine; one clear line is better. The standard library's
//! detection macros are answered at compile time for features that the build enables, so `cpuid` is asked directly.

/// Says which instructions are missing, if any.
#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
pub fn check() -> Result<(), String> {
    let missing = missing(&Registers::read());
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "this build of swath needs an x86-64-v3 processor (AVX2, made since about 2013); this one lacks {}. \
         Build from source with RUSTFLAGS=\"-C target-cpu=x86-64\" to run here",
        missing.join(", ")
    ))
}

/// Nothing is required beyond the target's baseline.
#[cfg(not(all(target_arch = "x86_64", target_feature = "avx2")))]
pub fn check() -> Result<(), String> {
    Ok(())
}

/// What `cpuid` says about features, and which register states the system saves.
#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
#[derive(Clone, Copy)]
struct Registers {
    leaf1_ecx: u32,
    leaf7_ebx: u32,
    extended_ecx: u32,
}

#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
impl Registers {
    fn read() -> Self {
        use std::arch::x86_64::{__cpuid, __cpuid_count};
        let highest = __cpuid(0).eax;
        let highest_extended = __cpuid(0x8000_0000).eax;
        Self {
            leaf1_ecx: if highest >= 1 { __cpuid(1).ecx } else { 0 },
            leaf7_ebx: if highest >= 7 { __cpuid_count(7, 0).ebx } else { 0 },
            extended_ecx: if highest_extended >= 0x8000_0001 { __cpuid(0x8000_0001).ecx } else { 0 },
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
fn missing(registers: &Registers) -> Vec<&'static str> {
    let Registers { leaf1_ecx, leaf7_ebx, extended_ecx } = *registers;
    let required = [
        ("FMA", leaf1_ecx, 12),
        ("MOVBE", leaf1_ecx, 22),
        ("POPCNT", leaf1_ecx, 23),
        // Set only where the operating system saves the wide registers.
        ("OSXSAVE", leaf1_ecx, 27),
        ("AVX", leaf1_ecx, 28),
        ("F16C", leaf1_ecx, 29),
        ("BMI1", leaf7_ebx, 3),
        ("AVX2", leaf7_ebx, 5),
        ("BMI2", leaf7_ebx, 8),
        ("LZCNT", extended_ecx, 5),
    ];
    required.into_iter().filter(|(_, register, bit)| register >> bit & 1 == 0).map(|(name, ..)| name).collect()
}

#[cfg(all(test, target_arch = "x86_64", target_feature = "avx2"))]
mod tests {
    use super::*;

    #[test]
    fn this_machine_runs_its_own_tests() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn names_what_is_missing() {
        let here = Registers::read();
        assert_eq!(missing(&Registers { leaf7_ebx: here.leaf7_ebx & !(1 << 5), ..here }), ["AVX2"]);
    }
}
