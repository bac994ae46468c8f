"""What an eval cost: the tokens that the model read and wrote, and the seconds that it worked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from verdict.summaries import Summary


@dataclass(frozen=True, slots=True)
class Cost:
    """Summed over the samples of a log, epoch by epoch; what a judge used is left out."""

    epochs: int
    input_tokens: int
    output_tokens: int
    seconds: float
    """Working time of the samples, without waits for others: samples that ran at once count each for itself."""

    def __str__(self) -> str:
        tokens = f"{self.input_tokens:,} tokens read, {self.output_tokens:,} written"
        return f"{self.epochs:,} answers, {tokens}, {self.seconds:,.0f} s of work"


def total(costs: Iterable[Cost]) -> Cost:
    """Their sum."""
    parts = list(costs)
    return Cost(*(sum(getattr(cost, field.name) for cost in parts) for field in fields(Cost)))


def cost_of(summaries: Sequence[Summary], model: str) -> Cost:
    """`model`: as the log calls it."""
    used = [usage for summary in summaries if (usage := (summary.model_usage or {}).get(model))]
    return Cost(
        epochs=len(summaries),
        input_tokens=sum([usage.input_tokens for usage in used]),
        output_tokens=sum([usage.output_tokens for usage in used]),
        seconds=sum([summary.working_time or 0 for summary in summaries]),
    )
