"""Reads SQL text by sqlglot, bounded, as one query; the names of functions are kept as they were written.

sqlglot knows many functions by classes of its own and would write some of them anew; a mark before their names keeps
it from that. It guards against texts that would exhaust the parser's stack, not against what a query may do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from tracewright.plans.functions import catalogue
from tracewright.plans.importing.refusal import MARK, SIGN, refusal

DIALECTS = ("duckdb", "sqlite")
MOST_BYTES = 256 * 1024
MOST_TOKENS = 20_000
MOST_DEPTH = 60

SYNONYMS = {
    "substr": "substring", "mean": "avg", "ceiling": "ceil", "pow": "power", "char_length": "length",
    "character_length": "length", "datediff": "date_diff", "datepart": "date_part", "datetrunc": "date_trunc",
    "arbitrary": "first", "lcase": "lower", "ucase": "upper", "group_concat": "string_agg", "strsplit": "string_split",
    "string_to_array": "string_split", "json_extract_path_text": "json_extract_string", "editdist3": "levenshtein",
    "list_has": "list_contains",
}  # fmt: skip
"""Other names that the engine itself has for functions of the catalogue."""

OWN_TAGS = frozenset({"time_bucket", "list_extract", "map_extract_value", "struct_extract", "date_add"})
"""Functions that are no entries of the catalogue, because the language has a form of its own for them."""

OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
BEFORE_REPLACE = {TokenType.STAR, TokenType.R_PAREN, TokenType.VAR, TokenType.IDENTIFIER}
"""What may stand before the REPLACE of a star."""

QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)


def read_query(text: str, dialect: str) -> exp.Expr:
    """Return the tree of the one query that a text holds; raises ImportRefusal."""
    if dialect not in DIALECTS:
        raise refusal("UNKNOWN_DIALECT", f"SQL is read as {' or '.join(DIALECTS)}, not as {dialect!r}")
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise refusal("LIMIT_EXCEEDED", f"a text has at most {MOST_BYTES} bytes")
    if MARK in text or SIGN in text:
        raise refusal("SQL_SYNTAX", "the text holds a character of the private use area")
    reader = sqlglot.Dialect.get_or_raise(dialect)
    try:
        # The tokenizer stumbles over a text that holds `$` and ends with `''`; a line break changes no query.
        tokens = _marked(_bounded(reader.tokenize(f"{text}\n")))
        found = [tree for tree in reader.parser().parse(tokens, text) if tree]
    except (SqlglotError, ValueError) as error:
        raise refusal("SQL_SYNTAX", f"this cannot be read: {_told(error)}") from None
    except RecursionError:
        raise refusal("LIMIT_EXCEEDED", "the text is nested too deeply") from None
    trees = [tree for tree in found if not isinstance(tree, exp.Semicolon)]
    if len(trees) != 1:
        raise refusal("NOT_ONE_QUERY", f"wanted one query, found {len(trees)} statements")
    if not isinstance(trees[0], QUERIES):
        raise refusal("NOT_A_QUERY", f"wanted a SELECT, found {type(trees[0]).__name__.upper()}")
    return trees[0]


def _told(error: Exception) -> str:
    """Return what the parser says in one line, without the marks that it makes for a terminal."""
    found = error.errors[0] if isinstance(error, ParseError) and error.errors else None
    if found is None:
        return str(error).replace(MARK, "")[:200]
    near = f"{found['start_context']}{found['highlight']}"[-40:]
    return f"{found['description']} at line {found['line']}, column {found['col']}: {near}".replace(MARK, "")


def _bounded(tokens: Sequence[Token]) -> Sequence[Token]:
    if len(tokens) > MOST_TOKENS:
        raise refusal("LIMIT_EXCEEDED", f"a text has at most {MOST_TOKENS} words and signs, found {len(tokens)}")
    depth = 0
    for token in tokens:
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        if depth > MOST_DEPTH:
            raise refusal("LIMIT_EXCEEDED", f"a text is nested at most {MOST_DEPTH} deep")
    return tokens


def _marked(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with a mark before each name that calls a function of the catalogue."""
    return [_mark(token) if _is_call(tokens, at) else token for at, token in enumerate(tokens)]


def _is_call(tokens: Sequence[Token], at: int) -> bool:
    if at + 1 == len(tokens) or tokens[at + 1].token_type != TokenType.L_PAREN:
        return False
    if tokens[at].text.lower() not in _names() or tokens[at].token_type in (TokenType.IDENTIFIER, TokenType.STRING):
        return False
    # `* REPLACE (…)` is no call, and `substring(x FROM 1)` is read by the parser's own rule.
    of_star = at > 0 and tokens[at].text.lower() == "replace" and tokens[at - 1].token_type in BEFORE_REPLACE
    return not of_star and not _worded(tokens, at + 1)


def _worded(tokens: Sequence[Token], opening: int) -> bool:
    """Tell whether words part the arguments, as in `trim(BOTH ' ' FROM x)`."""
    depth = 0
    for token in tokens[opening:]:
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        if depth == 0:
            return False
        if depth == 1 and token.token_type in (TokenType.FROM, TokenType.FOR):
            return True
    return False


@cache
def _names() -> frozenset[str]:
    return frozenset({*catalogue(), *SYNONYMS, *OWN_TAGS})


def _mark(token: Token) -> Token:
    name = token.text.lower()
    text = MARK + SYNONYMS.get(name, name)
    return Token(TokenType.VAR, text, line=token.line, col=token.col, start=token.start, end=token.end)


def name_of(node: exp.Expr) -> str:
    """Return the text of an identifier or of a called name."""
    return str(node.name).removeprefix(MARK)


def alias_name(node: exp.Expr) -> str:
    """Return the alias of a source, empty where it has none."""
    alias = node.args.get("alias")
    return name_of(alias) if isinstance(alias, exp.TableAlias) and alias.this else ""
