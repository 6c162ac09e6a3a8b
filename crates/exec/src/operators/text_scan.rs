//! A scan of text files with what DataFusion's wire form of it leaves out: compression and line terminator.
//!
//! It stands above the scan, so that whoever cuts a plan into tasks still finds the scan as the leaf. The worker puts the
//! [whole scan](TextScanExec::whole) in its place before it plans its task.

use std::fmt;
use std::sync::Arc;

use datafusion::common::parsers::CompressionTypeVariant;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::physical_plan::{CsvSource, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use crate::wire::{self, WireForm, WireReader, WireWriter};

/// What of a scan does not travel with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rest {
    compression: Option<CompressionTypeVariant>,
    terminator: Option<u8>,
}

/// A scan of text files with all of its options.
#[derive(Debug)]
pub struct TextScanExec {
    scan: Arc<dyn ExecutionPlan>,
    rest: Rest,
}

impl TextScanExec {
    /// `node` with the options that would not travel; none if it is no scan, or has none of them.
    pub fn wrapped(node: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
        let config = node.downcast_ref::<DataSourceExec>()?.data_source().downcast_ref::<FileScanConfig>()?;
        let source = config.file_source();
        let compression = Some(*config.file_compression_type.get_variant());
        let rest = Rest {
            compression: compression.filter(|variant| *variant != CompressionTypeVariant::UNCOMPRESSED),
            terminator: source.downcast_ref::<CsvSource>().and_then(CsvSource::terminator),
        };
        let scan = Arc::clone(node);
        (rest != Rest::default()).then(|| Arc::new(Self { scan, rest }) as Arc<dyn ExecutionPlan>)
    }

    /// The scan as it was.
    ///
    /// # Errors
    /// If what is below is no scan of files.
    pub fn whole(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = self.scan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
        let Some(config) = scan.and_then(|source| source.downcast_ref::<FileScanConfig>()) else {
            return internal_err!("TextScanExec stands above a scan of files");
        };
        let mut source = Arc::clone(config.file_source());
        if let (Some(csv), Some(terminator)) = (source.downcast_ref::<CsvSource>(), self.rest.terminator) {
            source = Arc::new(csv.with_terminator(Some(terminator)));
        }
        let compression = self.rest.compression.unwrap_or(CompressionTypeVariant::UNCOMPRESSED);
        let config = FileScanConfigBuilder::from(config.clone())
            .with_source(source)
            .with_file_compression_type(FileCompressionType::from(compression))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

impl DisplayAs for TextScanExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextScanExec")?;
        self.rest.compression.map_or(Ok(()), |compression| write!(f, ": compression={compression}"))
    }
}

impl ExecutionPlan for TextScanExec {
    fn name(&self) -> &str {
        "TextScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.scan.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.scan]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(scan), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("TextScanExec has one input");
        };
        Ok(Arc::new(Self { scan, rest: self.rest }))
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.whole()?.execute(partition, context)
    }
}

/// The options.
pub const WIRE: WireForm = WireForm { encode, decode };

fn encode(node: &dyn ExecutionPlan, message: &mut WireWriter<'_>) -> Result<()> {
    let Some(TextScanExec { rest, .. }) = node.downcast_ref::<TextScanExec>() else {
        return internal_err!("expected a TextScanExec, got {}", node.name());
    };
    message.text(&rest.compression.map_or_else(String::new, |compression| compression.to_string()));
    message.number(rest.terminator.map_or(u64::MAX, u64::from));
    Ok(())
}

fn decode(message: &mut WireReader<'_>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
    let [scan] = wire::inputs("TextScanExec", inputs)?;
    let compression = match message.text()? {
        "" => None,
        name => Some(name.parse::<CompressionTypeVariant>()?),
    };
    let terminator = u8::try_from(message.number()?).ok();
    let rest = Rest { compression, terminator };
    Ok(Arc::new(TextScanExec { scan, rest }))
}
