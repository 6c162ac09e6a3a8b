//! A table over files, whatever their format, store and compression.
//!
//! Each scan asks the sources again, so a registered folder shows what was written since. DataFusion's own listing table was
//! not enough: it knows one store and one compression a table, no null partition keys, and no `key=value` folders in globs.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::{NdvFallback, Precision};
use datafusion::common::{
    ColumnStatistics, DFSchema, DataFusionError, Result, Statistics, TableReference, project_schema,
};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::listing::helpers::expr_applicable_for_cols;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::cache::TableScopedPath;
use datafusion::execution::cache::cache_manager::{CachedFileMetadata, SchemaFingerprint};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use futures::{StreamExt, TryStreamExt, stream};

use super::sources::{FoundFile, files_of};
use super::text_error::{array_for_lines, explained};
use super::{
    Compression, FileError, FormatKind, ReadFormat, Source, arrow_schema, csv_schema, float_bounds, hive, namesakes,
    schema,
};

/// Files whose footers or first rows are read at one time.
const FILES_AT_ONCE: usize = 16;

/// What to read and how; [`FilesTable::open`] makes a table of it.
#[derive(Clone, Debug)]
pub struct ReadPlan {
    /// Where the files are.
    pub sources: Vec<Source>,
    /// Their format.
    pub format: ReadFormat,
    /// The compression of text files; by suffix if not given.
    pub compression: Option<Compression>,
    /// The columns in the files; inferred if not given.
    pub schema: Option<SchemaRef>,
    /// Whether `key=value` folders become columns.
    pub hive: bool,
    /// Types of partition columns; inferred where not given.
    pub hive_types: Vec<(String, DataType)>,
}

/// A table over files.
#[derive(Debug)]
pub struct FilesTable {
    plan: ReadPlan,
    /// The columns in the files.
    file_schema: SchemaRef,
    /// The columns from folders.
    hive_fields: Vec<FieldRef>,
    /// Both.
    table_schema: SchemaRef,
    fingerprint: Arc<SchemaFingerprint>,
}

/// Files that one scan can read: one store, one compression.
struct ScanGroup {
    store_url: ObjectStoreUrl,
    compression: Compression,
    files: Vec<PartitionedFile>,
}

impl FilesTable {
    /// Looks at the files and finds their schema.
    ///
    /// # Errors
    /// If there are no files, a file cannot be read, or the files do not fit together; the message names the file.
    pub async fn open(state: &dyn Session, plan: ReadPlan) -> Result<Self> {
        let files = files_of(state, &plan.sources, plan.format.kind()).await?;
        let file_schema = match &plan.schema {
            Some(schema) => {
                refuse_arrays(state, &plan, &files).await?;
                Arc::clone(schema)
            }
            None => infer_schema(state, &plan, &files).await?,
        };
        let mut hive_fields = match plan.hive {
            true => hive::infer_fields(files.iter().map(|file| &file.meta.location))?,
            false => vec![],
        };
        // A column that the files hold themselves is read from them.
        hive_fields.retain(|field| file_schema.column_with_name(field.name()).is_none());
        for field in &mut hive_fields {
            if let Some((_, data_type)) = plan.hive_types.iter().find(|(name, _)| name == field.name()) {
                *field = Arc::new(Field::new(field.name(), data_type.clone(), true));
            }
        }
        for file in &files {
            hive::values_of(&file.meta.location, &hive_fields)?;
        }
        Ok(Self::new(plan, file_schema, hive_fields))
    }

    /// A table of these columns, whatever the files are.
    pub(super) fn new(plan: ReadPlan, file_schema: SchemaRef, hive_fields: Vec<FieldRef>) -> Self {
        let fields: Vec<FieldRef> = file_schema.fields().iter().chain(&hive_fields).cloned().collect();
        let table_schema = Arc::new(Schema::new_with_metadata(fields, file_schema.metadata().clone()));
        let fingerprint = Arc::new(SchemaFingerprint::from_schema(&file_schema));
        Self { plan, file_schema, hive_fields, table_schema, fingerprint }
    }

    /// The columns in the files, without those from folders.
    pub fn file_schema(&self) -> SchemaRef {
        Arc::clone(&self.file_schema)
    }

    /// The same files read as `file_schema`.
    pub fn with_file_schema(&self, file_schema: SchemaRef) -> Self {
        Self::new(self.plan.clone(), file_schema, self.hive_fields.clone())
    }

