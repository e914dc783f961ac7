"""Words that mean the same, words that mean the opposite, and words that bound what is said; pure.

The check of a sentence reads them, and so do the alterations that a trained checker learns from.
Words stand in their base form; `root` leads to it from the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from rag.words import stem

# One group a line. In scientific English the words of a group may stand for one another.
_SAME = """
show demonstrate find report observe reveal indicate note
introduce propose present develop devise
use employ utilize utilise apply rely leverage adopt
improve enhance better
achieve reach attain obtain yield get score
outperform exceed surpass beat top
require need demand
reduce decrease lower cut diminish lessen shrink
increase raise rise grow boost enlarge
enable allow let permit
prevent avoid stop keep
begin start
build construct create make produce generate
examine study investigate explore analyze analyse look
measure assess evaluate test gauge
compare contrast
choose select pick
combine merge join fuse unite
split divide separate break partition
remove drop delete eliminate discard omit
retain preserve maintain keep
replace substitute swap
contain hold include comprise consist
consider regard treat
predict forecast guess
recover restore reconstruct
estimate approximate
lead cause result bring
depend rely hinge rest
match equal tie rival par
fix freeze
update change adjust alter modify
store save
fetch retrieve find
collect gather
cover span
share
add append insert attach
run execute
train learn
answer respond reply
ask query
argue claim contend maintain
suggest imply hint
describe outline detail
fast quick rapid speedy
slow
large big great huge sizeable
small tiny little
simple easy straightforward plain
hard difficult challenging tough
cheap inexpensive affordable
costly expensive
accurate precise exact correct
wrong incorrect false mistaken erroneous
new novel fresh
earlier previous prior past preceding
several multiple various many numerous
main chief principal primary key central
enough sufficient
important crucial essential vital
almost nearly practically
about roughly approximately around circa
often frequently commonly
usually typically generally normally
rarely seldom
always invariably
mostly mainly largely primarily chiefly
only solely merely just alone
also too additionally
jointly together
separately individually independently
single one sole
both two
half
twice double
whole entire full complete
different distinct
similar comparable alike
same identical
strong powerful
robust stable
further additional extra
total overall
aim goal objective purpose
approach method technique procedure scheme strategy way
system model
task problem
result finding outcome
data dataset corpus collection
example instance sample
benchmark test suite
question query
answer reply response
document text
paper article
accuracy correctness
error mistake
speed throughput
cost expense price
gain improvement benefit increase
drop decline fall decrease loss reduction
weight parameter
layer
step stage phase
part portion piece fraction share
number count
size scale
length
limit bound restriction
advantage benefit merit strength
drawback weakness disadvantage limitation shortcoming downside
reason cause
effect impact influence
ability capability capacity
knowledge information
people humans persons
researchers authors
annotators raters
words terms tokens
network net
gpu accelerator card
memory storage
machine computer
instead rather
because since
while whereas
although though
therefore thus hence so
without lacking
within inside
per each every
between among
versus against
"""
# What stands left of the bar says the opposite of what stands right of it.
_OPPOSITE = """
increase raise rise grow boost enlarge gain up | decrease reduce lower fall drop decline shrink cut diminish lessen loss down
improve enhance better strengthen benefit help | worsen degrade hurt harm impair weaken damage
outperform exceed surpass beat | underperform trail lag
more | less fewer
most | least fewest
high | low
large big | small tiny
great | little
long | short
deep | shallow
broad | narrow
fast quick | slow
better | worse
wide | narrow
much many | little few
successful | unsuccessful
plausible | implausible
strong | weak
positive | negative
easy simple | difficult hard complex
cheap inexpensive | costly expensive
early | late
before | after
first | last
above over | below under
maximum | minimum
maximize | minimize
add include | remove exclude omit drop
enable allow | prevent block forbid
succeed | fail
accept | reject
agree | disagree
similar | different dissimilar
same | different
always | sometimes rarely seldom
often frequently | rarely seldom
all every | some few no none
both | neither
possible | impossible
necessary needed | unnecessary optional
sufficient enough | insufficient
supervised | unsupervised
labelled labeled | unlabelled unlabeled
known | unknown
stable | unstable
consistent | inconsistent
efficient | inefficient
reliable | unreliable
dependent | independent
correct right accurate | incorrect wrong inaccurate
true | false
significant | insignificant negligible
rare | common frequent
dense | sparse
local | global
static | dynamic
public | private
open | closed
human | automatic machine
encoder | decoder
input | output
win | lose
safe | unsafe
support | contradict refute
advantage | disadvantage drawback
"""  # noqa: E501
# Base form, then forms that the stemmer does not lead back to it.
_IRREGULAR = """
rise rose risen
fall fell fallen
grow grew grown
shrink shrank shrunk
give gave given
take took taken
find found
build built
hold held
keep kept
lead led
lose lost
win won
make made
choose chose chosen
begin began begun
run ran
bring brought
beat beaten
show shown
write wrote written
see saw seen
know knew known
go went gone
come came
become became
get got gotten
send sent
spend spent
think thought
teach taught
learn learnt
mean meant
leave left
draw drew drawn
break broke broken
bind bound bounds bounded
split splitting
cut cutting
fit fitted fitting
plan planned planning
drop dropped dropping
stop stopped stopping
lag lagged lagging
top topped topping
swap swapped swapping
omit omitted omitting
large larger largest
big bigger biggest
small smaller smallest
tiny tinier
fast faster fastest
quick quicker quickest quickly
slow slower slowest slowly
high higher highest
low lower lowest lowers lowered lowering
long longer longest
short shorter shortest
deep deeper deepest
wide wider widest widen
narrow narrower narrowest
strong stronger strongest
weak weaker weakest
cheap cheaper cheapest
easy easier easiest easily
hard harder hardest
simple simpler simplest simply
early earlier earliest
late later latest
new newer newest
great greater greatest
better best good well
worse worst bad badly poor poorly
rapid rapidly
analysis analyses
"""
# What denies, doubts or bounds the clause it stands in, by kind.
HEDGES = frozenset(
    """
    may might could possibly potentially perhaps likely unlikely probably seem seems appear appears
    suggest suggests suggested suggesting hypothesize hypothesise hypothesis conjecture believe
    believed expected hope argue argues presumably apparently plausibly tentative unclear tend tends
    """.split()
)
PROVING = frozenset("prove proves proved proven proof guarantee guarantees guaranteed certainly "
                    "undoubtedly definitely clearly must will".split())  # fmt: skip
PARTIAL = frozenset(
    """
    some sometimes often usually typically generally commonly frequently most mostly mainly largely
    partly partially almost nearly roughly approximately about around few several many certain
    rarely seldom half handful number minority majority part portion share
    """.split()
)
TOTAL = frozenset(
    """
    all every always any never none entirely fully completely everywhere universally invariably
    whenever everything anything everyone
    """.split()
)


@cache
def _roots() -> Mapping[str, str]:
    return {form: line[0] for line in _groups(_IRREGULAR) for form in line}


def root(word: str) -> str:
    """The stem of the base form of a lower-case word: "rose" and "rising" lead to one."""
    return stem(_roots().get(word, word))


def _groups(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


@cache
def _same_groups() -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, group in enumerate(_groups(_SAME)):
        for word in group:
            found.setdefault(root(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@cache
def _sides() -> Mapping[str, frozenset[tuple[int, int]]]:
    """Stem -> (line, side) of each list of opposites that it stands in."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, (left, right) in enumerate(_opposite_groups()):
        for side, group in enumerate((left, right)):
            for word in group:
                found.setdefault(root(word), set()).add((number, side))
    return {word: frozenset(sides) for word, sides in found.items()}


