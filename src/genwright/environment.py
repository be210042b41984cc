"""Variables of the environment that are no settings: each is read here, and nowhere else.

They are other programs' conventions, or say where the settings are. What ``GENWRIGHT_TABLE__NAME``
says is merged into the settings (``settings/sources.py``).
"""

import os

VARIABLES = {
    "GENWRIGHT_WORKSPACE": "The workspace, where `--workspace` names none.",
    "GENWRIGHT_OFFLINE": "`1`: nothing is fetched from a model hub or an address.",
    "HF_HUB_OFFLINE": "The same, by the model hub's own name.",
    "HF_ENDPOINT": "A mirror of the model hub.",
    "HF_TOKEN": "Token for models whose licence must be accepted at the hub.",
    "MLFLOW_TRACKING_URI": "Server or folder that finished runs are written to as well.",
    "TESSDATA_PREFIX": "Folder of tesseract's trained data, for OCR; the usual ones by default.",
    "EDITOR": "What `genwright registry card --edit` opens; `vi` by default.",
}
"""By name, with what each says; docs/settings.md has the same."""
YES = ("1", "true", "yes", "on")


def read_variable(name: str) -> str:
    """Value of one of ``VARIABLES``, without blanks around it; empty if it is not set.

    Raises:
        KeyError: It is not one of them: document it there first.
    """
    if name not in VARIABLES:
        raise KeyError(name)
    return os.environ.get(name, "").strip()


def read_key(name: str) -> str:
    """A key that a setting names the variable of; empty if it is not set."""
    return os.environ.get(name, "")


def find_offline_variable() -> str:
    """The variable that forbids the network; empty where none does."""
    names = ("GENWRIGHT_OFFLINE", "HF_HUB_OFFLINE")
    return next((name for name in names if read_variable(name).lower() in YES), "")
