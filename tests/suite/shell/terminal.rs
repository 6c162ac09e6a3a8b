//! The shell on a real (pseudo) terminal: multi-line input, history, completion, Ctrl-C, the fitted table.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const UP: &str = "\x1b[A";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// A shell, and the terminal that it runs on.
struct Terminal {
    child: Child,
    keyboard: File,
    /// What the shell has written, without control sequences.
    screen: Arc<Mutex<String>>,
    /// How much of it has been looked at.
    seen: usize,
}

impl Terminal {
    fn open(columns: u16, history: &std::path::Path) -> Self {
        Self::open_with(columns, history, &[])
    }

    fn open_with(columns: u16, history: &std::path::Path, options: &[&str]) -> Self {
        let (mut master, mut slave): (RawFd, RawFd) = (0, 0);
        let size = libc::winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: openpty fills both descriptors, which are owned below.
        let answer = unsafe { libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), std::ptr::null(), &size) };
        assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: both are fresh and owned by nobody else.
        let (master, slave) = unsafe { (File::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        command
            .args(["sql", "--threads", "2"])
            .args(options)
            .env("SWATH_HISTORY", history)
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR");
        command.stdin(Stdio::from(slave.try_clone().unwrap())).stdout(Stdio::from(slave.try_clone().unwrap()));
        command.stderr(Stdio::from(slave));
        // SAFETY: only calls that are allowed between fork and exec.
        unsafe {
            command.pre_exec(|| {
                // A session of its own with this terminal, so that Ctrl-C there becomes a signal.
                if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        let screen = Arc::new(Mutex::new(String::new()));
        let (output, answers, written) =
            (master.try_clone().unwrap(), master.try_clone().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || read_screen(output, answers, &written));
        Self { child, keyboard: master, screen, seen: 0 }
    }

    fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn enter(&mut self, line: &str) {
        self.type_keys(&format!("{line}\r"));
    }

    /// Waits until the shell has written `text` after what was seen before; returns what came up to its end.
    #[track_caller]
    fn expect(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap().clone();
            if let Some(at) = screen[self.seen..].find(text) {
                let end = self.seen + at + text.len();
                let part = screen[self.seen..end].to_owned();
                self.seen = end;
                return part;
            }
            assert!(started.elapsed() < PATIENCE, "no {text:?} in:\n{}", &screen[self.seen..]);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[track_caller]
    fn expect_exit(mut self, code: i32) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(code));
                return;
            }
            assert!(started.elapsed() < PATIENCE, "the shell does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes what the shell writes, answers its questions for the cursor's place, and drops control sequences.
fn read_screen(mut output: File, mut answers: File, screen: &Mutex<String>) {
    let mut bytes = [0; 4096];
    let mut pending: Vec<u8> = vec![];
    // Reading fails when the shell has gone.
    while let Ok(length @ 1..) = output.read(&mut bytes) {
        pending.extend(&bytes[..length]);
        let (text, rest) = without_controls(&pending, || {
            let _ = answers.write_all(b"\x1b[1;1R");
        });
        pending = rest;
        screen.lock().unwrap().push_str(&text);
    }
}

/// The printable part of `bytes`, and what is left of an unfinished sequence at their end.
fn without_controls(bytes: &[u8], mut cursor_asked: impl FnMut()) -> (String, Vec<u8>) {
    let mut text: Vec<u8> = vec![];
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != 0x1b {
            if bytes[at] != b'\r' {
                text.push(bytes[at]);
            }
            at += 1;
            continue;
        }
        let length = match bytes.get(at + 1) {
            Some(b'[') => bytes[at + 2..].iter().position(|byte| (0x40..0x7f).contains(byte)).map(|end| end + 3),
            Some(_) => Some(2),
            None => None,
        };
        let Some(length) = length else { break };
        if &bytes[at..at + length] == b"\x1b[6n" {
            cursor_asked();
        }
        at += length;
    }
    // A character may be cut in two as well.
    let mut rest = bytes[at..].to_vec();
    let valid = std::str::from_utf8(&text).map_or_else(|error| error.valid_up_to(), str::len);
    rest.splice(0..0, text.split_off(valid));
    (String::from_utf8(text).unwrap(), rest)
}

#[test]
fn a_session_at_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("state/history");
    let mut terminal = Terminal::open(80, &history);
    terminal.expect("\\h shows help");
    terminal.expect("swath> ");

    // A statement over several lines runs at its semicolon, not at one in quotes or a comment.
    terminal.enter("SELECT ';' AS a, -- not here;");
    terminal.expect("...> ");
    terminal.enter("  40 + 2 AS answer;");
    terminal.expect("│ ; │     42 │");
    terminal.expect("1 row, ");

    terminal.enter("CREATE TABLE measurements AS SELECT 1.5 AS height, 'x' AS label;");
    terminal.expect("done");
    terminal.expect("swath> ");

    // Tab completes the table, and the column of the table in scope.
    terminal.type_keys("SELECT * FROM measu\t");
    terminal.expect("measurements ");
    terminal.enter("LIMIT 5;");
    terminal.expect("│    1.5 │ x     │");
    terminal.expect("1 row");
    terminal.expect("swath> ");
    terminal.type_keys("SELECT hei\t");
    terminal.expect("height");
    terminal.type_keys(CTRL_C);
    // Keys count once the editor has the terminal again.
    terminal.expect("\nswath> ");

    // The history gives back what was run.
    terminal.type_keys(UP);
    terminal.expect("SELECT * FROM measurements LIMIT 5;");
    terminal.enter("");
    terminal.expect("1 row");

    // Ctrl-C ends a query that would run for hours, and the shell goes on.
    terminal.enter("SELECT count(*) FROM range(0, 100000000) a, range(0, 100000) b WHERE a.value % 7 = b.value % 5;");
    terminal.expect("rows read");
    let cancelled = Instant::now();
    terminal.type_keys(CTRL_C);
    terminal.expect("cancelled");
    assert!(cancelled.elapsed() < Duration::from_secs(5));
    terminal.enter("SELECT 'still ' || 'here' AS s;");
    terminal.expect("│ still here │");

    // An error does not end it either.
    terminal.enter("SELECT heigth FROM measurements;");
    terminal.expect("did you mean 'height'?");
    terminal.expect("^^^^^^");

    terminal.enter("\\q");
    terminal.expect_exit(0);

    // The history is there in the next session.
    let kept = std::fs::read_to_string(&history).unwrap();
    assert!(kept.contains("SELECT * FROM measurements LIMIT 5;"), "{kept}");
    let mut again = Terminal::open(80, &history);
    again.expect("swath> ");
    again.type_keys(&format!("{UP}{UP}"));
    again.expect("SELECT heigth");
    again.type_keys(CTRL_C);
    again.expect("\nswath> ");
    again.type_keys(CTRL_D);
    again.expect_exit(0);
}

/// Ticks of processor time that a process has used, by all its threads.
fn processor_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // After the name in parentheses: the 12th and 13th are the times in user and kernel mode.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum()
}

fn files_below(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| {
        entries.flatten().map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
    })
}

