"""The magics ``%sql`` and ``%%sql``: SQL in a cell, over the variables of the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from swath.notebook import parameters

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from swath.session import Session

#: Options without a value, and with one. Anything else is SQL, in which ``--`` begins a comment.
_FLAGS = frozenset({"-l", "--lazy", "-h", "--help"})
_VALUED = frozenset({"-o", "--out", "-s", "--session", "-n", "--limit"})


@magics_class
class SqlMagics(Magics):
    """``%sql`` and ``%%sql``."""

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "-o", "--out", metavar="NAME", help="the variable that gets the result, which is then not shown"
    )
    @argument("-s", "--session", metavar="NAME", help="the variable that holds the session to run in")
    @argument("-l", "--lazy", action="store_true", help="give the frame, and run nothing")
    @argument("-n", "--limit", type=int, metavar="ROWS", help="rows that are fetched at most")
    @argument("text", nargs="*", help="the statement, in a line")
    def sql(self, line: str, cell: str | None = None) -> Any:
        """Run SQL in the session in use, and give its rows.

        It sees registered tables, and variables that are tables by their names. ``{name}`` stands for the
        value of a variable; it is handed over as a parameter and never becomes part of the text.
        """
        options, text = _options(self.sql, line, cell)
        shell = self.shell
        assert shell is not None, "a magic that is registered has a shell"
        variables = shell.user_ns
        session = self._session(options.session, variables)
        if options.out is not None and not options.out.isidentifier():
            raise UsageError(f"%sql --out: '{options.out}' is no name of a variable")
        statements = parameters.statements(text)
        if not statements:
            raise UsageError("%sql: expected a statement, such as %sql SELECT 1")
        result: Any = None
        for statement in statements:
            prepared, values = parameters.bound(statement, variables)
            frame = session._sql(prepared, values or None, [variables])
            # Statements that change something have done so by now, and have no columns.
            if not frame.columns:
                result = None
                continue
            if options.limit is not None:
                frame = frame.limit(options.limit)
            result = frame if options.lazy else frame.collect()
        if options.out is None:
            return result
        shell.push({options.out: result})
        return None

    def _session(self, name: str | None, variables: dict[str, Any]) -> Session:
        from swath import Session, default_session

        if name is None:
            return default_session()
        session = variables.get(name)
        if not isinstance(session, Session):
            what = "there is no such variable" if session is None else f"it is a {type(session).__name__}"
            raise UsageError(f"%sql --session {name}: expected a Session; {what}")
        return session


def _options(magic: Any, line: str, cell: str | None) -> tuple[Any, str]:
    """Return the options and the SQL; quotes of SQL in a line are none of the shell's."""
    words = line.split()
    count = 0
    while count < len(words) and (words[count] in _FLAGS or words[count] in _VALUED):
        count += 2 if words[count] in _VALUED else 1
    options = parse_argstring(magic, " ".join(words[:count]))
    rest = line.split(maxsplit=count)[count] if len(words) > count else ""
    return options, rest if cell is None else f"{rest}\n{cell}"


def register(shell: InteractiveShell) -> None:
    """Make the magics known to a shell; ``%load_ext swath`` calls it."""
    from swath.notebook import completion

    shell.register_magics(SqlMagics)
    completion.register(shell)
