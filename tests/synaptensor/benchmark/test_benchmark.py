import sys

import pytest
import torch

from synaptensor.benchmark import Benchmark, Measurement, Table, peak_memory

ROW = Measurement("relax", "torch", 0.0123, 0.012, 1.5, 5, 3, 3 * 2**20, 1.0, 2, "cpu")
OTHER = Measurement("relax", "numba", 2.5e-6, 9e-7, 0.0004, 5, 3, None, None, 2, "cpu")


def test_ways_are_timed_in_turn():
    order = []
    bench = Benchmark("turns", repeats=2, warmup=1, min_time=0.0, memory=False)
    for name in "ab":
        bench.add(name, lambda name=name: order.append(name))
    bench.run()
    assert order == ["a", "b", *"ab", *"ba"]


def test_rows_hold_what_was_measured():
    x = torch.ones(64, 64)
    bench = Benchmark("product", repeats=3, threads=1, yardstick="matmul")
    bench.add("loop", lambda: [x @ x for _ in range(20)])
    bench.add("matmul", lambda: x @ x)
    table = bench.run()
    loop, matmul = table.rows
    assert (loop.workload, loop.name, matmul.name) == ("product", "loop", "matmul")
    assert loop.minimum <= loop.median <= loop.maximum
    assert matmul.ratio == 1.0
    assert loop.ratio > 3
    assert (loop.repeats, loop.threads, loop.device) == (3, 1, "cpu")
    assert matmul.calls > loop.calls
    assert f"torch {torch.__version__}" in table.environment


def test_the_number_of_threads_is_restored():
    before = torch.get_num_threads()
    bench = Benchmark("threads", repeats=1, warmup=0, min_time=0.0, threads=1, memory=False)
    bench.add("fails", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bench.run()
    assert torch.get_num_threads() == before


def test_setup_gives_each_call_a_fresh_input():
    seen = []
    bench = Benchmark("setup", repeats=2, warmup=1, memory=False)
    bench.add("way", lambda x: seen.append(x.add_(1).item()), setup=lambda: torch.zeros(()))
    assert bench.run().rows[0].calls == 1
    assert seen == [1.0, 1.0, 1.0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak")
def test_peak_memory_sees_temporaries_that_are_gone_again():
    mebi = 2**18  # float32 numbers in a MiB
    assert peak_memory(lambda: torch.ones(32 * mebi).sum()) == pytest.approx(32 * 2**20, rel=0.2)
    assert peak_memory(lambda: [torch.ones(32 * mebi) for _ in range(2)]) > 60 * 2**20
    assert peak_memory(lambda: None) < 2**20


def test_peak_memory_says_when_it_cannot_tell():
    called = []
    assert peak_memory(lambda: called.append(1), "meta") is None
    assert called == [1]


@pytest.mark.gpu
def test_peak_memory_of_the_accelerator():
    assert peak_memory(lambda: torch.ones(2**20, device="cuda"), "cuda") == 4 * 2**20


def test_the_table_is_aligned():
    text = str(Table("torch 2", [ROW, OTHER]))
    environment, header, rule, *rows = text.splitlines()
    assert environment == "torch 2"
    assert len(rule) == len(header)
    assert " ".join(rows[0].split()) == "relax torch 12.3 ms 12 ms 1.5 s 3.0 MiB 1"
    assert " ".join(rows[1].split()) == "relax numba 2.5 us 900 ns 400 us - -"
    assert len({len(row) for row in (header, *rows)}) == 1


def test_markdown_has_one_line_a_row():
    lines = Table("torch 2", [ROW, OTHER]).markdown().splitlines()
    assert len(lines) == 6
    assert len({line.count("|") for line in lines[:4]}) == 1
    assert len({len(line) for line in lines[:4]}) == 1
    assert set(lines[1]) <= set("|-:")
    assert lines[-1] == "Measured with torch 2."


def test_json_comes_back(tmp_path):
    table = Table("torch 2", [ROW])
    table.extend([OTHER])
    table.extend(Table("other", [ROW]))
    assert len(table.rows) == 3
    assert Table.from_json(table.json()) == table
    table.save(tmp_path / "table.json")
    table.save(tmp_path / "table.md")
    assert Table.from_json((tmp_path / "table.json").read_text()) == table
    assert (tmp_path / "table.md").read_text() == f"{table.markdown()}\n"


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in \.json or \.md"):
        Table("torch 2").save(tmp_path / "table.csv")


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"repeats": 0}, ValueError, "`repeats` must be an integer >= 1"),
        ({"warmup": -1}, ValueError, "`warmup` must be"),
        ({"threads": 0}, ValueError, "`threads` must be"),
        ({"min_time": -1}, ValueError, "`min_time` must be non-negative"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        Benchmark("bad", **arguments)


def test_bad_ways_are_refused():
    bench = Benchmark("bad", yardstick="trch")
    with pytest.raises(RuntimeError, match="at least one way"):
        bench.run()
    bench.add("torch", list)
    with pytest.raises(ValueError, match="`name` must be new in this benchmark, got 'torch'"):
        bench.add("torch", list)
    with pytest.raises(TypeError, match="`fn` must be callable"):
        bench.add("numba", 3)
    with pytest.raises(ValueError, match="`yardstick` must be one of 'torch', got 'trch'; did you"):
        bench.run()
