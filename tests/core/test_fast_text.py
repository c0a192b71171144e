"""Well-formed text is read by the parser of pandas; what that would misread is left to the strict one."""

import threading
import time
import warnings

import pytest

from model_core.stations.files.fast_text import fast_table


def test_cells_are_text_row_by_row():
    table = fast_table(["1, 2.50\n", '"a,b",4\n', "\n", "5,\n"], ",", ["x", "y"])
    assert table.to_numpy().tolist() == [["1", "2.50"], ["a,b", "4"], ["5", ""]]
    assert list(table.index) == [0, 1, 2]


@pytest.mark.parametrize(
    "lines",
    [["1,2,3,4\n", "3,4\n"], ["1,2\n", "3,4,5,6\n"], ["1,2,,\n", "3,4,,\n"], ["1,2,3\n"], ["\n"], []],
    ids=["first row too long", "second row too long", "empty cells too many", "one cell too many", "blank", "nothing"],
)
def test_rows_of_another_length_are_not_guessed_at(lines):
    assert fast_table(lines, ",", ["x", "y"]) is None


def test_warnings_of_other_threads_stay_warnings():
    """Python's warning filters are those of all threads: a period reads tables in one thread while another warps maps."""
    before = list(warnings.filters)
    lines = ["1.5,2.5\n"] * 200_000
    reader = threading.Thread(target=fast_table, args=(lines, ",", ["x", "y"]))
    reader.start()
    while reader.is_alive():
        assert list(warnings.filters) == before
        time.sleep(1e-4)
    reader.join()
