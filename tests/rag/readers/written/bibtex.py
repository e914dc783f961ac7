"""Files of BibTeX and BibLaTeX in the ways that programs and people write them."""

BY_HAND = rb"""This line is no entry, and BibTeX passes over it.
@string{proc = "Proceedings of the " # "Lamp"}
@String(SOC = {Society of Keepers})
@preamble{"\newcommand{\lamp}{L}"}

@ARTICLE{quill:2020,
  AUTHOR = "Ada Quill and {The Keepers of the Northern Lights} and
            Ren{\'e} {de la Tour} and van der Moss, Jr, Jan and others",
  Title = {The {Slow Lamp} of {\AA}land: 50\,\% of \$3 and \emph{more}},
  journal = proc # { } # soc,
  year = 2020, month = "10~" # may, volume = 4, number = 2,
  pages = {12--34},
  keywords = {lamps, {low, slow}, towers},
  annote = {Read on the ferry.

Ask Jan for the data.},
}

@inproceedings(moss1999,
  title = "A {"}quoted{"} word (and brackets)",
  author = {Moss, Ada},
  crossref = {lamps99},
  pages = "1-2"
)

@proceedings{lamps99, title = {Lamps '99}, year = 1999, publisher = {Tower Press},
  editor = {Jan Berg}, address = {Oslo}}
@comment{ @this is not read }
"""

BIBLATEX = """% Encoding: UTF-8

@Online{tide2021,
  author       = {Tide, Örjan and Ångström, Åsa},
  title        = {Moss on stones},
  subtitle     = {A reply},
  date         = {2021-05-03},
  eprinttype   = {arxiv},
  eprint       = {2105.00001v2},
  eprintclass  = {cs.LG},
  pubstate     = {preprint},
  urldate      = {2021-06-01},
  keywords     = {moss;stones, wet},
  readstatus   = {read},
}

@Article{bread2018,
  author       = {Bread, A.},
  date         = {2018},
  journaltitle = {Yeast},
  title        = {Bread without yeast},
  doi          = {https://doi.org/10.1000/ABC{\\_}1},
  url          = {https://example.org/{\\~{}}bread},
  abstract     = {We bake without yeast -- and
@home {of all places} it rises.},
  pmid         = {1234567},
}

@Comment{jabref-meta: databaseType:biblatex;}
""".encode()

SCHOLAR = rb"""@article{lamp2021slow,
  title={Slow lamps: a study},
  author={Lamp, Ada B and Wick, Carl and others},
  journal={arXiv preprint arXiv:2106.00001},
  year={2021}
}
@article{DBLP:journals/corr/abs-2106-00002,
  author    = {Ada B. Lamp and
               Carl Wick},
  title     = {Fast Lamps},
  journal   = {CoRR},
  volume    = {abs/2106.00002},
  year      = {2021},
  eprinttype = {arXiv},
  eprint    = {2106.00002},
  timestamp = {Mon, 07 Jun 2021 00:00:00 +0200},
}
@misc{wick2020towers,
      title={Towers},
      author={Carl Wick},
      year={2020},
      eprint={2001.00003},
      archivePrefix={arXiv},
      primaryClass={cs.CL},
      url={https://arxiv.org/abs/2001.00003},
}
"""

BROKEN = rb"""@article{open2001,
  title = {An entry that is never closed},
  abstract = {Its bracket is missing.
}

@article{good2002, title = {The entry after it}, year = 2002}
@article{twin, title = {One twin}}@article{twin, title = {Other twin} year = {2003}}
@book lost2004,
  title = {No bracket}
}
@article{ title = {No key}, year = 2005 }
@article{untitled, year = 2006}
@misc{named 2007, title = "Key with a space", year = {2007}, year = {2008}}
@misc{end, title = {Cut sho"""

EXAMPLES: tuple[bytes, ...] = (BY_HAND, BIBLATEX, SCHOLAR, BROKEN)
