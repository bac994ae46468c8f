"""Parses a PowerShell line into a syntax tree: statements, pipelines and commands.

Written by hand: in PowerShell a word means one thing as a command argument and another in an expression, and the
existing tree-sitter grammar fails on the most common lines (`Select-Object Name, CPU`).
"""

import re
from functools import lru_cache

from fleet.windows.expressions import ASSIGNMENTS, PARAM, TYPE, ExpressionParser
from fleet.windows.failure import MAX_LINE, refused
from fleet.windows.tree import (
    Assign,
    Body,
    CommandNode,
    Element,
    For,
    Forbidden,
    ForEach,
    Function,
    FunctionParameter,
    Handler,
    If,
    Items,
    Leave,
    Literal,
    Parameter,
    Pipeline,
    Redirect,
    Splat,
    StatementNode,
    Switch,
    SyntaxNode,
    Try,
    Variable,
    WhileLoop,
)

KEYWORD = re.compile(
    r"(if|foreach|for|while|do|switch|try|exit|return|throw|break|continue|function)(?![\w.\\:-])", re.IGNORECASE
)
FORBIDDEN = re.compile(
    r"(filter|class|enum|using|workflow|trap|data|param|begin|process|end)"
    r"(?=\s|\(|\{|;|$)(?!\s*\|)",
    re.IGNORECASE,
)
PARAMETER = re.compile(r"-([A-Za-z_?][\w-]*)(:?)")
CAUGHT = re.compile(r"\[([\w.]+)\]\s*,?\s*")
REDIRECT = re.compile(r"([1-6*]?)(>>|>)(?:&([12]))?")
INVOCATION = re.compile(r"[&.](?=[\s\"'$({])")
SWITCH_OPTION = re.compile(r"-(regex|wildcard|casesensitive|exact)\b", re.IGNORECASE)
SPLAT = re.compile(r"@(\w+)(?=[\s;|)}&]|$)")
DEFAULT = re.compile(r"default(?=\s*\{)", re.IGNORECASE)
NAME = re.compile(r"[^\s;|(){}\"'<>,&$`]+")
ENDS = (";", "|", ")", "}", "\n", "&", "")


@lru_cache(256)  # a line for all hosts is parsed once
def parse(line: str) -> Body:
    """Parse the statements of a line.

    Raises:
        ParseFailure: the line is not valid PowerShell.
        Failure: the line is too long, or brackets are nested too deeply.
    """
    if len(line) > MAX_LINE:
        raise refused("The command line is too long.")
    parser = Parser(line)
    body = parser.body("")
    parser.spaces(lines=True)
    if parser.at < len(line):
        raise parser.unexpected()
    return body


