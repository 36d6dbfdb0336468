from __future__ import annotations

from analytics.research.funnel import sentence, steps

FILTERS = ("volatility", "rsi", "trend", "momentum")


def test_the_funnel_is_told_in_one_sentence_the_worst_filter_first():
    found = steps(FILTERS, 5_512, {"rsi": 170, "volatility": 5_310, "trend": 32})
    assert sentence(5_512, 0, found) == (
        "5,512 evaluations: volatility blocked 5,310 (96 %), rsi 170, trend 32; 0 signals"
    )
    assert [(one.name, one.reached, one.passed) for one in found] == [
        ("volatility", 5_512, 202),
        ("rsi", 202, 32),
        ("trend", 32, 0),
        ("momentum", 0, 0),
    ]


def test_a_funnel_without_evaluations_or_blocks_says_so():
    assert sentence(0, 0, steps(FILTERS, 0, {})).startswith("No evaluations")
    assert steps(FILTERS, 0, {})[0].share is None
    assert sentence(1, 1, steps(FILTERS, 1, {})) == "1 evaluation: nothing was blocked; 1 signal"
