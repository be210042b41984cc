"""PPO's parts against known values, and the whole on a task whose best policy is known."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the train extra")

from genwright.errors import Refused, UsageError  # noqa: E402
from genwright.training.rl.ppo import (  # noqa: E402
    PPO,
    AdaptiveKL,
    PPOConfig,
    ValueHead,
    gae,
    kl_penalty,
    policy_loss,
    token_rewards,
    value_loss,
    whiten,
)

LETTERS = "abcdefgh"


@pytest.fixture
def tokenizer():
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    words = {"<pad>": 0, "<end>": 1, **{letter: n + 2 for n, letter in enumerate(LETTERS)}}
    made = Tokenizer(WordLevel(words, unk_token="<pad>"))
    made.pre_tokenizer = Split("", "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<end>")


def policy(seed=0):
    import peft
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=10, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, pad_token_id=0, eos_token_id=1,
        bos_token_id=None, initializer_range=0.2,  # else no state can tell tokens apart
    )  # fmt: skip
    lora = peft.LoraConfig(r=8, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    return peft.get_peft_model(LlamaForCausalLM(config), lora)


def share_of_a(prompts, replies):
    return [reply.count("a") / max(1, len(reply.replace(" ", ""))) for reply in replies]


CONFIG = PPOConfig(
    batch=32, minibatch=16, epochs=4, learning_rate=1e-2, max_new_tokens=6, beta=0.02, unfinished=0
)


@given(st.integers(1, 7), st.floats(0.1, 1.0), st.floats(0.0, 1.0), st.integers(0, 10_000))
def test_gae_is_the_direct_sum(length, gamma, lam, seed):
    torch.manual_seed(seed)
    rewards, values = torch.randn(1, length), torch.randn(1, length)
    mask = torch.ones(1, length)
    advantages, returns = gae(rewards, values, mask, gamma, lam)
    after = torch.cat([values[0, 1:], torch.zeros(1)])
    delta = rewards[0] + gamma * after - values[0]
    for t in range(length):
        wanted = sum((gamma * lam) ** k * delta[t + k] for k in range(length - t))
        assert advantages[0, t] == pytest.approx(float(wanted), abs=1e-4)
    assert returns == pytest.approx(advantages + values, abs=1e-5)


def test_gae_with_lambda_one_is_return_less_value_and_stops_at_the_end():
    rewards = torch.tensor([[0.0, 0.0, 1.0, 9.0]])
    mask = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    values = torch.tensor([[0.3, 0.2, 0.1, 5.0]])
    advantages, _ = gae(rewards, values, mask, 1.0, 1.0)
    assert advantages[0].tolist() == pytest.approx([0.7, 0.8, 0.9, 0.0])


def test_equal_policies_are_at_distance_0_and_rewards_lie_on_the_last_token():
    logp = torch.randn(2, 3)
    assert (kl_penalty(logp, logp) == 0).all()
    mask = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    rewards = token_rewards(torch.tensor([2.0, 3.0]), torch.zeros(2, 3), mask, 0.1)
    assert rewards.tolist() == [[0, 2, 0], [0, 0, 3]]
    paid = token_rewards(torch.zeros(2), torch.ones(2, 3), mask, 0.1)
    assert paid[0].tolist() == pytest.approx([-0.1, -0.1, 0.0])


def test_policy_loss_at_ratio_one_and_beyond_the_clip():
    advantages = torch.tensor([[1.0, -2.0, 3.0]])
    mask, logp = torch.ones(1, 3), torch.zeros(1, 3, requires_grad=True)
    loss = policy_loss(logp, torch.zeros(1, 3), advantages, mask, 0.2)
    assert loss.item() == pytest.approx(-float(advantages.mean()))
    far = torch.full((1, 3), 1.0, requires_grad=True)  # ratio e: more than 1.2
    policy_loss(far, torch.zeros(1, 3), advantages, mask, 0.2).backward()
    assert far.grad[0].tolist()[0] == 0  # nothing more to gain from a good token
    assert far.grad[0].tolist()[1] > 0  # a bad one is still pushed down


def test_value_loss_takes_the_worse_of_both():
    old, returns, mask = torch.zeros(1, 1), torch.ones(1, 1), torch.ones(1, 1)
    assert float(value_loss(torch.ones(1, 1), old, returns, mask, 0.2)) == pytest.approx(0.32)
    assert float(value_loss(old, old, returns, mask, 0.2)) == pytest.approx(0.5)


def test_whitened_and_value_head_and_controller():
    x, mask = torch.randn(4, 5), (torch.rand(4, 5) > 0.3).float()
    white = whiten(x, mask)
    assert float(white.sum() / mask.sum()) == pytest.approx(0, abs=1e-5)
    assert float((white**2).sum() / mask.sum()) == pytest.approx(1, abs=1e-3)
    assert (ValueHead(8)(torch.randn(2, 3, 8)) == 0).all()
    control = AdaptiveKL(0.1, 6.0)
    control.update(12.0)
    assert control.beta == pytest.approx(0.102)
    control.update(0.0)
    assert control.beta == pytest.approx(0.102 * 0.98)


def test_padding_does_not_change_log_probabilities(tokenizer):
    made = PPO(policy(), tokenizer, share_of_a, CONFIG)
    rollout = made.rollout([[2, 3], [4, 5, 6, 7, 8]])
    width = rollout.ids.shape[1] - rollout.mask.shape[1]
    for row in range(2):
        kept = rollout.seen[row].bool()
        alone = rollout.ids[row][kept][None]
        reply = int(rollout.mask[row].sum())
        logp, _ = made._read(alone, torch.ones_like(alone), alone.shape[1] - reply)
        assert logp[0].tolist() == pytest.approx(rollout.logp[row][:reply].tolist(), abs=1e-4)
    assert width == 5


def test_at_the_start_policy_is_reference_and_values_are_0(tokenizer):
    rollout = PPO(policy(), tokenizer, share_of_a, CONFIG).rollout([[2, 3], [4]])
    assert rollout.logp == pytest.approx(rollout.ref_logp, abs=1e-6)
    assert (rollout.values == 0).all()


def train(tokenizer, seed, updates):
    """Rewards of each update; 0.2 of the letters are right at first, all of them is best."""
    config = CONFIG.model_copy(update={"learning_rate": 3e-3, "seed": seed})
    made = PPO(policy(seed), tokenizer, share_of_a, config)
    rewards: list[float] = []
    made.train([[2, 3], [4], [5, 6, 7]], updates, lambda _, v: rewards.append(v["reward"]))
    return rewards


def test_it_learns_what_is_rewarded(tokenizer):
    # Which replies one seed draws hangs on the last bit of a product, and so on the processor: the
    # median of three does not. It was 0.92 to 0.95 on four arithmetics; 0.00 with the sign wrong.
    runs = [train(tokenizer, seed, 15) for seed in range(3)]
    assert median(sum(rewards[:2]) / 2 for rewards in runs) < 0.4
    assert median(sum(rewards[-5:]) / 5 for rewards in runs) > 0.7


def test_it_learns_the_same_way_twice(tokenizer):
    assert train(tokenizer, 0, 4) == train(tokenizer, 0, 4)


def test_a_dear_distance_keeps_it_near_the_reference(tokenizer):
    distance = {}
    for beta in (0.0, 2.0):
        made = PPO(policy(), tokenizer, share_of_a, CONFIG.model_copy(update={"beta": beta}))
        kls: list[float] = []
        made.train([[2, 3], [4]], 12, lambda _, v, k=kls: k.append(v["kl"]))
        distance[beta] = sum(kls[-3:]) / 3
    assert distance[2.0] < distance[0.0] / 3


def test_what_cannot_be_is_refused(tokenizer):
    made = PPO(policy(), tokenizer, share_of_a, CONFIG)
    with pytest.raises(UsageError, match="prompts"):
        made.train([], 1)
    with pytest.raises(Refused, match="lora"):
        PPO(policy().get_base_model(), tokenizer, share_of_a, CONFIG)
