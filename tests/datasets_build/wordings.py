"""Real jobs for tests of teachers, and the wordings that the template teacher has for them."""

from collections.abc import Iterable, Iterator, Mapping

from aj.contract import load_contract
from datasets_build.drawn.worded.generate import generate
from datasets_build.drawn.worded.teachers.template import template_teacher
from datasets_build.drawn.worded.teachers.wording import Job, Teacher, Worded, Wording


def noting(jobs: list[Job]) -> Teacher:
    """The template teacher, which puts every job that it is given into `jobs`."""

    def word(asked: Iterable[Job]) -> Iterator[tuple[str, Worded]]:
        for job in asked:
            jobs.append(job)
            yield from template_teacher().word([job])

    return Teacher("template", word)


def drawn_jobs(count: int, seed: int = 1, multi_turn_ratio: float = 0.3) -> list[Job]:
    """The jobs of `count` rows, each at its first attempt."""
    jobs: list[Job] = []
    list(generate(count, seed, noting(jobs), load_contract(), multi_turn_ratio))
    return [job for job in jobs if job.attempt == 0][:count]


def texts_of(job: Job, seed: int = 0) -> Mapping[str, str]:
    """The template teacher's texts for a job."""
    ((_, worded),) = template_teacher(seed).word([job])
    assert isinstance(worded, Wording)
    return worded.texts
