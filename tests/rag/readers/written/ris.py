"""RIS files in the ways that reference managers and databases write them."""

ENDNOTE = b"""TY  - JOUR
AU  - Quill, Ada B.
AU  - Moss, Jan, Jr.
AU  - The Keepers of the Lights,
A2  - Berg, Ida
PY  - 2020
DA  - 2020/05/03/
TI  - Slow lamps of the north
T2  - Journal of Lamps
J2  - J. Lamps
VL  - 4
IS  - 2
SP  - 12
EP  - 34
SN  - 1234-5678
DO  - https://doi.org/10.1000/ABC.1
AB  - We measure lamps
over many winters
and find them slow.
KW  - lamps
towers
KW  - north; wind
N1  - Read on the ferry.
UR  - https://example.org/lamps
L1  - file:///home/quill/lamps.pdf
ID  - 12
ER  - 

"""

OLD = b"""Provider: A database
Content: text/plain

TY - CONF\r
T1 - Counting moss\r
A1 - Moss, Jan\r
Y1 - 2019/11//\r
BT - Proceedings of Moss\r
CY - Oslo\r
PB - Stone Press\r
SN - 978-0-00-000000-2\r
N2 - Moss is counted.\r
UR - http://dx.doi.org/10.1000/moss; https://example.org/moss\r
AN - 1234567\r
DB - PubMed\r
RN - my own words\r
TY  -  JOUR\r
T1  - A record after one without an end\r
JO  - arXiv preprint arXiv:2106.00001\r
Y1  - 2021///\r
ER  -\r
TI  - A record without a type\r
ER  - \r
TY  - THES
TI  - 
AU  - Nobody, N.
ER  - 
TY  - CHAP
TI  - A chapter
T2  - A book
C7  - e12
ET  - 2nd
"""

WEB_OF_SCIENCE = b"""FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Quill, A
   Moss, J
AF Quill, Ada
   Moss, Jan
TI Slow lamps seen
   from towers
SO JOURNAL OF LAMPS
DT Article
DE lamps; towers
ID SIGNAL; LIGHT
AB We look at lamps
   from towers.
C1 [Quill, Ada] Univ North, Oslo.
PU TOWER PRESS
PI OSLO
SN 1234-5678
EI 2345-6789
PD MAY
PY 2020
VL 4
IS 2
BP 12
EP 34
DI 10.1000/abc.2
PM 1234567
UT WOS:000000000000001
ER

PT C
AU Berg, I
TI A paper of a conference
SO LAMPS 2021
PY 2021
ER

EF
"""

EXAMPLES: tuple[bytes, ...] = (ENDNOTE, OLD, WEB_OF_SCIENCE)
