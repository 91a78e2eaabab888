"""Why a bill is settled as it is: the same bodies rerun on traced amounts, in Chinese and English."""

from mipolicy.explain.render import Explanation, Figure, Step, StepGroup
from mipolicy.explain.trace import explain_settlement

__all__ = ["Explanation", "Figure", "Step", "StepGroup", "explain_settlement"]
