//! Arrays that different masks keep meet by their lengths, never by the bounds that stand for them.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

use swath_nd::{Array, ArrayError, Arrays, Bins, Blockwise, DType, Error, NdArray, map_blocks, s};

/// Positions in two chunks, and two masks that keep three of them, of each chunk another number.
fn kept() -> (Array, Array, Array) {
    let context = Arrays::builder().threads(1).build();
    let x = context.arange(0, 6, 1).rechunk([3]);
    let first = context.from_vec(vec![true, false, false, true, true, false]).rechunk([3]);
    let second = context.from_vec(vec![true, true, false, true, false, false]).rechunk([3]);
    (x.slice(s![&first]), (&x * 10).slice(s![&second]), (&x + 1).slice(s![&first]))
}

fn list(array: &Array) -> Vec<i64> {
    array.astype(DType::I64).to_vec().unwrap()
}

#[test]
fn elementwise() {
    let (x, y, same) = kept();
    assert_eq!(list(&(&x + &y)), [0, 13, 34]);
    assert_eq!(list(&(&x + &same)), [1, 7, 9]);
    assert!(!(&x + &same).expression().unwrap().grid().is_known(), "of one mask nothing is computed");
    assert_eq!(list(&x.gt(2).where_(&x, &y)), [0, 3, 4]);
    assert_eq!(list(&x.power(&same)), [0, 81, 1024]);
    let (quotient, remainder) = y.divmod(&same);
    assert_eq!((list(&quotient), list(&remainder)), (vec![0, 2, 6], vec![0, 2, 0]));
    assert_eq!(list(&(&x + NdArray::from_vec(&[3], vec![1i64, 2, 3]).unwrap())), [1, 5, 7]);
    assert_eq!(list(&(&x + x.flip(0))), [4, 6, 4]);
    let words = (&x + x.context().arange(0, 4, 1)).compute().unwrap_err().to_string();
    assert_eq!(words, "operands could not be broadcast together with shapes (3,) (4,)");
    let longer = x.context().arange(0, 6, 1).rechunk([3]);
    let longer = longer.slice(s![&longer.gt(1)]);
    assert!((&x + &longer).compute().is_err() && longer.divmod(&x).0.compute().is_err());
}

#[test]
fn joined_and_contracted() {
    let (x, y, _) = kept();
    assert_eq!(list(&swath_nd::stack(&[&x, &y], 0).unwrap()), [0, 3, 4, 0, 10, 30]);
    assert_eq!(list(&swath_nd::concatenate(&[&x, &y], 0).unwrap()), [0, 3, 4, 0, 10, 30]);
    assert_eq!(list(&swath_nd::column_stack(&[&x, &y]).unwrap()), [0, 0, 3, 10, 4, 30]);
    let (row, other) = (x.reshape([1, -1]), y.reshape([1, -1]));
    assert_eq!(list(&row.append(&other, 0)), [0, 3, 4, 0, 10, 30]);
    assert_eq!(list(&x.dot(&y)), [150]);
    assert_eq!(list(&swath_nd::einsum("i,i->", &[&x, &y]).unwrap()), [150]);
    assert_eq!(list(&x.average((), Some(&y))), [3]);
    assert_eq!(list(&y.sum(swath_nd::ReduceOptions::default().mask(&x.gt(2)))), [40]);
}

#[test]
fn counted_and_found() {
    let (x, y, _) = kept();
    let edges = x.context().from_vec(vec![0i64, 1, 5]);
    assert_eq!(list(&x.histogram(Bins::Edges(edges.clone()), Some(&y), false).0), [0, 40]);
    assert_eq!(list(&x.bincount(Some(&y), 0)), [0, 0, 0, 10, 30]);
    for array in [edges.searchsorted(&x, true), x.digitize(&edges, false)] {
        assert_eq!((array.shape().unwrap(), list(&array)), (vec![3], vec![1, 2, 2]));
    }
    assert_eq!(list(&x.isin(&y)), [1, 0, 0]);
    assert_eq!(list(&y.searchsorted(&x, false)), [0, 1, 1]);
    let choices = [&x, &y];
    assert_eq!(list(&x.gt(3).astype(DType::I64).choose(&choices)), [0, 3, 30]);
    let table = x.context().arange(0, 200, 1).reshape([5, 40]);
    assert_eq!(list(&table.slice(s![&x, &y])), [0, 130, 190]);
}

