"""The few formulas that reports show, as MathML: read aloud by screen readers, drawn by browsers without a script."""

_HEAD = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _i(name: str) -> str:
    return f"<mi>{name}</mi>"


def _o(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _sub(base: str, index: str) -> str:
    return f"<msub>{base}{index}</msub>"


def _frac(top: str, bottom: str) -> str:
    return f"<mfrac>{top}{bottom}</mfrac>"


_T, _J, _N, _ONE = _i("t"), _i("j"), "<mi>n</mi>", "<mn>1</mn>"
_OPEN, _CLOSE, _EQ, _MINUS, _LE = _o("("), _o(")"), _o("="), _o("&#x2212;"), _o("&#x2264;")
_OF_T = _row(_OPEN, _T, _CLOSE)
_UP_TO = _row(_sub(_T, _J), _LE, _T)
_HAZARD = _frac(_sub(_i("d"), _J), _sub(_N, _J))
_SURVIVAL = f"<mover>{_i('S')}{_o('^')}</mover>"

_Z2 = "<msup><mi>z</mi><mn>2</mn></msup>"
_ROOT = _row(_frac(_row(_i("k"), _OPEN, _N, _MINUS, _i("k"), _CLOSE), _N), _o("+"), _frac(_Z2, "<mn>4</mn>"))
_WILSON = _frac(
    _row(_i("k"), _o("+"), _frac(_Z2, "<mn>2</mn>"), _o("&#xB1;"), _i("z"), f"<msqrt>{_ROOT}</msqrt>"),
    _row(_N, _o("+"), _Z2),
)

_SUM_TO = f"<munder>{_o('&#x2211;')}{_UP_TO}</munder>"
_LEFT = _row(_OPEN, _sub(_N, _J), _MINUS, _sub(_i("d"), _J), _CLOSE)
_GREENWOOD = _row(
    _SURVIVAL, "<msup>", _OF_T, "<mn>2</mn></msup>", _SUM_TO, _frac(_sub(_i("d"), _J), _row(_sub(_N, _J), _LEFT))
)
_EXPECTED = _frac(_row(_sub(_i("n"), _row(_ONE, _J)), _sub(_i("d"), _J)), _sub(_N, _J))
_RISK = f"<msup>{_i('e')}{_row(_i('x'), _i('&#x3B2;'))}</msup>"
_AT_RISK = f"<munder>{_o('&#x2211;')}{_row(_i('k'), _o('&#x2208;'), _i('R'), _OPEN, _sub(_T, _J), _CLOSE)}</munder>"

# name: (MathML, what the letters are)
FORMULAS = {
    "kaplan-meier": (
        _row(_SURVIVAL, _OF_T, _EQ, f"<munder>{_o('&#x220F;')}{_UP_TO}</munder>", _OPEN, _ONE, _MINUS, _HAZARD, _CLOSE),
        "d events among n at risk at each time; the share with an event is one minus S.",
    ),
    "aalen-johansen": (
        _row(f"<mover>{_i('F')}{_o('^')}</mover>", _OF_T, _EQ, f"<munder>{_o('&#x2211;')}{_UP_TO}</munder>", _SURVIVAL,
             _row(_OPEN, _sub(_T, _row(_J, _MINUS, _ONE)), _CLOSE), _HAZARD),
        "d events of the kind shown among n at risk; S is the share without any event just before.",
    ),
    "proportion": (
        _row(f"<mover>{_i('p')}{_o('^')}</mover>", _EQ, _frac(_i("k"), _N)),
        "k with an event among n who could be followed for the whole window.",
    ),
    "greenwood": (
        _row(_i("V"), _EQ, _GREENWOOD),
        "Greenwood's variance of S; the interval is set on the scale of log(-log S) and turned back.",
    ),
    "rmst": (
        _row(_i("&#x3BC;"), _OPEN, _i("&#x3C4;"), _CLOSE, _EQ, f"<msubsup>{_o('&#x222B;')}<mn>0</mn>{_i('&#x3C4;')}</msubsup>",
             _SURVIVAL, _OF_T, _i("d"), _T),
        "the mean time without an event up to the horizon tau: the area under S.",
    ),
    "log-rank": (
        _row(_i("U"), _EQ, f"<munder>{_o('&#x2211;')}{_J}</munder>", _OPEN, _sub(_i("d"), _row(_ONE, _J)), _MINUS, _EXPECTED, _CLOSE),
        "events seen in group 1 less those expected if both groups had the same hazard; U squared over its variance is chi-squared.",
    ),
    "mean-cumulative": (
        _row(_i("M"), _OF_T, _EQ, _SUM_TO, _HAZARD),
        "all events counted, later ones too, among n under observation: the mean number of events a person.",
    ),
    "cox": (
        _row(_i("L"), _OPEN, _i("&#x3B2;"), _CLOSE, _EQ, f"<munder>{_o('&#x220F;')}{_J}</munder>",
             _frac(f"<msup>{_i('e')}{_row(_sub(_i('x'), _J), _i('&#x3B2;'))}</msup>", _row(_AT_RISK, _RISK))),
        "the partial likelihood: the person with the event among those at risk, R, at that time; shown without ties.",
    ),
    "rate": (
        _row(_i("r"), _EQ, _frac(_i("d"), _i("Y"))),
        "d events in Y years of follow-up; the interval is exact: Poisson means under which d or more, or d or fewer, have half of what is left out.",
    ),
    "unequal": (
        _row(_i("F"), _OPEN, _i("w"), _CLOSE, _EQ, _ONE, _MINUS, f"<msup>{_i('e')}{_row(_MINUS, _i('&#x3BB;'), _i('w'))}</msup>"),
        "the risk over the whole window w at the constant hazard lambda under which the count seen is expected.",
    ),
    "split": (
        _row(_i("F"), _OF_T, _EQ, _i("&#x3C0;"), _i("G"), _OF_T),
        "a share pi ever has the event, after a time with the distribution G (exponential, Weibull, log-normal or log-logistic).",
    ),
    "wilson": (_WILSON, "Limits of the Wilson interval; z is 1.96 for 95 percent (Wilson 1927)."),
}  # fmt: skip


def formula(name: str) -> tuple[str, str]:
    """Return the MathML of ``name`` and a line that says what its letters are; ``KeyError`` lists the names there are."""
    if name not in FORMULAS:
        raise KeyError(f"no formula {name!r}; there are {', '.join(FORMULAS)}")
    body, letters = FORMULAS[name]
    return f"{_HEAD}{body}</math>", letters
