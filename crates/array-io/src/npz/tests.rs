use proptest::prelude::*;
use swath_kernels::DType;

use super::*;

fn arrays() -> [(&'static str, NdArray); 3] {
    let numbers = NdArray::from_vec(&[3, 4], (0..12i64).collect()).unwrap();
    let zeros = NdArray::zeros(DType::F32, &[1000]).unwrap();
    [("numbers", numbers.clone()), ("größe", numbers.t()), ("zeros", zeros)]
}

fn write(path: &Path, compression: NpzCompression) {
    let mut writer = NpzWriter::create(path, compression).unwrap();
    for (name, array) in arrays() {
        writer.add(name, &array).unwrap();
    }
    assert!(
        writer
            .add("zeros", &arrays()[0].1)
            .unwrap_err()
            .to_string()
            .contains("'zeros.npy' is too long or there already")
    );
    assert!(!path.exists());
    writer.finish().unwrap();
}

fn read(reader: &NpzReader, name: &str) -> Result<NdArray> {
    let source = reader.array(name)?;
    let everything: Vec<_> = source.shape().iter().map(|length| 0..*length).collect();
    source.read(&everything).map_err(|error| IoError::argument(error.to_string()))
}

#[test]
fn archives_come_back() {
    let folder = tempfile::tempdir().unwrap();
    for compression in [NpzCompression::Stored, NpzCompression::Deflated] {
        let path = folder.path().join(format!("{compression:?}.npz"));
        write(&path, compression);
        let reader = NpzReader::open(&path).unwrap();
        assert_eq!(reader.names().collect::<Vec<_>>(), ["numbers", "größe", "zeros"]);
        for (name, array) in arrays() {
            assert_eq!(read(&reader, name).unwrap(), array, "{name}");
        }
        let part = reader.array("numbers").unwrap().read(&[1..2, 2..4]).unwrap();
        assert_eq!(part.to_vec::<i64>().unwrap(), [6, 7]);
        let error = read(&reader, "other").unwrap_err().to_string();
        assert!(error.contains("no array 'other'; there are: numbers, größe, zeros"), "{error}");
    }
    let reader = NpzReader::open(folder.path().join("Deflated.npz")).unwrap().with_limit(1000);
    assert!(read(&reader, "zeros").unwrap_err().to_string().contains("4128 bytes when inflated; the limit is 1000"));
}

#[test]
fn damage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    write(&path, NpzCompression::Deflated);
    let bytes = std::fs::read(&path).unwrap();
    let mut damaged = bytes.clone();
    damaged[120] ^= 0x10;
    std::fs::write(&path, &damaged).unwrap();
    let error = read(&NpzReader::open(&path).unwrap(), "numbers").unwrap_err().to_string();
    assert!(error.contains("a.npz: entry 'numbers.npy' "), "{error}");
    std::fs::write(&path, &bytes[..bytes.len() - 30]).unwrap();
    assert!(NpzReader::open(&path).unwrap_err().to_string().contains("a.npz: no npz file: it has no zip directory"));
    std::fs::write(&path, "").unwrap();
    assert!(NpzReader::open(&path).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever stands in a file, opening and reading it ends with arrays or an error.
    #[test]
    fn no_bytes_do_harm(
        is_packed: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        write(&path, if is_packed { NpzCompression::Deflated } else { NpzCompression::Stored });
        let mut bytes = std::fs::read(&path).unwrap();
        // Mostly the directory, which is where sizes and positions stand.
        let from = bytes.len() - 400.min(bytes.len());
        for (at, value) in changes {
            let at = from + at.index(bytes.len() - from);
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(reader) = NpzReader::open(&path) {
            for name in reader.names().map(str::to_owned).collect::<Vec<_>>() {
                let _ = read(&reader, &name);
            }
        }
    }
}
