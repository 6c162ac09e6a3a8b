//! The words of SQL that are coloured and completed. The parser knows many more, of other systems.

/// In upper case, sorted.
pub const KEYWORDS: &[&str] = &[
    "ALL", "ANALYZE", "AND", "ANTI", "ANY", "ARRAY", "AS", "ASC", "BETWEEN", "BIGINT", "BOOLEAN", "BY", "CASE", "CAST",
    "COLUMNS", "COPY", "CREATE", "CROSS", "CUBE", "CURRENT", "DATE", "DEALLOCATE", "DECIMAL", "DELETE", "DESC",
    "DESCRIBE", "DISTINCT", "DOUBLE", "DROP", "ELSE", "END", "ESCAPE", "EXCEPT", "EXCLUDE", "EXECUTE", "EXISTS",
    "EXPLAIN", "EXTERNAL", "EXTRACT", "FALSE", "FILTER", "FIRST", "FLOAT", "FOLLOWING", "FORMAT", "FROM", "FULL",
    "FUNCTIONS", "GROUP", "GROUPING", "HAVING", "IF", "ILIKE", "IN", "INNER", "INSERT", "INT", "INTEGER", "INTERSECT",
    "INTERVAL", "INTO", "IS", "JOIN", "LAST", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOCATION", "NATURAL", "NOT", "NULL",
    "NULLS", "OFFSET", "ON", "OPTIONS", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "PARTITIONED", "PRECEDING",
    "PREPARE", "QUALIFY", "RANGE", "RECURSIVE", "REPLACE", "RESET", "RIGHT", "ROLLUP", "ROW", "ROWS", "SELECT", "SEMI",
    "SET", "SETS", "SHOW", "SIMILAR", "SMALLINT", "STAGES", "STORED", "STRING", "STRUCT", "TABLE", "TABLES", "THEN",
    "TIME", "TIMESTAMP", "TINYINT", "TO", "TRUE", "TRY_CAST", "UNBOUNDED", "UNION", "UNNEST", "USING", "VALUES",
    "VARCHAR", "VERBOSE", "VIEW", "WHEN", "WHERE", "WINDOW", "WITH", "WITHIN",
];

/// Whether `word` is one of them, in any case.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, is_keyword};

    #[test]
    fn the_list_is_sorted() {
        assert!(KEYWORDS.is_sorted());
        assert!(is_keyword("Select") && !is_keyword("selects"));
    }
}
