//! How far a job is.

use ballista_core::serde::protobuf::{SuccessfulTask, task_status};
use ballista_scheduler::state::execution_graph::ExecutionGraphBox;
use ballista_scheduler::state::execution_stage::{ExecutionStage, TaskInfo};

use crate::protocol::JobProgress;

/// What the stages of a job have done. The partitions of a stage count from the moment at which it may run.
pub fn progress(graph: &ExecutionGraphBox) -> JobProgress {
    let mut progress = JobProgress::default();
    for stage in graph.stages().values() {
        progress.stages += 1;
        let (partitions, tasks): (usize, &[TaskInfo]) = match stage {
            ExecutionStage::UnResolved(_) => (0, &[]),
            ExecutionStage::Resolved(stage) => (stage.partitions, &[]),
            ExecutionStage::Running(stage) => (stage.partitions, &stage.task_infos),
            ExecutionStage::Successful(stage) => (stage.partitions, &stage.task_infos),
            ExecutionStage::Failed(stage) => (stage.partitions, &stage.task_infos),
        };
        progress.stages_done += u64::from(matches!(stage, ExecutionStage::Successful(_)));
        progress.partitions += partitions as u64;
        for task in tasks {
            if let task_status::Status::Successful(SuccessfulTask { partitions, .. }) = &task.task_status {
                progress.partitions_done += task.global_input_partition_ids.len() as u64;
                progress.rows += partitions.iter().map(|partition| partition.num_rows).sum::<u64>();
                progress.bytes += partitions.iter().map(|partition| partition.num_bytes).sum::<u64>();
            }
        }
    }
    progress
}
