"""The shapes of credentials: one rule for each issuer whose tokens can be told by their form.

A rule's group `value` is the secret itself. `entropy` is the least Shannon entropy, in bits a
character, below which a match is taken for a placeholder. Every pattern is linear in the length
of a line, whatever the line holds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`kind` names the credential to a person."""

    kind: str
    pattern: re.Pattern[str]
    entropy: float = 0.0


def _rule(kind: str, pattern: str, entropy: float = 0.0) -> Rule:
    return Rule(kind, re.compile(pattern), entropy)


def _token(kind: str, body: str, entropy: float = 2.5) -> Rule:
    """Return the rule of a token that stands alone between other characters."""
    return _rule(kind, rf"(?<![A-Za-z0-9_-])(?P<value>{body})(?![A-Za-z0-9_-])", entropy)


_NAME = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth)"
)

RULES = (
    _rule("private key", r"(?P<value>-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----)"),
    _token("AWS access key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    _rule(
        "AWS secret key",
        r"(?i:aws.{0,20}?secret.{0,20}?)[\"'\s:=]+(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        3.5,
    ),
    _token("GitHub token", r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,251}"),
    _token("GitLab token", r"gl(?:pat|dt|rt|ft|soat|cbt|ptt|agent|oas)-[A-Za-z0-9_-]{20,64}"),
    _token("Hugging Face token", r"(?:hf|api_org)_[A-Za-z0-9]{30,64}"),
    _token("Anthropic key", r"sk-ant-[A-Za-z0-9]{2,8}-[A-Za-z0-9_-]{32,200}"),
    _token("OpenAI key", r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,200}", 3.5),
    _token("Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{10,250}"),
    _rule(
        "Slack webhook",
        r"(?P<value>https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,120})",
    ),
    _token("Google API key", r"AIza[A-Za-z0-9_-]{35}"),
    _token("Google OAuth secret", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    _token("Stripe key", r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,120}"),
    _token("npm token", r"npm_[A-Za-z0-9]{36}"),
    _token("PyPI token", r"pypi-AgE[A-Za-z0-9_-]{50,250}"),
    _token("SendGrid key", r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
    _token("DigitalOcean token", r"do[opr]_v1_[a-f0-9]{64}"),
    _token("Telegram bot token", r"\d{8,10}:AA[A-Za-z0-9_-]{33}"),
    _rule("Azure storage key", r"(?i:AccountKey)=(?P<value>[A-Za-z0-9+/]{86}==)(?![A-Za-z0-9+/=])"),
    _rule(
        "Kaggle key", r"(?i:kaggle).{0,40}?(?P<value>(?<![a-f0-9])[a-f0-9]{32}(?![a-f0-9]))", 3.0
    ),
    _rule(
        "Weights & Biases key",
        r"(?i:wandb).{0,40}?(?P<value>(?<![a-f0-9])[a-f0-9]{40}(?![a-f0-9]))",
        3.0,
    ),
    _rule("Jupyter token", r"[?&]token=(?P<value>[A-Fa-f0-9]{32,64})(?![A-Za-z0-9])", 2.5),
    _token("JSON web token", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    _rule(
        "password in an address",
        r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"']{1,100}:(?P<value>[^\s:/@\"']{3,100})@",
        1.5,
    ),
    _rule(
        "password or key",
        # A quoted value behind a name that tells what it is, in code, JSON or YAML.
        rf"(?i:(?<![a-z])(?:[a-z0-9]{{1,20}}[_-]){{0,3}}{_NAME}(?:[_-][a-z0-9]{{1,20}}){{0,2}})"
        r"[\"']?\]?\s{0,3}(?::|=|:=)\s{0,3}[brBR]{0,2}[\"'](?P<value>[^\s\"'\\]{8,200})[\"']",
        3.0,
    ),
    _rule(
        "password or key",
        # The same as the second argument of a call: os.environ.setdefault("API_KEY", "...").
        rf"(?i:[\"'](?:[a-z0-9]{{1,20}}[_-]){{0,3}}{_NAME}[\"'])"
        r"\s{0,3},\s{0,3}[\"'](?P<value>[A-Za-z0-9_+/=.-]{16,200})[\"']",
        3.5,
    ),
    _rule(
        "password or key",
        # The same in an environment file or a shell line, where nothing is quoted.
        r"^\s{0,8}(?:%env\s+|!?export\s+)?"
        rf"(?:[A-Z0-9]{{1,20}}_){{0,4}}{_NAME.upper()}(?:_[A-Z0-9]{{1,20}}){{0,2}}\s?=\s?"
        r"(?P<value>[^\s\"'#()\[\]{}<>$]{8,200})\s*$",
        3.0,
    ),
)

# A text that has none of these in lower case breaks no rule; most are done with after this look,
# for which one search for each word is ten times as fast as one pattern of them all.
_SUSPECTS = (
    *("pass", "pwd", "secret", "token", "key", "auth", "://", "?token", "&token", "slack"),
    *("akia", "asia", "abia", "acca", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat"),
    *("glpat-", "gldt-", "glrt-", "glft-", "glsoat-", "glcbt-", "glptt-", "glagent-", "gloas-"),
    *("hf_", "api_org", "sk-", "sk_", "rk_", "xox", "xapp-", "aiza", "gocspx", "npm_", "pypi-"),
    *("sg.", "dop_v1", "doo_v1", "dor_v1", ":aa", "kaggle", "wandb", "eyj"),
)


def is_suspect(text: str) -> bool:
    """Tell whether `text` could break a rule at all."""
    low = text.lower()
    return any(word in low for word in _SUSPECTS)


_PLACEHOLDERS = re.compile(
    r"(?i)^(?:.*(?:example|placeholder|changeme|change_me|redacted|dummy|sample|your[_-]|my[_-]"
    r"|insert|replace|secret[_-]?here|password|none|null|\.\.\.|xxxx|\*\*\*|•••|1234567).*"
    r"|[<\[{$%].*|(?:os\.)?(?:environ|getenv).*)$"
)


def is_placeholder(rule: Rule, value: str) -> bool:
    """Tell whether `value` stands for a secret rather than being one."""
    if entropy(value) < rule.entropy:
        return True
    told_by_name = rule.kind in ("password or key", "password in an address")
    return told_by_name and _PLACEHOLDERS.match(value) is not None


def entropy(text: str) -> float:
    """Return the Shannon entropy of `text` in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
