"""Tables of papers as several programs write them."""

from __future__ import annotations

SCOPUS = """\
"Authors","Author full names","Author(s) ID","Title","Year","Source title","Volume","Issue",\
"Art. No.","Page start","Page end","DOI","Link","Abstract","Author Keywords","Publisher","ISSN",\
"PubMed ID","Document Type","EID"
"Quill A.; de la Fern B.-C.","Quill, Ada (57000000001); de la Fern, Bo-Cy (57000000002)",\
"57000000001; 57000000002","Lamps, ""moss"" and rain","2021","Journal of Slow Light","12","3","",\
"101","117","10.1234/lamp.1","https://example.org/1","We count lamps.

They are few.","lamps; moss","Harbour Press","12345678","31234567","Article","2-s2.0-1"
"Reed B.","Reed, Bo (57000000003)","57000000003","Bread without yeast","2020","Loaf","1","","e7",\
"","","","","No yeast is used.","","","","","Conference paper","2-s2.0-2"
"""
WEB_OF_SCIENCE = (
    "\ufeffPT\tAU\tAF\tTI\tSO\tDT\tDE\tAB\tPU\tSN\tPY\tVL\tIS\tBP\tEP\tAR\tDI\tPM\tUT\n"
    'J\tQuill, A; Reed, B\tQuill, Ada; Reed, Bo\t"Smart" lamps and moss\tSLOW LIGHT\tArticle\t'
    'lamps; moss\t"Old lamps are counted.\tHARBOUR\t1234-5678\t2021\t12\t3\t101\t117\t\t'
    "10.1234/lamp.1\t31234567\tWOS:1\t\n"
    "C\tFern, C\tFern, Cy\tBread without yeast\tLOAF\tProceedings Paper\t\tNo yeast is used.\t\t\t"
    "2020\t\t\t\t\t7\t\t\tWOS:2\t\n"
)
DIMENSIONS = """\
"About the data: Exported on May 3, 2021. Criteria: 'lamps' in title and abstract."
Rank,Publication ID,DOI,PMID,Title,Abstract,Source title,Publisher,PubYear,Volume,Issue,Pagination,\
Publication Type,Authors
500,pub.1,10.1234/lamp.1,31234567,Lamps and moss,We count lamps.,Slow Light,Harbour,2021,12,3,\
101-117,Article,"Quill, Ada; Reed, Bo"
"""
PUBMED = """\
PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,DOI
31234567,Lamps and moss.,"Quill A, de la Fern BC.",Slow Light. 2021;12(3):101-117.,Quill A,\
Slow Light,2021,2021/05/03,,10.1234/lamp.1
"""
ZOTERO = """\
"Key","Item Type","Publication Year","Author","Title","Publication Title","ISBN","ISSN","DOI",\
"Url","Abstract Note","Date","Pages","Issue","Volume","Publisher","Notes","Manual Tags",\
"Automatic Tags","Editor"
"AB12CD34","bookSection","2021","Quill, Ada; World Lamp Office","Lamps and moss",\
"A Book of Light","978-0-00-000000-2","","10.1234/lamp.1","https://example.org/1",\
"We count lamps.","2021-05-03","101-117","","","Harbour","<p>mine</p>","lamps; moss","","Fern, Cy"
"""
EXCEL_GERMAN = (
    "sep=;\r\nTitle;Abstract;Authors;Year\r\n"
    '"Lampen; Moos";"Größe: 4,5 m";Ada Quill, Bo Reed;2021\r\n'
    "Brot ohne Hefe;Ohne Hefe.;Quill, Ada;2020\r\n"
).encode("cp1252")
EXCEL_UNICODE = (
    'title\tabstract\tyear\r\n"Lamps\nand ""moss"""\tWe count lamps.\t2021\r\n'
).encode("utf-16")
RAYYAN = (
    b"key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,language,publisher,"
    b"location,abstract,notes,pubmed_id,pmc_id\n"
    b'rayyan-1,Lamps and moss,2021,5,3,Slow Light,,12,3,101-117,"Quill, Ada and Reed, Bo",,eng,,,'
    b'We count lamps.,"RAYYAN-INCLUSION: {""Ada""=>""Included""}",31234567,\n'
)
EXAMPLES = (
    SCOPUS.encode(),
    WEB_OF_SCIENCE.encode(),
    DIMENSIONS.encode(),
    PUBMED.encode(),
    ZOTERO.replace("\n", "\r\n").encode(),
    EXCEL_GERMAN,
    EXCEL_UNICODE,
    RAYYAN,
)
