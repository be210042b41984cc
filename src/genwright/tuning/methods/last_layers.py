"""Training the last blocks, or chosen modules: the backward pass ends where they begin."""

from typing import TYPE_CHECKING, ClassVar

from torch import nn

from genwright.errors import UsageError
from genwright.tuning.config import MethodConfig
from genwright.tuning.methods.base import list_heads, methods

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@methods.register("last_layers")
class LastLayers:
    """Freezes all but the last blocks, the norm after them and the heads; or all but modules."""

    adapter: ClassVar[bool] = False

    def apply(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        objective: str,
        options: MethodConfig,
    ) -> "PreTrainedModel":
        """The model with the chosen weights trainable.

        Raises:
            UsageError: No module has one of the names.
        """
        model.requires_grad_(False)
        chosen = self._choose_modules(model, options)
        for module in chosen:
            module.requires_grad_(True)
        for name in list_heads(model):
            model.get_submodule(name).requires_grad_(True)
        return model

    def _choose_modules(self, model: nn.Module, options: MethodConfig) -> list[nn.Module]:
        if not options.modules:
            stack = find_blocks(model)
            return [*list(stack)[-options.layers :], *_find_final_norms(model)]
        found = [
            module
            for name, module in model.named_modules()
            if name and any(part in name for part in options.modules)
        ]
        if not found:
            some = ", ".join(name for name, _ in list(model.named_modules())[1:12])
            raise UsageError(f"No module has {options.modules} in its name. Some are: {some}.")
        return found


def find_blocks(model: nn.Module) -> nn.ModuleList:
    """The stack of transformer blocks: the longest list of modules; of two, the later one."""
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    return max(reversed(lists), key=len)


def _find_final_norms(model: nn.Module) -> list[nn.Module]:
    """Norms beside the stack of blocks, which see the whole of its output."""
    names = ("norm", "ln_f", "final_layer_norm")
    stack = find_blocks(model)
    for module in model.modules():
        children = dict(module.named_children())
        if any(child is stack for child in children.values()):
            return [child for name, child in children.items() if name in names]
    return []
