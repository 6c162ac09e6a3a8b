//! Zarr groups: what a hierarchy of arrays holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::array::{CHUNK_LIMIT_BYTES, ZarrArray, place, read_json};
use super::metadata::{ZarrFormat, ZarrMetadata, v2, v3};
use super::store::{LocalStore, Store, join, node_path};
use crate::error::{IoError, Result};

/// A group of arrays and further groups. Where the metadata of all of them was consolidated, nothing more is asked of the store.
#[derive(Debug)]
pub struct ZarrGroup {
    store: Arc<dyn Store>,
    path: String,
    format: ZarrFormat,
    attributes: Map<String, Value>,
    consolidated: Option<BTreeMap<String, Node>>,
}

/// Consolidated metadata of a node.
#[derive(Debug, Default)]
struct Node {
    array: Option<Value>,
    attributes: Option<Value>,
}

/// What a member of a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// An array.
    Array,
    /// A group.
    Group,
}

impl ZarrGroup {
    /// Opens the group in a folder.
    ///
    /// # Errors
    /// See [`ZarrGroup::open_in`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Self::open_in(Arc::new(LocalStore::new(folder.as_ref())), "")
    }

    /// Opens the group at a path of a store, of either version.
    ///
    /// # Errors
    /// No group there, or broken metadata.
    pub fn open_in(store: Arc<dyn Store>, path: &str) -> Result<Self> {
        let path = node_path(store.name(), path)?;
        if let Some(json) = read_json(&*store, &join(&path, "zarr.json"))?
            && is_group(&json)
        {
            let attributes = json.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default();
            let listed =
                json.get("consolidated_metadata").and_then(|all| all.get("metadata")).and_then(Value::as_object);
            let consolidated = listed.map(|nodes| {
                let node = |json: &Value| Node { array: (!is_group(json)).then(|| json.clone()), attributes: None };
                nodes.iter().map(|(path, json)| (path.clone(), node(json))).collect()
            });
            return Ok(Self { store, path, format: ZarrFormat::V3, attributes, consolidated });
        }
        if read_json(&*store, &join(&path, ".zgroup"))?.is_some() {
            let attributes = read_json(&*store, &join(&path, ".zattrs"))?;
            let attributes = attributes.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
            let consolidated = read_json(&*store, &join(&path, ".zmetadata"))?;
            let listed = consolidated.as_ref().and_then(|all| all.get("metadata")).and_then(Value::as_object);
            let consolidated = listed.map(consolidated_v2);
            return Ok(Self { store, path, format: ZarrFormat::V2, attributes, consolidated });
        }
        let problem = "no Zarr group: there is neither zarr.json of a group nor .zgroup";
        Err(IoError::not_found(place(&*store, &path), problem))
    }

    /// Whether there is a group at a path.
    pub(crate) fn exists(store: &dyn Store, path: &str) -> Result<bool> {
        let json = read_json(store, &join(path, "zarr.json"))?;
        Ok(json.is_some_and(|json| is_group(&json)) || read_json(store, &join(path, ".zgroup"))?.is_some())
    }

    /// Version of the format.
    pub fn format(&self) -> ZarrFormat {
        self.format
    }

    /// What users wrote beside the group.
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// The arrays and groups directly in this one, by name.
    ///
    /// # Errors
    /// A store that cannot be listed.
    pub fn members(&self) -> Result<Vec<(String, NodeKind)>> {
        let kind = |is_array| if is_array { NodeKind::Array } else { NodeKind::Group };
        if let Some(nodes) = &self.consolidated {
            let direct = nodes.iter().filter(|(path, _)| !path.is_empty() && !path.contains('/'));
            return Ok(direct.map(|(path, node)| (path.clone(), kind(node.array.is_some()))).collect());
        }
        let mut members = Vec::new();
        for name in self.store.list(&self.path)? {
            if name.starts_with('.') || name == "zarr.json" {
                continue;
            }
            let path = join(&self.path, &name);
            let json = read_json(&*self.store, &join(&path, "zarr.json"))?;
            let is_array = match json {
                Some(json) => Some(!is_group(&json)),
                None if read_json(&*self.store, &join(&path, ".zarray"))?.is_some() => Some(true),
                None => read_json(&*self.store, &join(&path, ".zgroup"))?.map(|_| false),
            };
            members.extend(is_array.map(|is_array| (name, kind(is_array))));
        }
        Ok(members)
    }

    /// Opens an array in this group or below.
    ///
    /// # Errors
    /// See [`ZarrArray::open_in`].
    pub fn array(&self, path: &str) -> Result<ZarrArray> {
        let below = node_path(self.store.name(), path)?;
        let path = join(&self.path, &below);
        let Some((node, json)) = self.consolidated.as_ref().and_then(|nodes| {
            let node = nodes.get(&below)?;
            Some((node, node.array.as_ref()?))
        }) else {
            return ZarrArray::open_in(Arc::clone(&self.store), &path);
        };
        let metadata: std::result::Result<ZarrMetadata, String> = match self.format {
            ZarrFormat::V3 => v3::parse(json),
            ZarrFormat::V2 => v2::parse(json, node.attributes.as_ref()),
        };
        let refused = |problem| IoError::unsupported(place(&*self.store, &path), problem);
        let metadata = metadata.map_err(refused)?;
        ZarrArray::with_metadata(Arc::clone(&self.store), path, metadata, CHUNK_LIMIT_BYTES)
    }

    /// Opens a group in this one or below.
    ///
    /// # Errors
    /// See [`ZarrGroup::open_in`].
    pub fn group(&self, path: &str) -> Result<Self> {
        Self::open_in(Arc::clone(&self.store), &join(&self.path, &node_path(self.store.name(), path)?))
    }
}

