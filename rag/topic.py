"""Does a question ask for a summary of many papers, and of what? -> the topic; pure."""

from __future__ import annotations

import re

from rag.words import STOP_WORDS, words

_LITERATURE = (
    r"(?:papers|articles|studies|abstracts|works|publications|preprints|authors|literature|library|"
    r"collection|research|researchers)"
)
_MANY = (  # "these papers", "the recent literature", "my library"
    r"(?:(?:all|some|most|any)(?: of)? )?(?:(?:the|these|those|this|my|our|your) )?"
    r"(?:(?:recent|latest|current|existing|available|published|relevant|related|scientific|"
    rf"academic|research) )*{_LITERATURE}(?: (?:here|there|we have|i have|you have))?"
)
_SAY = (
    r"(?:say|says|said|have|has|had|know|knows|find|finds|found|report|reports|reported|tell|tells|"
    r"show|shows|shown|contain|contains|hold|holds|offer|offers|propose|proposes|suggest|suggests|"
    r"cover|covers|teach|teaches|conclude|concludes|think|thinks|discuss|discusses|write|writes)"
)
_ABOUT = (
    r"(?:about|on|of|regarding|concerning|for|in|into|around|with regard to|when it comes to|"
    r"in terms of|related to|dealing with|that deal with|covering|discussing|to)"
)
_POLITE = (
    r"(?:(?:and|also|now|then|so|ok|okay|hi|hello|please|kindly|next)[,:]? )*"
    r"(?:(?:can|could|would|will) you (?:please )?(?:help me (?:to )?)?|help me (?:to )?|"
    r"how would you |let(?:'|’)?s |try to |"
    r"(?:i(?:'|’)d like|i would like|i want|i need)(?: you)? to )?(?:please )?"
)
_GIVE = (
    r"(?:(?:give|write|provide|show|make|produce|draft|compose|prepare|create|generate|get|present|"
    r"offer|do|i need|i want|i(?:'|’)d like|i would like|can i have|could i have|can i get|"
    r"may i have|what is|what(?:'|’)s|where is)(?: up)?(?: me| us)? )?"
)
_KIND = (
    r"(?:(?:a|an|the|some|your) )?(?:(?:very|short|brief|concise|quick|little|long|longer|detailed|"
    r"thorough|comprehensive|complete|full|good|general|broad|rough|high-level|critical|systematic|"
    r"structured|cited|current|recent|literature|research|executive|[\w-]+-(?:page|word|line)),? )*"
    r"(?:summary|summaries|overview|synopsis|synthesis|digest|survey|review|recap|"
    r"state[ -]of[ -]the[ -]art|state of (?:the |current )?(?:research|literature|knowledge|field))"
)
# "what do these papers have to say"
_SAYING = (
    rf"what (?:(?:do|does|did|have|has) )?{_MANY} (?:\w+ )?{_SAY}(?: to say| us| found| about)*"
)
_REQUESTS = [
    re.compile(_POLITE + pattern, re.IGNORECASE)
    for pattern in (
        r"(?:briefly |shortly )?(?:summari[sz]e|synthesi[sz]e|sum up)(?: for (?:me|us))?"
        r"(?: briefly| shortly)?:? ",
        # The noun stands in topics: "survey methodology".
        r"survey (?=(?:all|the|these|those|this|my|our|what)\b)",
        rf"(?:outline|review|recap|describe)(?= {_MANY}\b| (?:the )?state of | (?:the )?"
        r"(?:[\w-]+ )?(?:approaches|methods|techniques|strategies|findings)\b) ",
        rf"{_GIVE}{_KIND} (?:of|on|about|over|for|in|regarding|concerning) ",
        r"(?:overview|summary|review|literature review): ",
    )
]
# Without "about" or its like, what follows is a statement: "what research shows X works".
_WHAT_IS_SAID = re.compile(
    rf"{_POLITE}(?={_SAYING} (?!in common\b){_ABOUT} )",
    re.IGNORECASE,
)
# In a conversation "the authors" and "the studies" are those of the answer before.
_WHOLE_LIBRARY = re.compile(
    r"\b(?:these papers|(?:the|this|my|our|your) (?:papers|library|collection|literature))\b",
    re.IGNORECASE,
)
# What stands before the topic itself; taken off again and again.
_LEAD = re.compile(
    rf"(?:everything |all )?(?:that )?{_SAYING}(?: {_ABOUT})? |"
    r"(?:what (?:we know|you know|is known|is said|is written|has been (?:done|said|written|found|"
    rf"learned)|there is)|everything|the knowledge)(?: {_ABOUT})? |"
    rf"{_MANY} {_ABOUT} |"
    r"(?:the )?(?:(?:main|key|different|various|major|current|recent|existing|important|proposed|"
    r"known|most \w+) )*(?:approaches|methods|techniques|strategies|findings|results|ideas|work|"
    r"state[ -]of[ -]the[ -]art|state of (?:the |current )?(?:research|literature|knowledge|field)|"
    rf"insights|developments|trends|progress|advances|lessons) {_ABOUT} |"
    r"(?:the )?(?:topic|subject|field|area) (?:of )?|about |on |regarding ",
    re.IGNORECASE,
)
_TAIL = re.compile(
    rf"(?:,? (?:(?:in|from|across|according to|based on|using) {_MANY}|"
    r"in (?:a|one|two|three|four|five|\d+) (?:\w+ )?(?:words?|sentences?|paragraphs?|pages?)|"
    r"in (?:brief|short)|briefly|for me|please|thanks|thank you)|[\s.?!,:;])+$",
    re.IGNORECASE,
)
# One paper is asked for: "the paper X", "its abstract", "the RepairLLaMA paper", "paper 3", "[2]".
_ONE_PAPER = re.compile(
    r"\b(?:the|this|that|its|his|her|their|a|an|one)\s+(?:[\w’'-]+\s+){0,4}?"
    r"(?:paper|article|study|abstract|preprint|manuscript|publication)\b|"
    r"\b(?:paper|article|source|reference|number)\s+(?:\d+|\[|[\"“'‘])|^\[?\d+\]?$|"
    r"^(?:paper|abstract|article)\b|^[\"“‘].*[\"”’]$",
    re.IGNORECASE,
)
_MANY_SAY = re.compile(rf"{_MANY} (?:\w+ )?{_SAY}\b|\b{_LITERATURE} {_ABOUT}\b", re.IGNORECASE)
# What was said before is asked for, not a topic.
_EARLIER = re.compile(
    r"(?:it|its|that|this|these|those|them|they|both|each|all of (?:it|them|this|that)|your|"
    r"my (?:question|last)|our|what (?:you|i|we)|how (?:it|they)|"
    r"the (?:above|answer|conversation|discussion|previous|last|first|second|third|fourth|former|"
    r"latter|same|two|three|other|difference|differences))\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|this|these|those)\b", re.IGNORECASE)