#[test]
fn positions_are_those_of_what_is_kept() {
    let (x, y, _) = kept();
    assert_eq!((list(&x.argmax(())), list(&x.argmin(())), list(&y.argmax(0))), (vec![2], vec![0], vec![2]));
    let context = x.context();
    let floats = context.from_vec(vec![5.0, 1.0, f64::NAN, 4.0, 9.0, 2.0]).rechunk([2]);
    let some = floats.slice(s![&floats.ne(1.0)]);
    assert_eq!((list(&some.nanargmax(())), list(&some.nanargmin(0))), (vec![3], vec![4]));
    let rows = context.arange(0, 12, 1).reshape([4, 3]).rechunk([2, 3]);
    let rows = rows.slice(s![&rows.sum(1).ne(12)]);
    assert_eq!(
        (list(&rows.argmax(())), list(&rows.argmax(0)), list(&rows.argmax(1))),
        (vec![8], vec![2, 2, 2], vec![2, 2, 2])
    );
}

fn sum(blocks: &[NdArray]) -> Result<NdArray, ArrayError> {
    let (left, right) = (blocks[0].to_vec::<i64>()?, blocks[1].to_vec::<i64>()?);
    assert_eq!(left.len(), right.len());
    let sums: Vec<i64> = left.iter().zip(&right).map(|(left, right)| left + right).collect();
    Ok(NdArray::from_vec(&[sums.len()], sums)?)
}

#[test]
fn functions_of_blocks() {
    let (x, y, same) = kept();
    let found = map_blocks(&[&x, &y], DType::I64, |blocks, _| sum(blocks)).unwrap();
    assert_eq!(list(&found), [0, 13, 34]);
    let found = Blockwise::new("i", DType::I64).input(&x, "i").input(&y, "i").run(|blocks, _| sum(blocks)).unwrap();
    assert_eq!(list(&found), [0, 13, 34]);
    let found = Blockwise::new("i", DType::I64).input(&x, "i").input(&same, "i").run(|blocks, _| sum(blocks));
    assert_eq!(list(&found.unwrap()), [1, 7, 9]);
}

#[test]
fn closeness_is_of_floats() {
    let context = Arrays::builder().threads(1).build();
    let bytes = |one: u8| context.from_vec(vec![one]);
    assert_eq!(list(&bytes(3).isclose(bytes(250), 0.0, 10.0, false)), [0]);
    assert_eq!(list(&bytes(3).isclose(bytes(12), 0.0, 10.0, false)), [1]);
    let truths = context.from_vec(vec![true, false]);
    assert_eq!(list(&truths.isclose(context.from_vec(vec![true, true]), 1e-5, 1e-8, false)), [1, 0]);
    assert_eq!(truths.vdot(&truths).dtype().unwrap(), DType::Bool);
}

#[test]
fn results_in_several_chunks() -> Result<(), Error> {
    let context = Arrays::builder().threads(1).build();
    let tenths = context.full([1000], 0.1f32);
    let (one, many) = (tenths.rechunk([1000]).cumsum(0), tenths.rechunk([7]).cumsum(0));
    assert_eq!(one.to_vec::<f32>()?, many.to_vec::<f32>()?);
    assert!((f64::from(many.to_vec::<f32>()?[999]) - 1000.0 * f64::from(0.1f32)).abs() < 1e-5);
    for chunk in 1..4 {
        let array = context.from_vec(vec![f64::INFINITY, f64::NEG_INFINITY, 1.0]).rechunk([chunk]);
        assert!(array.nanstd(()).to_vec::<f64>()?[0].is_nan() && array.nanvar(()).to_vec::<f64>()?[0].is_nan());
        let array = context.from_vec(vec![1.0, f64::NAN, f64::INFINITY]).rechunk([chunk]);
        assert_eq!(array.nanmedian(()).to_vec::<f64>()?, [f64::INFINITY]);
        assert_eq!(array.slice(s![..;2]).median(()).to_vec::<f64>()?, [f64::INFINITY]);
    }
    Ok(())
}