def _opposite_groups() -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    for line in _OPPOSITE.strip().splitlines():
        left, right = line.split("|")
        yield left.split(), right.split()


def groups_of(word: str) -> frozenset[int]:
    """The numbers of the groups that a root stands in."""
    return _same_groups().get(word, frozenset())


def are_same(one: str, other: str) -> bool:
    """Whether two roots are one word, or words of one group."""
    return one == other or bool(groups_of(one) & groups_of(other))


def are_opposite(one: str, other: str) -> bool:
    """Whether two roots stand on the two sides of one list of opposites."""
    none: frozenset[tuple[int, int]] = frozenset()
    theirs = _sides().get(other, none)
    return any((line, 1 - side) in theirs for line, side in _sides().get(one, none))


def same_words(word: str) -> list[str]:
    """The other words of the groups that a base form stands in."""
    groups = [group for group in _groups(_SAME) if word in group]
    return [other for group in groups for other in group if other != word]


def opposite_words(word: str) -> list[str]:
    """The words that say the opposite of a base form."""
    found = []
    for left, right in _opposite_groups():
        found += [*right] if word in left else [*left] if word in right else []
    return found


def lexicon_words() -> list[str]:
    """All base forms of the groups and of the lists of opposites."""
    opposite = [w for sides in _opposite_groups() for side in sides for w in side]
    return list(dict.fromkeys([*(w for group in _groups(_SAME) for w in group), *opposite]))
