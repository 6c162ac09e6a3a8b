//! Programs.
use crate::expr::op::Window;
use crate::expr::view::{View, ViewAxis};

/// A window of a source as a view of it.
pub fn window_view(window: &[Window]) -> View {
    let axes = window.iter().enumerate().map(|(axis, window)| ViewAxis::Slice {
        axis,
        start: window.start,
        step: window.step,
        length: window.length,
    });
    View::new(axes, &vec![0; window.len()])
}
