"""Which questions ask for a summary of many papers, and of what."""

from __future__ import annotations

import pytest

from rag.topic import summary_topic

ASKED = {
    # the library as a whole
    "Summarise what these papers say about tide tables: sources, and how far they can be trusted.":
        "tide tables: sources, and how far they can be trusted",
    "Summarize what the papers say about lighthouse keepers": "lighthouse keepers",
    "summarise what my library has on salt marshes?": "salt marshes",
    "Give me a summary of what the library says on slow crawling: when it fails":
        "slow crawling: when it fails",
    "Summarise what the collection has about rhyme in verse.": "rhyme in verse",
    "What does the library say about parish registers?": "parish registers",
    "what do these papers say about folk songs?": "folk songs",
    "What do my papers report on eye tracking?": "eye tracking",
    "What does the collection have on negation in clinical notes?": "negation in clinical notes",
    "What does the literature say about chatbots that repeat themselves?":
        "chatbots that repeat themselves",
    "What has research found about shared spelling errors?": "shared spelling errors",
    "Summarise what is known about kelp forests": "kelp forests",
    "Summarise what we know about ship logs.": "ship logs",
    "Summarise everything about seed catalogues": "seed catalogues",
    # summaries by any name
    "Give me an overview of phrase tables": "phrase tables",
    "give me a short overview of the work on phrase tables, please": "phrase tables",
    "GIVE ME AN OVERVIEW OF PHRASE TABLES?": "PHRASE TABLES",
    "Can you give me an overview of phrase tables?": "phrase tables",
    "Could you please summarise the research on phrase tables?": "phrase tables",
    "I'd like an overview of phrase tables": "phrase tables",
    "I need a summary of the papers about phrase tables.": "phrase tables",
    "Write a short literature review on phrase tables": "phrase tables",
    "Write me a literature review about phrase tables": "phrase tables",
    "Provide a brief synthesis of the studies on phrase tables.": "phrase tables",
    "An overview of phrase tables": "phrase tables",
    "Overview of phrase tables": "phrase tables",
    "overview: phrase tables": "phrase tables",
    "Literature review on phrase tables": "phrase tables",
    "A survey of the literature on phrase tables": "phrase tables",
    "State of research on phrase tables": "phrase tables",
    "What is the state of research on phrase tables?": "phrase tables",
    "Describe the state of the art in phrase tables": "phrase tables",
    "Summarise the approaches to choosing which letters to read first.":
        "choosing which letters to read first",
    "summarize the main methods for reading handwriting with few examples":
        "reading handwriting with few examples",
    "Outline the main approaches to lattice parsing": "lattice parsing",
    "Sum up the findings on lattice parsing": "lattice parsing",
    "Synthesise the papers on lattice parsing": "lattice parsing",
    "Review the literature on lattice parsing": "lattice parsing",
    "Summarise lattice parsing": "lattice parsing",
    "Summarise the field of lattice parsing": "lattice parsing",
    "Please summarise lattice parsing for me in 200 words.": "lattice parsing",
    "Survey the literature on lattice parsing": "lattice parsing",
    "What do these papers have to say about lattice parsing": "lattice parsing",
    "Summarise lattice parsing in this library": "lattice parsing",
    "Also summarise what the papers say about lattice parsing": "lattice parsing",
    # words of the topic that sound like words of asking
    "Summarise retrieving documents for question answering":
        "retrieving documents for question answering",
    "Summarise what works for lattice parsing": "what works for lattice parsing",
    "Summarise research assistants": "research assistants",
    # a pronoun that the question itself explains; "paper" as part of the topic
    "Summarise the work on lost manuscripts and how to find them": "lost manuscripts and how to "
        "find them",
    "Summarise what the studies say about the paper trade in Venice": "the paper trade in Venice",
}  # fmt: skip

NOT_ASKED = [
    # one paper
    "Summarise the paper Kestrel: Cheap Translation of Weather Reports",
    "Summarise the paper on folk song metre",
    "Summarize this paper",
    "Summarise this paper's main findings about metre.",
    "Summarise its abstract",
    "Give me a summary of the abstract",
    "Give me a summary of the Kestrel paper",
    "Give me an overview of the paper by Vale and Arden",
    "Summarise the main results of the Harbour study.",
    "Summarise paper 3",
    "Summarise [2]",
    'Summarise "Lattice Parsing for Radio Traffic"',
    "Summarise “Lattice Parsing for Radio Traffic”.",
    "What does the paper say about rare words?",
    "What does the Kestrel paper report on storm warnings?",
    # nothing is named, or something is stated
    "What does the literature say?",
    "What do the papers report: does rust hurt?",
    "What do these papers have in common?",
    "What research shows rust is caused by salt?",
    "What do the papers show causes rust?",
    # "survey" as the name of a thing
    "Survey methodology: how are readers chosen?",
    "Survey participants were asked about rhyme. How many?",
    # what was said before
    "Summarise that",
    "summarise that please",
    "Can you summarise it?",
    "Summarise this in two sentences.",
    "Summarise these.",
    "Summarise them for me",
    "Summarise your answer",
    "Summarise the above",
    "Summarise the previous answer in one sentence",
    "Summarise our conversation",
    "Summarise what you said about rare words",
    "Summarise the second one",
    "Summarise both",
    "Summarise the differences between them",
    "Give me a summary",
    "Give me an overview of it",
    "Summarise how well they work",
    "Sum up.",
    "Please summarise",
    "Summarise these papers",
    "Summarise the papers.",
    # ordinary questions
    "How does Grebe write summaries of council meetings?",
    "Which papers summarise council meetings?",
    "How good are automatic summaries of long meetings?",
    "What does Grebe say about summaries?",
    "What is an overview map?",
    "Which models were used to survey readers?",
    "Do the papers agree on negation?",
    "What do students lose on rare words?",
    "How many papers are about metre?",
    "Who reviewed the literature on metaphor?",
    "What is known about rhyme detection?",
    "Is there a survey of eye movements?",
    "Compare Thistle and Inkwell",
    "Describe how Kestrel translates storm warnings",
    "Why do chatbots repeat themselves?",
    "",
    "?",
]


@pytest.mark.parametrize(("question", "topic"), ASKED.items())
def test_a_summary_of_many_papers_is_asked_for(question: str, topic: str) -> None:
    """The topic is what is left without the words of asking, in the asker's own spelling."""
    assert summary_topic(question) == topic


@pytest.mark.parametrize("question", NOT_ASKED)
def test_other_questions_are_not_taken_for_one(question: str) -> None:
    """One paper, what was said before, or an ordinary question."""
    assert summary_topic(question) is None


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What do the authors say about rust?", None),
        ("What did the studies find about rust?", None),
        ("What do these papers say about rust?", "rust"),
        ("What does the library say about rust?", "rust"),
        ("Summarise what the authors say about rust", "rust"),
        ("Give me an overview of rust", "rust"),
    ],
)
def test_in_a_conversation_only_a_plain_request_asks_for_one(
    question: str, topic: str | None
) -> None:
    """There "the authors" may be those of the answer before."""
    assert summary_topic(question, in_conversation=True) == topic
