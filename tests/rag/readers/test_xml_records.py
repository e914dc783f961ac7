"""Records are cut out of XML, and nothing else in it does anything."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from rag.readers.source import Head
from rag.readers.xml_records import MAX_RECORD_CHARACTERS, XmlRecord, root_of, text_of, xml_records
from rag.types import BadRecord

PIECE = 1 << 18


def read(text: str, piece: int = PIECE) -> list[XmlRecord | BadRecord]:
    pieces = (text[i : i + piece] for i in range(0, len(text), piece))
    return list(xml_records(pieces, ("record", "item")))


def told(text: str, piece: int = PIECE) -> list[str]:
    """What each record says, or why it is bad."""
    return [
        text_of(r.element).strip() if isinstance(r, XmlRecord) else r.reason
        for r in read(text, piece)
    ]


class TestCutting:
    TEXT = """<?xml version="1.0"?>
<!DOCTYPE set [<!ENTITY a "<record>no</record>"> <!ELEMENT record ANY>]>
<set>
<!-- <record>commented out</record> -->
<record id="1>2"><t>One</t></record><record><t>Two</t>
<!-- </record> --></record>
<p:item><q:t r:a="b">Three <![CDATA[<record> & </record>]]></q:t></p:item>
</set>
"""

    @pytest.mark.parametrize("piece", [1, 2, 7, 64, PIECE])
    def test_wherever_the_text_is_cut_into_pieces(self, piece) -> None:
        """Comments, CDATA, a DOCTYPE, attributes and prefixes hide and make no records."""
        assert told(self.TEXT, piece) == ["One", "Two", "Three <record> & </record>"]
        assert [r.line for r in read(self.TEXT, piece)] == [5, 5, 7]

    def test_names_are_without_prefixes(self) -> None:
        """A prefix that nothing declares is no fault."""
        last = read(self.TEXT)[-1]
        assert isinstance(last, XmlRecord)
        assert (last.element.tag, last.element[0].tag) == ("item", "t")
        assert last.element[0].attrib == {"a": "b"}

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            ("<record><t>open</record>", "not well-formed XML: mismatched tag in line 3"),
            ("<record>\n<t>AT&T</t></record>", "not well-formed XML: not well-formed"),
            ("<record><t>never closed</t>", "not closed by its end tag"),
            ("<record><![CDATA[ open </record>", "unclosed CDATA"),
            ("<record><!-- open </record>", "not well-formed"),
            ("<record>" + "<a>" * 200_000 + "</a>" * 200_000 + "</record>", "too deeply"),
            ("<record>" + "<a/>" * 300_000 + "</record>", "more elements"),
            ("<record " + " ".join(f'a{i}=""' for i in range(500)) + "/>", "not closed"),
            ("<record>" + "x" * MAX_RECORD_CHARACTERS + "</record>", "longer than 10 million"),
            ("<record>&lol9;</record>", "undefined entity"),
            ('<record><!ENTITY a "b">&a;</record>', "not well-formed"),
            ('<record><!DOCTYPE a [<!ENTITY b "c">]>&b;</record>', "not well-formed"),
        ],
        ids=range(12),
    )
    def test_a_bad_record_stops_none(self, bad, reason) -> None:
        """It is told with its line, and the records before and after it are read."""
        text = f"<set>\n<record>One</record>\n{bad}\n<record>Two</record></set>"
        for piece in (PIECE, 4099):
            found = read(text, piece)
            assert [type(r) for r in found] == [XmlRecord, BadRecord, XmlRecord]
            assert isinstance(found[1], BadRecord)
            assert found[1].line == 3
            assert reason in found[1].reason
            assert found[2].line == 4 + bad.count("\n")

    @pytest.mark.parametrize("end", ["<record><t>Tw", "<record", "<rec", "<record><t>Two</t></rec"])
    def test_a_file_cut_short(self, end) -> None:
        """All whole records, then one bad one."""
        found = read(f"<set><record>One</record>\n{end}")
        assert [type(r) for r in found] == [XmlRecord, BadRecord]
        assert found[1].line == 2

    def test_a_whole_file_has_no_bad_end(self) -> None:
        assert told("<set><record>One</record></set>\n") == ["One"]


BOMB = (
    "".join(
        f'<!ENTITY lol{i} "{f"&lol{i - 1};" * 10 if i else "lol"}">' for i in range(10)
    ),
    "&lol9;",
)  # fmt: skip
OUTSIDE = ('<!ENTITY file SYSTEM "file:///etc/passwd">', "&file;")
PARAMETER = ('<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY q "%p;">', "&q;")


class TestEntities:
    @pytest.mark.parametrize(("declared", "used"), [BOMB, OUTSIDE, PARAMETER])
    def test_what_a_file_declares_means_nothing(self, declared, used) -> None:
        """Bombs and other files: the record that uses them is bad, the others are read."""
        text = f"<!DOCTYPE set [{declared}]><set><record>{used}</record><record>One</record></set>"
        reason, one = told(text)
        assert "undefined entity" in reason
        assert one == "One"

    @pytest.mark.parametrize(
        ("reference", "character"),
        [
            ("&eacute;", "é"),
            ("&nbsp;", "\xa0"),
            ("&amp;", "&"),
            ("&lt;", "<"),
            ("&AMP;", "undefined"),
            ("&#233;", "é"),
            ("&#xE9;", "é"),
            ("&#11;", ""),
            ("&#x0;", ""),
            ("&#xD800;", ""),
            ("&#99999999;", ""),
            ("\x0b", ""),
            ("&amp;eacute;", "&eacute;"),
        ],
    )
    def test_characters_by_name_and_number(self, reference, character) -> None:
        """HTML's names are known; what XML forbids goes, as reference managers write it."""
        said = told(f"<record>a{reference}b</record>")[0]
        assert said == f"a{character}b" or (character == "undefined" and "undefined" in said)

    @pytest.mark.parametrize(
        ("markup", "text"),
        [
            ("10<sup>5</sup> of 10<sup><i>-3</i></sup>", "10^5 of 10^-3"),
            ("m<sup>2</sup>, 1<sup>st</sup>, H<sub>2</sub>O", "m2, 1st, H2O"),
            ('10<style face="superscript">6</style>', "10^6"),
            ("<i>a<b>b</b>c</i>d", "abcd"),
        ],
    )
    def test_markup_within_a_text(self, markup, text) -> None:
        """It goes, but a power stays one: 10 to the fifth is not 105."""
        assert told(f"<record>{markup}</record>") == [text]


