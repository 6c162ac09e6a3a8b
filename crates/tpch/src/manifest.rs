//! What a data folder says about itself, so that data of two scales never mix.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::scale::Scale;
use crate::table::Table;

/// Hidden, so that no reader of the folder takes it for data.
const FILE_NAME: &str = ".swath-tpch.json";

/// Raised when files of an older version would differ from what is generated now.
const FORMAT: u32 = 1;

/// What a folder of generated data holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    scale: f64,
    parts: u32,
}

impl Manifest {
    /// The manifest of a folder for this scale, with each growing table cut into so many files.
    pub fn new(scale: Scale, parts: u32) -> Self {
        Self { format: FORMAT, scale: scale.factor(), parts }
    }

    /// Into how many files each growing table is cut.
    pub fn parts(&self) -> u32 {
        self.parts
    }

    /// Whether the data are of this scale.
    pub fn is_of(&self, scale: Scale) -> bool {
        self.scale == scale.factor()
    }

    /// Reads a folder's manifest; `None` if it has none.
    ///
    /// # Errors
    /// If it cannot be read, or is not one.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE_NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| Error::Folder {
            folder: folder.to_owned(),
            message: format!(
                "{FILE_NAME} is not what `tpch generate` wrote ({error}); delete the folder or take another"
            ),
        })
    }

    /// Makes the folder one of this manifest, or confirms that it is.
    ///
    /// # Errors
    /// If it holds other data: of another scale, cut otherwise, or not from here.
    pub(crate) fn claim(&self, folder: &Path) -> Result<()> {
        let refuse = |message: String| Err(Error::Folder { folder: folder.to_owned(), message });
        match Self::read(folder)? {
            Some(found) if found == *self => Ok(()),
            Some(found) if found.format != self.format => refuse(format!(
                "holds data of format {}, this program writes format {}; delete the folder or take another",
                found.format, self.format
            )),
            Some(found) => refuse(format!(
                "holds data of scale {} in {} parts, asked for was scale {} in {} parts; take another folder, or delete this one",
                found.scale, found.parts, self.scale, self.parts
            )),
            None => {
                if let Some(table) = Table::ALL.into_iter().find(|table| table_path(folder, *table).is_some()) {
                    return refuse(format!(
                        "holds a table '{}' that was not generated here; take another folder",
                        table.name()
                    ));
                }
                self.write(folder)
            }
        }
    }

    fn write(&self, folder: &Path) -> Result<()> {
        let (path, unfinished) = (folder.join(FILE_NAME), folder.join(format!("{FILE_NAME}.tmp")));
        let text = serde_json::to_string(self)
            .map_err(|error| Error::Folder { folder: folder.to_owned(), message: error.to_string() })?;
        fs::write(&unfinished, text).map_err(Error::io("write", &unfinished))?;
        fs::rename(&unfinished, &path).map_err(Error::io("write", &path))
    }
}

/// Where a table's data are: its folder, or one file; `None` if there is neither.
pub fn table_path(folder: &Path, table: Table) -> Option<PathBuf> {
    let inside = folder.join(table.name());
    let single = folder.join(format!("{}.parquet", table.name()));
    if inside.is_dir() {
        Some(inside)
    } else if single.is_file() {
        Some(single)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(scale: f64, parts: u32) -> Manifest {
        Manifest::new(Scale::try_from(scale).unwrap(), parts)
    }

    #[test]
    fn a_folder_keeps_its_scale_and_parts() {
        let folder = tempfile::tempdir().unwrap();
        manifest(0.01, 2).claim(folder.path()).unwrap();
        manifest(0.01, 2).claim(folder.path()).unwrap();
        for other in [manifest(0.1, 2), manifest(0.01, 3)] {
            let error = other.claim(folder.path()).unwrap_err().to_string();
            assert!(error.contains("scale 0.01 in 2 parts"), "{error}");
        }
    }

    #[test]
    fn a_folder_of_other_tables_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("orders")).unwrap();
        let error = manifest(1.0, 1).claim(folder.path()).unwrap_err().to_string();
        assert!(error.contains("'orders'"), "{error}");
    }

    #[test]
    fn a_spoilt_manifest_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "{").unwrap();
        assert!(manifest(1.0, 1).claim(folder.path()).is_err());
    }
}
