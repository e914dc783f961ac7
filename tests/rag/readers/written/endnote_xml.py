"""EndNote's XML, written by hand: as EndNote writes it, as others do, and in other encodings."""

_STYLED = (
    '<?xml version="1.0" encoding="UTF-8" ?><xml><records><record>'
    '<database name="Harbour.enl" path="C:\\Harbour.enl">Harbour.enl</database>'
    '<source-app name="EndNote" version="20.4">EndNote</source-app><rec-number>7</rec-number>'
    '<foreign-keys><key app="EN" db-id="abc" timestamp="1600000000">7</key></foreign-keys>'
    '<ref-type name="Journal Article">17</ref-type><contributors><authors>'
    '<author><style face="normal" font="default" size="100%">Quill, Ada</style></author>'
    "<author>Fern, Bo, Jr.</author><author>Harbour Lamp Office,</author></authors></contributors>"
    '<auth-address>Harbour Town</auth-address><titles><title><style face="normal">Lamps of </style>'
    '<style face="italic">Fucus</style><style face="normal"> at 10</style>'
    '<style face="superscript">5</style><style face="normal"> candelas</style></title>'
    "<secondary-title>Journal of Quiet Lights</secondary-title></titles>"
    "<periodical><full-title>Journal of Quiet Lights</full-title><abbr-1>J Quiet Lights</abbr-1>"
    "</periodical><pages>12-34</pages><volume>8</volume><number>2</number>"
    "<keywords><keyword>lamps&#xD;winter</keyword><keyword>moss</keyword></keywords>"
    "<dates><year>2019</year><pub-dates><date>May 3</date></pub-dates></dates>"
    "<isbn>1234-5678 (Electronic)&#xD;8765-4321 (Linking)</isbn>"
    "<accession-num>31234567</accession-num>"
    "<abstract>We count lamps &amp; storms over four winters.&#xD;Half of them went out.</abstract>"
    "<urls><related-urls><url>https://www.ncbi.nlm.nih.gov/pubmed/31234567</url></related-urls>"
    "<pdf-urls><url>internal-pdf://lamps.pdf</url></pdf-urls></urls>"
    "<electronic-resource-num>10.1234/JQL.8.2&#xD;S0001(19)1</electronic-resource-num>"
    "<research-notes>Read the appendix.&#xD;Ask Bo.</research-notes>"
    "<remote-database-name>Medline</remote-database-name>"
    "<remote-database-provider>NLM</remote-database-provider></record><record>"
    '<ref-type name="Book Section">5</ref-type><contributors><authors><author>Reed, Cy</author>'
    "</authors><secondary-authors><author>Sand, Di</author></secondary-authors></contributors>"
    "<titles><title>Bread without Yeast</title><secondary-title>Bread of the Coast"
    "</secondary-title></titles><pub-location>Harbour Town</pub-location>"
    "<publisher>Tide Press</publisher><edition>2nd</edition><isbn>978-3-16-148410-0</isbn>"
    "<dates><year>c. 1998</year></dates></record></records></xml>"
)

_PLAIN = """<?xml version="1.0" encoding="iso-8859-1"?>
<!-- for import -->
<xml>
  <records>
    <record>
      <ref-type name="Thesis">32</ref-type>
      <contributors><authors><author>Lund, Zoë</author></authors></contributors>
      <titles><title>Moss on Stones</title><secondary-title>Department of Moss</secondary-title>
      </titles>
      <dates><year>2004</year></dates>
      <publisher>University of the Tides</publisher>
      <abstract>Moss remembers the winter.</abstract>
    </record>
    <record>
      <ref-type>6</ref-type>
      <titles><title>A Book of Caf&eacute;s</title></titles>
    </record>
  </records>
</xml>
"""

EXAMPLES: tuple[bytes, ...] = (
    _STYLED.encode(),
    _PLAIN.encode("latin-1"),
    ("\ufeff" + _STYLED.replace("UTF-8", "UTF-16")).encode("utf-16-le"),
    _PLAIN.replace("iso-8859-1", "utf-8").replace("\n", "\r\n").encode(),
)
