//! The interactive shell: reads statements with line editing and runs them.

use std::path::PathBuf;

use nu_ansi_term::{Color, Style};
use reedline::{
    ColumnarMenu, DefaultHinter, EditCommand, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Reedline,
    ReedlineEvent, ReedlineMenu, Signal, default_emacs_keybindings,
};

use crate::editor::{SqlCompleter, SqlHighlighter, SqlPrompt, SqlValidator};
use crate::error::{Failure, Result};
use crate::script::Script;
use crate::settings::wants_color;
use crate::shell::{Next, Shell, say};

const MENU: &str = "completions";
const HISTORY_ENTRIES: usize = 10_000;

/// Runs the shell until `\q` or the end of input.
///
/// # Errors
/// If the terminal cannot be used.
pub fn run(shell: &mut Shell, quiet: bool) -> Result<()> {
    let mut editor = editor(shell);
    if !quiet {
        say(&format!("swath {}. Statements end with ; and \\h shows help.", env!("CARGO_PKG_VERSION")));
    }
    let prompt = SqlPrompt::new(wants_color());
    loop {
        let line = editor.read_line(&prompt).map_err(|error| Failure::usage(format!("the terminal: {error}")))?;
        match line {
            Signal::Success(text) => {
                // A history that cannot be kept is no reason to stop.
                let _ = editor.sync_history();
                let mut script = Script::default();
                script.push(&text);
                if shell.run(&mut script, true, None)? == Next::Quit {
                    return Ok(());
                }
            }
            Signal::CtrlC => {}
            Signal::CtrlD => return Ok(()),
        }
    }
}

fn editor(shell: &Shell) -> Reedline {
    let mut keys = default_emacs_keybindings();
    let complete = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, complete);
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, ReedlineEvent::Edit(vec![EditCommand::InsertNewline]));
    let color = wants_color();
    let menu = ColumnarMenu::default().with_name(MENU).with_columns(4).with_column_padding(2).with_marker("> ");
    let mut editor = Reedline::create()
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_completer(Box::new(SqlCompleter::new(shell.session().clone())))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_validator(Box::new(SqlValidator))
        .with_ansi_colors(color)
        .use_bracketed_paste(true);
    if color {
        let hint = Style::new().fg(Color::DarkGray);
        editor = editor
            .with_highlighter(Box::new(SqlHighlighter::new(shell.session())))
            .with_hinter(Box::new(DefaultHinter::default().with_style(hint)));
    }
    match history_file().map(|file| FileBackedHistory::with_file(HISTORY_ENTRIES, file)) {
        Some(Ok(history)) => editor.with_history(Box::new(history)),
        Some(Err(error)) => {
            say(&format!("the history is not kept: {error}"));
            editor
        }
        None => editor,
    }
}

/// Where the history is kept: `SWATH_HISTORY`, or `swath/sql_history` in the user's state folder.
fn history_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("SWATH_HISTORY").or_else(|| {
        let state =
            set("XDG_STATE_HOME").or_else(|| Some(set("HOME").or_else(|| set("USERPROFILE"))?.join(".local/state")));
        Some(state?.join("swath").join("sql_history"))
    })
}
