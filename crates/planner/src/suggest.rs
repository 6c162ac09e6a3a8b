//! The nearest spelling of a name that was not found, for error messages.

/// Returns the candidate that is most likely meant by `name`, if any is near.
///
/// Near means: equal but for case, or within a third of the name's length in edit distance (Damerau-Levenshtein), or the
/// name is a prefix of the candidate. Ties go to the first candidate.
///
/// ```
/// let columns = ["l_orderkey", "l_partkey", "l_quantity"];
/// assert_eq!(swath_planner::nearest("l_ordrekey", columns), Some("l_orderkey"));
/// assert_eq!(swath_planner::nearest("unrelated", columns), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed_edits = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let edits = strsim::damerau_levenshtein(&wanted, &lower);
            if edits <= allowed_edits {
                Some((edits, candidate))
            } else if wanted.len() >= 3 && lower.starts_with(&wanted) {
                Some((allowed_edits + 1, candidate))
            } else {
                None
            }
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_case_transposition_and_prefix() {
        let names = ["Price", "quantity", "order_date"];
        assert_eq!(nearest("price", names), Some("Price"));
        assert_eq!(nearest("qauntity", names), Some("quantity"));
        assert_eq!(nearest("order", names), Some("order_date"));
        assert_eq!(nearest("x", names), None);
    }
}
