"""arXiv's XML, written by hand: Atom of its API, with other prefixes too, and both OAI dialects."""

import re

_ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <link href="http://arxiv.org/api/query?search_query%3Dall%3Alamp" rel="self"/>
  <title type="html">ArXiv Query: search_query=all:lamp</title>
  <id>http://arxiv.org/api/lamp</id>
  <entry>
    <id>http://arxiv.org/abs/2101.00001v2</id>
    <updated>2022-02-03T10:00:00Z</updated>
    <published>2021-01-01T09:00:00Z</published>
    <title>Slow Rivers: Measuring
  Drift in $O(n)$ Sensors</title>
    <summary>  We measure drift with $n$ lamps
and find 4\\% of it.
</summary>
    <author><name>Ada Quill</name>
      <arxiv:affiliation xmlns:arxiv="http://arxiv.org/schemas/atom">Harbour</arxiv:affiliation>
    </author>
    <author><name>Bo von Fern</name></author>
    <arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1234/Rivers.1</arxiv:doi>
    <arxiv:journal_ref xmlns:arxiv="http://arxiv.org/schemas/atom">J. Rivers 3 (2022) 4-5\
</arxiv:journal_ref>
    <link href="http://arxiv.org/abs/2101.00001v2" rel="alternate" type="text/html"/>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.LG"/>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
    <category term="math-ph" scheme="http://arxiv.org/schemas/atom"/>
    <category term="68T05; 62H30" scheme="http://arxiv.org/schemas/atom"/>
  </entry>
  <entry>
    <id>http://arxiv.org/abs/astro-ph/9901001v1</id>
    <published>1999-01-04T00:00:00Z</published>
    <title>Lanterns of the Sky</title>
    <summary>Lanterns are counted.</summary>
    <author><name>Cy Reed</name></author>
  </entry>
</feed>
"""
_OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-01-01T00:00:00Z\
</responseDate><request verb="ListRecords" metadataPrefix="arXiv">http://oai.example/oai2</request>
<ListRecords>
<record><header><identifier>oai:arXiv.org:0705.0001</identifier></header><metadata>
 <arXiv xmlns="http://arxiv.org/OAI/arXiv/">
 <id>0705.0001</id><created>2007-05-01</created><updated>2008-01-01</updated><authors><author>\
<keyname>Quill</keyname><forenames>Ada</forenames><suffix>Jr</suffix></author><author>\
<keyname>Harbour</keyname></author></authors><title>Counting Lamps</title>
 <categories>hep-ph cs.LG</categories><doi>10.1234/lamps 10.1234/erratum</doi>
 <abstract>  Lamps are counted.</abstract></arXiv></metadata></record>
<record><header status="deleted"><identifier>oai:arXiv.org:0705.0002</identifier></header></record>
<record><header/><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
 <id>0705.0003</id><submitter>Ada Quill</submitter>
 <version version="v1"><date>Wed, 2 May 2007 10:00:00 GMT</date><size>5kb</size></version>
 <version version="v3"><date>Thu, 3 Jan 2008 10:00:00 GMT</date><size>6kb</size></version>
 <title>Wet Stones</title><authors>A. Quill (1), B. Fern (1 and 2), and C. Reed ((1) Harbour)\
</authors><categories>math.GT</categories><abstract>Stones are wet.</abstract></arXivRaw>
</metadata></record>
<resumptionToken cursor="0">12|1001</resumptionToken></ListRecords></OAI-PMH>
"""

_PREFIXED = re.sub(r"<(/?)(?=[a-z]+[\s>/])", r"<\1a:", _ATOM).replace("arxiv:", "z:")

EXAMPLES: tuple[bytes, ...] = (
    _ATOM.encode(),
    _PREFIXED.encode(),
    _OAI.encode(),
    _OAI.replace("\n", " ").encode("utf-16"),
)
