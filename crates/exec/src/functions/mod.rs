//! Functions of Swath's own. Each has a file; the registry lists them.

mod bucket_start;
mod canonical_float;
mod ewm;
mod float_extremes;
mod integer_power;
mod json_decode;
mod json_path_match;
mod kept_rows;
mod list_moments;
mod list_positions;
mod lists_to_explode;
mod mean_of_times;
mod mode;
mod moments;
mod ordered_lists;
mod percentile_cont;
mod product;
mod regexp_extract_all;
mod replace_time_zone;
mod row_hash;
mod sign;
mod sliding;
mod struct_fields;
mod text_parts;
mod text_to_integer;
mod times;
mod top_k;
mod wide;

pub use bucket_start::bucket_start;
pub use canonical_float::canonical_float;
pub use ewm::{ewm_mean, ewm_std, ewm_var};
pub use float_extremes::FloatExtreme;
pub use integer_power::integer_power;
pub use json_decode::json_decode;
pub use json_path_match::json_path_match;
pub use list_moments::{list_std, list_var};
pub use list_positions::{list_diff, list_gather, list_shift};
pub use lists_to_explode::lists_to_explode;
pub use mode::mode;
pub use moments::{kurtosis, skewness};
pub use ordered_lists::{array_agg, string_agg};
pub use percentile_cont::{
    percentile_cont, quantile_equiprobable, quantile_higher, quantile_lower, quantile_midpoint, quantile_nearest,
};
pub use product::product;
pub use regexp_extract_all::regexp_extract_all;
pub use replace_time_zone::replace_time_zone;
pub use row_hash::row_hash;
pub use sign::sign;
pub use sliding::Sliding;
pub use struct_fields::{struct_rename_fields, struct_with_fields};
pub use text_parts::{regexp_extract_groups, split_to_struct};
pub use text_to_integer::text_to_integer;
pub use top_k::{bottom_k, top_k};
pub use wide::{Wide, avg, median, sum};
