"""How many metres are 3.5 km? One action, one number, graded exactly; change it into a world of your own."""

from collections.abc import Iterable, Iterator, Sequence

from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.base import Record, digest
from tracewright.records.job import Outcome
from tracewright.records.task import Goal, Origin, Task, TaskRequest, TaskView
from tracewright.records.tools import read_arguments, schema_of, unknown_action
from tracewright.records.trace import Grade, Step, Verdict
from tracewright.registry import Parts

UNITS = (("km", "metres", 1000), ("kg", "grams", 1000), ("hours", "minutes", 60), ("litres", "millilitres", 1000))
Options = Record  # nothing to set; the fields of a class of your own would be the options of a recipe


class Answer(Record):
    """Give the number that was asked for; the episode ends."""

    value: int


class Units:
    """The questions and, in `grade`, their answers; whatever the methods know is handed in."""

    name, version, source = "units", "1", ""  # no source: tasks come from the seed alone, so no records are read

    def tasks(self, records: Iterable[Record], request: TaskRequest) -> Iterator[Task]:
        questions = [(*unit, tenths) for unit in UNITS for tenths in range(1, 1000)]
        for unit, wanted, factor, tenths in sorted(questions, key=lambda question: digest([request.seed, question])):
            text = f"How many {wanted} are {tenths / 10} {unit}?"
            goal = Goal(actions=(Action(name="answer", arguments={"value": tenths * factor // 10}),))
            groups, origin = {"amount": str(tenths)}, Origin(source=self.name, licence="CC0-1.0")
            yield Task.of(environment=self.name, instruction=text, goal=goal, groups=groups, origin=origin, max_steps=2)

    def actions(self) -> Sequence[ActionSchema]:
        return (schema_of("answer", Answer),)

    def observe(self, task: TaskView, steps: Sequence[Step]) -> Observation:
        return Observation(text="Answer with one number.", feedback=steps[-1].verdict.reason if steps else "")

    def job(self, task: TaskView, steps: Sequence[Step], action: Action) -> Outcome:
        given = read_arguments(Answer, action) if action.name == "answer" else unknown_action(action, ["answer"])
        return Outcome(status="ok", result=given.model_dump()) if isinstance(given, Answer) else given

    def judge(self, task: TaskView, steps: Sequence[Step], action: Action, outcome: Outcome) -> Verdict:
        taken = outcome.status == "ok"  # right or wrong: only the grader sees the goal
        return Verdict(accepted=taken, done=taken, reason=outcome.message or "Your answer is taken.", judge="units-1")

    def grade(self, task: Task, steps: Sequence[Step]) -> Grade:
        right = any(step.outcome.result == task.goal.actions[0].arguments for step in steps)
        return Grade(passed=right, reward=float(right), grader="units-1")


def build(options: Options, parts: Parts) -> Units:
    """Return the environment, which is its own grader."""
    return Units()


build_grader = build
