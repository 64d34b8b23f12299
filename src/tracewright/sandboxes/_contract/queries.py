"""The case about hostile queries: an engine that is allowed everything, so that the jail alone must hold it."""

from __future__ import annotations

from tracewright.records.job import MIB, Limits
from tracewright.sandboxes._contract.case import PRELUDE, CannotTryError, Case, holds, program, told
from tracewright.sandboxes._contract.trial import Trial

NO_ENGINE = "no engine"
REFUSED = "refused"
ABORTED = -6
QUERIES = f"""
try: import duckdb
except ImportError:
    tell('the engine', {NO_ENGINE!r})
    raise SystemExit
def ask(what, text, got=lambda rows: True):
    try: rows = duckdb.connect().execute(text).fetchall()
    except duckdb.Error: tell(what, {REFUSED!r})
    else: tell(what, 'GOT IT' if got(rows) else {REFUSED!r})
for path in (SECRET, '/etc/shadow'):
    ask(f'read the text of {{path}}', f"SELECT * FROM read_text('{{path}}')", got=bool)
    ask(f'read {{path}} as a table', f"SELECT * FROM read_csv('{{path}}', header = false)", got=bool)
for folder in (os.path.dirname(SECRET), '/usr', '/opt', '/etc'):
    name = folder + '/tracewright-escape'
    ask(f'copy a table to {{folder}}', f"COPY (SELECT 1) TO '{{name}}'")
    ask(f'attach a database in {{folder}}', f"ATTACH '{{name}}' AS other; CREATE TABLE other.t (a INT); DETACH other")
    os.path.exists(name) and os.unlink(name)
ask('fetch an extension', 'INSTALL httpfs')
"""  # noqa: S608  # a query of ours, put together from what was laid out for it
ENDLESS = (
    # The smaller side is held whole, and each further thread takes address space: memory must last until time is over.
    "import duckdb\nengine = duckdb.connect(config={'threads': 1})\n"
    "engine.sql('SELECT sum(a.range + b.range) FROM range(1000000000000) a, range(1000) b').fetchall()"
)
GREEDY = (
    "import duckdb\nengine = duckdb.connect()\nengine.execute(\"SET memory_limit = '8GB'\")\n"
    "engine.execute('CREATE TABLE t AS SELECT range, md5(range::VARCHAR) AS m FROM range(100000000)')\n"
    "print('held it all')"
)


async def queries(trial: Trial) -> str:
    """What an engine is asked for outside is refused, and what never ends or holds too much is ended."""
    limits = Limits(wall_seconds=3, memory_bytes=512 * MIB)
    async with trial.opened() as sandbox:
        asked = await sandbox.run(program(trial.bait.names() + PRELUDE + QUERIES))
        answers = [line.partition("\t")[::2] for line in asked.stdout.splitlines()]
        if [answer for _, answer in answers] == [NO_ENGINE]:
            raise CannotTryError("the jail has no DuckDB, so there are no queries to try")
        if (asked.exit_code, answers) == (ABORTED, []):
            raise CannotTryError("DuckDB aborts in this jail, so there are no queries to try")
        through = [f"{what}: {answer}" for what, answer in answers if answer != REFUSED]
        holds(asked.status == "ok" and bool(answers) and not through, "; ".join(through) or told(asked))
        touched = trial.bait.touched()
        holds(not touched, "; ".join(touched))
        endless = await sandbox.run(program(ENDLESS, limits=limits))
        holds(endless.status in {"timeout", "oom"}, f"a query without end: {told(endless)}")
        greedy = await sandbox.run(program(GREEDY, limits=limits))
        memory = greedy.status in {"timeout", "oom"} or "Memory" in greedy.stderr
        holds(memory and "held it all" not in greedy.stdout, f"a query that holds too much: {told(greedy)}")
        after = await sandbox.run(program("print('fine')"))
    return holds(after.stdout == "fine\n", f"{len(answers)} refused; {endless.status}, {greedy.status}")


CASES = (Case(32, "queries that read, write and attach files, fetch, and never end", "", queries),)