    fn hive_names(&self) -> Vec<&str> {
        self.hive_fields.iter().map(|field| field.name().as_str()).collect()
    }

    fn compression_of(&self, file: &FoundFile) -> Compression {
        compression_of(&self.plan, file)
    }

    /// Statistics and order of a file, from the session's cache if the file has not changed.
    async fn look_at(&self, state: &dyn Session, file: &FoundFile) -> Result<(Arc<Statistics>, Option<LexOrdering>)> {
        if !state.config().collect_statistics() || self.plan.format.kind() != FormatKind::Parquet {
            return Ok((Arc::new(Statistics::new_unknown(&self.file_schema)), None));
        }
        let cache = state.runtime_env().cache_manager.get_file_statistic_cache();
        let key = TableScopedPath {
            // Two stores may hold the same path.
            table: Some(TableReference::bare(file.store_url.as_str())),
            path: file.meta.location.clone(),
        };
        if let Some(known) = cache.as_ref().and_then(|cache| cache.get(&key))
            && known.is_valid_for(&file.meta, &self.fingerprint)
        {
            return Ok((Arc::clone(&known.statistics), known.ordering.clone()));
        }
        let store = state.runtime_env().object_store(&file.store_url)?;
        let reader = self.plan.format.reader(self.compression_of(file), &file.address())?;
        let found = reader
            .infer_stats_and_ordering(state, &store, Arc::clone(&self.file_schema), &file.meta)
            .await
            .map_err(|error| unreadable(file, self.plan.format.kind(), error))?;
        let statistics = Arc::new(float_bounds::as_hints(found.statistics, &self.file_schema));
        if let Some(cache) = cache {
            let entry = CachedFileMetadata::new(
                file.meta.clone(),
                Arc::clone(&self.fingerprint),
                Arc::clone(&statistics),
                found.ordering.clone(),
            );
            cache.put(&key, entry);
        }
        Ok((statistics, found.ordering))
    }

    /// The file as the scan wants it, with its partition values.
    fn partitioned(&self, file: &FoundFile) -> Result<PartitionedFile> {
        let mut partitioned = PartitionedFile::new_from_meta(file.meta.clone());
        partitioned.partition_values = hive::values_of(&file.meta.location, &self.hive_fields)?;
        Ok(partitioned)
    }

