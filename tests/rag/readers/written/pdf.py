"""PDFs of one page or more, set in Helvetica after ISO 32000-2:2020 by a few lines of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, and where it stands on its page, in points from the lower left."""

    text: str
    size: float = 10
    x: float = 72
    y: float = 0  # 0: under the line before
    turned: bool = False  # upwards, as a stamp in the margin is


def pdf(*pages: Sequence[Text], **metadata: str) -> bytes:
    """A document whose pages hold these lines; a ligature is set by `\\x01` (fi)."""
    font = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding "
        b"/BaseEncoding /WinAnsiEncoding /Differences [1 /fi] >> >>"
    )
    told = " ".join(f"/{name} ({_escaped(text)})" for name, text in metadata.items())
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        font,
    ]
    for number, lines in enumerate(pages):
        content = _content(lines)
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    objects.append(f"<< {told} >>".encode("cp1252"))
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, count = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % count
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (count, count - 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _content(lines: Sequence[Text]) -> bytes:
    out, y = [], 800.0
    for line in lines:
        y = line.y or y - 1.4 * line.size
        turn = "0 1 -1 0" if line.turned else "1 0 0 1"
        place = f"{turn} {line.x} {line.y if line.turned else y}"
        out.append(f"BT /F1 {line.size} Tf {place} Tm ({_escaped(line.text)}) Tj ET")
        y = 800.0 if line.turned else y
    return "\n".join(out).encode("cp1252")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


PREPRINT = (
    Text("arXiv:2101.00001v2 [cs.CL] 3 Jan 2021", 20, 20, 200, turned=True),
    Text("Slow Rivers: Measuring Drift", 17),
    Text("in Sensor Networks", 17),
    Text("Ada Quill and Bo Reed", 12),
    Text("Harbour School of Lamps", 9),
    Text("Abstract", 12),
    Text("We study how sensors drift in slow rivers and \x01nd that they do. A sim-"),
    Text("ple model of state-of-"),
    Text("the-art lamps lowers the error by 4.5 percent."),
    Text("1 Introduction", 12),
    Text("Rivers are slow, as others (arXiv:1907.00009) have said, and lamps are slower still."),
)
JOURNAL = (
    Text("JOURNAL OF SLOW LIGHT", 22),
    Text("Counting lamps on northern coasts", 16),
    Text("Ada Quill, Bo Reed", 11),
    Text("https://doi.org/10.1234/lamp.2020.7. © 2020 Harbour Press"),
    Text("Abstract—Lamps are counted by hand on northern coasts. We count them by"),
    Text("machine, in all weathers, and are right."),
    Text("Index Terms—lamps, coasts"),
    Text("I. INTRODUCTION", 10),
    Text("Lamps are many."),
)
COVER = (Text("Harbour repository", 14), Text("This copy is kept for readers of the harbour."))
EXAMPLES = (
    pdf(PREPRINT, Title="", Author="Ada Quill and Bo Reed"),
    pdf(JOURNAL, Title="Microsoft Word - lamps3.docx", Author="admin"),
    pdf(PREPRINT[1:5], PREPRINT[5:]),
)
