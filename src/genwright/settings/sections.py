"""Every setting, its unit, range, default and reason: ``genwright.toml`` in code."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from genwright.settings.section import Section

MIB = 1024 * 1024


class DocumentSettings(Section):
    """How files become text and passages, and what a file may cost while it does."""

    renamed: ClassVar[Mapping[str, str]] = {
        "size": "chunk_tokens",
        "overlap": "chunk_overlap",
        "seconds": "timeout_seconds",
    }

    splitter: str = "structure"
    """Name of the splitter: ``structure`` (headings, paragraphs, sentences) or ``fixed``."""
    chunk_tokens: int = Field(default=200, ge=16, le=2048)
    """Longest passage, in tokens of the embedding model."""
    chunk_overlap: int = Field(default=0, ge=0)
    """Tokens repeated from the passage before (``fixed`` splitter)."""
    max_characters: int = Field(default=40 * MIB, gt=0)
    """Largest text of one document, in characters; also of an inflated archive, in bytes."""
    max_pages: int = Field(default=2000, gt=0)
    """Most pages of one document."""
    max_file_bytes: int = Field(default=200 * MIB, gt=0)
    """Largest file that is opened at all, in bytes."""
    timeout_seconds: float = Field(default=30, gt=0)
    """Wall-clock and processor seconds one document may take."""
    memory_bytes: int = Field(default=2048 * MIB, ge=256 * MIB)
    """Address space of the process that parses documents, in bytes."""
    ocr: bool = True
    """Read pages without text by OCR, where ``tesseract`` is installed."""

    @model_validator(mode="after")
    def _cuts_must_advance(self) -> "DocumentSettings":
        if self.chunk_overlap >= self.chunk_tokens:
            raise ValueError(
                f"chunk_overlap ({self.chunk_overlap}) must be less than chunk_tokens "
                f"({self.chunk_tokens})."
            )
        return self


class EmbeddingSettings(Section):
    """Which model turns text into vectors, and how it runs."""

    model: str = "multilingual-e5-small"
    """Catalog name of the embedding model."""
    batch_tokens: int = Field(default=4096, ge=256)
    """Tokens embedded at once; texts of like length share a batch."""


class RetrievalSettings(Section):
    """How passages are found."""

    renamed: ClassVar[Mapping[str, str]] = {
        "k": "top_k",
        "weight": "vector_weight",
        "recall": "target_recall",
    }

    mode: Literal["keyword", "vector", "hybrid"] = "hybrid"
    """What the search ranks by: BM25, cosine, or both fused."""
    top_k: int = Field(default=8, ge=1, le=1000)
    """Passages a search returns."""
    candidates: int = Field(default=200, ge=10, le=10000)
    """Passages each of keyword and vector search hands to the fusion."""
    fusion: Literal["convex", "rrf"] = "convex"
    """How two rankings become one: convex combination of normalised scores, or reciprocal ranks."""
    vector_weight: float = Field(default=0.5, ge=0, le=1)
    """Share of the vector score in the convex combination; the rest is BM25's."""
    reranker: str = "none"
    """Name of the reranker that reorders the best hits: ``none``, ``llamacpp`` …"""
    rerank_model: str = ""
    """Catalog name of the reranker's model, where it needs one."""
    rerank_top: int = Field(default=20, ge=1, le=200)
    """Best hits the reranker sees."""
    exact_limit: int = Field(default=50_000, ge=0)
    """Up to this many vectors the index compares all of them; above it is approximate."""
    target_recall: float = Field(default=0.97, ge=0.5, le=1)
    """Recall@10 against exact search that the approximate index is tuned to when it is built."""


class AnswerSettings(Section):
    """How answers are made and checked."""

    model: str = "smollm2-135m-instruct"
    """Catalog name of the chat model."""
    extractive: bool = False
    """Answer with the best sentences of the sources and no chat model."""
    wording: Literal["auto", "model", "quote"] = "auto"
    """Who words answers: the model, the sources (quote), or (auto) the model if it is able to."""
    context: Literal["auto", "excerpts", "passages"] = "auto"
    """What a model reads: the best excerpts, whole passages, or (auto) these if it is able to."""
    max_tokens: int = Field(default=320, ge=1, le=8192)
    """Longest generated answer, in tokens."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    """Randomness of the wording; 0 always takes the likeliest token."""
    seed: int = Field(default=0, ge=0)
    """Seed of the sampler."""
    prefill_seconds: float = Field(default=5.0, gt=0)
    """Passages are packed to what the engine reads in this time, in seconds, as measured; what
    would be quoted is always read."""
    min_support: float = Field(default=0.5, ge=0, le=1)
    """Calibrated probability of being supported below which a sentence is left out."""
    min_answerable: float = Field(default=0.5, ge=0, le=1)
    """Calibrated probability that the passages answer the question below which it refuses."""
    keep_unsupported: bool = False
    """Keep sentences no passage supports, marked as such, instead of leaving them out."""
    history: int = Field(default=6, ge=0, le=100)
    """Earlier messages of a conversation that a follow-up question is read with."""


class EngineSettings(Section):
    """How models run."""

    renamed: ClassVar[Mapping[str, str]] = {"slots": "parallel"}

    threads: int = Field(default=0, ge=0, le=1024)
    """Threads of one engine; 0 takes the cores that are really available to this process."""
    context: int = Field(default=4096, ge=256)
    """Longest context, in tokens; never more than the model was trained for."""
    parallel: int = Field(default=1, ge=1, le=64)
    """Requests that a chat model works on at once, each with a context; a server has its own."""
    gpu_layers: int = Field(default=-1, ge=-1)
    """Layers held on the GPU, where there is one; -1 for all that fit."""
    start_seconds: float = Field(default=120, gt=0)
    """Longest time a model may take to load, in seconds."""
    request_seconds: float = Field(default=600, gt=0)
    """Longest time one request may take, in seconds."""
    memory_bytes: int = Field(default=0, ge=0)
    """Most memory a model may need; 0 for what is free when it is loaded."""


class OpenAISettings(Section):
    """An OpenAI-compatible server that chat or embedding models are taken from."""

    base_url: str
    """Where its API begins, such as ``http://localhost:11434/v1``."""
    key: str = ""
    """Name of an environment variable, or of an entry in the keyring file, that holds the key."""
    context: int = Field(default=8192, ge=256)
    """Context length of its models, in tokens."""


