"""Which letter begins three words of this text? The counting is done in the jail, by a kind of job of our own."""

from collections.abc import Iterable, Iterator, Sequence
from string import ascii_lowercase

from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import Record
from tracewright.records.job import Job, Outcome
from tracewright.records.task import Goal, Origin, Task, TaskRequest, TaskView
from tracewright.records.tools import read_arguments, schema_of, unknown_action
from tracewright.records.trace import Grade, Step, Verdict
from tracewright.registry import Parts

TEXTS = ("a rose is a rose is a rose", "to be or not to be", "one for all and all for one")
Options = Record


class Guess(Record):
    """Say which letter it is; the episode ends."""

    letter: str


class Letters:
    """Tasks, what the policy sees, what is run and what is thought of it."""

    name, version, source = "letters", "1", ""

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[Task]:
        for text in TEXTS:
            words = text.split()
            by_count = {sum(word[0] == letter for word in words): letter for letter in ascii_lowercase}
            for count, letter in sorted(by_count.items()):
                question = f"Which letter begins {count} words of text.txt?"
                goal = Goal(answer=count, actions=(Action(name="guess", arguments={"letter": letter}),))
                facts = {"files": {"text.txt": text}, "groups": {"text": text}, "origin": Origin(source=self.name)}
                yield Task.of(environment=self.name, instruction=question, goal=goal, **facts)

    def actions(self) -> Sequence[ActionSchema]:
        return (schema_of("guess", Guess),)

    def observe(self, task: TaskView, steps: Sequence[Step]) -> Observation:
        legal = tuple(Action(name="guess", arguments={"letter": letter}) for letter in ascii_lowercase)
        return Observation(text="Guess a letter.", files=("text.txt",), legal_actions=legal)

    def job(self, task: TaskView, steps: Sequence[Step], action: Action) -> Job | Outcome:
        read = read_arguments(Guess, action) if action.name == "guess" else unknown_action(action, ["guess"])
        if isinstance(read, Outcome):
            return read
        return Job(kind="count_words", files=task.files, request={"letter": read.letter})

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        ran = outcome.status == "ok"
        return Verdict(accepted=ran, done=ran, reason=outcome.message or "Your guess is taken.", judge="letters-1")

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade:
        right = any(step.outcome.result.get("count") == task.goal.answer for step in steps)
        return Grade(passed=right, reward=float(right), grader="letters-1")


def build(options: Options, parts: Parts) -> Letters:
    """Return the environment, which is its own grader."""
    return Letters()


build_grader = build