_NAMED = 2  # content words before a pronoun that may be what it stands for


def summary_topic(question: str, *, in_conversation: bool = False) -> str | None:
    """The topic of which a question asks to summarise many papers; None for other questions.

    "Give me an overview of the work on code repair?" is about "code repair". A question for one
    paper, or for what was said before, is an ordinary question; `in_conversation`, so is one for
    what "the authors" say.
    """
    text = _TAIL.sub("", " ".join(question.split()))
    asked = next((m for pattern in (*_REQUESTS, _WHAT_IS_SAID) if (m := pattern.match(text))), None)
    if asked is None:
        return None
    rest = text[asked.end() :]
    if in_conversation and asked.re is _WHAT_IS_SAID and not _WHOLE_LIBRARY.search(rest):
        return None
    if _ONE_PAPER.search(rest) and not _MANY_SAY.search(rest):
        return None
    while lead := _LEAD.match(rest):
        rest = rest[lead.end() :]
    topic = rest.strip(" ,:;-–—")
    if not _content(topic) or _EARLIER.match(topic):
        return None
    pronoun = _PRONOUN.search(topic)
    if pronoun and len(_content(topic[: pronoun.start()])) < _NAMED:
        return None
    return topic


def _content(text: str) -> list[str]:
    return [w for w in words(text) if w not in STOP_WORDS]
