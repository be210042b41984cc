"""A conversation over the documents: follow-up questions understood, every turn kept."""

from collections.abc import Iterator
from threading import Event

from genwright.answers.answerer import Answerer, drain
from genwright.answers.base import Piece, Question, cut_short
from genwright.answers.conversations import begin_conversation, read_turns
from genwright.answers.understanding.follow_up import place_question
from genwright.engines import ChatMessage
from genwright.grounding.citations import Answer
from genwright.retrieval import EVERYWHERE, Scope
from genwright.storage import Message


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
        cancel: Event | None = None,
    ) -> Answer:
        """Answer the next question and keep both in the store; see ``stream``."""
        return drain(self.stream(question, scope=scope, k=k, cancel=cancel))

    def stream(
        self,
        question: str,
        *,
        scope: Scope = EVERYWHERE,
        k: int | None = None,
        cancel: Event | None = None,
    ) -> Iterator[Piece]:
        """Sentences as they are checked, and the answer once it is kept.

        Whoever closes the stream early cancels it; what was written by then is kept.

        Args:
            question: As typed; what it points back to is taken from the turns before.
            scope: Where to look.
            k: Passages to look at.
            cancel: Set by whoever no longer waits.
        """
        asked = Question(question, scope, k, cancel=cancel or Event())
        known = {} if self.id is None else {"gen_ai.conversation.id": str(self.id)}
        with self.runtime.tracing.start_span("turn of a conversation", known) as span:
            pieces = self.answerer.stream(self._restate(asked))
            answer: Answer | None = None
            try:
                for piece in pieces:
                    if isinstance(piece, Answer):
                        answer = piece
                    else:
                        yield piece
            except GeneratorExit:
                if (answer := cut_short(pieces, asked.cancel)) is not None:
                    self._keep(asked.text, answer)
                raise
            assert answer is not None  # by the protocol of strategies
            self._keep(asked.text, answer)
            span.set_attribute("gen_ai.conversation.id", str(self.id))
        yield answer

    def _restate(self, asked: Question) -> Question:
        answerer = self.answerer
        return place_question(self.runtime, answerer.model, asked, self.turns, answerer.intents)

    def _keep(self, question: str, answer: Answer) -> None:
        self.turns += [ChatMessage("user", question), ChatMessage("assistant", answer.answer)]
        with self.runtime.database.write(self.runtime.principal) as session:
            if self.id is None:
                assistant = self.answerer.assistant.partition("@")[0]
                owner = self.runtime.principal.name
                self.id = begin_conversation(session, owner, question, assistant)
            for role, content, made in (
                ("user", question, None),
                ("assistant", answer.answer, answer.json()),
            ):
                session.add(
                    Message(
                        conversation_id=self.id,
                        role=role,
                        content=content,
                        trace_id=answer.trace_id,
                        answer=made,
                    )
                )