class ServerSettings(Section):
    """How ``genwright serve`` listens, and what it lets in."""

    renamed: ClassVar[Mapping[str, str]] = {
        "slots": "parallel",
        "queue": "max_queue",
        "slow_seconds": "stalled_reader_seconds",
    }

    host: str = "127.0.0.1"
    """Address to listen on; any but the machine's own needs users."""
    port: int = Field(default=8080, ge=0, le=65535)
    """TCP port; 0 takes a free one."""
    hosts: tuple[str, ...] = ()
    """Host names it answers to beside the address it listens on: behind a proxy, the public one."""
    parallel: int = Field(default=4, ge=1, le=64)
    """Requests that one model works on at once, in the place of ``engine.parallel``."""
    max_queue: int = Field(default=32, ge=0, le=10_000)
    """Requests that wait for one model; beyond them the answer is 429."""
    body_bytes: int = Field(default=20 * MIB, ge=1024)
    """Largest body of a request, in bytes; an upload may be ``documents.max_file_bytes``."""
    body_seconds: float = Field(default=60, gt=0)
    """Longest time a client may take to send a body, in seconds."""
    stalled_reader_seconds: float = Field(default=30, gt=0)
    """Longest time a reader of a stream may take none of it, in seconds."""
    drain_seconds: float = Field(default=30, ge=0)
    """Time that running requests get to end after SIGTERM, in seconds."""


class OIDCSettings(Section):
    """Login by an OpenID Connect provider."""

    issuer: str = ""
    """Its issuer URL; empty for none. ``/.well-known/openid-configuration`` is read below it."""
    client_id: str = ""
    """What the provider calls this installation."""
    client_secret: str = ""
    """Name of an environment variable, or of an entry in the keyring file, with the secret."""
    role: Literal["reader", "editor", "admin"] = "reader"
    """Of people who log in for the first time."""
    groups_claim: str = ""
    """Claim whose values are the person's groups; empty for none."""


class AccessSettings(Section):
    """Who gets in, and for how long."""

    session_hours: float = Field(default=12, gt=0, le=24 * 90)
    """How long a browser stays logged in, in hours."""
    requests_per_minute: int = Field(default=0, ge=0)
    """Of a key or person without a limit of its own; 0 for no limit."""
    tokens_per_day: int = Field(default=0, ge=0)
    """Of a key or person without a limit of its own; 0 for no limit."""
    oidc: OIDCSettings = OIDCSettings()


class RetentionSettings(Section):
    """How long things are kept, in days; 0 for ever."""

    renamed: ClassVar[Mapping[str, str]] = {
        "traces": "traces_days",
        "conversations": "conversations_days",
        "responses": "responses_days",
        "files": "files_days",
        "series": "series_days",
    }

    traces_days: int = Field(default=90, ge=0)
    """What happened for requests."""
    conversations_days: int = Field(default=0, ge=0)
    """Counted from their last message."""
    responses_days: int = Field(default=30, ge=0)
    """What ``/v1/responses`` keeps to go on from."""
    files_days: int = Field(default=0, ge=0)
    """Uploaded files that are in no collection."""
    series_days: int = Field(default=90, ge=0)
    """Values of the monitoring page."""


class PrivacySettings(Section):
    """Structured identifiers of persons (e-mail, phone, card, IBAN, IP, national numbers)."""

    ingest: Literal["keep", "redact", "refuse"] = "keep"
    """What happens to those in documents that are added."""
    prompts: Literal["keep", "redact", "refuse"] = "keep"
    """What happens to those in questions and messages, before a model reads them."""
    logs: Literal["keep", "redact"] = "redact"
    """What happens to those in traces and logs."""
    kinds: tuple[str, ...] = ("email", "phone", "card", "iban", "ip", "national_id")
    """Which kinds are looked for."""
    regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "PL")
    """Countries whose phone and national numbers are known without an international prefix."""


