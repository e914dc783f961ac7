"""PubMed's XML, written by hand after its DTD: articles, a translated one, a preprint and books."""

_HEAD = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2024//EN" \
"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_240101.dtd">
"""
_ARTICLE = """<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM" IndexingMethod="Curated">
<PMID Version="1">30000001</PMID>
<Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Electronic">1234-5678</ISSN>
<JournalIssue CitedMedium="Internet"><Volume>12</Volume><Issue>3</Issue>
<PubDate><Year>2018</Year><Month>Mar</Month></PubDate></JournalIssue>
<Title>Journal of quiet lights</Title><ISOAbbreviation>J Quiet Lights</ISOAbbreviation></Journal>
<ArticleTitle>Growth of <i>Fucus</i> under 10<sup>5</sup> lamps in H<sub>2</sub>O.</ArticleTitle>
<Pagination><StartPage>123</StartPage><EndPage>128</EndPage><MedlinePgn>123-8</MedlinePgn>
</Pagination>
<ELocationID EIdType="pii" ValidYN="Y">S1</ELocationID>
<ELocationID EIdType="doi" ValidYN="Y">10.1234/JQL.2018.3</ELocationID>
<Abstract><AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">Weed is slow.</AbstractText>
<AbstractText Label="RESULTS">It grew by 3 &lt; 4 % (<i>p</i> = 0.02).</AbstractText>
<AbstractText Label="UNLABELLED">More light helps.</AbstractText>
<CopyrightInformation>Of the authors.</CopyrightInformation></Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Quill</LastName><ForeName>Ada B</ForeName>
<Initials>AB</Initials><Suffix>Jr</Suffix></Author>
<Author ValidYN="Y"><LastName>von Fern</LastName><Initials>C</Initials></Author>
<Author ValidYN="Y"><CollectiveName>Harbour Lamp Group</CollectiveName></Author>
<Author ValidYN="N"><LastName>Wrong</LastName><ForeName>Name</ForeName></Author></AuthorList>
<Language>eng</Language><PublicationTypeList><PublicationType UI="D016428">Journal Article\
</PublicationType></PublicationTypeList>
<ArticleDate DateType="Electronic"><Year>2017</Year><Month>12</Month><Day>01</Day></ArticleDate>
</Article><MeshHeadingList>
<MeshHeading><DescriptorName UI="D1" MajorTopicYN="N">Seawater</DescriptorName></MeshHeading>
<MeshHeading><DescriptorName UI="D2" MajorTopicYN="N">Seaweed</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="Y">growth</QualifierName></MeshHeading></MeshHeadingList>
<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">kelp</Keyword></KeywordList>
</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="pubmed">30000001</ArticleId>
<ArticleId IdType="doi">10.9999/other</ArticleId></ArticleIdList>
<ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.5555/cited</ArticleId>
</ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>
"""
_TRANSLATED = """<PubmedArticle><MedlineCitation><PMID Version="1">30000002</PMID><Article><Journal>
<JournalIssue><PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate></JournalIssue>
<ISOAbbreviation>Z Leuchtt</ISOAbbreviation></Journal>
<ArticleTitle>[Lamps on the coast].</ArticleTitle><Pagination><MedlinePgn>e12</MedlinePgn>
</Pagination><AuthorList><Author><LastName>Sand</LastName></Author></AuthorList>
<PublicationTypeList><PublicationType>Preprint</PublicationType></PublicationTypeList>
<VernacularTitle>Lampen an der Küste.</VernacularTitle></Article></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1234/zl.1</ArticleId></ArticleIdList>
</PubmedData></PubmedArticle>
"""
_BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">20000003</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList>
<Book><Publisher><PublisherName>Tide Press</PublisherName>
<PublisherLocation>Harbour Town</PublisherLocation></Publisher>
<BookTitle book="lights">The Book of Lights</BookTitle><PubDate><Year>2011</Year></PubDate>
<AuthorList Type="editors"><Author><LastName>Reed</LastName><ForeName>Cy</ForeName></Author>
</AuthorList><Isbn>9783161484100</Isbn></Book>
<ArticleTitle book="lights" part="p">Wicks</ArticleTitle><Language>eng</Language>
<AuthorList Type="authors"><Author><LastName>Lund</LastName><ForeName>Zoë</ForeName></Author>
</AuthorList><Abstract><AbstractText>Wicks burn down.</AbstractText></Abstract></BookDocument>
<PubmedBookData/></PubmedBookArticle>
"""

_SET = f"{_HEAD}<PubmedArticleSet>\n{_ARTICLE}{_TRANSLATED}{_BOOK}</PubmedArticleSet>\n"

EXAMPLES: tuple[bytes, ...] = (
    _SET.encode(),
    # As E-utilities answer in two rounds that somebody put into one file; each is on one line.
    (_SET.replace("\n", "") + "\n" + _SET.replace("\n", "").replace("3000000", "3100000")).encode(),
    _SET.replace("?>", 'encoding="UTF-16"?>', 1).encode("utf-16"),
)
