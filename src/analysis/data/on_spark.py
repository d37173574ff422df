"""Raw files read and cleaned, and tables written, by Spark: the same work as that of ``crew``, on the machines of a cluster.

A job is a row of a Spark frame in a partition of its own. ``mapInPandas`` does the jobs with the one pure pandas
cleaning function: a job reads its piece of a raw file, cleans it batch by batch, writes the parts, and gives back its
counts. Pieces, numbers of rows and parts are those that one machine would make, so that the tables have the same bytes.

It takes for granted that every machine sees the project's folder under the same path (a shared file system), and has this
package and its environment. A job that Spark tries again, or twice at once, writes the same files with the same content.
Files that cannot be cut (packed ones, workbooks) are read by one process each.
"""

import pickle
from collections.abc import Iterable, Iterator
from functools import partial

import pandas as pd

from analysis.data.crew import answer_of, content_of
from analysis.data.engine import connection
from analysis.data.errors import InputError
from analysis.data.read import first_line


class SparkCrew:
    """The jobs of a build, done by Spark. Use as a context, as ``Crew``."""

    reads = True  # its processes open raw files themselves

    def __init__(self, work: object) -> None:
        self.work, self.engine = work, partial(connection, "spark")

    def __enter__(self) -> "SparkCrew":
        self.engine()  # where there is none, that is said before anything is read
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def each(self, method: str, jobs: Iterable[tuple], about: str) -> Iterator[object]:
        """Do jobs of one kind; yield their answers in order. Raises InputError, as the first job in order that failed."""
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        work, jobs = self.work, list(jobs)
        if not jobs:
            return

        def done(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            for job in (job for frame in frames for job in frame["id"]):
                content = pickle.dumps(answer_of(work, method, jobs[job]))
                yield pd.DataFrame({"job": [job], "answer": [content]})

        frame = self.engine()._session.range(0, len(jobs), 1, len(jobs))
        try:
            rows = frame.mapInPandas(done, "job long, answer binary").collect()
        except (PySparkException, Py4JError) as error:
            raise InputError(
                f"{about}: Spark did not finish the work ({_reason(error)}). If a machine ran out of memory, give it fewer tasks at a time "
                "(a smaller ANALYSIS_SPARK such as local[1], or spark.executor.cores), and run the same command again."
            ) from None
        for _, answer in sorted((row["job"], bytes(row["answer"])) for row in rows):
            yield content_of(pickle.loads(answer))


def _reason(error: Exception) -> str:
    """Return the line of an error of Spark that says what happened, without Java's trace."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if "Exception" in line or "exited" in line]
    return (told[-1] if told else first_line(error))[:300]
