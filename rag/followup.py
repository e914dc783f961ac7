"""question + turns -> a question that stands alone; pure.

What a follow-up leaves out is put back in the fewest words that search well: a pronoun gives way to
the name it stands for, "the second one" to the second cited paper, "What about X?" to the question
before with X in place of its subject; "why?" is asked of what was answered. Where grammar allows
none of these, the subject stands in front: "Lantern: on how many GPUs?". Questions that stand alone
are searched as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.types import REFUSAL, Question, Turn
from rag.words import STOP_WORDS, content_stems, stem, words

_AUXILIARY = r"(?:do|does|did|is|are|was|were|can|could|will|would|should|has|have|had)"
_PREPOSITION = r"(?:on|in|for|with|at|by|to|against|under|without|from|during|across|over|than)"
_LANGUAGE = (
    r"(?:[A-Z][a-z]+(?:ish|ese|ian|ean|ic)|French|German|Dutch|Greek|Hindi|Thai|Czech|Welsh)"
)
# A thing spoken of in general, to which "this", "that" and "the second" may belong.
_THING = (
    r"(?:one|paper|study|method|model|approach|work|source|system|technique|result|finding|score|"
    r"number|figure|dataset|benchmark|corpus|author|experiment|case|way|idea|claim|effect|gain|"
    r"improvement)s?"
)

_JOINING = re.compile(r"(?:(?:and|but|so|or|then|also|now|ok(?:ay)?)\b[\s,]*)+", re.IGNORECASE)
_BARE = re.compile(
    r"(?:why(?: not| so| is (?:that|this|it)| (?:does|do) (?:that|they|it))?|how so|how come|"
    r"really|(?:in )?what way|(?:for )?example|such as|meaning|what does (?:that|this) mean|"
    r"(?:please |can you |could you )?(?:tell me more|say more|more|go on|explain|elaborate)"
    r"(?: (?:that|this|please|details))?)\W*",
    re.IGNORECASE,
)
_SWAP = re.compile(r"(?:what|how) about (?P<asked>.+?)\W*", re.IGNORECASE)
_ASKING = re.compile(
    rf"(?:what|how|why|who|when|where|which|whose|{_AUXILIARY}|compare|contrast|tell|list|give|"
    r"show|explain|describe|define|summari[sz]e|i mean|"
    rf"{_PREPOSITION} (?:how|what|which|whom))\b",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(rf"(?:{_PREPOSITION}|compared)\b", re.IGNORECASE)

_IT = re.compile(
    rf"\b(?:it|its|(?:this|that) (?!work\b){_THING}|"
    r"(?:(?<=\bof )|(?<=\bthan )|(?<=\bwith ))that)\b(?!['’])",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|theirs|he|she|his|her)\b")
_POINTER = re.compile(
    rf"\b(?:this|these(?! papers)|those|the (?:former|latter)|others|another|instead(?! of)|else|"
    rf"ones|such(?! as)|both(?!.*\band\b)|(?<!each )other(?! than)|(?:the|that|this|which|any) one|"
    rf"the same(?= (?:hold|true|happen|apply|go|{_THING})|\W*$)|(?:is|are) the same|"
    rf"that(?= {_THING}\b|\W*$)|(?:of|about|like|for|than|from|does|did|was|is) that(?= |\W*$)|"
    rf"(?:the|of) (?:two|three|four)\b(?! \w+ \w+ (?:of|in)))\b"
)
# "it" in "is it possible to" stands for nothing.
_EMPTY_IT = re.compile(
    r"\bit (?:really |ever )?(?:possible|true|necessary|known|worth|better|best|important|useful|"
    r"safe|enough|hard|easy|viable|feasible|smart|wise|common|the case)\b"
)
# What a pronoun later in the question may stand for ends here: "when models grow, do they …".
_CLAUSE = re.compile(r"[,;:.?!]|\b(?:and|when|if|that|because|while|which|whether|after|before)\b")
# "the benchmark" without a word on which; "the benchmark of …" says which.
_DEFINITE = re.compile(
    rf"\b(?:{_AUXILIARY} the {_THING}\b(?! (?:of|that|which|for|to|behind|with)\b)|"
    rf"the {_THING}(?=\W*$))"
)
_ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3,
    "last": -1, "latter": -1,
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b(?:the\s+)?(first|second|third|fourth|1st|2nd|3rd|last|former|latter)\b"
    rf"(?:\s+{_THING}\b|\s*(?=[?,.;)]|$)|\s+(?=(?:and|or|is|was|do|does|did|use|compare|differ|"
    r"say|report|better|worse|faster|slower|larger|smaller)s?\b))",
    re.IGNORECASE,
)
_COUNTS = {"both": 2, "two": 2, "three": 3, "four": 4}
_SEVERAL = re.compile(
    rf"\b(?:(both)\b(?!.*\band\b)(?: of (?:them|these|those))?|"
    rf"(?:(?<=of )the|the|these|those) (two|three|four)\b(?! \w+ \w+ (?:of|in))"
    rf"(?: {_THING}\b|(?<=of the two)|(?<=of the three)|(?! [a-z]+s\b)))",
    re.IGNORECASE,
)
_THEY_COMPARED = re.compile(r"\b(?:they|them|these|those)\b(?! \w+s\b)", re.IGNORECASE)
_COMPARING = re.compile(r"\b(?:compare|differ|differences?|contrast|disagree|agree|versus|vs)\b")

_BY_NAME = (
    re.compile(r"(?:what|who)(?:['’]s| is| are| was| were)(?: an?)? (?!the\b)(?P<subject>.+?)\W*"),
    re.compile(r"how (?:do|does|did) (?!the\b)(?P<subject>\S.*?) work\W*"),
    re.compile(
        r"(?:please )?(?:explain|define|describe|tell me about|summari[sz]e) (?!the\b)"
        r"(?P<subject>.+?)\W*"
    ),
)
# Where the subject of "does … help" or "is … better" ends, as far as common words tell.
_AFTER_SUBJECT = re.compile(
    rf"\s(?:\w+ed|\w+er|{_PREPOSITION}|of|as|and|or|better|worse|good|bad|made|built|known|useful|"
    r"effective|different|robust|possible|affect|beat|change|compare|cost|differ|do|fail|find|get|"
    r"give|handle|harm|help|hold|hurt|improve|increase|lead|learn|lose|make|matter|mean|measure|"
    r"need|perform|predict|produce|read|reduce|report|require|reach|run|save|scale|score|show|"
    r"solve|speed|take|train|transfer|use|work|write)\b"
)
_ARTICLE = re.compile(r"(?:the|an?|its|their|this|that|these|those)\s+", re.IGNORECASE)
_WORD = re.compile(r"\w[\w.+/-]*\w|\w")
_NOT_NAMES = frozenset("i llm llms nlp ai ml gpu gpus cpu cpus".split())
_YES_OR_NO = re.compile(r"(?:yes|no)\b[\s,.:;]*", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=\S)|\s+(?=\[\d)")
_MARKER = re.compile(r"\s*\[\d[\d,\s]*\]")

_FEW_CONTENT_WORDS = 3  # a question with fewer is taken to lean on the turn before
_OWN_CLAUSE_WORDS = 2  # in the clause before a pronoun; it may stand for them
_OWN_SUBJECT_WORDS = 6  # content words after which a question has a subject of its own
_NAME_WORDS = 5  # a longer name would not read well in place of "it"
_PHRASE_WORDS = 12  # of an earlier question or title, when no name can stand for it
_ANSWER_WORDS = 25
_SWAPPED_WORDS = 6  # "And X?" with a longer X asks something of its own
_TURNS = 12  # further back nothing is pointed at


# What asks for nothing, and must not be answered with what was asked before.
_COURTESY = re.compile(
    r"(?:(?:ok(?:ay)?|thanks?|thank you|very much|a lot|great|good|nice|perfect|cool|hi|hello|hey|"
    r"bye|goodbye|i see|got it|yes|no)\W*)+"
)


@dataclass(frozen=True, slots=True)
class _Topic:
    """What the turn before was about: `name` can stand for "it", `phrase` says the rest."""

    name: str
    phrase: str

    @property
    def text(self) -> str:
        return ", ".join(filter(None, [self.name, self.phrase]))


def make_standalone(text: str, turns: Sequence[Turn]) -> Question:
    """The question with what it needs of the earlier turns to be searched by itself."""
    known: list[Turn] = []
    for turn in turns[-_TURNS:]:
        understood = turn.standalone or _understand(turn.question, known).standalone
        known.append(replace(turn, standalone=understood))
    # "why?" brings no subject of its own: what comes after it goes on from before it.
    leading = [t for t in known if not _is_bare(t.question)]
    return _understand(text, known if _is_bare(text) else leading)


def _is_bare(text: str) -> bool:
    joining = _JOINING.match(text)
    return bool(_BARE.fullmatch(text[joining.end() :] if joining else text))


def _understand(text: str, turns: Sequence[Turn]) -> Question:
    if not turns or not _leans_back(text):
        return Question(text, text)
    turn = turns[-1]
    asked = text[joining.end() :] if (joining := _JOINING.match(text)) else text
    if _is_bare(text):
        return Question(text, _in_front(_said(turn), asked))
    named, note = _with_cited_papers(asked, turn)
    if (named != asked or _names(asked)) and _ASKING.match(named) and not _leans_back(named):
        return Question(text, _capitalized(named), note)
    asked = named
    if note:  # no paper is taken for the one that was meant
        context = _head(turn.standalone) or _phrase(turn.standalone)
        return Question(text, _in_front(context, asked), note)
    swap = _SWAP.fullmatch(asked)
    is_fragment = (
        not _ASKING.match(asked)
        and not _leans_on_words(asked)
        and len(asked.split()) <= _SWAPPED_WORDS
    )
    if is_fragment and turn.answer == REFUSAL and not (swap or joining or _leads_on(asked)):
        return Question(text, text)  # another try, which the refused subject would sink too
    if swap or is_fragment:
        found = swap["asked"] if swap else asked.rstrip("?!. ")
        return Question(text, _capitalized(_swapped(found, turn)), note)
    return Question(text, _completed(asked, _topic(turn)), note)


def _leans_back(text: str) -> bool:
    lowered = " ".join(text.lower().split())
    if _COURTESY.fullmatch(lowered):
        return False
    if _content(_head(text)):
        return False
    return bool(
        _JOINING.match(lowered)
        or _BARE.fullmatch(lowered)
        or _SWAP.fullmatch(lowered)
        or (_ELLIPSIS.match(lowered) and len(_content(lowered)) < 2 * _FEW_CONTENT_WORDS)
        or _leans_on_words(text)
        or (_DEFINITE.search(lowered) and not _names(text))
        or (len(_content(lowered)) < _FEW_CONTENT_WORDS and not _names_its_subject(text))
    )


def _leads_on(asked: str) -> bool:
    """Whether a fragment goes on with the question before: "in Finnish?", "the cost?"."""
    return bool(_ELLIPSIS.match(asked) or _ARTICLE.match(asked))


def _leans_on_words(text: str) -> bool:
    lowered = text.lower()
    return _points_before_naming(lowered) or _has_unnamed_pronoun(lowered)


def _points_before_naming(lowered: str) -> bool:
    found = [*_POINTER.finditer(lowered), *_ORDINAL.finditer(lowered)]
    return any(len(_content(lowered[: m.start()])) < _OWN_SUBJECT_WORDS for m in found)


def _has_unnamed_pronoun(lowered: str) -> bool:
    text = _EMPTY_IT.sub("", lowered)
    return any(not _is_named(m[0], text[: m.start()]) for m in _PRONOUN.finditer(text))


def _is_named(pronoun: str, before: str) -> bool:
    """Whether the question itself says, before its pronoun, what that stands for."""
    if len(_content(before)) >= (3 if pronoun in ("its", "their") else _OWN_SUBJECT_WORDS):
        return True
    ends = [m.start() for m in _CLAUSE.finditer(before)]
    return bool(ends) and len(_content(before[: ends[-1]])) >= _OWN_CLAUSE_WORDS


def _names_its_subject(text: str) -> bool:
    """Whether a short question names what it is about, and is no fragment."""
    lowered = text.strip().lower()
    by_name = any(p.fullmatch(lowered) for p in _BY_NAME)
    return bool(_content(text)) and (by_name or bool(_ASKING.match(lowered) and _names(text)))


def _topic(turn: Turn) -> _Topic:
    """The cited paper's name, or the question's subject, or a name its answer begins with."""
    asked = turn.standalone
    subject = _asked_by_name(asked)
    head = _head(asked).split(" (")[0]
    names = [_name_in(t) for t in turn.cited_titles]
    if len(names) == 1:
        title = turn.cited_titles[0]
        rest = subject or head or (_phrase(asked) if not names[0] or _subject(asked) else "")
        if set(content_stems(rest)) <= set(content_stems(title)):
            rest = ""
        if _short_title(title) in rest:
            return _Topic("", rest)
        if names[0] and not rest:
            return _Topic(names[0], "")
        return _Topic("", ", ".join(filter(None, [rest, _short_title(title)])))
    if subject:
        return _Topic(subject, head)
    name = _named_by_answer(turn.answer) or next(iter(names), "")
    return _Topic(name, head or _phrase(asked) or _first_sentence(turn.answer))


def _head(question: str) -> str:
    """What a question names before a colon as its subject."""
    head, colon, rest = question.partition(": ")
    return head if colon and rest else ""


def _asked_by_name(question: str) -> str:
    """The name that a question asks something of; empty when there is none."""
    body = question.removeprefix(f"{_head(question)}: ")
    for pattern in _BY_NAME:
        match = pattern.fullmatch(body.lower())
        if match and not re.search(rf"\b(?:{_PREPOSITION}|of|that)\b", match["subject"]):
            found = body[match.start("subject") : match.end("subject")]
            return found if len(found.split()) <= _NAME_WORDS and not _points(found) else ""
    for name, start in _names(body):
        if re.search(rf"\b(?:{_AUXILIARY}|of|about)(?: the)? $", body[:start].lower()):
            return name
    return ""


def _subject(question: str) -> str:
    """The name or noun that a question asks something of; empty when it is not plain."""
    if name := _asked_by_name(question):
        return name
    body = question.removeprefix(f"{_head(question)}: ")
    match = re.search(rf"\b{_AUXILIARY}\s+", body.lower())
    if match and (end := _AFTER_SUBJECT.search(body, match.end())):
        found = body[match.end() : end.start()]
        if _content(found) and len(found.split()) <= _NAME_WORDS and not _points(found):
            return _without_article(found)
    return ""


def _points(text: str) -> bool:
    lowered = text.lower()
    return bool(_PRONOUN.search(lowered) or _POINTER.search(lowered) or "there" in lowered)


def _phrase(question: str) -> str:
    """A question without its words of asking, cut to a phrase."""
    found = question.rstrip("?!. ").split()
    while found and (words(found[0].split("'")[0]) or ["a"])[0] in STOP_WORDS | {"well"}:
        found.pop(0)
    return " ".join(found[:_PHRASE_WORDS])


def _names(text: str) -> list[tuple[str, int]]:
    """Runs of capitalised words and of words like GPT-4, with where they start."""
    names: list[tuple[str, int]] = []
    end = -2
    for match in _WORD.finditer(text):
        word = match[0]
        inner = any(c.isupper() or c.isdigit() for c in word[1:])
        opens = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1:] in ".?!:"
        joined = match.start() == end + 1 and bool(names)
        if word.lower() in _NOT_NAMES | STOP_WORDS or not (
            (inner and any(c.isalpha() for c in word))
            or (word[0].isupper() and (not opens or re.match(r" [A-Z]\w", text[match.end() :])))
            or (joined and word[0].isdigit())
        ):
            continue
        if joined and text[end] == " ":
            name, start = names.pop()
            names.append((f"{name} {word}", start))
        else:
            names.append((word, match.start()))
        end = match.end()
    return names


def _is_name(text: str) -> bool:
    return bool(_names(f"of {text}"))


def _first_sentence(answer: str) -> str:
    text = _MARKER.sub("", _YES_OR_NO.sub("", answer.strip(), count=1))
    first = _SENTENCE_END.split(text, maxsplit=1)[0]
    return " ".join(first.rstrip(".!?;, ").split()[:_ANSWER_WORDS])


def _named_by_answer(answer: str) -> str:
    """The name that an answer begins with, or gives by "called"."""
    sentence = _without_article(_first_sentence(answer))
    for name, start in _names(sentence):
        called = re.search(r"\b(?:called|named)\s+$", sentence[:start])
        if (start == 0 or called) and len(name.split()) <= _NAME_WORDS:
            return name
    return ""


def _said(turn: Turn) -> str:
    """What the answer says, with its subject where the answer does not name it."""
    sentence = _first_sentence(turn.answer)
    if turn.answer == REFUSAL or len(_content(sentence)) < _OWN_CLAUSE_WORDS:
        return _phrase(turn.standalone)
    about = _topic(turn).text
    if set(content_stems(about)) & set(content_stems(sentence)):
        return sentence
    return f"{about} ({sentence})"


def _name_in(title: str) -> str:
    """A system's name before a title's colon; empty when there is none."""
    head = _head(title)
    return head if len(head.split()) <= _NAME_WORDS else ""


def _short_title(title: str) -> str:
    return _name_in(title) or " ".join(title.split()[:_PHRASE_WORDS])


def _with_cited_papers(text: str, turn: Turn) -> tuple[str, str]:
    """The question with the papers that it points at by number named, and what it misses."""
    names = [_short_title(t) for t in turn.cited_titles]
    missed: list[str] = []

    def name_one(match: re.Match[str]) -> str:
        place = _ORDINALS[match[1].lower()]
        if -len(names) <= place < len(names):
            return names[place] + (" " if match[0].endswith(" ") else "")
        missed.append(match[0].strip())
        return match[0]

    def name_several(match: re.Match[str]) -> str:
        count = _COUNTS[(match[1] or match[2]).lower()]
        asked = [name for name, _ in _names(turn.standalone)]
        chosen = asked if len(asked) == count else names[:count]
        return f"{'both ' if match[1] else ''}{_list(chosen)}" if len(chosen) == count else match[0]

    named = _SEVERAL.sub(name_several, _ORDINAL.sub(name_one, text))
    if _COMPARING.search(text.lower()) and len(names) == 2:
        named = _THEY_COMPARED.sub(_list(names), named, count=1)
    if not missed or not names:
        return named, ""
    cited = "one paper" if len(names) == 1 else f"{len(names)} papers"
    return named, f"The last answer cites {cited}; “{missed[0]}” was not understood."


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _swapped(asked: str, turn: Turn) -> str:
    """The question before, with what is asked now in the place of its like."""
    before = turn.standalone.rstrip("?!. ")
    language = re.fullmatch(rf"(?:{_PREPOSITION} )?({_LANGUAGE})", asked)
    if language and re.search(_LANGUAGE, before):
        return re.sub(_LANGUAGE, language[1], before, count=1) + "?"
    if preposition := re.match(rf"{_PREPOSITION}\b", asked, re.IGNORECASE):
        same = re.search(rf"\b{preposition[0].lower()}\b(?! which| what| how).*$", before)
        return f"{before[: same.start()].rstrip() if same else before} {asked}?"
    if _ARTICLE.match(asked) or re.search(r"['’]s ", asked):
        if _names(asked):
            return f"What about {asked}?"
        return _in_front(_topic(turn).text, f"{_without_article(asked)}?")
    if like := next((w for w in _WORD.finditer(before) if _same_head(w[0], asked)), None):
        return f"{before[: like.start()]}{asked}{before[like.end() :]}?"
    subject = _subject(turn.standalone) or _head(turn.standalone)
    # A class of things is asked of a named system ("smaller models"), not in its place.
    if subject and not language and (_is_name(asked) or not _is_name(subject)):
        return before.replace(subject, asked) + "?"
    return f"{_head(before) or before}: {asked}?"  # in place of what an earlier one added


def _same_head(word: str, asked: str) -> bool:
    return len(asked.split()) > 1 and stem(word.lower()) == stem(asked.split()[-1].lower())


def _completed(asked: str, topic: _Topic) -> str:
    """The question with the topic's name for "it", and in front what it does not say."""
    named = asked
    if topic.name and _has_unnamed_pronoun(asked.lower()) | _points_before_naming(asked.lower()):
        named = _IT.sub(lambda m: _in_place_of(m[0], topic.name), asked, count=1)
    left = topic.phrase if named != asked else topic.text
    if set(content_stems(left)) <= set(content_stems(named)):
        left = ""
    if named == asked or _leans_back(named):
        return _in_front(left, named)
    return _in_front(topic.phrase and left, named)


def _in_place_of(pronoun: str, name: str) -> str:
    return f"{name}’s" if pronoun.lower() == "its" else name


def _in_front(subject: str, question: str) -> str:
    if not subject:
        return _capitalized(question)
    first = question.split()[0]
    lowered = (
        question
        if _names(f"x {first}")[:1] and first.lower() not in STOP_WORDS
        else (question[:1].lower() + question[1:])
    )
    return f"{subject}: {lowered}"


def _capitalized(question: str) -> str:
    first = question.split()[0]
    return question if any(c.isupper() for c in first) else question[:1].upper() + question[1:]


def _without_article(text: str) -> str:
    return text[article.end() :] if (article := _ARTICLE.match(text)) else text


def _content(text: str) -> list[str]:
    return [w for w in words(text) if w not in STOP_WORDS]
