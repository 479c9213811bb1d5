"""Expressions of PromQL, held against the metrics and labels that there are."""

from collections.abc import Mapping

import promql_parser as promql

Exposed = Mapping[str, Mapping[str, set[str]]]  # the values of each label of each metric

TARGET = {"job", "instance"}  # labels that Prometheus gives to all that it reads
UP: Exposed = {"up": {label: set() for label in TARGET}}  # its own: whether it could read at all
OPEN = {"client", "source", "operation", "field", "coordinate", "le", *TARGET}  # any value may be


def selectors(expression: str) -> list[promql.VectorSelector]:
    found: list[promql.Expr] = []
    promql.walk(promql.parse(expression), lambda one: found.append(one) or True)
    named = (
        one.vector_selector if isinstance(one, promql.MatrixSelector) else one for one in found
    )
    return [one for one in named if isinstance(one, promql.VectorSelector)]


def mistakes(expression: str, exposed: Exposed) -> list[str]:
    """What an expression names that no metric has."""
    found: list[str] = []
    for one in selectors(expression):
        if one.name in exposed:
            for matcher in one.matchers.matchers:
                found += _mismatched(one.name, matcher, exposed[one.name])
        else:
            found.append(f"no metric {one.name}")
    if not found:
        Labels(exposed, found).of(promql.parse(expression))
    return found


def _mismatched(metric: str, matcher: promql.Matcher, labels: Mapping[str, set[str]]) -> list[str]:
    if matcher.name not in labels:
        return [f"{metric} has no label {matcher.name}"]
    if matcher.name in OPEN:
        return []
    regular = matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe)
    meant = matcher.value.split("|") if regular else [matcher.value]
    unknown = set(meant) - labels[matcher.name]
    return [f"{metric} has no {matcher.name} {value}" for value in sorted(unknown)]


class Labels:
    """Which labels the series of an expression have; what is wrong with that goes to `found`."""

    def __init__(self, exposed: Exposed, found: list[str]) -> None:
        self._exposed = exposed
        self._found = found

    def of(self, node: promql.Expr) -> set[str]:
        match node:
            case promql.VectorSelector():
                return set(self._exposed[node.name])
            case promql.MatrixSelector():
                return self.of(node.vector_selector)
            case promql.AggregateExpr():
                return self._grouped(node)
            case promql.BinaryExpr():
                return self._matched(node)
            case promql.Call():
                return set[str]().union(*map(self.of, node.args))
            case promql.ParenExpr() | promql.UnaryExpr():
                return self.of(node.expr)
        return set()  # a number

    def _grouped(self, node: promql.AggregateExpr) -> set[str]:
        inside, by = self.of(node.expr), node.modifier
        if by is None:
            return inside if str(node.op) in ("topk", "bottomk") else set()
        self._known(by.labels, inside, node)
        without = by.type == promql.AggModifierType.Without
        return inside - {*by.labels} if without else {*by.labels}

    def _matched(self, node: promql.BinaryExpr) -> set[str]:
        left, right, how = self.of(node.lhs), self.of(node.rhs), node.modifier
        if how is not None and how.matching is not None:
            self._known(how.matching.labels, left, node.lhs)
            self._known(how.matching.labels, right, node.rhs)
        elif left and right and left != right:
            self._found.append(f"nothing of {node} matches")
        return left or right

    def _known(self, labels: list[str], inside: set[str], node: promql.Expr) -> None:
        self._found += [f"no label {one} in {node}" for one in labels if one not in inside]
