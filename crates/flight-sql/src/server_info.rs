//! What the server can do, and the types that it has.

use std::sync::LazyLock;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::metadata::{
    SqlInfoData, SqlInfoDataBuilder, XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder,
};
use arrow_flight::sql::{
    Nullable, Searchable, SqlInfo, SqlNullOrdering, SqlSupportedCaseSensitivity, SqlSupportedTransaction, XdbcDataType,
    XdbcDatetimeSubcode,
};
use swath_cluster::protocol::VERSION;
use tonic::Status;

type Built<T> = Result<T, String>;

static INFO: LazyLock<Built<SqlInfoData>> = LazyLock::new(|| info().build().map_err(|error| error.to_string()));
static TYPES: LazyLock<Built<XdbcTypeInfoData>> = LazyLock::new(|| types().build().map_err(|error| error.to_string()));

fn info() -> SqlInfoDataBuilder {
    let mut info = SqlInfoDataBuilder::new();
    info.append(SqlInfo::FlightSqlServerName, "Swath");
    info.append(SqlInfo::FlightSqlServerVersion, VERSION);
    // The version of the format.
    info.append(SqlInfo::FlightSqlServerArrowVersion, "1.5");
    info.append(SqlInfo::FlightSqlServerReadOnly, false);
    info.append(SqlInfo::FlightSqlServerSql, true);
    info.append(SqlInfo::FlightSqlServerSubstrait, false);
    info.append(SqlInfo::FlightSqlServerTransaction, SqlSupportedTransaction::None as i32);
    info.append(SqlInfo::FlightSqlServerCancel, true);
    info.append(SqlInfo::FlightSqlServerBulkIngestion, true);
    info.append(SqlInfo::FlightSqlServerIngestTransactionsSupported, false);
    info.append(SqlInfo::FlightSqlServerStatementTimeout, 0);
    info.append(SqlInfo::FlightSqlServerTransactionTimeout, 0);
    info.append(SqlInfo::SqlDdlCatalog, true);
    info.append(SqlInfo::SqlDdlSchema, true);
    info.append(SqlInfo::SqlDdlTable, true);
    info.append(SqlInfo::SqlIdentifierCase, SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase as i32);
    info.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    info.append(
        SqlInfo::SqlQuotedIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityCaseInsensitive as i32,
    );
    info.append(SqlInfo::SqlAllTablesAreSelectable, true);
    info.append(SqlInfo::SqlNullOrdering, SqlNullOrdering::SqlNullsSortedHigh as i32);
    info.append(SqlInfo::SqlSearchStringEscape, "\\");
    info.append(SqlInfo::SqlExtraNameCharacters, "");
    info.append(SqlInfo::SqlSupportsColumnAliasing, true);
    info.append(SqlInfo::SqlNullPlusNullIsNull, true);
    info.append(SqlInfo::SqlSupportsTableCorrelationNames, true);
    info.append(SqlInfo::SqlSupportsDifferentTableCorrelationNames, false);
    info.append(SqlInfo::SqlSupportsExpressionsInOrderBy, true);
    info.append(SqlInfo::SqlSupportsOrderByUnrelated, true);
    info.append(SqlInfo::SqlSupportsLikeEscapeClause, true);
    info.append(SqlInfo::SqlSupportsNonNullableColumns, true);
    info.append(SqlInfo::SqlSupportsIntegrityEnhancementFacility, false);
    info.append(SqlInfo::SqlSchemaTerm, "schema");
    info.append(SqlInfo::SqlCatalogTerm, "catalog");
    info.append(SqlInfo::SqlCatalogAtStart, true);
    info.append(SqlInfo::SqlSelectForUpdateSupported, false);
    info.append(SqlInfo::SqlStoredProceduresSupported, false);
    info.append(SqlInfo::SqlCorrelatedSubqueriesSupported, true);
    info
}

/// The columns of a list of what the server can do.
///
/// # Errors
/// None that a client can cause.
pub fn info_schema() -> Result<SchemaRef, Status> {
    Ok(built(&INFO)?.schema())
}

