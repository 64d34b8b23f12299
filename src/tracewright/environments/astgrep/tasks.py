"""Makes refactoring tasks from records; what hostile code means is found out by jailed jobs, so this stays pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter

from tracewright.environments.astgrep.actions import SUBMIT, apply_request
from tracewright.environments.astgrep.templates.plan import Planned, plan
from tracewright.environments.astgrep.templates.template import Template
from tracewright.records.base import JsonObject, Record, digest
from tracewright.records.job import Job, Outcome
from tracewright.records.task import CodeFile, Deferred, Dropped, Edit, Goal, Origin, Task, TaskRequest, split_of

ENVIRONMENT = "astgrep"
MAX_CHANGED_LINES = 80
"""A synthetic task that touches more lines, or more than half of its file, is no small edit any more."""

_SPANS = TypeAdapter(list[tuple[int, int]])
MadeTask = Task | Dropped
Making = MadeTask | Deferred[MadeTask]


@dataclass(frozen=True)
class Draft:
    """A task as far as it is known before the jail has spoken: everything but its goal."""

    instruction: str
    path: str
    pre: str
    tags: dict[str, str]
    groups: dict[str, str]
    origin: Origin

    @property
    def key(self) -> str:
        """Return what makes two tasks the same for whoever is given them."""
        return digest([self.instruction, self.path, self.pre])

    @property
    def where(self) -> str:
        """Return the place that a person looks for when it is dropped."""
        return ":".join(part for part in (self.origin.address, self.origin.record, self.path) if part)

    def task(self, goal: Goal) -> Task:
        """Return the task with its goal; its split follows from its groups."""
        return Task.of(
            environment=ENVIRONMENT,
            instruction=self.instruction,
            files={self.path: self.pre},
            goal=goal,
            tags=self.tags,
            groups=self.groups,
            origin=self.origin,
        )


def tasks(records: Iterable[Record], request: TaskRequest) -> Iterator[Making]:
    """Make the tasks of `request.split`: tasks and edits in their order as they come, then those from code files.

    Code files are held until the records end, since `request.seed` orders all that can be made of them: each template
    gives one task, then each another, so that any prefix is balanced. A task under an instruction and file that came
    before is `Dropped("duplicate")`. Counting up to `request.limit` is the caller's: only it learns which ones held.
    """
    seen: set[str] = set()
    code: list[CodeFile] = []
    for record in records:
        match record:
            case Task():
                yield from _once(record, record, request, seen)
            case Edit():
                draft = _edit_draft(record)
                yield from _once(_from_edit(draft, record.post), draft, request, seen)
            case CodeFile():
                code.append(record)
            case _:
                yield Dropped("wrong_record", f"wanted a Task, Edit or CodeFile, found {type(record).__name__}")
    for planned in plan(code, request.seed):
        draft = _planned_draft(planned)
        yield from _once(_from_plan(draft, planned), draft, request, seen)


def _once(making: Making, draft: Task | Draft, request: TaskRequest, seen: set[str]) -> Iterator[Making]:
    """Yield `making` where its split is wanted and nothing like it came before."""
    split = draft.split if isinstance(draft, Task) else split_of(draft.groups)
    if request.split is not None and split != request.split:
        return
    key = draft.id if isinstance(draft, Task) else draft.key
    if key in seen:
        yield Dropped("duplicate", draft.id if isinstance(draft, Task) else draft.where)
        return
    seen.add(key)
    yield making


def _edit_draft(edit: Edit) -> Draft:
    tags = {"kind": "edit", "source": "commits", **edit.tags, "language": edit.language}
    # A row that names no repository stands for itself.
    groups = {"origin": edit.origin.address or edit.origin.sha256 or edit.path}
    if rule := edit.tags.get("rule"):
        groups["template"] = f"rule {rule}"
    return Draft(edit.instruction, edit.path, edit.pre, tags, groups, edit.origin)


def _from_edit(draft: Draft, post: str | None) -> Making:
    if post is None:
        return Dropped("no_post", draft.where)
    job = Job(kind="ast_grep", files={draft.path: draft.pre}, request={"op": "facts", "against": {draft.path: post}})

    def finish(outcome: Outcome) -> MadeTask:
        facts = outcome.result
        after = _part(facts, "against")
        if reason := _edit_fault(draft.path, outcome, after):
            return Dropped(reason, draft.where)
        digests: JsonObject = {"tree": after["tree"], "changed_lines": facts["changed_lines"]}
        return draft.task(Goal(files={draft.path: post}, digests=digests))

    return Deferred(job, finish)


def _edit_fault(path: str, outcome: Outcome, after: JsonObject) -> str:
    """Return why an edit makes no task, empty where it makes one."""
    if outcome.status != "ok":
        return outcome.code or outcome.status
    if path not in _part(after, "tree"):
        return "unknown_language"
    if _part(outcome.result, "parse_errors").get(path) or _part(after, "parse_errors").get(path):
        return "parse_errors"
    kinds = ("layout_only", "comment_only")
    return next((kind for kind in kinds if _part(outcome.result, kind).get(path)), "")


def _planned_draft(planned: Planned) -> Draft:
    code, template = planned.code, planned.template
    tags = {
        "kind": template.kind,
        "tier": "synthetic",
        "language": code.language,
        "difficulty": template.difficulty,
        "source": "synthetic",
        "template": template.id,
    }
    groups = {
        "origin": code.origin.address or code.origin.path,
        "template": template.id,
        "wording": f"{template.id}/{planned.wording}",
    }
    return Draft(planned.instruction, code.path, code.text, tags, groups, code.origin)


def _from_plan(draft: Draft, planned: Planned) -> Making:
    gold = planned.action
    job = Job(kind="ast_grep", files={draft.path: draft.pre}, request=apply_request(gold))

    def finish(outcome: Outcome) -> MadeTask:
        post = outcome.files.get(draft.path)
        if reason := _gold_fault(draft.pre, post, outcome, planned.template):
            return Dropped(reason, f"{draft.where} {planned.template.id}")
        digests: JsonObject = {name: outcome.result[name] for name in ("tree", "changed_lines")}
        return draft.task(Goal(files={draft.path: post}, actions=(gold, SUBMIT), digests=digests))

    return Deferred(job, finish)


def _gold_fault(pre: str, post: str | None, outcome: Outcome, template: Template) -> str:
    """Return why a gold action makes no task, empty where it makes one."""
    facts = outcome.result
    if outcome.status != "ok":
        return outcome.code or outcome.status
    if post is None or post.split() == pre.split():
        return "unchanged"
    if any(_part(facts, "parse_errors").values()):
        return "parse_errors"
    if facts.get("string_changed") or facts.get("converged") is False:
        return "unsound_rewrite"
    lines = pre.count("\n")
    if post.count("\n") != lines and not template.adds_lines:
        return "moved_lines"
    return "too_many_changes" if _changed(facts) > min(MAX_CHANGED_LINES, lines / 2) else ""


def _changed(facts: JsonObject) -> int:
    files = _part(facts, "changed_lines").values()
    return sum(high - low for spans in files for low, high in _SPANS.validate_python(spans))


def _part(facts: Mapping[str, JsonValue], name: str) -> JsonObject:
    value = facts.get(name)
    return value if isinstance(value, dict) else {}
