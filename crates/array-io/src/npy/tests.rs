use proptest::prelude::*;
use swath_kernels::{Scalar, TimeUnit};

use super::*;

fn open_bytes(bytes: &[u8]) -> Result<NdArray> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}

fn file_with(header: &str, elements: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(elements);
    bytes
}

#[test]
fn all_dtypes_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let times = [DType::Datetime64(TimeUnit::Day), DType::Timedelta64(TimeUnit::Nanosecond)];
    for dtype in DType::NUMERIC.into_iter().chain(times) {
        for shape in [&[][..], &[0], &[3], &[2, 3], &[2, 0, 3]] {
            let array = NdArray::full(shape, Scalar::one(dtype)).unwrap();
            let path = folder.path().join("a.npy");
            write(&path, &array).unwrap();
            let back = read(&path).unwrap();
            assert_eq!(back, array, "{dtype} {shape:?}");
            assert_eq!(std::fs::metadata(&path).unwrap().len() % 64, (array.size_bytes() % 64) as u64);
        }
    }
}

#[test]
fn blocks_are_written_in_any_order_and_appear_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    std::fs::write(&path, "old").unwrap();
    let array = NdArray::from_vec(&[4, 6], (0..24i32).collect()).unwrap();
    let sink = NpySink::create(&path, DType::I32, &[4, 6]).unwrap();
    for region in [[2..4, 0..5], [2..4, 5..6], [0..2, 0..6]] {
        let parts: Vec<_> = region.iter().map(|range| range.clone().into()).collect();
        // A transposed view must come out in order too.
        let block = array.slice(&parts).unwrap();
        let turned = block.t().contiguous().t();
        sink.write(&region, &turned).unwrap();
        sink.write(&region, &block).unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    sink.finish().unwrap();
    assert_eq!(read(&path).unwrap(), array);
    // Killed before the end: nothing but what stood there.
    let sink = NpySink::create(&path, DType::I32, &[400]).unwrap();
    sink.write(&[0..4, 0..6][..1], &NdArray::from_vec(&[4], vec![1i32; 4]).unwrap()).unwrap();
    drop(sink);
    assert_eq!(read(&path).unwrap(), array);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn headers_of_others_are_read() {
    let be = |values: &[i16]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<_>>();
    let bytes = file_with("{\"shape\": (2L, 3L), 'fortran_order':True,'descr': '>i2'}\n", &be(&[0, 3, 1, 4, 2, 5]));
    let array = open_bytes(&bytes).unwrap();
    assert_eq!((array.shape(), array.to_vec::<i16>().unwrap()), (&[2, 3][..], vec![0, 1, 2, 3, 4, 5]));
    let mut second = b"\x93NUMPY\x02\x00".to_vec();
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (), }";
    second.extend((header.len() as u32).to_le_bytes());
    second.extend(header.as_bytes());
    second.push(7);
    assert_eq!(open_bytes(&second).unwrap().item().unwrap(), Scalar::U8(7));
}

#[test]
fn what_is_wrong_is_said() {
    let header =
        |descr: &str, shape: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    for (bytes, message) in [
        (b"".to_vec(), "it has 0 bytes, which is less than a header"),
        (b"PK\x03\x04 no array at all".to_vec(), "it does not start with \\x93NUMPY"),
        (b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "npy version 9 is not known"),
        (b"\x93NUMPY\x02\x00\x00\x00".to_vec(), "it ends within the header"),
        (b"\x93NUMPY\x01\x00\xff\xff{".to_vec(), "the header has 65535 bytes, but the file ends before"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(), "the header has 4294967295 bytes, but the file ends before"),
        (file_with("{'descr': '<f8', 'shape': (1,)", &[0; 8]), "an end where '}' was expected"),
        (file_with("{'descr': '<f8', 'shape': (1,)}", &[0; 8]), "no key 'fortran_order'"),
        (file_with("{'descr': '<f8', 'what': 1}", &[0; 8]), "the unknown key 'what'"),
        (file_with(&header("'|O'", "(1,)"), &[0; 8]), "Python objects"),
        (file_with(&header("[('a', '<f8')]", "(1,)"), &[0; 8]), "record dtype"),
        (file_with(&header("'<f8'", "(-1,)"), &[0; 8]), "'' where a length was expected"),
        (file_with(&header("'<f8'", "(99999999999999999999,)"), &[0; 8]), "where a length was expected"),
        (file_with(&header("'<f8'", "(9999999999, 9999999999, 2)"), &[0; 8]), "too many elements"),
        (file_with(&header("'<f8'", "(1152921504606846975,)"), &[0; 8]), "but the file has"),
        (file_with(&header("'<f8'", "(3,)"), &[0; 23]), "24 bytes of elements (shape [3] of float64) were expected"),
        (file_with(&header("'|b1'", "(3,)"), &[0, 1, 2]), "bytes of a bool array must be 0 or 1"),
        (file_with(&header("'<f8'", &format!("({})", "1,".repeat(65))), &[0; 8]), "more than 64 axes"),
        (file_with("{'descr': '<f8", &[]), "a text without an end"),
    ] {
        let error = open_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("a.npy: "), "{message}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Any box of a file is the box of the array that was written, in either order of axes.
    #[test]
    fn boxes_equal_slices(
        axes in prop::collection::vec((1..9usize, 0..9usize, 0..9usize), 0..4),
        is_fortran: bool,
        is_big: bool,
    ) {
        let shape: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let region: Vec<Range<usize>> = axes.iter()
            .map(|(n, a, b)| (*a.min(b)).min(*n)..(*a.max(b)).min(*n)).collect();
        let count: usize = shape.iter().product();
        let array = NdArray::from_vec(&shape, (0..count as i32).collect()).unwrap();
        let stored = if is_fortran { array.t().contiguous() } else { array.clone() };
        let elements: Vec<u8> = stored.to_vec::<i32>().unwrap().into_iter()
            .flat_map(|value| if is_big { value.to_be_bytes() } else { value.to_le_bytes() }).collect();
        let lengths: String = shape.iter().map(|length| format!("{length},")).collect();
        let header = format!(
            "{{'descr': '{}i4', 'fortran_order': {}, 'shape': ({lengths})}}",
            if is_big { '>' } else { '<' },
            if is_fortran { "True" } else { "False" }
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        std::fs::write(&path, file_with(&header, &elements)).unwrap();
        let parts: Vec<_> = region.iter().map(|range| range.clone().into()).collect();
        let found = NpySource::open(&path).unwrap().read(&region).unwrap();
        prop_assert_eq!(found, array.slice(&parts).unwrap());
    }

    /// Whatever stands in a file, opening and reading it ends with an array or an error.
    #[test]
    fn no_bytes_do_harm(
        cut in 0..140usize,
        changes in prop::collection::vec((0..140usize, any::<u8>()), 0..6),
    ) {
        let mut bytes = header::format(DType::I32, &[2, 1]);
        bytes.extend([1; 8]);
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(cut);
        let _ = open_bytes(&bytes);
    }
}
