//! What a reader accepts as its paths.

use std::path::{Path, PathBuf};

/// One path or several: files, folders, globs (`data/*.parquet`, `data/**/*.csv`), URLs (`s3://bucket/folder/`).
///
/// `*` and `?` do not cross folders, `**` does. A name that exists as it stands is taken as it stands, glob or not. Files
/// and folders whose name begins with `_` or `.` below a folder or glob are skipped.
pub trait IntoPaths {
    /// The paths, in order.
    fn into_paths(self) -> Vec<String>;
}

/// One path.
trait PathText {
    fn path_text(&self) -> String;
}

macro_rules! one_path {
    ($($type:ty => $text:expr),* $(,)?) => {$(
        impl PathText for $type {
            fn path_text(&self) -> String {
                let text: fn(&$type) -> String = $text;
                text(self)
            }
        }

        impl IntoPaths for $type {
            fn into_paths(self) -> Vec<String> {
                vec![self.path_text()]
            }
        }
    )*};
}

one_path! {
    &str => |text| (*text).to_owned(),
    String => Clone::clone,
    &String => |text| (*text).clone(),
    &Path => |path| path.to_string_lossy().into_owned(),
    PathBuf => |path| path.to_string_lossy().into_owned(),
    &PathBuf => |path| path.to_string_lossy().into_owned(),
}

#[allow(private_bounds)]
impl<P: PathText> IntoPaths for Vec<P> {
    fn into_paths(self) -> Vec<String> {
        self.iter().map(PathText::path_text).collect()
    }
}

#[allow(private_bounds)]
impl<P: PathText, const N: usize> IntoPaths for [P; N] {
    fn into_paths(self) -> Vec<String> {
        self.iter().map(PathText::path_text).collect()
    }
}

#[allow(private_bounds)]
impl<P: PathText> IntoPaths for &[P] {
    fn into_paths(self) -> Vec<String> {
        self.iter().map(PathText::path_text).collect()
    }
}

#[allow(private_bounds)]
impl<P: PathText> IntoPaths for &Vec<P> {
    fn into_paths(self) -> Vec<String> {
        self.iter().map(PathText::path_text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_several() {
        assert_eq!("a".into_paths(), ["a"]);
        assert_eq!(Path::new("a").into_paths(), ["a"]);
        assert_eq!([PathBuf::from("a"), PathBuf::from("b")].into_paths(), ["a", "b"]);
        assert_eq!(vec!["a".to_owned()].into_paths(), ["a"]);
    }
}
