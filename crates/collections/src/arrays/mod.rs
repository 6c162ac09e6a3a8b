//! Arrays of a session: on its threads, within its memory limit, spilled where its operators spill; made from tables and turned into tables.
//!
//! | module | what |
//! |---|---|
//! | `elements` | which Arrow type holds which dtype |
//! | [`files`] | Zarr arrays in folders and object stores |
//! | `from_frame` | columns as an array |
//! | `to_frame` | an array as columns |

mod elements;
pub mod files;
mod from_frame;
mod to_frame;

use swath_nd::Arrays;

use crate::session::Session;

impl Session {
    /// Where this session's arrays are made and run: on its threads, out of its memory pool, spilled to its folder. On a connected session,
    /// too, they run in this process.
    ///
    /// ```
    /// use swath_collections::Session;
    ///
    /// let session = Session::embedded().threads(2).build()?;
    /// let x = session.arrays().arange(0, 10, 1).reshape([2, 5]);
    /// assert_eq!((&x * 2 + 1).sum(1).to_vec::<i64>()?, [25, 75]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn arrays(&self) -> Arrays {
        Arrays::on(self.engine().arrays().clone())
    }
}

impl From<swath_nd::Error> for crate::error::Error {
    fn from(error: swath_nd::Error) -> Self {
        Self::Array(error)
    }
}
