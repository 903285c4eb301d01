"""The requirement ids, and where the code says that it obeys or declines them: the RFC anchors."""

import re
from dataclasses import dataclass

TABLES = ("tests/requirements.tsv", "tests/requirements_extra.tsv")
# What an id of any table looks like; an id of this shape that no table holds is a slip.
ID = re.compile(r"\b(?:(?:MUST|SHLD|MAY|REC)-\d+|R\d{3,4}-[A-Z]?\d+)\b")
_RFC = re.compile(r"\bRFC (\d{3,5})\b")
# An empty line of a comment is two blanks where its lines are joined.
_DECLINED = re.compile(r"[\s,;:(]*\b(?P<form>not done|done, but)\b\s*[:,]?\s*(?P<why>.*?)(?:  |$)", re.S)


@dataclass
class Requirement:
    id: str
    source: str
    level: str
    paraphrase: str

    @property
    def rfc(self):
        return int(re.search(r"\d+", self.source).group(0))


@dataclass
class Anchor:
    """One id in one comment. `declined` is the reason where the comment says "not done: why", `limited` where it says
    "done, but: why"; else None."""

    id: str
    line: int
    rfc: int
    declined: str = None
    limited: str = None


def load(top):
    """All requirements by id, in the order of the tables."""
    found = {}
    for table in TABLES:
        path = top / table
        if not path.exists():
            continue
        for row in path.read_text(encoding="utf-8").splitlines()[1:]:
            if row.strip():
                requirement = Requirement(*row.split("\t"))
                found[requirement.id] = requirement
    return found


def anchors(comment):
    """The anchors of a comment block: ids after "RFC N"; "not done: why" and "done, but: why" cover the ids just before
    them, and end with the paragraph."""
    text = comment.text
    places = list(_RFC.finditer(text))
    for place, following in zip(places, places[1:] + [None]):
        part = text[place.end() : following.start() if following else len(text)]
        ids = list(ID.finditer(part))
        reasons = {}
        for match, after in zip(reversed(ids), [None] + list(reversed(ids))):
            rest = part[match.end() : after.start() if after else len(part)]
            found = _DECLINED.match(rest)
            if found:
                field = "declined" if found["form"] == "not done" else "limited"
                reasons = {field: " ".join(found["why"].split()).rstrip(" .")}
            elif rest.strip(" ,;()/and"):
                reasons = {}
            line = comment.line_at(place.end() + match.start())
            yield Anchor(match.group(0), line, int(place.group(1)), **reasons)
