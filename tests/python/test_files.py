"""generate_labels() and image_batches()."""

import pytest
from conftest import SHAPES, model_file

import tensorrt_yolo as ty
from tensorrt_yolo.files import natural


def test_labels(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_bytes("\ufeffperson\r\ntraffic light\r\n \r\nkäfer\r\n\r\n".encode())
    assert ty.generate_labels(file) == ["person", "traffic light", "", "käfer"]
    assert ty.generate_labels(str(file)) == ty.generate_labels(file)
    file.write_text("one")
    assert ty.generate_labels(file) == ["one"]
    for content in (b"", b"\n\n"):
        file.write_bytes(content)
        with pytest.raises(ValueError, match="labels.txt"):
            ty.generate_labels(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="UTF-8"):
        ty.generate_labels(file)
    with pytest.raises(FileNotFoundError):
        ty.generate_labels(tmp_path / "missing.txt")


def folder_of(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names_in(batches):
    return [[path.rsplit("/", 1)[1] for path in batch] for batch in batches]


def test_batches_of_a_folder_come_as_people_count(tmp_path):
    folder = folder_of(tmp_path, ["10.jpg", "2.JPG", "1.png", "a2b10.bmp", "a2b9.bmp", "notes.txt", "._1.png"])
    assert names_in(ty.image_batches(folder, 2)) == [["1.png", "2.JPG"], ["10.jpg", "a2b9.bmp"], ["a2b10.bmp"]]
    assert names_in(ty.image_batches(folder, 2, pad_extra=True))[-1] == ["a2b10.bmp", "a2b10.bmp"]
    assert names_in(ty.image_batches(str(folder / "*.bmp"), 8, True)) == [["a2b9.bmp"] + ["a2b10.bmp"] * 7]
    assert names_in(ty.image_batches([folder / "10.jpg", folder / "1.png"], 4)) == [["10.jpg", "1.png"]]


def test_folders_in_folders(tmp_path):
    for name in ("a.jpg", "x/b.jpg", "x/y/c.AVIF", "x/.hidden/d.jpg", "x/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "x" / "link").symlink_to(tmp_path)
    assert names_in(ty.image_batches(f"{tmp_path}/**/*.jpg", 9)) == [["a.jpg", "b.jpg"]]
    assert names_in(ty.image_batches(f"{tmp_path}/**/y/*", 9)) == [["c.AVIF"]]
    assert names_in(ty.image_batches(f"{tmp_path}/x/**", 9)) == [["b.jpg", "e.txt", "c.AVIF"]]


def test_what_is_not_there(tmp_path):
    for wrong in (tmp_path / "missing.jpg", tmp_path / "*.jpg", tmp_path):
        with pytest.raises(FileNotFoundError, match=str(tmp_path)):
            ty.image_batches(wrong, 1)
    with pytest.raises(ValueError, match="at least 1"):
        ty.image_batches(tmp_path, 0)
    assert ty.image_batches([], 3) == []


def test_a_batch_is_a_call():
    model = ty.DetectModel(model_file("detect"))
    batches = ty.image_batches(SHAPES / "images", 4)
    found = model.predict(batches[0])
    assert len(found) == 4
    assert [repr(one) for one in found] == [repr(model.predict(path)) for path in batches[0]]


def test_digits_that_are_no_numbers():
    names = ["10²3.jpg", "9.jpg", "1٣.jpg", "2.jpg", "02.jpg", "9" * 5000 + ".jpg"]
    wanted = ["1٣.jpg", "02.jpg", "2.jpg", "9.jpg", "10²3.jpg", "9" * 5000 + ".jpg"]
    assert sorted(sorted(names), key=natural) == wanted
