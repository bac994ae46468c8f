import pytest

from aj.errors import DataError
from tests.train.tiny import make_pair, make_row, write_dataset
from train.dataset import read_dataset


@pytest.fixture
def folder(tmp_path):
    return write_dataset(tmp_path, [make_row("web01"), make_row("web02")], [make_pair("web01")])


def test_a_data_set_is_read_as_its_lock_names_it(folder):
    data = read_dataset(folder)
    assert (len(data.rows), len(data.pairs)) == (2, 1)


def test_a_file_changed_after_the_lock_is_refused(folder):
    path = folder / "sft.jsonl"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match=r"sft\.jsonl is not the file its lock.json names"):
        read_dataset(folder)


def test_a_corrupt_row_is_named_by_its_line(folder):
    path = folder / "sft.jsonl"
    path.write_text(path.read_text()[:-30])
    with pytest.raises(DataError, match=r"sft\.jsonl:2: "):
        read_dataset(folder)


def test_a_folder_without_a_lock_is_no_data_set(tmp_path):
    with pytest.raises(DataError, match=r"no finished data set .*aj build"):
        read_dataset(tmp_path)