class MonitoringSettings(Section):
    """What is recorded and where it goes."""

    otlp_endpoint: str = ""
    """OTLP/HTTP collector, such as ``http://localhost:4318``; empty for none."""
    interval_seconds: float = Field(default=15, gt=0)
    """Between two values of a series, in seconds."""
    log_format: Literal["json", "text"] = "json"
    """Of the log on standard error."""
    drift_window: int = Field(default=200, ge=20)
    """Questions that are compared with as many of the reference."""


class FeedbackSettings(Section):
    """Taking feedback."""

    per_minute: int = Field(default=60, ge=1)
    """Most opinions of one person in a minute; more are refused."""
    consent: bool = True
    """Whether models may learn from feedback of people who do not say."""


class ArenaSettings(Section):
    """Blind comparisons."""

    renamed: ClassVar[Mapping[str, str]] = {"rule": "pairing", "cap": "max_votes_per_judge"}

    contenders: tuple[str, ...] = ()
    """Assistants (``NAME@3``, ``NAME@live``) and models that meet; by default the live and the
    candidate version of every assistant."""
    pairing: Literal["ratings", "pairs", "random"] = "ratings"
    """How the next pair is chosen; see docs/arena.md."""
    per_day: int = Field(default=200, ge=1)
    """Most votes of one person in 24 hours; more are refused."""
    max_votes_per_judge: int = Field(default=0, ge=0)
    """Votes of one judge that a ranking counts, the first ones; 0 for all."""


class ImproveSettings(Section):
    """The loop that makes assistants better; see docs/improve.md."""

    renamed: ClassVar[Mapping[str, str]] = {"least": "min_feedback", "slower": "max_slowdown"}

    every_hours: float = Field(default=0, ge=0)
    """A running server looks for new feedback this often; 0 for never."""
    assistants: tuple[str, ...] = ()
    """Which assistants the schedule improves; the default assistant if
    omitted."""
    methods: tuple[str, ...] = ("shots", "retrieval", "intents")
    """What is tried: ``shots``, ``prompt``, ``answering``, ``retrieval``, ``reranker``,
    ``intents``, ``sft``, ``dpo``, ``kto``."""
    min_feedback: int = Field(default=10, ge=1)
    """New opinions below which nothing is tried, unless one says what was wanted."""
    promote: bool = False
    """Promote what passes the gate at once; otherwise a person does."""
    canary: float = Field(default=0, ge=0, le=0.5)
    """Share of conversations that a candidate which passed gets before it is promoted."""
    margin: float = Field(default=0.02, ge=0, le=0.5)
    """How much worse rates (support, suite, safety) may be and still pass."""
    max_slowdown: float = Field(default=1.5, ge=1)
    """How many times the live version's median time an answer may take."""
    suite: str = "regression"
    """Which suite of ``genwright eval regression`` must not get worse."""


class AlertRule(Section):
    """One rule: while ``expr`` holds for the time ``for``, the alert fires."""

    name: str
    """What it is called; each rule has its own."""
    expr: str
    """Over the recorded series, such as ``error_share > 0.05``."""
    for_seconds: float = Field(default=0, ge=0)
    """How long it must hold before it fires, in seconds."""
    severity: Literal["info", "warning", "critical"] = "warning"
    """How bad it is."""
    summary: str = ""
    """What it means, for whoever is told."""


class NotifySettings(Section):
    """Where alerts go; each that is set gets all of them."""

    webhook: str = ""
    """Address that takes Alertmanager's version 4 JSON."""
    email_to: tuple[str, ...] = ()
    """Addresses that get an e-mail."""
    email_from: str = "genwright@localhost"
    """Whom it is from."""
    smtp: str = "localhost:25"
    """Mail server, as HOST:PORT."""
    command: tuple[str, ...] = ()
    """Program with arguments; it reads the same JSON from its standard input."""


class Settings(Section):
    """All settings of a workspace."""

    models_dir: Path | None = None
    """Folder of downloaded models; by default ``models`` in the workspace. Sharing saves disk."""
    collection: str = "default"
    """Collection that commands use when none is named."""
    documents: DocumentSettings = DocumentSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answer: AnswerSettings = AnswerSettings()
    engine: EngineSettings = EngineSettings()
    server: ServerSettings = ServerSettings()
    access: AccessSettings = AccessSettings()
    retention: RetentionSettings = RetentionSettings()
    privacy: PrivacySettings = PrivacySettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    arena: ArenaSettings = ArenaSettings()
    improve: ImproveSettings = ImproveSettings()
    alerts: tuple[AlertRule, ...] | None = None
    """Rules of alerts; None for the built-in ones."""
    notify: NotifySettings = NotifySettings()
    servers: dict[str, OpenAISettings] = Field(default={})
    """OpenAI-compatible servers by name; the model ``NAME/MODEL`` is asked of server NAME."""
