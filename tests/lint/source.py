"""Reads a C++ file as the lint and scripts/conformance need it: code without comments, comment blocks, functions.

No parser: a scanner of comments, strings, braces and parentheses, which holds because the code is clang-formatted.
tests/lint/selftest shows what it can tell apart.
"""

import re
from dataclasses import dataclass, field


@dataclass
class Function:
    """One function definition. Lines count from 1; `nesting` is the deepest if/for/while/switch/do inside."""

    name: str
    first: int
    last: int = 0
    parameters: int = 0
    nesting: int = 0

    @property
    def length(self):
        return self.last - self.first + 1


@dataclass
class Comment:
    """A run of comment lines that belong together, joined; `lines` has (line number, text) of each."""

    lines: list = field(default_factory=list)

    @property
    def text(self):
        return " ".join(text for _, text in self.lines)

    @property
    def first(self):
        return self.lines[0][0]

    @property
    def last(self):
        return self.lines[-1][0]

    def line_at(self, offset):
        """The line number of the character at `offset` of `text`."""
        for number, text in self.lines:
            if offset <= len(text):
                return number
            offset -= len(text) + 1
        return self.last


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.S)


def strip(text):
    """The code alone: comments become blanks, strings and characters become "" and '', lines stay where they are."""

    def blank(match):
        token = match.group(0)
        newlines = "\n" * token.count("\n")
        if token.startswith("/"):
            return " " + newlines
        return ("''" if token.startswith("'") else '""') + newlines

    return _TOKEN.sub(blank, text)


def comments(text):
    """The comment blocks of a C++ file: consecutive lines of // at one place; /* */ is not used in this project."""
    blocks = []
    previous, column = -2, 0
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"^([^\"]*?(?:\"(?:\\.|[^\"\\])*\"[^\"]*?)*?)//[/!<]*\s?(.*)$", line)
        if not match:
            continue
        alone = not match.group(1).strip()
        # A line of its own below a comment behind code goes on with it only at the same place.
        if not (alone and previous == number - 1 and len(match.group(1)) == column):
            blocks.append(Comment())
        blocks[-1].lines.append((number, match.group(2).strip()))
        previous, column = number, len(match.group(1))
    return blocks


_QUALIFIERS = (r"(?:\s*(?:const|noexcept|override|final|mutable|try)\b|\s*&&?"
               r"|\s*noexcept\s*\([^()]*(?:\([^()]*\))?[^()]*\))*")
_FUNCTION = re.compile(
    r"\)" + _QUALIFIERS + r"(?:\s*->\s*[\w:<>,\s*&()]+)?(?:\s*requires\b.*)?(?:\s*:(?!:).*)?\s*$", re.S)
_TYPE = re.compile(r"^\s*(?:\[\[.*?\]\]\s*)?(?:class|struct|union)\b[^()]*(?:\([^()]*\)[^()]*)?$", re.S)
_INITIALIZER_LIST = re.compile(r"\)" + _QUALIFIERS + r"\s*:(?!:).*[\w>]\s*$", re.S)
_CONTROL = re.compile(r"(?:^|\b)(?:if|for|while|switch|do|else)\b")


def _without_templates(head):
    head = re.sub(r"^\s*(?:public|private|protected)\s*:", "", head)
    while True:
        match = re.match(r"\s*template\s*<", head)
        if not match:
            return head
        depth, i = 1, match.end()
        while i < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[i], 0) if head[i - 1 : i + 1] != "->" else 0
            i += 1
        head = head[i:]


def _parameter_list(head):
    """(name, parameters) of a function's head."""
    match = re.search(r"(operator\s*(?:\(\)|[^\s(]+|\s\w+)|[\w~:]+(?:<[^()]*>)?)\s*\(", head)
    if not match:
        return "?", ""
    depth, i = 1, match.end()
    while i < len(head) and depth:
        depth += {"(": 1, ")": -1}.get(head[i], 0)
        i += 1
    return match.group(1), head[match.end() : i - 1]


def _count_parameters(parameters):
    parameters = re.sub(r"->", "", parameters)
    depth, count = 0, 1
    for char in parameters:
        depth += {"(": 1, "<": 1, "{": 1, "[": 1, ")": -1, ">": -1, "}": -1, "]": -1}.get(char, 0)
        count += char == "," and depth == 0
    return count if parameters.strip() not in ("", "void") else 0


