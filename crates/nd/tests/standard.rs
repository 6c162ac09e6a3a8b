//! The Array API standard's names, and the factorisations that it adds.

#![allow(clippy::unwrap_used)] // Helpers of tests are not known as tests.

use swath_nd::{Array, Arrays, DType, ReduceOptions};

fn context() -> Arrays {
    Arrays::builder().threads(2).build()
}

fn largest(array: &Array) -> f64 {
    array.abs().astype(DType::F64).max(ReduceOptions::default().initial(0.0)).item().unwrap()
}

fn is_orthonormal(columns: &Array) -> bool {
    let products = columns.conj().matrix_transpose().matmul(columns);
    let width = *products.shape().unwrap().last().unwrap();
    largest(&(products - columns.context().identity(width, DType::F64))) < 1e-12
}

#[test]
fn factors_of_full_size() {
    let context = context();
    for shape in [vec![5, 3], vec![3, 5], vec![4, 4], vec![2, 6, 3], vec![1, 1]] {
        for chunk in [-1i64, 2] {
            let draws = context.random(3);
            let a = draws.normal(0.0, 1.0, shape.clone()).rechunk(vec![chunk; shape.len()].as_slice());
            let (m, n) = (shape[shape.len() - 2], shape[shape.len() - 1]);
            let (q, r) = a.qr_complete();
            assert_eq!(q.shape().unwrap()[shape.len() - 2..], [m, m]);
            assert_eq!(r.shape().unwrap()[shape.len() - 2..], [m, n]);
            assert!(largest(&(q.matmul(&r) - &a)) < 1e-12 && is_orthonormal(&q) && largest(&r.tril(-1)) < 1e-12);
            let (u, s, vt) = a.svd_full();
            assert_eq!(u.shape().unwrap()[shape.len() - 2..], [m, m]);
            assert_eq!(vt.shape().unwrap()[shape.len() - 2..], [n, n]);
            assert!(is_orthonormal(&u) && is_orthonormal(&vt.matrix_transpose()));
            let k = m.min(n);
            let part = u.slice(swath_nd::s![.., .., ..k as isize]);
            let part = if shape.len() == 2 { u.slice(swath_nd::s![.., ..k as isize]) } else { part };
            let rows = if shape.len() == 2 {
                vt.slice(swath_nd::s![..k as isize])
            } else {
                vt.slice(swath_nd::s![.., ..k as isize])
            };
            assert!(largest(&((part * s.expand_dims(-2)).matmul(&rows) - &a)) < 1e-12);
        }
    }
    let complex = context.random(4).normal(0.0, 1.0, [4, 2]).astype(DType::C64) * swath_nd::Complex::new(1.0, 0.5);
    let (q, r) = complex.qr_complete();
    assert_eq!((q.dtype().unwrap(), r.shape().unwrap()), (DType::C64, vec![4, 2]));
    assert!(largest(&(q.matmul(&r) - &complex).abs()) < 1e-5);
}

#[test]
fn the_upper_triangle_is_read_when_asked_for() {
    let a = context().from_vec(vec![2.0, 1.0, 99.0, 2.0]).reshape([2, 2]);
    let values = a.upper_as_lower().eigvalsh().to_vec::<f64>().unwrap();
    assert!((values[0] - 1.0).abs() < 1e-14 && (values[1] - 3.0).abs() < 1e-14, "{values:?}");
}

#[test]
fn vectors_that_are_only_stretched() {
    let context = context();
    for (shape, dtype) in [([4, 4], DType::F64), ([3, 3], DType::F32), ([5, 5], DType::C128)] {
        let a = context.random(6).normal(0.0, 1.0, shape).rechunk(2).astype(dtype);
        let (values, vectors) = a.eig();
        assert_eq!(values.dtype().unwrap(), dtype.complex());
        assert!(largest(&(a.matmul(&vectors) - &vectors * values.expand_dims(-2))) < 1e-5);
        let sum = values.sum(()) - a.trace(0) + (a.eigvals().sum(()) - a.trace(0));
        assert!(largest(&sum) < 1e-5);
    }
}

#[test]
fn names_of_the_standard() {
    let context = context();
    let x = context.from_vec(vec![0.25, -0.5, 0.75, 0.5]);
    let bits = context.from_vec(vec![1i64, 6, 3, 3]);
    let pairs = [
        (x.acos(), x.arccos()),
        (x.asin(), x.arcsin()),
        (x.atan(), x.arctan()),
        (x.asinh(), x.arcsinh()),
        (x.atanh(), x.arctanh()),
        ((&x + 2.0).acosh(), (&x + 2.0).arccosh()),
        (x.atan2(2.0), x.arctan2(2.0)),
        (x.pow(2.0), x.power(2.0)),
        (bits.bitwise_invert(), bits.invert()),
        (bits.bitwise_left_shift(2), bits.left_shift(2)),
        (bits.bitwise_right_shift(1), bits.right_shift(1)),
        (bits.unique_values(), bits.unique()),
        (swath_nd::concat(&[&bits, &bits], Some(0)).unwrap(), swath_nd::concatenate(&[&bits, &bits], 0).unwrap()),
    ];
    for (number, (standard, usual)) in pairs.iter().enumerate() {
        assert_eq!(standard.compute().unwrap(), usual.compute().unwrap(), "pair {number}");
    }
}