#[test]
fn ctrl_c_leaves_idle_threads_and_no_spill_files() {
    let folder = tempfile::tempdir().unwrap();
    let spills = folder.path().join("spills");
    let options = ["--memory-limit", "64MB", "--spill-folder", spills.to_str().unwrap()];
    let mut terminal = Terminal::open_with(80, &folder.path().join("history"), &options);
    terminal.expect("swath> ");
    for sql in [
        "SELECT value FROM range(4000000000) ORDER BY value % 1000003;",
        "SELECT count(*) FROM (SELECT value % 1000000007 AS k, count(*) AS n FROM range(4000000000) GROUP BY k) WHERE n > 1;",
    ] {
        terminal.enter(sql);
        let started = Instant::now();
        while files_below(&spills) == 0 {
            assert!(started.elapsed() < PATIENCE, "{sql}: nothing is spilled, so nothing can be left");
            std::thread::sleep(Duration::from_millis(10));
        }
        terminal.type_keys(CTRL_C);
        let pressed = Instant::now();
        terminal.expect("cancelled");
        while files_below(&spills) > 0 {
            assert!(pressed.elapsed() < Duration::from_secs(1), "{sql}: {} files are left", files_below(&spills));
            std::thread::sleep(Duration::from_millis(10));
        }
        terminal.expect("swath> ");
        std::thread::sleep(Duration::from_secs(1).saturating_sub(pressed.elapsed()));
        let process = terminal.child.id();
        let before = processor_ticks(process);
        std::thread::sleep(Duration::from_millis(300));
        // A thread that went on would have used thirty.
        assert!(processor_ticks(process) - before < 8, "{sql}: threads are busy");
    }
    terminal.enter("SELECT 'still ' || 'here' AS s;");
    terminal.expect("│ still here │");
    terminal.enter("exit");
    terminal.expect_exit(0);
}

#[test]
fn tables_fit_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(60, &folder.path().join("history"));
    terminal.expect("swath> ");
    terminal.enter("SELECT 1 AS id, repeat('word ', 40) AS text, 123456789 AS number FROM range(0, 250);");
    let shown = terminal.expect("250 rows (100 shown)");
    terminal.expect("long values are cut, \\x shows them");
    for line in shown.lines().filter(|line| line.starts_with(['│', '┌', '├', '└'])) {
        assert_eq!(line.chars().count(), 60, "{line}");
    }
    assert!(shown.contains("123456789") && shown.contains('…'), "{shown}");
    terminal.enter("\\x");
    terminal.expect("one line per value is on");
    terminal.enter("SELECT 1 AS id;");
    terminal.expect("id │ 1");
    terminal.enter("exit");
    terminal.expect_exit(0);
}
