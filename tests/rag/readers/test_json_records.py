"""Objects of a file of JSON: found however they stand, and each broken one costs only itself."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from rag.readers import json_records
from rag.readers.json_records import json_objects, json_objects_of
from rag.readers.source import MAX_LINE_CHARACTERS, Source
from rag.types import BadRecord
from tests.rag.readers.written.crossref import WORK as CROSSREF
from tests.rag.readers.written.csl_json import ZOTERO
from tests.rag.readers.written.openalex import WORK as OPENALEX
from tests.rag.readers.written.semantic_scholar import GRAPH

Found = tuple[int, str] | BadRecord


def is_record(fields: dict[str, Any]) -> bool:
    return "title" in fields


def found(text: str) -> list[Found]:
    """Each record by its line and title, each bad one."""
    objects = json_objects_of(text, is_record)
    return [o if isinstance(o, BadRecord) else (o[0], str(o[1].get("title"))) for o in objects]


def titles(text: str) -> list[str]:
    return [one[1] for one in found(text) if not isinstance(one, BadRecord)]


def source(content: bytes) -> Source:
    return Source(Path("input"), "input", BytesIO(content), len(content))


A, B, C = (f'{{"title": "{name}", "by": [{{"name": "x"}}, {{"name": "y"}}]}}' for name in "ABC")
LAYOUTS = {
    "lines": f"{A}\n{B}\n{C}\n",
    "no line end": f"{A}\n\n{B}\n{C}",
    "glued": A + B + C,
    "commas between lines": f"{A},\n{B},\n{C},\n",
    "array": f"[{A}, {B},{C}]",
    "array over lines": f"[\n{A}\n, {B},\n{C}\n]\n",
    "arrays": f"[{A}]\n[{B}, {C}]",
    "empty array before": f"[]\n[{A},{B},{C}]",
    "printed": json.dumps([json.loads(x) for x in (A, B, C)], indent=4),
    "printed objects": "\n".join(json.dumps(json.loads(x), indent=1) for x in (A, B, C)),
    "results": f'{{"meta": {{"x": [1]}}, "results": [{A}, {B}, {C}], "n": 5, "by": [{{"a": 1}}]}}',
    "pages": f'{{"total": 3, "data": [{A}]}}\n{{"data": [{B}, {C}], "total": 3}}',
    "message": f'{{"message": {{"n": 1, "items": [{A}, {B}], "q": {{}}}}, "v": [{{}}]}}{C}',
    "one in a message": f'{{"message": {A}, "v": "1"}}{{"v": 1, "message": {B}}}\n{C}',
    "mark and blanks": f"\ufeff\n\x00 \t\n{A}\r\n{B}\r\n{C}",
}


class TestLayouts:
    @pytest.mark.parametrize("name", LAYOUTS)
    def test_all_are_found_and_nothing_else(self, name) -> None:
        assert titles(LAYOUTS[name]) == ["A", "B", "C"]
        assert len(found(LAYOUTS[name])) == 3

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_line_is_where_an_object_starts(self, name) -> None:
        lines = LAYOUTS[name].replace("\r\n", "\n").split("\n")
        for one in found(LAYOUTS[name]):
            assert not isinstance(one, BadRecord)
            rest = lines[one[0] - 1 :]
            title = f'"title": "{one[1]}"'
            assert title in "".join(rest[:2])  # printed, it stands on the line after the bracket

    def test_field_of_a_record_is_no_list_of_records(self) -> None:
        """A record may name its data."""
        assert titles('{"title": "A", "data": [{"title": "x"}], "message": {}}') == ["A"]

    def test_other_objects_are_told_as_they_are(self) -> None:
        assert found('{"a": 1}\n{"items": 5}') == [(1, "None"), (2, "None")]

    def test_number_at_the_end_of_a_piece_is_read_to_its_end(self, monkeypatch) -> None:
        """A text may be cut anywhere."""
        monkeypatch.setattr(json_records, "_CHARACTERS", 1)
        for name, text in LAYOUTS.items():
            cut = list(json_objects(source(text.encode()), is_record))
            assert cut == list(json_objects_of(text.replace("\r", ""), is_record)), name


class TestDamage:
    @pytest.mark.parametrize("layout", ["lines", "array", "wrapped", "printed"])
    @pytest.mark.parametrize(
        "record", [ZOTERO[0], OPENALEX, GRAPH, CROSSREF], ids=["csl", "openalex", "s2", "crossref"]
    )
    def test_any_sign_may_be_missing(self, record, layout) -> None:
        """A quotation mark, a bracket, a comma, a colon: the records round it are all read."""
        assert lost_by_missing_signs(record, layout) == []

    def test_detector_of_lost_records(self, monkeypatch) -> None:
        """It sees a reader that skips to the next line, or to the end."""
        monkeypatch.setattr(json_records._Scan, "_after", lambda self, *_: len(self._text))
        assert len(lost_by_missing_signs(GRAPH, "array")) > 100

    def test_parts_of_a_broken_record_are_no_records(self) -> None:
        """What it refers to is not taken for papers."""
        cites = '"cites": [{"title": "x"}, {"title": "y"}]'
        assert titles(f'[{{"title": "A", {cites}, "year" 5}}, {B}]') == ["B"]

    def test_file_that_is_cut_says_so(self) -> None:
        (good, bad) = found('{"items": [' + A)
        assert good == (1, "A")
        assert bad == BadRecord(1, "the file ends before its list does")

    @pytest.mark.parametrize(
        ("broken", "reason"),
        [
            ('{"title": "x', "a quotation mark is missing"),
            ('{"title": "x"', "a bracket is missing"),
            ('{"title": nul}', "expecting value in line 2"),
        ],
    )
    def test_reasons(self, broken, reason) -> None:
        assert found(f"{A}\n{broken}")[1] == BadRecord(2, f"the record is not valid JSON: {reason}")

    def test_deep_nesting_in_one_line(self) -> None:
        """The records on the same line are read, if its brackets close."""
        deep = '{"a": %s}' % ("[" * 50_000 + "]" * 50_000)
        assert titles(f"[{A}, {deep}, {B}]") == ["A", "B"]

    @pytest.mark.parametrize(
        "value", ["NaN", "-Infinity", "1e999", "9" * 10_000, '"\\ud800"', "1, " + '"x": 2']
    )
    def test_odd_values_are_read(self, value) -> None:
        assert titles(f'{{"title": "A", "x": {value}}}') == ["A"]


def lost_by_missing_signs(record: dict[str, Any], layout: str) -> list[str]:
    """Where a record of four loses a sign, and another one is lost by that."""
    indent = 2 if layout == "printed" else None
    good = [json.dumps(record | {"title": name}, indent=indent) for name in "ACD"]
    text = json.dumps(record, indent=indent)
    lost = []
    for at, sign in enumerate(text):
        if sign in '{}[]",:':
            records = [good[0], text[:at] + text[at + 1 :], *good[1:]]
            if layout == "lines":
                whole = "\n".join(records)
            elif layout == "wrapped":
                whole = '{"meta": {}, "results": [' + ",".join(records) + '], "n": 4}'
            else:
                whole = "[" + ", ".join(records) + "]"
            if not {"A", "C", "D"} <= set(titles(whole)):
                lost.append(text[max(0, at - 20) : at + 20])
    return lost


class TestBounds:
    def test_array_on_one_line_is_never_held(self) -> None:
        long = json.dumps({"title": "A", "abstract": "word " * 1_000}).encode()
        read = source(b"[" + b",".join([long] * 4_000) + b"]")
        tracemalloc.start()
        assert sum(1 for _ in json_objects(read, is_record)) == 4_000
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
        tracemalloc.stop()

    def test_object_that_is_longer_than_any(self) -> None:
        text = f'[{A}, {{"title": "x", "x": "{"y" * (MAX_LINE_CHARACTERS + 99_999)}"}}, {B}]'
        read = list(json_objects(source(text.encode()), is_record))
        assert [isinstance(one, BadRecord) for one in read] == [False, True, False]
        assert "longer than 10 million" in str(read[1])

    @pytest.mark.parametrize(
        "make",
        [
            lambda n: "{" * n,
            lambda n: '{"a":' * (n // 5),
            lambda n: '{"a":[' * (n // 6),
            lambda n: '[{"a":' * (n // 6),
            lambda n: '{"title": "t", "a": [1,\n' * (n // 23),
            lambda n: ('{"title": "t", "b": "%s", "a": [1,\n' % ("x" * 9_000)) * (n // 9_033),
            lambda n: "[" + '{"a": "b,' * (n // 9),
            lambda n: '{"title": "' + "{" * n,
            lambda n: '{"title": ' + " " * n,
            lambda n: '{"data": ' * (n // 9),
            lambda n: '{"message": ' * (n // 12),
            lambda n: '{"items": [' * (n // 11),
            lambda n: '{"a" 1,' + '{"b": 1},' * (n // 9),
            lambda n: '{"title": "' + '\\"' * (n // 2),
            lambda n: '"' * n,
            lambda n: "\n" * n,
            lambda n: "," * n + '{"',
        ],
    )  # fmt: skip
    def test_no_time_grows_with_the_square(self, make: Callable[[int], str]) -> None:
        """What is hardest takes seconds at most, wherever it stands."""
        for text in (make(200_000), '[{"title": "A"}, ' + make(200_000)):
            started = time.process_time()
            found(text)
            assert time.process_time() - started < 5
