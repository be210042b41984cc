# ruff: noqa: RUF001 - it speaks other languages
"""Greetings, thanks and "who are you?": a friendly line without citations."""

from collections.abc import Iterator

from genwright.answers.base import (
    AnswerSetup,
    Piece,
    Question,
    strategies,
    tell_of_documents,
    tell_remark,
)
from genwright.grounding.words import split_tokens
from genwright.languages import detect_language
from genwright.library.overview import list_entries

LINES = {
    "en": "Happy to help! I answer questions about the documents here ({documents} at the moment) "
    "and show where each answer stands in them. Ask me for a fact, an explanation, a comparison or "
    "a summary.",
    "de": "Gern! Ich beantworte Fragen zu den Dokumenten hier (zurzeit {documents}) und zeige, wo "
    "jede Antwort steht. Fragen Sie nach Fakten, Erklärungen, Vergleichen oder Zusammenfassungen.",
    "fr": "Avec plaisir ! Je réponds aux questions sur les documents réunis ici ({documents} pour "
    "l'instant) et je montre où se trouve chaque réponse.",
    "es": "¡Con gusto! Respondo preguntas sobre los documentos que hay aquí ({documents} ahora "
    "mismo) y muestro dónde está cada respuesta.",
    "it": "Con piacere! Rispondo a domande sui documenti raccolti qui (al momento {documents}) e "
    "mostro dove si trova ogni risposta.",
    "pt": "Com prazer! Respondo a perguntas sobre os documentos daqui ({documents} no momento) e "
    "mostro onde está cada resposta.",
    "nl": "Graag gedaan! Ik beantwoord vragen over de documenten hier (nu {documents}) en laat "
    "zien waar elk antwoord staat.",
    "pl": "Chętnie pomogę! Odpowiadam na pytania o zebrane tu dokumenty (obecnie {documents}) i "
    "pokazuję, gdzie znajduje się każda odpowiedź.",
    "ru": "Рад помочь! Я отвечаю на вопросы о собранных здесь документах (сейчас их {documents}) и "
    "показываю, где находится каждый ответ.",
    "tr": "Memnuniyetle! Buradaki belgelerle ilgili soruları yanıtlar ({documents} belge) ve her "
    "yanıtın nerede olduğunu gösteririm.",
    "zh": "很高兴为您服务！我根据这里的文档（目前 {documents} 篇）回答问题，并标明每个答案的出处。",
    "ja": "お役に立ててうれしいです。ここにある文書（現在 {documents} 件）についての質問に答え、"
    "答えがどこに書かれているかを示します。",
    "ko": "기꺼이 도와드리겠습니다! 이곳의 문서(현재 {documents}건)에 대한 질문에 답하고 각 답의 "
    "출처를 보여 드립니다.",
    "ar": "يسعدني المساعدة! أجيب عن الأسئلة حول المستندات الموجودة هنا ({documents} حاليًا) وأبيّن "
    "موضع كل إجابة.",
}
"""What is said, by language."""
GREETINGS = {
    "de": "hallo guten moin servus tschüss danke dank vielen schön bitte wer bist",
    "fr": "bonjour bonsoir salut merci coucou qui êtes",
    "es": "hola buenos buenas gracias adiós quién eres",
    "it": "ciao buongiorno buonasera salve grazie arrivederci chi sei",
    "pt": "olá oi bom boa obrigado obrigada tchau quem és você",
    "nl": "hoi dag goedemorgen goedenavond bedankt dank je wel doei bent",
    "pl": "cześć dzień dobry dziękuję dzięki kim jesteś",
    "tr": "merhaba selam günaydın teşekkürler teşekkür sağol",
    "en": "hello hi hey thanks thank bye good morning who are you",
}
"""Words that a greeting is known by: it is too short for its letters to tell its language."""
LONG = 24
"""Letters from which on a text of a Latin script tells its language by itself."""


@strategies.register("smalltalk")
class SmalltalkStrategy:
    """Says who answers here and what can be asked, in the language of the one who asks."""

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        number, _ = list_entries(self._setup.runtime, question.scope)
        language = find_language(question.text)
        line = tell_remark(LINES[language].format(documents=number))
        yield from tell_of_documents(iter([line]))


def find_language(text: str) -> str:
    """In which language to reply; English where nothing tells.

    Example:
        >>> find_language("hello"), find_language("Danke schön!"), find_language("Спасибо")
        ('en', 'de', 'ru')
    """
    said = set(split_tokens(text.lower()))
    counts = {code: len(said & set(words.split())) for code, words in GREETINGS.items()}
    best = max(counts, key=lambda code: counts[code])
    if counts[best]:
        return best
    letters = [char for char in text if char.isalpha()]
    is_latin = all(char < "\u0250" for char in letters)
    if is_latin and len(letters) < LONG:
        return "en"
    return detect_language(text, frozenset(LINES)) or "en"
