"""Files of PubMed's MEDLINE format."""

ARTICLES = b"""
PMID- 12345678
OWN - NLM
STAT- MEDLINE
LR  - 20210101
IS  - 1234-5678 (Electronic)
IS  - 2345-6789 (Linking)
VI  - 4
IP  - 2
DP  - 2020 May 3
TI  - Slow lamps and sleep: a study of keepers on
      the northern coast.
PG  - 12-34
LID - 10.1000/ABC.3 [doi]
LID - S0000-0000(20)00001-2 [pii]
AB  - BACKGROUND: Lamps keep people awake.
      METHODS: We asked 50% of them -
      and counted.
FAU - Quill, Ada B
AU  - Quill AB
FAU - Moss, Jan Jr
AU  - Moss J Jr
CN  - The Keepers Study Group
LA  - eng
PT  - Journal Article
PL  - Norway
TA  - J Lamps
JT  - Journal of lamps
MH  - *Sleep/physiology
MH  - Humans
MH  - Light/*adverse effects
OTO - NOTNLM
OT  - *lamps
OT  - keepers
AID - 10.1000/ABC.3 [doi]
SO  - J Lamps. 2020 May 3;4(2):12-34. doi: 10.1000/ABC.3.

PMID- 2345
OWN - NLM
DP  - 1975 Winter
TI  - [Lamps of the old days].
AU  - Tide O
PT  - Preprint
JT  - Lamp archive
AID - 10.1000/old [doi]
"""

BOOK = b"""PMID- 3456\r
STAT- Publisher\r
CTDT- 20200101\r
PB  - Tower Press\r
PL  - Oslo\r
BTI - The book of lamps\r
TI  - Wicks\r
DP  - 2011\r
FED - Berg, Ida\r
ISBN- 9780000000002 (print)\r
PT  - Book Chapter\r
\r
PMID- 3457\r
OWN - NLM\r
AB  - A record that has lost its title.\r
\r
PMID- 3458\r
TI  - The last one\r
AB  - Ends in the middle of\r
      a line\r
"""

EXAMPLES: tuple[bytes, ...] = (ARTICLES, BOOK, ARTICLES + BOOK.replace(b"\r", b""))
