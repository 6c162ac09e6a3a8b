//! Which task needs which blocks, and the order in which tasks run.
//!
//! Tasks and blocks of all stages are numbered through. The order is depth first from the results: a task comes directly after those
//! that make its blocks, so that blocks are used up soon after they are made.

use swath_arrays::lower::stage::{Access, Origin, Stage, Step};

use crate::block::BlockId;
use crate::error::{BlocksError, Result};

/// Lists of numbers, one after another.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    ends: Vec<usize>,
    values: Vec<u32>,
}

impl Lists {
    fn push(&mut self, values: impl IntoIterator<Item = u32>) {
        self.values.extend(values);
        self.ends.push(self.values.len());
    }

    /// A list.
    pub(crate) fn of(&self, number: usize) -> &[u32] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.values[start..self.ends[number]]
    }

    /// For each value the lists that have it.
    fn inverted(&self, count: usize) -> Self {
        let mut ends = vec![0usize; count];
        for value in &self.values {
            ends[*value as usize] += 1;
        }
        let mut sum = 0;
        let mut next: Vec<usize> = Vec::with_capacity(count);
        for end in &mut ends {
            next.push(sum);
            sum += *end;
            *end = sum;
        }
        let mut values = vec![0; self.values.len()];
        for number in 0..self.ends.len() {
            for value in self.of(number) {
                let place = &mut next[*value as usize];
                values[*place] = number as u32;
                *place += 1;
            }
        }
        Self { ends, values }
    }
}

/// The tasks of a plan.
#[derive(Debug)]
pub(crate) struct Graph {
    /// The number of each stage's first task, and that of all tasks.
    first_task: Vec<usize>,
    /// The number of the first block of each output of each stage.
    first_block: Vec<Vec<usize>>,
    /// For each task the blocks that it needs, each once.
    pub(crate) needs: Lists,
    /// For each block the tasks that need it.
    pub(crate) users: Lists,
    /// For each task whether it takes nothing from other stages but a part of one block for each input: these it reads where they lie.
    pub(crate) reads_in_place: Vec<bool>,
    /// For each task its place in the order.
    pub(crate) rank: Vec<u32>,
    /// For each block its output, as a number that counts outputs through.
    output_of_block: Vec<u32>,
    /// For each output its stage, its number there, and the stage whose tasks each take a box of its blocks, if only that reads them.
    outputs: Vec<(usize, usize, Option<usize>)>,
    /// For each output whether any task reads of it.
    used: Vec<bool>,
}

impl Graph {
    /// The tasks of stages, of which `results` (stage and output) are to be made.
    pub(crate) fn new(stages: &[Stage], results: &[(usize, usize)]) -> Result<Self> {
        let mut first_task = Vec::with_capacity(stages.len() + 1);
        let mut first_block = Vec::with_capacity(stages.len());
        let mut output_of_block: Vec<u32> = Vec::new();
        let mut outputs = Vec::new();
        let (mut tasks, mut blocks) = (0, 0);
        for (number, stage) in stages.iter().enumerate() {
            first_task.push(tasks);
            let count = stage.task_count();
            let mut firsts = Vec::with_capacity(stage.outputs.len());
            for output in 0..stage.outputs.len() {
                firsts.push(blocks);
                blocks += count;
                output_of_block.resize(blocks, outputs.len() as u32);
                outputs.push((number, output, box_reader(stages, results, number, output)));
            }
            first_block.push(firsts);
            tasks += count;
        }
        first_task.push(tasks);
        if u32::try_from(tasks.max(blocks)).is_err() {
            return Err(BlocksError::internal(format!("{tasks} tasks are too many: use larger chunks")));
        }
        let mut graph = Self {
            first_task,
            first_block,
            needs: Lists::default(),
            users: Lists::default(),
            reads_in_place: Vec::with_capacity(tasks),
            rank: vec![u32::MAX; tasks],
            output_of_block,
            used: vec![false; outputs.len()],
            outputs,
        };
        graph.needs = graph.list_needs(stages);
        graph.users = graph.needs.inverted(blocks);
        for block in &graph.needs.values {
            graph.used[graph.output_of_block[*block as usize] as usize] = true;
        }
        graph.order(results);
        Ok(graph)
    }