    /// The physical form of the filters that partition values alone decide.
    fn partition_filter(
        &self,
        state: &dyn Session,
        filters: &[Expr],
    ) -> Result<Option<(SchemaRef, Arc<dyn PhysicalExpr>)>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(None) };
        let schema = Arc::new(Schema::new(self.hive_fields.clone()));
        let df_schema = DFSchema::try_from(Arc::clone(&schema))?;
        Ok(Some((schema, state.create_physical_expr(filter, &df_schema)?)))
    }

    async fn plan_group(
        &self,
        state: &dyn Session,
        group: ScanGroup,
        exact: bool,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let ScanGroup { store_url, compression, files } = group;
        let statistics = Statistics::try_merge_iter_with_ndv_fallback(
            files.iter().filter_map(|file| file.statistics.as_deref()),
            &self.table_schema,
            NdvFallback::Max,
        )?;
        let statistics = if exact { statistics } else { statistics.to_inexact() };
        let ordering = common_ordering(&files);
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let groups = groups
            .into_iter()
            .map(|group| {
                let merged = Statistics::try_merge_iter_with_ndv_fallback(
                    group.iter().filter_map(|file| file.statistics.as_deref()),
                    &self.table_schema,
                    NdvFallback::Max,
                )?;
                Ok(group.with_statistics(Arc::new(merged)))
            })
            .collect::<Result<Vec<_>>>()?;
        let reader = self.plan.format.reader(compression, "")?;
        let table_schema = TableSchema::builder(Arc::clone(&self.file_schema))
            .with_table_partition_cols(self.hive_fields.clone())
            .build();
        let config = FileScanConfigBuilder::new(store_url, reader.file_source(table_schema))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_output_ordering(ordering.into_iter().collect())
            .build();
        reader.create_physical_plan(state, config).await
    }
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table_schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let names = self.hive_names();
        let decide = |filter: &&Expr| match decided_by(&names, filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(decide).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let names = self.hive_names();
        let (on_partitions, on_rows): (Vec<Expr>, Vec<Expr>) =
            filters.iter().cloned().partition(|filter| decided_by(&names, filter));
        let partition_filter = self.partition_filter(state, &on_partitions)?;

        let mut wanted = vec![];
        for file in files_of(state, &self.plan.sources, self.plan.format.kind()).await? {
            let partitioned = self.partitioned(&file)?;
            // An empty file has no rows and, but for text, cannot be opened.
            if file.meta.size > 0 && passes(partition_filter.as_ref(), &partitioned)? {
                wanted.push((file, partitioned));
            }
        }

        // With an exact row count per file, a LIMIT needs only the first files.
        let enough_rows = limit.filter(|_| on_rows.is_empty());
        let files_wanted = wanted.len();
        let mut looked_at = stream::iter(wanted)
            .map(|(file, partitioned)| async move {
                let (statistics, ordering) = self.look_at(state, &file).await?;
                let partitioned = with_statistics(partitioned, statistics).with_ordering(ordering);
                Ok::<_, DataFusionError>((file, partitioned))
            })
            .buffered(FILES_AT_ONCE);
        let mut groups: BTreeMap<(String, Compression), ScanGroup> = BTreeMap::new();
        let (mut rows, mut files_taken) = (Precision::Exact(0), 0);
        while let Some((file, partitioned)) = looked_at.try_next().await? {
            if let Some(statistics) = &partitioned.statistics {
                rows = rows.add(&statistics.num_rows);
            }
            files_taken += 1;
            let compression = self.compression_of(&file);
            let group = groups.entry((file.store_url.as_str().to_owned(), compression)).or_insert_with(|| ScanGroup {
                store_url: file.store_url.clone(),
                compression,
                files: vec![],
            });
            group.files.push(partitioned);
            if let (Some(limit), Precision::Exact(rows)) = (enough_rows, rows)
                && rows >= limit
            {
                break;
            }
        }
        drop(looked_at);
        let exact = files_taken == files_wanted;
        let mut plans = vec![];
        for group in groups.into_values() {
            plans.push(self.plan_group(state, group, exact, projection, limit).await?);
        }
        match plans.len() {
            0 => Ok(Arc::new(EmptyExec::new(project_schema(&self.table_schema, projection)?))),
            1 => Ok(plans.remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }
}

fn decided_by(hive_names: &[&str], filter: &Expr) -> bool {
    !hive_names.is_empty() && expr_applicable_for_cols(hive_names, filter)
}

fn passes(filter: Option<&(SchemaRef, Arc<dyn PhysicalExpr>)>, file: &PartitionedFile) -> Result<bool> {
    let Some((schema, filter)) = filter else { return Ok(true) };
    let columns = file.partition_values.iter().map(|value| value.to_array()).collect::<Result<_>>()?;
    let batch = RecordBatch::try_new(Arc::clone(schema), columns)?;
    let answer = filter.evaluate(&batch)?.into_array(1)?;
    let answer = answer.as_boolean_opt().ok_or_else(|| {
        DataFusionError::Internal(format!("a filter on partition columns gave {}", answer.data_type()))
    })?;
    Ok(!answer.is_empty() && !arrow::array::Array::is_null(answer, 0) && answer.value(0))
}

/// Adds the statistics of the file, and of its partition values.
fn with_statistics(file: PartitionedFile, statistics: Arc<Statistics>) -> PartitionedFile {
    let nulls: Vec<usize> =
        (0..file.partition_values.len()).filter(|&at| file.partition_values[at].is_null()).collect();
    let columns_in_file = statistics.column_statistics.len();
    let mut file = file.with_statistics(statistics);
    // DataFusion takes partition values for never null.
    if let Some(statistics) = file.statistics.as_mut().filter(|_| !nulls.is_empty()) {
        let statistics = Arc::make_mut(statistics);
        for at in nulls {
            let mut column = ColumnStatistics::new_unknown();
            column.null_count = statistics.num_rows;
            statistics.column_statistics[columns_in_file + at] = column;
        }
    }
    file
}

/// The longest order that all files share.
fn common_ordering(files: &[PartitionedFile]) -> Option<LexOrdering> {
    let mut orderings = files.iter().map(|file| file.ordering.as_ref());
    let first = orderings.next()??;
    let mut shared = first.len();
    for ordering in orderings {
        shared = shared.min(first.iter().zip(ordering?.iter()).take_while(|(a, b)| a == b).count());
    }
    LexOrdering::new(first.iter().take(shared).cloned().collect::<Vec<_>>())
}

fn compression_of(plan: &ReadPlan, file: &FoundFile) -> Compression {
    match plan.compression {
        Some(compression) => compression,
        None => Compression::of_name(file.meta.location.filename().unwrap_or_default()).1,
    }
}

async fn infer_schema(state: &dyn Session, plan: &ReadPlan, files: &[FoundFile]) -> Result<SchemaRef> {
    let kind = plan.format.kind();
    let infer = |file: FoundFile| async move {
        let store = state.runtime_env().object_store(&file.store_url)?;
        let reader = plan.format.reader(compression_of(plan, &file), &file.address())?;
        let inferred = || reader.infer_schema(state, &store, std::slice::from_ref(&file.meta));
        let found = match &plan.format {
            ReadFormat::Csv(options) => {
                let options = options.as_ref().clone().with_compression(compression_of(plan, &file).into());
                csv_schema::infer(state, &options, &store, &file.meta).await
            }
            ReadFormat::Arrow => match arrow_schema::from_footer(&store, &file.meta).await {
                Ok(Some(schema)) => Ok(schema),
                Ok(None) => inferred().await,
                Err(error) => Err(error),
            },
            _ => inferred().await,
        };
        let found = match found {
            Ok(schema) => namesakes::refuse(state, &store, &file, &schema, kind).await.map(|()| schema),
            Err(error) => Err(error),
        };
        let schema = match found {
            Ok(schema) => schema,
            Err(error) => {
                let array = array_for_lines(state, kind, compression_of(plan, &file), &file).await;
                return Err(array.map_or_else(
                    || unreadable(&file, kind, error),
                    |message| FileError::engine(file.address(), message),
                ));
            }
        };
        let schema = if kind == FormatKind::Parquet { only_extensions(&schema) } else { schema };
        Ok::<_, DataFusionError>((file.address(), if kind == FormatKind::Csv { without_nulls(schema) } else { schema }))
    };
    let with_rows: Vec<FoundFile> = files.iter().filter(|file| file.meta.size > 0).cloned().collect();
    let schemas: Vec<(String, SchemaRef)> =
        stream::iter(with_rows).map(infer).buffered(FILES_AT_ONCE).try_collect().await?;
    if schemas.is_empty() {
        let path = files.first().map_or_else(String::new, FoundFile::address);
        return Err(FileError::engine(
            path,
            format!("the file is empty (0 bytes), not {}; give the schema", kind.name()),
        ));
    }
    schema::merge(kind, &schemas)
}

/// Looks at the first file, if its schema is known and nothing else of it is read yet.
async fn refuse_arrays(state: &dyn Session, plan: &ReadPlan, files: &[FoundFile]) -> Result<()> {
    let Some(file) = files.iter().find(|file| file.meta.size > 0) else { return Ok(()) };
    match array_for_lines(state, plan.format.kind(), compression_of(plan, file), file).await {
        Some(message) => Err(FileError::engine(file.address(), message)),
        None => Ok(()),
    }
}

/// Of all that writers of Parquet files note beside a schema, only what columns mean (tensors, UUIDs …): the rest differs from file to file.
fn only_extensions(schema: &SchemaRef) -> SchemaRef {
    let kept = |field: &FieldRef| {
        let metadata = field.metadata().iter().filter(|(key, _)| key.starts_with("ARROW:extension:"));
        let metadata = metadata.map(|(key, value)| (key.clone(), value.clone())).collect();
        Arc::new(field.as_ref().clone().with_metadata(metadata))
    };
    Arc::new(Schema::new(schema.fields().iter().map(kept).collect::<Vec<_>>()))
}

/// A column without a single value is text, so that values in later rows can be read.
fn without_nulls(schema: SchemaRef) -> SchemaRef {
    if schema.fields().iter().all(|field| !field.data_type().is_null()) {
        return schema;
    }
    let fields: Vec<FieldRef> = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Null => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
            _ => Arc::clone(field),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn unreadable(file: &FoundFile, kind: FormatKind, error: DataFusionError) -> DataFusionError {
    if let DataFusionError::External(source) = error.find_root()
        && source.is::<FileError>()
    {
        return error;
    }
    let reason = match error.find_root() {
        DataFusionError::ObjectStore(error) => match crate::object_stores::StoreFailure::of(error) {
            Some(failure) => return FileError::engine(file.address(), failure.to_string()),
            None => error.to_string(),
        },
        other => other.strip_backtrace(),
    };
    let reason = explained(&reason, true).unwrap_or(reason);
    FileError::engine(file.address(), format!("cannot be read as {}: {reason}", kind.name()))
}
