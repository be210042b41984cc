"""A conversation over the documents: follow-up questions understood, every turn kept."""

import re
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

from genwright.answers.answerer import EXTRACTIVE, Answer, Answerer
from genwright.answers.conversations import read_turns
from genwright.answers.fencing import fence_text
from genwright.answers.writing import OnSentence, ignore_sentence
from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
from genwright.grounding import words
from genwright.prompts import load_prompt
from genwright.retrieval import EVERYWHERE, Scope
from genwright.storage import Conversation
from genwright.storage import Message as MessageRow

REWRITTEN_TOKENS = 64
TURN_CHARACTERS = 1000
"""Beginning of each earlier turn that a follow-up question is read with."""
LONGEST_FOLLOW_UP = 1000
"""Characters; a longer question is taken to stand alone."""

_POINTING = frozenset(
    """it its he him his she her hers they them their theirs this these those then ones former
    latter same another other others""".split()
)
_GOES_ON = re.compile(r"\W*(and|but|or|also|(what|how) about)\b", re.IGNORECASE)
_THAT = re.compile(
    r"(^|\b(is|was|does|did|do|will|can|of|for|with|about|after|before|by|in|on|to|why)) that\b"
    r"|\b(?<!is )(?<!are )(?<!was )(?<!were )there\b(?! (is|are|was|were)\b)"
    r"|\b(which|that|this|the other) one\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"\b(what|who|where) (is|are|was|were)\b", re.IGNORECASE)


class Chat:
    """One conversation; a new one is made by the first question.

    Args:
        answerer: Answers each question, once it can be understood alone.
        conversation: Id of one to go on with.

    Raises:
        NotFound: The principal has no conversation of that id.
    """

    def __init__(self, answerer: Answerer, conversation: int | None = None) -> None:
        self.answerer, self.runtime = answerer, answerer.runtime
        self.id = conversation
        self.turns = read_turns(self.runtime, conversation) if conversation is not None else []

    def ask(
        self,
        question: str,
        *,
        scope: Scope = EVERYWHERE,
        k: int | None = None,
        on_sentence: OnSentence = ignore_sentence,
        cancel: Event | None = None,
    ) -> Answer:
        """Answer the next question and keep both in the store.

        Args:
            question: As typed; what it points back to is taken from the turns before.
            scope: Where to look.
            k: Passages to look at.
            on_sentence: Told of each sentence as soon as it is checked.
            cancel: Set by whoever no longer waits; what is written by then is kept.
        """
        question = question.encode("utf-8", "replace").decode()  # see Parts.find
        most = self.runtime.settings.answer.history
        before = self.turns[-most:] if most else []
        known = {} if self.id is None else {"gen_ai.conversation.id": str(self.id)}
        with self.runtime.tracing.start_span("turn of a conversation", known) as span:
            alone = self.make_standalone(question, before, cancel)
            answer = self.answerer.ask(
                alone, scope=scope, k=k, on_sentence=on_sentence, cancel=cancel
            )
            self._keep(question, answer)
            span.set_attribute("gen_ai.conversation.id", str(self.id))
        self.turns += [ChatMessage("user", question), ChatMessage("assistant", answer.answer)]
        return answer

    def make_standalone(
        self, question: str, before: Sequence[ChatMessage], cancel: Event | None = None
    ) -> str:
        """The question as one that can be understood without the conversation.

        A model rewrites it. What it gives counts only if it is made of words that were said and
        keeps those of the question; otherwise, and without a model, the last question that stands
        alone goes along with this one.
        """
        asked = [turn.content for turn in before if turn.role == "user"]
        if not asked or not is_follow_up(question):
            return question
        standing = next((turn for turn in reversed(asked) if not is_follow_up(turn)), asked[-1])
        joined = f"{standing[:LONGEST_FOLLOW_UP].rstrip()} {question}"
        if self.answerer.model == EXTRACTIVE:
            return joined
        rewritten = self._rewrite_question(question, before, cancel)
        said = set(words.extract_content(" ".join(turn.content for turn in before)))
        own = set(words.extract_content(question))
        new = set(words.extract_content(rewritten))
        fits = new > own and new <= said | own
        return rewritten if fits else joined

    def _rewrite_question(
        self, question: str, before: Sequence[ChatMessage], cancel: Event | None
    ) -> str:
        prompt = load_prompt("follow_up", self.runtime.workspace.prompts_dir)
        said = [
            replace(turn, content=fence_text(turn.content[:TURN_CHARACTERS])) for turn in before
        ]
        system, user = prompt.render(question=question, messages=said)
        request = ChatRequest(
            (ChatMessage("system", system), ChatMessage("user", user)), Sampling(REWRITTEN_TOKENS)
        )
        model = self.answerer.model
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}
        with self.runtime.tracing.start_span(f"rewrite {model}", attributes) as span:
            text, usage = collect_chat(self.runtime.models.get_engine(model), request, cancel)
            span.set_attribute("gen_ai.usage.input_tokens", usage.prompt_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", usage.completion_tokens)
            span.set_attribute("genwright.rewritten", text)
        return " ".join(text.split())

    def _keep(self, question: str, answer: Answer) -> None:
        owner = self.runtime.principal.name
        with self.runtime.database.write(self.runtime.principal) as session:
            if self.id is None:
                assistant = self.answerer.assistant.partition("@")[0]
                conversation = Conversation(owner=owner, title=question[:80], assistant=assistant)
                session.add(conversation)
                session.flush()
                self.id = conversation.id
            for role, content, made in (
                ("user", question, None),
                ("assistant", answer.answer, answer.json()),
            ):
                session.add(
                    MessageRow(
                        conversation_id=self.id,
                        role=role,
                        content=content,
                        trace_id=answer.trace_id,
                        answer=made,
                    )
                )


def is_follow_up(question: str) -> bool:
    """Whether a question needs the one before: it points, or says too little on its own.

    Example:
        >>> is_follow_up("When was it built?"), is_follow_up("How tall?"), is_follow_up("And the oil?")
        (True, True, True)
        >>> is_follow_up("When was the tower built?"), is_follow_up("What is a pump that leaks?")
        (False, False)
    """
    if len(question) > LONGEST_FOLLOW_UP:
        return False
    said = {word.lower() for word in words.split_tokens(question)}
    if said & _POINTING or _THAT.search(question) or _GOES_ON.match(question):
        return True
    own = len(words.extract_content(question))
    return own == 0 or (own == 1 and not _DEFINES.search(question))