    fn list_needs(&mut self, stages: &[Stage]) -> Lists {
        let mut needs = Lists::default();
        let mut own: Vec<u32> = Vec::new();
        for (number, stage) in stages.iter().enumerate() {
            let from_stages = stage.inputs.iter().any(|input| matches!(input.origin, Origin::Stage { .. }));
            for task in 0..stage.task_count() {
                if let Some(mirror) = stage.mirror(task) {
                    self.reads_in_place.push(true);
                    needs.push([self.block(BlockId { stage: number, output: 0, block: mirror }) as u32]);
                    continue;
                }
                own.clear();
                let mut in_place = from_stages;
                if from_stages {
                    for (position, input) in stage.inputs.iter().enumerate() {
                        let Origin::Stage { stage: from, output } = input.origin else { continue };
                        let first = self.first_block[from][output];
                        let reads = stage.reads(task, position);
                        in_place &= matches!(reads.as_slice(), [read] if read.pieces.len() == 1);
                        if reads.is_empty() && !matches!(input.access, Access::Shifted { .. }) {
                            // What it reads follows from what earlier inputs hold: perhaps anything.
                            own.extend((0..input.grid.block_count()).map(|block| (first + block) as u32));
                        }
                        for read in reads {
                            own.extend(read.pieces.iter().map(|piece| (first + piece.block) as u32));
                        }
                    }
                    own.sort_unstable();
                    own.dedup();
                }
                self.reads_in_place.push(in_place);
                needs.push(own.iter().copied());
            }
        }
        needs
    }

    /// Depth first, from the results' tasks in their order.
    fn order(&mut self, results: &[(usize, usize)]) {
        let mut next = 0u32;
        let mut stack: Vec<(usize, usize)> = Vec::new();
        let mut seen = vec![false; self.rank.len()];
        for (stage, _) in results {
            for root in self.first_task[*stage]..self.first_task[*stage + 1] {
                if seen[root] {
                    continue;
                }
                seen[root] = true;
                stack.push((root, 0));
                while let Some((task, position)) = stack.last_mut() {
                    let Some(block) = self.needs.of(*task).get(*position) else {
                        self.rank[*task] = next;
                        next += 1;
                        stack.pop();
                        continue;
                    };
                    *position += 1;
                    let (stage, _, _) = self.outputs[self.output_of_block[*block as usize] as usize];
                    let maker = self.first_task[stage] + self.id(*block as usize).block;
                    if !seen[maker] {
                        seen[maker] = true;
                        stack.push((maker, 0));
                    }
                }
            }
        }
    }

    /// Number of tasks.
    pub(crate) fn task_count(&self) -> usize {
        self.rank.len()
    }

    /// Number of blocks.
    pub(crate) fn block_count(&self) -> usize {
        self.output_of_block.len()
    }

    /// The number of a block.
    pub(crate) fn block(&self, id: BlockId) -> usize {
        self.first_block[id.stage][id.output] + id.block
    }

    /// The block of a number.
    pub(crate) fn id(&self, block: usize) -> BlockId {
        let (stage, output, _) = self.outputs[self.output_of_block[block] as usize];
        BlockId { stage, output, block: block - self.first_block[stage][output] }
    }

    /// Whether any task reads a block of the output that this one belongs to.
    pub(crate) fn is_used(&self, id: BlockId) -> bool {
        self.used[self.output_of_block[self.block(id)] as usize]
    }

    /// The stage whose tasks each take a box of this block, if nobody else reads it.
    pub(crate) fn box_reader(&self, block: usize) -> Option<usize> {
        self.outputs[self.output_of_block[block] as usize].2
    }

    /// A task's stage and number there.
    pub(crate) fn task(&self, task: usize) -> (usize, usize) {
        let stage = self.first_task.partition_point(|first| *first <= task) - 1;
        (stage, task - self.first_task[stage])
    }
}

/// The assembling stage that alone reads an output, each of its tasks a box of some blocks.
fn box_reader(stages: &[Stage], results: &[(usize, usize)], from: usize, output: usize) -> Option<usize> {
    let origin = Origin::Stage { stage: from, output };
    let mut readers = stages
        .iter()
        .enumerate()
        .flat_map(|(number, stage)| stage.inputs.iter().map(move |input| (number, stage, input)))
        .filter(|(_, _, input)| input.origin == origin);
    let (number, stage, input) = readers.next()?;
    let plain = matches!(&input.access, Access::View(view) if view.is_identity(&input.grid.shape()));
    let assembles = matches!(stage.step, Step::Assemble) && stage.inputs.len() == 1 && plain && input.grid.is_known();
    (assembles && readers.next().is_none() && !results.contains(&(from, output))).then_some(number)
}