fn is_group(json: &Value) -> bool {
    json.get("node_type").and_then(Value::as_str) == Some("group")
}

/// Version 2 lists keys and not nodes.
fn consolidated_v2(keys: &Map<String, Value>) -> BTreeMap<String, Node> {
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    for (key, json) in keys {
        let (path, name) = key.rsplit_once('/').unwrap_or(("", key));
        let node = nodes.entry(path.to_owned()).or_default();
        match name {
            ".zarray" => node.array = Some(json.clone()),
            ".zattrs" => node.attributes = Some(json.clone()),
            _ => {}
        }
    }
    nodes
}

/// The paths above a node where no group is yet.
///
/// # Errors
/// An array among them.
pub(crate) fn missing_groups_above(store: &dyn Store, path: &str) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    let mut above = path;
    while !above.is_empty() {
        above = above.rsplit_once('/').map_or("", |(above, _)| above);
        let json = read_json(store, &join(above, "zarr.json"))?;
        let is_array = match &json {
            Some(json) => !is_group(json),
            None => read_json(store, &join(above, ".zarray"))?.is_some(),
        };
        if is_array {
            let place = place(store, above);
            return Err(IoError::argument(format!("cannot write {place}/…: an array cannot stand within an array")));
        }
        if json.is_none() && read_json(store, &join(above, ".zgroup"))?.is_none() {
            missing.push(above.to_owned());
        }
    }
    Ok(missing)
}

/// Writes the metadata of groups.
pub(crate) fn write_groups(store: &dyn Store, paths: &[String], format: ZarrFormat) -> Result<()> {
    for path in paths {
        match format {
            ZarrFormat::V3 => {
                let json = br#"{"zarr_format":3,"node_type":"group","attributes":{}}"#;
                store.put(&join(path, "zarr.json"), json[..].into())?;
            }
            ZarrFormat::V2 => store.put(&join(path, ".zgroup"), br#"{"zarr_format":2}"#[..].into())?,
        }
    }
    Ok(())
}
