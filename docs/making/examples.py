"""An example for each verb. Those that run are run in this order, in an empty folder, by a test."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """A line to type, and what it does. `code`: what it exits with; None: nobody tries it, it waits or takes long."""

    verb: str
    line: str
    said: str
    code: int | None = 0


EXAMPLES = [
    Example("run", "blackboard run", "which scenarios there are"),
    Example("run", "blackboard run hello Ada Bob", "the smallest board"),
    Example("run", "blackboard run hello Ada Bob --activations 2", "stopped by its budget, with exit code 3", 3),
    Example("run", 'blackboard run research "How do agents agree?" --out report.md', "a report, as a file", None),
    Example("run", "blackboard run hello Ada --plugins plugins --reload", "with agents that may come meanwhile", None),
    Example("resume", "blackboard resume last --activations 20", "with a higher cap"),
    Example("resume", "blackboard resume last --more", "waits for what you post from another terminal", None),
    Example("work", "blackboard work", "serve all open boards, until Ctrl-C", None),
    Example("work", "blackboard work --agents researcher,critic", "only these agents", None),
    Example("boards", "blackboard boards", "all of blackboard.db in this folder"),
    Example("boards", "blackboard boards --json", "the same for programs"),
    Example("show", "blackboard show last", "all of it, and how it stands"),
    Example("show", "blackboard show hello-1 --kind greeting", "one kind, all of its entries"),
    Example("show", "blackboard show hello-1 --as-of 3", "as it was after its third version"),
    Example("log", "blackboard log last", "every version that was written"),
    Example("log", "blackboard log last --follow", "and those to come", None),
    Example("log", "blackboard log hello-1 --prompt 2", "what activation 2 asked models, and their answers"),
    Example("post", "blackboard post last guests names=Cem names=Dee", "a list repeats"),
    Example("post", 'blackboard post last guests \'{"names": ["Cem"]}\'', "the body as JSON"),
    Example("amend", "blackboard amend last greeting-1 --status polished", "another status, the same body"),
    Example("amend", "blackboard amend last greeting-1 text='Hello Ada!'", "one field, the others stay"),
    Example("cancel", "blackboard cancel last --reason 'wrong file'", "ends it; what has landed stays", 0),
    Example("why", "blackboard why hello-1 welcome-1", "what it was made from"),
    Example("why", "blackboard why hello-1 greeting-1 --version 1", "an earlier version"),
    Example("why-not", "blackboard why-not hello-1 polisher", "for all that it watches"),
    Example("why-not", "blackboard why-not hello-1 polisher greeting-1", "for one entry"),
    Example("cost", "blackboard cost hello-1", "by agent and model, and what of it was for nothing"),
    Example("cost", "blackboard cost hello-1 welcome-1", "of one entry and all that it came from"),
    Example("limits", "blackboard limits --usd-a-day 20 --calls-at-once 8", "for all processes together"),
    Example("limits", "blackboard limits --model claude-haiku-5-5 --requests-a-minute 50", "for one model"),
    Example("limits", "blackboard limits --none calls-at-once", "lifts one"),
    Example("agents", "blackboard agents", "all that can be found"),
    Example("new-agent", "blackboard new-agent shouter --watches greeting", "in the folder plugins"),
    Example("doctor", "blackboard doctor", "the machine, and blackboard.db if it is there"),
    Example("backup", "blackboard backup copy.db", "a whole copy, while others write"),
]