/// What the server can do: the entries `wanted`, or all.
///
/// # Errors
/// None that a client can cause.
pub fn list_info(wanted: &[u32]) -> Result<RecordBatch, Status> {
    built(&INFO)?.record_batch(wanted.iter().copied()).map_err(|error| Status::internal(error.to_string()))
}

/// The columns of a list of types.
///
/// # Errors
/// None that a client can cause.
pub fn types_schema() -> Result<SchemaRef, Status> {
    Ok(built(&TYPES)?.schema())
}

/// The types, or those that are `wanted`.
///
/// # Errors
/// None that a client can cause.
pub fn list_types(wanted: Option<i32>) -> Result<RecordBatch, Status> {
    built(&TYPES)?.record_batch(wanted).map_err(|error| Status::internal(error.to_string()))
}

fn built<T>(data: &'static Built<T>) -> Result<&'static T, Status> {
    data.as_ref().map_err(|error| Status::internal(error.clone()))
}

fn types() -> XdbcTypeInfoDataBuilder {
    use XdbcDataType as D;
    let mut list = XdbcTypeInfoDataBuilder::new();
    let numbers = [
        ("TINYINT", D::XdbcTinyint, 3),
        ("SMALLINT", D::XdbcSmallint, 5),
        ("INTEGER", D::XdbcInteger, 10),
        ("BIGINT", D::XdbcBigint, 19),
        ("REAL", D::XdbcReal, 7),
        ("DOUBLE", D::XdbcDouble, 15),
        ("DECIMAL", D::XdbcDecimal, 76),
    ];
    for (name, data_type, digits) in numbers {
        let is_decimal = data_type == D::XdbcDecimal;
        list.append(XdbcTypeInfo {
            column_size: Some(digits),
            create_params: is_decimal.then(|| vec!["precision".to_owned(), "scale".to_owned()]),
            unsigned_attribute: Some(false),
            fixed_prec_scale: is_decimal,
            minimum_scale: is_decimal.then_some(0),
            maximum_scale: is_decimal.then_some(76),
            num_prec_radix: Some(10),
            ..described(name, data_type)
        });
    }
    list.append(described("BOOLEAN", D::XdbcBit));
    let quoted = |prefix: &str| (Some(prefix.to_owned()), Some("'".to_owned()));
    for (name, data_type, prefix) in [("VARCHAR", D::XdbcVarchar, "'"), ("BYTEA", D::XdbcVarbinary, "X'")] {
        let (literal_prefix, literal_suffix) = quoted(prefix);
        let case_sensitive = data_type == D::XdbcVarchar;
        list.append(XdbcTypeInfo { literal_prefix, literal_suffix, case_sensitive, ..described(name, data_type) });
    }
    // The code of a date is that of a year.
    let times = [
        ("DATE", D::XdbcDate, "DATE '", XdbcDatetimeSubcode::XdbcSubcodeYear),
        ("TIME", D::XdbcTime, "TIME '", XdbcDatetimeSubcode::XdbcSubcodeTime),
        ("TIMESTAMP", D::XdbcTimestamp, "TIMESTAMP '", XdbcDatetimeSubcode::XdbcSubcodeTimestamp),
    ];
    for (name, data_type, prefix, subcode) in times {
        let (literal_prefix, literal_suffix) = quoted(prefix);
        list.append(XdbcTypeInfo {
            literal_prefix,
            literal_suffix,
            sql_data_type: D::XdbcDatetime,
            datetime_subcode: Some(subcode),
            ..described(name, data_type)
        });
    }
    list
}

/// What all types have in common.
fn described(name: &str, data_type: XdbcDataType) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        data_type,
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        local_type_name: Some(name.to_owned()),
        sql_data_type: data_type,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_listed_all_or_as_wanted() {
        let all = list_info(&[]).unwrap().num_rows();
        assert!(all > 30, "{all}");
        assert_eq!(list_info(&[0, 9, 4_000_000_000]).unwrap().num_rows(), 2);
        assert_eq!(list_types(None).unwrap().num_rows(), 13);
        assert_eq!(list_types(Some(XdbcDataType::XdbcBigint as i32)).unwrap().num_rows(), 1);
        assert_eq!(list_types(Some(77)).unwrap().num_rows(), 0);
    }
}
