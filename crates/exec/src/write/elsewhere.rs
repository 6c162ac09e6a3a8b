//! A write whose tasks run in other processes: opened and committed here, written there.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, collect};

use super::destination::Destination;
use super::operator::{WriteExec, report_batch, write_empty};
use super::task::{WriteTaskExec, task_files};

/// How often, and how long apart, a failed write looks for what its tasks left after it.
const LATE_LOOKS: u32 = 10;
const LATE_PAUSE: Duration = Duration::from_millis(30);

/// Writes as `write` says, except that `input`, which gives what the input of `write` gives, is run by `elsewhere`: a plan that
/// runs the given one in other processes. Gives the row that `write` would give; none if only this process can write there, and
/// nothing was done.
///
/// # Errors
/// As a write by this process; nothing of it is visible then.
pub async fn write_elsewhere(
    write: &WriteExec,
    input: Arc<dyn ExecutionPlan>,
    elsewhere: impl FnOnce(Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> Result<Option<RecordBatch>> {
    let report = write.schema();
    let schema = input.schema();
    let destination = Arc::new(Destination::open(write.spec().clone(), &context).await?);
    let Some(place) = destination.task_place().await? else { return Ok(None) };
    let plan = elsewhere(Arc::new(WriteTaskExec::new(input, place)));
    let rows = match collect(plan, Arc::clone(&context)).await {
        Ok(rows) => rows,
        Err(error) => {
            let (error, folder) = (destination.named(error), destination.hidden_folder());
            drop(destination);
            if let Some(folder) = folder {
                remove_what_comes_late(&folder).await;
            }
            return Err(error);
        }
    };
    let files = task_files(&rows)?;
    let mut numbers =
        [files.iter().map(|file| file.rows).sum(), files.iter().map(|file| file.bytes).sum(), files.len() as u64];
    let mut own = vec![];
    if files.is_empty() {
        own = write_empty(&destination, &schema, &context).await?.files;
        numbers = [0, own.iter().map(|file| file.bytes).sum(), own.len() as u64];
    }
    let Some(destination) = Arc::into_inner(destination) else {
        return internal_err!("a writing task outlived its write");
    };
    let batch = report_batch(report, numbers)?;
    match files.is_empty() {
        true => destination.commit(own).await?,
        false => destination.commit_tasks(files).await?,
    }
    Ok(Some(batch))
}

/// Tasks of a write that failed may end a file before they hear of that, and so make the hidden folder again.
async fn remove_what_comes_late(folder: &Path) {
    for _ in 0..LATE_LOOKS {
        tokio::time::sleep(LATE_PAUSE).await;
        if let Err(error) = std::fs::remove_dir_all(folder)
            && error.kind() != ErrorKind::NotFound
        {
            log::debug!("{} could not be removed: {error}", folder.display());
        }
    }
}
