//! What one message may cost a program of the operator's: steps, and with them memory; and how deep it may nest.
//!
//! jaq knows no fuel, but asks for its table of terms before each one and leaves every value to us: both pay here.
//! A step is a term, an element, or 16 bytes of text; all that a program can allocate or walk over has been paid for.
//! Who cannot pay is unwound up to [`run`]. Counted, not timed: the same message ends alike on every machine.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Steps that nearly every message needs less of; so few are safe on any caller's stack.
pub(super) const STEPS_USUAL: u32 = 2_000;
/// Steps that one message may take.
pub const STEPS_MAX: u32 = 50_000;
/// Bytes of text for one step.
const TEXT_STEP_BYTES: usize = 16;
/// How much of any caller's stack a run may use.
const STACK_USUAL_BYTES: usize = 256 * 1024;
/// The stack of a run that needs more; it is reserved, not used.
const STACK_DEEP_BYTES: usize = 128 * 1024 * 1024;
/// The part of it for nesting. The rest is for letting go of what is nested, which goes as deep and cannot be counted.
const STACK_NESTING_BYTES: usize = 32 * 1024 * 1024;

thread_local! {
    static STEPS: Cell<u32> = const { Cell::new(0) };
    static STACK: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Why a run was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// More steps than it was given.
    Steps,
    /// Nested too deep.
    Depth,
    /// jaq itself gave up.
    Crash,
}

/// Takes `n` steps.
pub(super) fn pay(n: usize) {
    let left = u32::try_from(n).ok().and_then(|n| STEPS.get().checked_sub(n));
    let Some(left) = left else { resume_unwind(Box::new(Cut::Steps)) };
    STEPS.set(left);
    let (top, most) = STACK.get();
    if top.abs_diff(here()) > most {
        resume_unwind(Box::new(Cut::Depth));
    }
}

/// Takes the steps for a text of so many bytes.
pub(super) fn pay_text(bytes: usize) {
    pay(1 + bytes / TEXT_STEP_BYTES);
}

/// Where the stack has come to.
#[inline(never)]
fn here() -> usize {
    let mark = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&mark)).addr()
}

/// Runs `work` here with a few steps and, when it needs more, again from the start on a deep stack with all of them.
pub(super) fn run<T: Send>(work: impl Fn() -> T + Sync) -> Result<T, Cut> {
    metered(STEPS_USUAL, STACK_USUAL_BYTES, &work)
        .or_else(|_| on_deep_stack(|| metered(STEPS_MAX, STACK_NESTING_BYTES, &work)).unwrap_or(Err(Cut::Depth)))
}

fn metered<T>(steps: u32, stack_bytes: usize, work: &impl Fn() -> T) -> Result<T, Cut> {
    STEPS.set(steps);
    STACK.set((here(), stack_bytes));
    catch_unwind(AssertUnwindSafe(work)).map_err(|cause| cause.downcast().map_or(Cut::Crash, |cut| *cut))
}

/// Runs `work` on a thread with a deep stack; `None` when there is no such thread to be had.
pub(super) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let thread = std::thread::Builder::new().name("own-format".to_owned()).stack_size(STACK_DEEP_BYTES);
    std::thread::scope(|scope| thread.spawn_scoped(scope, work).ok()?.join().ok())
}
