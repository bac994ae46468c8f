"""The syntax tree of a PowerShell line, from the parser to the evaluator."""

from dataclasses import dataclass
from typing import Literal as OneOf

Span = tuple[int, int]
"""position in the line: start and end"""


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Expand:
    """A string with parts to evaluate: "a $x $(1 + 2)"."""

    parts: tuple["SyntaxNode", ...]


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    """without the dollar sign, in lower case; "env:path" includes its scope"""


@dataclass(frozen=True, slots=True)
class TypeName:
    name: str


@dataclass(frozen=True, slots=True)
class Cast:
    type: str
    operand: "SyntaxNode"


@dataclass(frozen=True, slots=True)
class Member:
    target: "SyntaxNode"
    name: "SyntaxNode"


@dataclass(frozen=True, slots=True)
class Invoke:
    target: "SyntaxNode"
    name: "SyntaxNode"
    arguments: tuple["SyntaxNode", ...]


@dataclass(frozen=True, slots=True)
class Index:
    target: "SyntaxNode"
    key: "SyntaxNode"


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: "SyntaxNode"


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    """in lower case; never ".." or "," """
    left: "SyntaxNode"
    right: "SyntaxNode"


@dataclass(frozen=True, slots=True)
class Range:
    first: "SyntaxNode"
    last: "SyntaxNode"


@dataclass(frozen=True, slots=True)
class Items:
    """a, b, c"""

    items: tuple["SyntaxNode", ...]


@dataclass(frozen=True, slots=True)
class Sub:
    """A bracketed expression: "(" yields its value, "$(" its output, "@(" always an array."""

    open: OneOf["(", "$(", "@("]
    body: "Body"


@dataclass(frozen=True, slots=True)
class HashLiteral:
    pairs: tuple[tuple["SyntaxNode", "StatementNode"], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A script block, which is also its own value."""

    body: "Body"
    text: str
    """the text between the braces"""
    parameters: tuple["FunctionParameter", ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """-Name, or -Name:value"""

    name: str
    value: "SyntaxNode | None"
    span: Span


@dataclass(frozen=True, slots=True)
class Splat:
    """@name: the variable's members as arguments"""

    name: str


@dataclass(frozen=True, slots=True)
class Redirect:
    stream: str
    """1, 2, … or *"""
    append: bool
    target: "SyntaxNode | None"
    """None for a merge such as 2>&1"""


@dataclass(frozen=True, slots=True)
class CommandNode:
    name: "SyntaxNode"
    elements: tuple["Element", ...]
    redirects: tuple[Redirect, ...]
    span: Span
    name_span: Span
    dotted: bool = False
    """called by ". ", which leaves its variables behind"""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages; only the first may be something other than a command."""

    stages: tuple["SyntaxNode", ...]
    redirects: tuple[Redirect, ...] = ()
    """redirections of a bare expression: "text" > file"""


@dataclass(frozen=True, slots=True)
class Assign:
    target: "SyntaxNode"
    operator: str
    """ "=" or "+=" and the like"""
    value: "StatementNode"


@dataclass(frozen=True, slots=True)
class If:
    clauses: tuple[tuple["StatementNode", "Body"], ...]
    otherwise: "Body | None"


@dataclass(frozen=True, slots=True)
class ForEach:
    variable: str
    items: "StatementNode"
    body: "Body"


@dataclass(frozen=True, slots=True)
class For:
    first: "StatementNode | None"
    condition: "StatementNode | None"
    step: "StatementNode | None"
    body: "Body"


@dataclass(frozen=True, slots=True)
class WhileLoop:
    """while, do … while, do … until"""

    condition: "StatementNode"
    body: "Body"
    until: bool = False
    last: bool = False
    """the condition is looked at after each round"""


@dataclass(frozen=True, slots=True)
class Switch:
    value: "StatementNode"
    clauses: tuple[tuple["SyntaxNode | None", "Body"], ...]
    """None is the condition of `default`"""
    how: str
    """ "regex", "wildcard" or "" """
    cased: bool


@dataclass(frozen=True, slots=True)
class Handler:
    """catch [types] {…}"""

    types: tuple[str, ...]
    """of the exceptions that it catches; none if it catches all"""
    body: "Body"


@dataclass(frozen=True, slots=True)
class Try:
    body: "Body"
    handlers: tuple[Handler, ...]
    last: "Body | None"


@dataclass(frozen=True, slots=True)
class Leave:
    """exit, return, throw, break or continue, with its value."""

    keyword: OneOf["exit", "return", "throw", "break", "continue"]
    value: "StatementNode | None"


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    """in lower case"""
    parameters: tuple["FunctionParameter", ...]
    body: "Body"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A statement that this PowerShell recognises but does not run: class, trap, …"""

    keyword: str


@dataclass(frozen=True, slots=True)
class Body:
    statements: tuple["StatementNode", ...]
    spans: tuple[Span, ...]
    """where each of them is"""


SyntaxNode = (
    Literal
    | Expand
    | Variable
    | TypeName
    | Cast
    | Member
    | Invoke
    | Index
    | Unary
    | Binary
    | Range
    | Items
    | Sub
    | HashLiteral
    | Block
    | CommandNode
)
FunctionParameter = tuple[str, str, SyntaxNode | None]
"""name in lower case, type or "", default value"""
Element = SyntaxNode | Parameter | Splat
"""one argument of a command"""
StatementNode = Pipeline | Assign | If | ForEach | For | WhileLoop | Switch | Try | Leave | Function | Forbidden
