"""What a process may use, read from control groups that the tests write."""

import os
from pathlib import Path

import pytest

from genwright.hardware import count_cores, measure_free_memory

MIB = 1024 * 1024


@pytest.fixture
def group(tmp_path) -> Path:
    return tmp_path


@pytest.fixture
def meminfo(tmp_path) -> Path:
    file = tmp_path / "meminfo"
    file.write_text("MemTotal:  8000 kB\nMemAvailable:  4096000 kB\n")
    return file


def test_without_a_limit_it_is_the_cores_of_the_affinity_mask(group):
    assert count_cores(group) == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("limit", "most"),
    [("max 100000", None), ("100000 100000", 1), ("150000 100000", 1), ("20000 100000", 1)],
)
def test_a_quota_cuts_the_cores_and_leaves_at_least_one(group, limit, most):
    (group / "cpu.max").write_text(f"{limit}\n")
    assert count_cores(group) == (most or len(os.sched_getaffinity(0)))


def test_the_first_version_of_control_groups_is_read_too(group):
    (group / "cpu").mkdir()
    (group / "cpu" / "cpu.cfs_quota_us").write_text("100000\n")
    (group / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert count_cores(group) == 1
    (group / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert count_cores(group) == len(os.sched_getaffinity(0))


def test_a_pinned_process_counts_only_its_cores(group):
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(mine)})
    try:
        assert count_cores(group) == 1
    finally:
        os.sched_setaffinity(0, mine)


def test_a_limit_of_the_group_it_is_in_or_of_one_above_holds(group, meminfo, tmp_path):
    membership = tmp_path / "membership"
    membership.write_text("1:name=systemd:/old\n0::/system.slice/genwright.service\n")
    service = group / "system.slice" / "genwright.service"
    service.mkdir(parents=True)
    (service / "cpu.max").write_text("100000 100000\n")
    (service.parent / "memory.max").write_text(f"{300 * MIB}\n")
    (service.parent / "memory.current").write_text(f"{100 * MIB}\n")

    assert count_cores(group, membership) == 1
    assert measure_free_memory(meminfo, group, membership) == 200 * MIB


def test_without_a_limit_free_memory_is_what_the_kernel_says(meminfo, group):
    assert measure_free_memory(meminfo, group) == 4000 * MIB
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("5\n")
    assert measure_free_memory(meminfo, group) == 4000 * MIB


def test_a_limit_counts_what_is_used_and_not_what_is_only_cached(meminfo, group):
    (group / "memory.max").write_text(f"{1000 * MIB}\n")
    (group / "memory.current").write_text(f"{900 * MIB}\n")
    assert measure_free_memory(meminfo, group) == 100 * MIB
    (group / "memory.stat").write_text(f"anon 5\ninactive_file {600 * MIB}\n")
    assert measure_free_memory(meminfo, group) == 700 * MIB


def test_more_used_than_allowed_leaves_nothing(meminfo, group):
    (group / "memory.max").write_text("1000\n")
    (group / "memory.current").write_text("2000\n")
    assert measure_free_memory(meminfo, group) == 0


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path):
    assert measure_free_memory(tmp_path / "none", tmp_path) == 2**63
