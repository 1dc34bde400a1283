"""Answering from documents without a model: text in, text out; the same on every machine.

`plan` splits a question into inquiries. `pick` chooses the sentences that answer one from what a search has found;
`lack` says what is missing in them, `trust` how sure one may be, `judge` how good an answer is. `widened`, `queries`
and `with_feedback` put an inquiry into other words, `instead` gives smaller ones. `clash` says what two sentences
contradict each other in, `topic` what to search for to find the other. The rest is what these are made of.
"""

from blackboard.tools.extractive.aspects import Aspect
from blackboard.tools.extractive.clashes import Clash, clash, topic
from blackboard.tools.extractive.evidence import lack, trust
from blackboard.tools.extractive.following import instead
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.picking import pick
from blackboard.tools.extractive.reviewing import Judgement, Said, judge
from blackboard.tools.extractive.sentences import STOPWORDS, Span, sentences, stem, words
from blackboard.tools.extractive.splitting import plan
from blackboard.tools.extractive.statements import Source, Statement, statements
from blackboard.tools.extractive.widening import queries, widened, with_feedback

__all__ = [
    "plan",
    "Inquiry",
    "Aspect",
    "Source",
    "pick",
    "Statement",
    "statements",
    "lack",
    "trust",
    "clash",
    "Clash",
    "topic",
    "judge",
    "Judgement",
    "Said",
    "widened",
    "queries",
    "with_feedback",
    "instead",
    "sentences",
    "Span",
    "words",
    "stem",
    "STOPWORDS",
]