def long_file(count: int) -> Iterator[str]:
    yield "<set>"
    for i in range(count):
        yield f"<record><t>{i}</t><a>{'word ' * 400}</a></record>"
    yield "</set>"


HOSTILE = {
    "starts": "<record>" * 200_000,
    "comments": "<!--" * 500_000,
    "all kinds": "<!-- <![CDATA[ <!DOCTYPE [ " * 200_000,
    "CDATA within": "<record>" + "<![CDATA[" * 500_000 + "</record>",
    "brackets": "<" * 5_000_000,
    "subset": "<!DOCTYPE a [" + "] " * 2_000_000,
    "prefixes": ("<" + "a" * 39 + ":") * 100_000,
    "references": "<record>" + "&aaaaaaaaaaaaaaaaaaaa" * 200_000 + "</record>",
    "long record": "<record>" + "x" * 20_000_000,
}


class TestBounds:
    def test_memory_stays_small(self) -> None:
        """A file of any length, with or without ends of lines, is never held."""
        tracemalloc.start()
        count = sum(isinstance(r, XmlRecord) for r in xml_records(long_file(3_000), ("record",)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 3_000
        assert peak < 4 << 20

    @pytest.mark.parametrize("name", HOSTILE)
    def test_time_stays_short(self, name) -> None:
        """No text makes the search for records slower than its length does, and none hides one."""
        started = time.perf_counter()
        found = read(HOSTILE[name] + "</record>-->]]>]><record>One</record>")
        assert time.perf_counter() - started < 5  # some tenths of a second each
        assert isinstance(found[-1], XmlRecord)

    def test_any_cut_of_any_rubbish(self) -> None:
        """However a text is cut into pieces, the same is read."""
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        parts = (
            "<record> </record> <!-- --> <![CDATA[ ]]> <!DOCTYPE [ ]> < > / x \n & <p:item>".split(
                " "
            )
        )
        for _ in range(300):
            text = "".join(rng.choices(parts, k=30))
            assert read_simply(text, 1) == read_simply(text, PIECE)


def read_simply(text: str, piece: int) -> list[object]:
    return [
        (r.line, r.reason if isinstance(r, BadRecord) else text_of(r.element))
        for r in read(text, piece)
    ]


@pytest.mark.parametrize(
    ("start", "root"),
    [
        ("<xml>", "xml"),
        (
            "\ufeff\n <?xml version='1.0'?>\n<!-- <a> -->"
            "<!DOCTYPE b [<!ENTITY c '>'>]>\n<p:d e='f'>",
            "d",
        ),
        ("{}", ""),
        ("text <xml>", ""),
        ("<?a ?>" * 3000 + "<!", ""),
        ("<!DOCTYPE a [" * 2000, ""),
    ],
)
def test_root(start, root) -> None:
    """What stands before the outermost element is passed over, and searching it ends."""
    for encoding in ("utf-8", "utf-16"):
        assert root_of(Head(start.encode(encoding), "")) == root
