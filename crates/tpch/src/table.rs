//! The eight tables: names, sizes and the rows themselves.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

use crate::scale::Scale;

/// One of TPC-H's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Table {
    LineItem,
    Orders,
    PartSupp,
    Part,
    Customer,
    Supplier,
    Nation,
    Region,
}

/// One of the equal pieces into which a table is cut: number `index` (from 0) of `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which piece, from 0.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

/// A piece's rows.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

impl Table {
    /// All tables, largest first, so that the longest work starts first.
    pub const ALL: [Self; 8] = [
        Self::LineItem,
        Self::Orders,
        Self::PartSupp,
        Self::Part,
        Self::Customer,
        Self::Supplier,
        Self::Nation,
        Self::Region,
    ];

    /// The name in SQL, and of the table's folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::LineItem => "lineitem",
            Self::Orders => "orders",
            Self::PartSupp => "partsupp",
            Self::Part => "part",
            Self::Customer => "customer",
            Self::Supplier => "supplier",
            Self::Nation => "nation",
            Self::Region => "region",
        }
    }

    /// How many rows it has; for `lineitem`, whose lines per order are random, about how many.
    pub fn approximate_rows(self, scale: Scale) -> u64 {
        let per_unit = match self {
            Self::LineItem => 6_000_000.0,
            Self::Orders => 1_500_000.0,
            Self::PartSupp => 800_000.0,
            Self::Part => 200_000.0,
            Self::Customer => 150_000.0,
            Self::Supplier => 10_000.0,
            Self::Nation => return 25,
            Self::Region => return 5,
        };
        (per_unit * scale.factor()) as u64
    }

    /// Whether it grows with the scale, and so can be cut into pieces.
    pub fn grows(self) -> bool {
        !matches!(self, Self::Nation | Self::Region)
    }

    /// Columns and types.
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::LineItem => LineItemArrow::schema_ref(),
            Self::Orders => OrderArrow::schema_ref(),
            Self::PartSupp => PartSuppArrow::schema_ref(),
            Self::Part => PartArrow::schema_ref(),
            Self::Customer => CustomerArrow::schema_ref(),
            Self::Supplier => SupplierArrow::schema_ref(),
            Self::Nation => NationArrow::schema_ref(),
            Self::Region => RegionArrow::schema_ref(),
        }
    }

    /// The rows of one piece, the same in every run; the pieces in order are the table.
    pub fn batches(self, scale: Scale, piece: Piece, batch_rows: usize) -> Batches {
        // The generator counts pieces from 1, in 32 bits; `generate` makes far fewer.
        let (scale, part, count) = (scale.factor(), piece.index as i32 + 1, piece.count as i32);
        match self {
            Self::LineItem => {
                Box::new(LineItemArrow::new(LineItemGenerator::new(scale, part, count)).with_batch_size(batch_rows))
            }
            Self::Orders => {
                Box::new(OrderArrow::new(OrderGenerator::new(scale, part, count)).with_batch_size(batch_rows))
            }
            Self::PartSupp => {
                Box::new(PartSuppArrow::new(PartSuppGenerator::new(scale, part, count)).with_batch_size(batch_rows))
            }
            Self::Part => Box::new(PartArrow::new(PartGenerator::new(scale, part, count)).with_batch_size(batch_rows)),
            Self::Customer => {
                Box::new(CustomerArrow::new(CustomerGenerator::new(scale, part, count)).with_batch_size(batch_rows))
            }
            Self::Supplier => {
                Box::new(SupplierArrow::new(SupplierGenerator::new(scale, part, count)).with_batch_size(batch_rows))
            }
            Self::Nation => Box::new(NationArrow::new(NationGenerator::new(scale, part, count))),
            Self::Region => Box::new(RegionArrow::new(RegionGenerator::new(scale, part, count))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_order_are_the_table() {
        let scale = Scale::try_from(0.001).unwrap();
        for table in Table::ALL.into_iter().filter(|table| table.grows()) {
            let rows = |count| {
                let batches: Vec<RecordBatch> = (0..count)
                    .flat_map(|index| table.batches(scale, Piece { index, count }, 100))
                    .collect::<Result<_, _>>()
                    .unwrap();
                arrow::compute::concat_batches(&table.schema(), &batches).unwrap()
            };
            assert_eq!(rows(1), rows(3), "{}", table.name());
        }
    }
}
