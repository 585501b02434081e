"""What an indicator is about in the eyes of the law: by its titles, and by what it adds up and divides.

The table of words is in registry/packs/checks/law.py.
"""

from collections.abc import Mapping, Sequence

from cityloop.core.indicators.indicator import Indicator, Term
from cityloop.registry.packs.checks.law import ALWAYS, About, figure_about


def about(indicator: Indicator, of_counts: Mapping[str, set[About]]) -> set[About]:
    """Return which matters of the table an indicator or one of its variants is about; `of_counts` has its counts."""
    chosen = [indicator, *(indicator.chosen(name) for name in indicator.variants)]
    variants = [
        {language: words + each.title[language] for language, words in indicator.title.items()}
        for each in indicator.variants.values()
    ]
    found = figure_about(indicator.title, *variants)
    for each in chosen:
        found |= _inherited(_of_terms(each.numerator, of_counts), _of_terms(each.denominator, of_counts))
    return found


def _inherited(above: set[About], below: set[About]) -> set[About]:
    """Return what a quotient is about: a share of petitions, such as those settled, is not their number."""
    return (above - below) | ((above | below) & ALWAYS)


def _of_terms(terms: Sequence[Term], of_counts: Mapping[str, set[About]]) -> set[About]:
    """Return what a sum is about; a count that is not known yet is the indicator itself."""
    return set().union(*(of_counts.get(term.count.partition(":")[0], set()) for term in terms))