class Parser(ExpressionParser):
    """Parses statements and commands, in addition to expressions."""

    def body(self, close: str) -> Body:
        """Statements up to `close`, which is not consumed; "" means the end of the line."""
        self.deeper()
        statements, spans = [], []
        while True:
            self.spaces(lines=True)
            if self.take(";"):
                continue
            if self.at >= len(self.text) or (close and self.peek(close)):
                break
            start = self.at
            statements.append(self.statement())
            spans.append((start, start + len(self.text[start : self.at].rstrip())))
            self.spaces()
            if self.char() not in (";", "\n", "") and not (close and self.peek(close)):
                raise self._separator()
        self.higher()
        return Body(tuple(statements), tuple(spans))

    def _separator(self) -> Exception:
        if self.peek("&&") or self.peek("||"):
            token = self.text[self.at : self.at + 2]
            text = f"The token '{token}' is not a valid statement separator in this version."
            return self.wrong(text, "InvalidEndOfLine", 2)
        if self.peek("&"):
            text = (
                "The ampersand (&) character is not allowed. The & operator is reserved for future use; "
                'wrap an ampersand in double quotation marks ("&") to pass it as part of a string.'
            )
            return self.wrong(text, "AmpersandNotAllowed")
        return self.unexpected()

    def braced(self) -> Body:
        self.expect("{")
        body = self.body("}")
        self.expect("}")
        return body

    def statement(self) -> StatementNode:
        self.spaces(lines=True)
        if found := self.match(KEYWORD):
            return self._keyword(found[1].lower())
        if found := self.match(FORBIDDEN):
            self.at = len(self.text)  # the rest need not be parsed: the statement will not run
            return Forbidden(found[1].lower())
        if not self.starts_expression():
            return self._pipeline(self._command())
        target = self.expression()
        self.spaces()
        if self.peek("++") or self.peek("--"):
            return self._step(target)
        if found := self.match(ASSIGNMENTS):
            return Assign(target, found[0], self.statement())
        return self._pipeline(target)

    def _step(self, target: SyntaxNode) -> Assign:
        operator = self.char() + "="
        self.at += 2
        return Assign(target, operator, Pipeline((Literal(1),)))

    def _keyword(self, word: str) -> StatementNode:
        match word:
            case "if":
                return self._if()
            case "foreach":
                return self._foreach()
            case "for":
                return self._for()
            case "while":
                return WhileLoop(self._condition(), self.braced())
            case "do":
                return self._do()
            case "switch":
                return self._switch()
            case "try":
                return self._try()
            case "function":
                return self._function()
            case _:
                self.spaces()
                value = None if self.char() in ENDS else self.statement()
                return Leave(word, value)  # type: ignore[arg-type]

    def _condition(self) -> StatementNode:
        self.expect("(")
        condition = self.statement()
        self.expect(")")
        return condition

    def _if(self) -> If:
        clauses = [(self._condition(), self.braced())]
        while self._follows("elseif"):
            clauses.append((self._condition(), self.braced()))
        return If(tuple(clauses), self.braced() if self._follows("else") else None)

    def _follows(self, word: str) -> bool:
        start = self.at
        self.spaces(lines=True)
        if self.text[self.at : self.at + len(word)].lower() == word and not self.char(len(word)).isalnum():
            self.at += len(word)
            return True
        self.at = start
        return False

    def _foreach(self) -> ForEach:
        self.expect("(")
        self.spaces(lines=True)
        variable = self.variable()
        if not isinstance(variable, Variable) or not self._follows("in"):
            raise self.unexpected()
        items = self.statement()
        self.expect(")")
        return ForEach(variable.name, items, self.braced())

    def _for(self) -> For:
        self.expect("(")
        parts: list[StatementNode | None] = []
        for end in (";", ";", ")"):
            self.spaces(lines=True)
            parts.append(None if self.peek(end) else self.statement())
            self.spaces(lines=True)
            if not (end == ";" and self.peek(")")):  # the last parts may be missing
                self.expect(end)
        return For(parts[0], parts[1], parts[2], self.braced())

    def _do(self) -> WhileLoop:
        body = self.braced()
        until = self._follows("until")
        if not until and not self._follows("while"):
            raise self.wrong("Missing while or until keyword in do loop.", "MissingWhileOrUntilInDoWhile")
        return WhileLoop(self._condition(), body, until, last=True)

    def _switch(self) -> Switch:
        how, cased = "", False
        self.spaces(lines=True)
        while found := self.match(SWITCH_OPTION):
            name = found[1].lower()
            cased = cased or name == "casesensitive"
            how = name if name in ("regex", "wildcard") else how
            self.spaces(lines=True)
        value = self._condition()
        self.expect("{")
        clauses: list[tuple[SyntaxNode | None, Body]] = []
        while True:
            self.spaces(lines=True)
            if self.take(";"):
                continue
            if self.take("}"):
                return Switch(value, tuple(clauses), how, cased)
            if self.at >= len(self.text):
                self.expect("}")
            default = self.match(DEFAULT)
            clauses.append((None if default else self.argument(), self.braced()))

    def _function(self) -> Function | Forbidden:
        self.spaces()
        name = self.match(NAME)
        if name is None:
            raise self.wrong("Missing name after function keyword.", "MissingNameAfterKeyword")
        self.spaces(lines=True)
        parameters = self.parameters() if self.take("(") else ()
        self.expect("{")
        self.spaces(lines=True)
        if self.match(PARAM):
            parameters = self.parameters()
        if parameters is None:
            return Forbidden("param")
        body = self.body("}")
        self.expect("}")
        return Function(name[0].lower(), parameters, body)

    def parameters(self) -> tuple[FunctionParameter, ...] | None:
        """Up to the closing bracket; None if one has attributes, such as [Parameter(Mandatory)]."""
        found: list[FunctionParameter] = []
        while True:
            self.spaces(lines=True)
            if self.take(")"):
                return tuple(found)
            type_ = self.match(TYPE)
            self.spaces(lines=True)
            if self.peek("["):
                self.at = len(self.text)  # the rest need not be parsed: the statement will not run
                return None
            name = self.variable().name
            self.spaces(lines=True)
            default = self.expression(commas=False) if self.take("=") else None
            found.append((name, type_[1] if type_ else "", default))
            self.spaces(lines=True)
            if not self.take(",") and not self.peek(")"):
                self.expect(")")

    def _try(self) -> Try:
        body, handlers, last = self.braced(), [], None
        while self._follows("catch"):
            self.spaces(lines=True)
            types = []
            while found := self.match(CAUGHT):
                types.append(found[1])
            handlers.append(Handler(tuple(types), self.braced()))
        if self._follows("finally"):
            last = self.braced()
        if not handlers and last is None:
            raise self.wrong("The Try statement is missing its Catch or Finally block.", "MissingCatchOrFinally")
        return Try(body, tuple(handlers), last)

    def _pipeline(self, first: SyntaxNode) -> Pipeline:
        stages, redirects = [first], []
        while True:
            self.spaces()
            while len(stages) == 1 and (found := self.match(REDIRECT)):
                redirects.append(self._redirect(*found.groups()))
                self.spaces()
            if not self.peek("|") or self.peek("||"):
                return Pipeline(tuple(stages), tuple(redirects))
            self.take("|")
            self.spaces(lines=True)
            if self.char() in ENDS:
                raise self.wrong("An empty pipe element is not allowed.", "EmptyPipeElement")
            if self.starts_expression():
                text = "Expressions are only allowed as the first element of a pipeline."
                raise self.wrong(text, "ExpressionsMustBeFirstInPipeline")
            stages.append(self._command())

    def _command(self) -> CommandNode:
        start = self.at
        invoked = self.match(INVOCATION)
        if invoked:
            self.spaces()
            name = self.primary()
        else:
            found = self.match(NAME)
            if found is None:
                raise self.unexpected()
            name = Literal(found[0])
        name_span = (start, self.at)
        elements: list[Element] = []
        redirects: list[Redirect] = []
        end = self.at
        while True:
            self.spaces()
            if self.peek("&&") or self.char() in ENDS:
                dotted = invoked is not None and invoked[0] == "."
                return CommandNode(name, tuple(elements), tuple(redirects), (start, end), name_span, dotted)
            if found := self.match(REDIRECT):
                redirects.append(self._redirect(*found.groups()))
            else:
                elements.append(self._element())
            end = self.at

    def _redirect(self, stream: str, arrow: str, merged: str | None) -> Redirect:
        if merged:
            return Redirect(stream or "1", False, None)
        self.spaces()
        if self.char() in ENDS:
            raise self.wrong("Missing file specification after redirection operator.", "MissingFileSpecification")
        return Redirect(stream or "1", arrow == ">>", self.argument())

    def _element(self) -> Element:
        start = self.at
        if found := self.match(SPLAT):
            return Splat(found[1].lower())
        if found := self.match(PARAMETER):
            value = None
            if found[2]:
                self.spaces()
                value = self._arguments()
            return Parameter(found[1], value, (start, self.at))
        return self._arguments()

    def _arguments(self) -> SyntaxNode:
        """One argument, or several separated by commas."""
        items = [self.argument()]
        while True:
            start = self.at
            self.spaces()
            if not self.take(","):
                self.at = start
                return items[0] if len(items) == 1 else Items(tuple(items))
            self.spaces(lines=True)
            if self.char() in ENDS:
                raise self.wrong("Missing argument in parameter list.", "MissingArgument")
            items.append(self.argument())
