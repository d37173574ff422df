"""Cohorts from sources that give durations and no dates."""

import pandas as pd
import pytest

import analysis
from analysis.data.errors import InputError

HEAD = 'title = "Test"\nkind = "synthetic"\nsource = "made for a test"\narea = "one county"\n'
FOLLOW = (
    HEAD
    + '{}\n[[files]]\ntable = "follow_up"\npath = "a.csv"\n[files.columns]\ndays = {{ from = "d", blank = 36 }}\nsex = "sex"\n'
    'event = {{ from = "e", values = {{ New = "new_offence", Tech = "technical", Died = "died", No = "" }} }}\n'
)


@pytest.fixture
def durations(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_HOME", str(tmp_path))
    folder = tmp_path / "data" / "raw" / "test"
    folder.mkdir(parents=True)

    def build(rows, top='time_unit = "month"\nfollow_up = 36\none_row_per = "release"'):
        (folder / "a.csv").write_text("d,e,sex\n" + "".join(f"{row}\n" for row in rows))
        (folder / "dataset.toml").write_text(FOLLOW.format(top))
        return analysis.open_dataset("test")

    return build


def test_durations_are_taken_as_they_are(durations):
    cohort = analysis.cohort(durations(["0,New,male", "12,New,female", ",No,male", "5,Died,"]))
    assert followed(cohort) == [(0, "new_offence"), (12, "new_offence"), (36, None), (5, "died")]
    assert cohort.frame["follow_up"].tolist() == [36, 36, 36, 36]
    assert cohort.frame["person_id"].isna().all()
    assert cohort.frame["sex"].tolist() == ["male", "female", "male", "unknown"]
    assert cohort.frame["event"].cat.categories.tolist() == ["new_offence", "died"]
    assert {k: getattr(cohort, k) for k in ("time_unit", "follow_up", "row", "event", "competing", "data_end", "left_out")} == {
        "time_unit": "month", "follow_up": 36, "row": "release", "event": "new_offence", "competing": ("died",),
        "data_end": None, "left_out": {},
    }  # fmt: skip
    late = analysis.cohort(durations(["5,New,", "6,New,", "7,New,"]), entry_days=6)
    assert late.left_out == {"not observed beyond the first 6 months": 2}


def test_a_choice_between_events_is_the_users_and_an_event_not_chosen_is_counted(durations):
    ds = durations(["1,New,", "2,Tech,", "3,Died,", "4,Tech,"])
    with pytest.raises(InputError, match="several events: say event = one of new_offence, technical"):
        analysis.cohort(ds)
    cohort = analysis.cohort(ds, event="new_offence")
    assert followed(cohort) == [(1, "new_offence"), (2, None), (3, "died"), (4, None)]
    assert cohort.left_out == {"followed to 'technical' alone, taken as censored then": 2}
    both = analysis.cohort(ds, event="new_offence", competing=("died", "technical"))
    assert followed(both) == [(1, "new_offence"), (2, "technical"), (3, "died"), (4, "technical")]
    alone = analysis.cohort(ds, event="new_offence", competing=())
    assert alone.left_out["followed to 'died' alone, taken as censored then"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"origin": "prepared"}, "gives durations from release and no dates"),
        ({"event": "rearrest"}, "has no event 'rearrest'. Valid names: died, new_offence"),
        ({"until": "2020-01-01"}, "until and severity are not to be had"),
        ({"competing": ("tech",)}, "'tech' is no kind of exit"),
    ],
)
def test_what_durations_cannot_give(durations, options, words):
    ds = durations(["1,New,", "3,Died,"])
    with pytest.raises(InputError) as error:
        analysis.cohort(ds, **options)
    assert words in str(error.value)


def followed(cohort: pd.DataFrame) -> list[tuple]:
    """Return (days, event or None) of each row in order."""
    return [
        (days, None if pd.isna(event) else event)
        for days, event in zip(cohort.frame["days"], cohort.frame["event"].astype(object), strict=True)
    ]
