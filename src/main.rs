//! The `swath` program: its allocator. What it does is in [`swath::cli`].

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Has the allocator give all freed memory back to the system.
fn give_back() {
    // SAFETY: may be called at any time, from any thread.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

fn main() -> ExitCode {
    swath_collections::give_back_with(give_back);
    swath::cli::run(std::env::args_os())
}
