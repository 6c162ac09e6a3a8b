//! The prompt.

use std::borrow::Cow;

use reedline::{Color, Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

/// `swath> `, and as much space before the lines that follow.
pub struct SqlPrompt {
    color: bool,
}

impl SqlPrompt {
    /// The prompt, coloured or not.
    pub fn new(color: bool) -> Self {
        Self { color }
    }
}

impl Prompt for SqlPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        "swath".into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        "> ".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "  ...> ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "no match for ",
        };
        format!(" ({failing}history: {}) ", search.term).into()
    }

    fn get_prompt_color(&self) -> Color {
        if self.color { Color::Cyan } else { Color::Reset }
    }

    fn get_indicator_color(&self) -> Color {
        self.get_prompt_color()
    }

    fn get_prompt_multiline_color(&self) -> nu_ansi_term::Color {
        if self.color { nu_ansi_term::Color::DarkGray } else { nu_ansi_term::Color::Default }
    }
}