class _Scanner:
    """Walks stripped code once; `kinds` is the stack of open braces: space, type, function, block, control or init."""

    def __init__(self, code):
        self.code = code
        self.kinds = []
        self.functions = []
        self.open_functions = []
        self.globals = []  # (line, statement) at namespace scope, ended by ';'
        self.parentheses = 0
        self.head = ""
        self.line = 1

    def run(self):
        preprocessor = False
        previous = "\n"
        for i, char in enumerate(self.code):
            if char == "#" and not self.code[self.code.rfind("\n", 0, i) + 1 : i].strip():
                preprocessor = True
            if char == "\n":
                self.line += 1
                preprocessor = preprocessor and previous == "\\"
            previous = char
            if not preprocessor:
                self.step(char)
        return self

    def in_function(self):
        return bool(self.open_functions)

    def step(self, char):
        if char == "(":
            self.parentheses += 1
        elif char == ")":
            self.parentheses = max(0, self.parentheses - 1)
        if char == "{":
            self.open()
        elif char == "}":
            self.close()
        elif char == ";" and not self.parentheses:
            if all(kind == "space" for kind, _ in self.kinds) and self.head.strip():
                self.globals.append((self.line, " ".join(self.head.split())))
            self.head = ""
        else:
            self.head += char

    def classify(self):
        head = _without_templates(self.head)
        if self.in_function():
            return "control" if not self.parentheses and _CONTROL.match(self.head.strip()) else "block"
        if self.parentheses:
            return "init"
        if re.match(r"\s*(?:inline\s+)?namespace\b", head) or re.match(r'\s*extern\s*""\s*$', head):
            return "space"
        if re.match(r"\s*enum\b", head) and "(" not in head:
            return "init"
        if _TYPE.match(head):
            return "type"
        if _INITIALIZER_LIST.search(head):
            return "init"
        plain = outside = re.sub(r"operator\s*[^\s\w(]+", "operator", head)
        for _ in range(3):
            outside = re.sub(r"\([^()]*\)", "", outside)
        is_assigned = re.search(r"(?<![=!<>])=(?!=)", outside.split(":", 1)[0])
        return "function" if _FUNCTION.search(plain) and not is_assigned else "init"

    def open(self):
        kind = self.classify()
        self.kinds.append((kind, self.parentheses))
        if kind == "function":
            name, parameters = _parameter_list(_without_templates(self.head))
            first = self.line - self.head.strip().count("\n")
            if re.match(r"(?:TEST|TEST_F|TEST_P|TYPED_TEST|FUZZ_TEST)$", name):
                name = ".".join(part.strip() for part in parameters.split(",")[:2])
                parameters = ""
            self.open_functions.append(Function(name, first, parameters=_count_parameters(parameters)))
        if self.in_function():
            depth = sum(1 for k, _ in self.kinds if k == "control")
            self.open_functions[-1].nesting = max(self.open_functions[-1].nesting, depth)
        if kind == "init":
            self.head += "{"
        else:
            self.head = ""

    def close(self):
        if not self.kinds:
            return
        kind, parentheses = self.kinds.pop()
        self.parentheses = parentheses
        if kind == "init":
            self.head += "}"
            return
        if kind == "function":
            function = self.open_functions.pop()
            function.last = self.line
            self.functions.append(function)
        self.head = ""


def scan(text):
    """(functions, global statements) of a C++ file."""
    scanner = _Scanner(strip(text)).run()
    return scanner.functions, scanner.globals


def function_near(functions, text_lines, line):
    """The name of the function around `line`, else of what is declared next below it."""
    for function in functions:
        if function.first <= line <= function.last:
            return function.name
    for number in range(line + 1, min(line + 40, len(text_lines)) + 1):
        code = text_lines[number - 1].strip()
        if not code or code.startswith("//"):
            continue
        code = re.sub(r"^\[\[\w+\]\]\s*", "", code)
        match = (re.search(r"(?:class|struct|enum class|enum)\s+(\w+)", code) or re.search(r"([~\w:]+)\s*\(", code)
                 or re.search(r"(\w+)\s*(?:=|;|\{|\[)", code))
        return match.group(1) if match else ""
    return ""
