"""Every answer explains itself: what was sent, what came back, the rule applied, the meaning."""

from engine.explain.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
