"""The rules of check_rooms.py and the layout of the sources, as tests; and that each rule can be broken."""

import pathlib
import subprocess

import pytest

import check_rooms

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def checked():
    checker = check_rooms.Checker(ROOT)
    checker.check()
    return checker


@pytest.mark.parametrize("rule", check_rooms.RULES)
def test_the_sources_keep_the_rule(checked, rule):
    violations = checked.violations[rule]
    assert not violations, "\n".join([check_rooms.RULES[rule], *violations])


def test_there_is_something_to_check(checked):
    assert {"base", "http", "api", "warehouse", "warehouse_duckdb"} <= checked.rooms.keys()
    assert checked.passed > 1000


def test_a_tree_that_keeps_every_rule_is_found_good():
    assert check_rooms.check_tree(check_rooms.GOOD_TREE) == []


@pytest.mark.parametrize("planted, expected", check_rooms.PLANTED, ids=[expected for _, expected in check_rooms.PLANTED])
def test_a_planted_violation_is_found(planted, expected):
    violations = check_rooms.check_tree({**check_rooms.GOOD_TREE, **planted})
    assert any(expected in violation for violation in violations), violations


def test_every_source_is_laid_out():
    run = subprocess.run([ROOT / "tools" / "format", "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
