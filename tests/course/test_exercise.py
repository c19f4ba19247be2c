"""A check, whatever it is given, and what it tells."""

import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
import warnings
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from bn_lib import chapters, functional
from bn_lib.course import watch
from bn_lib.course.exercise import Exercise, check, exercises, hints, judge, texts
from bn_lib.course.observation import Problem, same
from bn_lib.course.probe import alike, huge
from bn_lib.course.verdict import Verdict
from bn_lib.course.wrong_lines import with_wrong_lines
from tests import book_rules

CHAPTERS = [module.name for module in pkgutil.iter_modules(chapters.__path__)]
EXERCISES = {id_: one for name in CHAPTERS for id_, one in exercises(name).items()}
TEXTS = texts()


def forward(x, gamma, beta, eps):
    return gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta


def backward(dout, xhat, rstd, gamma):
    n = len(dout)
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    return gamma * rstd / n * (n * dout - dbeta - xhat * dgamma), dgamma, dbeta


class Layer:
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        self.momentum, self.eps = momentum, eps
        self.mean, self.var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x, training, grad_enabled):
        if not training:
            return (x - self.mean) / np.sqrt(self.var + self.eps)
        self.mean = self.mean + self.momentum * (x.mean(0) - self.mean)
        self.var = self.var + self.momentum * (x.var(0, ddof=1) - self.var)
        return (x - x.mean(0)) / np.sqrt(x.var(0) + self.eps)

    def state_dict(self):
        return {"mean": self.mean, "var": self.var}

    def load_state_dict(self, state):
        self.mean, self.var = state["mean"].copy(), state["var"].copy()


# An exercise of its own


def sigmoid_backward(dout, y):
    slope = y * (1 - y)
    dx = dout * slope
    return dx


SIGMOID = Exercise(
    sigmoid_backward,
    outputs=("dx",),
    cases={
        "y (4, 3)": lambda rng: {
            "dout": rng.normal(size=(4, 3)),
            "y": rng.uniform(size=(4, 3)),
        },
    },
    probes=(("dout-forgotten", "dx", alike({}, {"dout": huge})),),
    mistakes="""
    slope-forgotten  dx = dout
    slope-of-tanh    slope = 1 - y**2
    wrong-sign       - -> +
    """,
)


def test_an_exercise_is_a_right_answer_and_a_table_of_wrong_lines():
    texts = TEXTS | dict.fromkeys(
        ["slope-forgotten", "slope-of-tanh", "dout-forgotten"], "ab"
    )
    answers = {
        (): lambda dout, y: dout * y * (1 - y),
        ("slope-forgotten",): lambda dout, y: dout,
        ("slope-of-tanh",): lambda dout, y: dout * (1 - y**2),
        ("wrong-sign",): lambda dout, y: dout * (y + y**2),
        ("dout-forgotten",): lambda dout, y: y * (1 - y),
        ("unknown",): lambda dout, y: dout * y,
    }
    for mistakes, answer in answers.items():
        assert judge("problem.sigmoid", SIGMOID, answer, texts).mistakes == mistakes


# Stubs


def _raise_not_implemented(*args):
    raise NotImplementedError


def _stub_of_cs231n(dout, xhat, rstd, gamma):
    dx, dgamma, dbeta = None, None, None
    return dx, dgamma, dbeta


class StubLayer:
    def __init__(self, num_features, momentum=0.1, eps=1e-5): ...

    def forward(self, x, training, grad_enabled): ...

    def state_dict(self): ...

    def load_state_dict(self, state): ...


class RaisingStubLayer(StubLayer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        raise NotImplementedError


class StartedStubLayer(StubLayer):
    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        self.mean = np.zeros(num_features)


FUNCTIONS = [
    *("math.forward", "math.images", "math.undo", "backward.full"),
    *("intuition.loss-range", "intuition.angle"),
    *("intuition.scale-invariant", "intuition.decays"),
    *("placement.without-bias", "placement.forward", "placement.block"),
    "placement.dropout-variance",
]
STUBS = [
    *((e, answer) for e in EXERCISES for answer in (None, ...)),
    *((e, lambda *args: None) for e in FUNCTIONS),
    *((e, lambda *args: ...) for e in FUNCTIONS),
    *((e, _raise_not_implemented) for e in FUNCTIONS),
    ("math.undo", lambda mean, var, eps: (..., ...)),
    ("backward.full", lambda dout, xhat, rstd, gamma: (None, None, None)),
    ("backward.full", _stub_of_cs231n),
    ("math.running", StubLayer),
    ("math.running", RaisingStubLayer),
    ("math.running", StartedStubLayer),
    ("backward.two", (None, None)),
    ("backward.two", (..., ...)),
    ("intuition.scaled", (..., ..., ...)),
    ("placement.bias", (..., ...)),
    ("placement.without-bias", lambda bias, running_mean, running_var: (..., ...)),
]


@pytest.mark.parametrize(("exercise", "answer"), STUBS)
def test_a_stub_is_not_attempted(exercise, answer):
    verdict = check(exercise, answer)
    assert (verdict.passed, verdict.mistake, verdict.attempted) == (False, None, False)


def test_a_half_filled_stub_is_incomplete_and_names_the_gap():
    verdict = check("backward.two", ([[-1], [1]], ...))
    assert (verdict.mistakes, verdict.attempted) == (("incomplete",), True)
    assert "dx" in verdict.messages["english"]

    class NoState(Layer):
        def state_dict(self): ...

    verdict = check("math.running", NoState)
    assert verdict.mistakes == ("incomplete",)
    assert "state_dict() returned None" in verdict.messages["hinglish"]


def test_code_that_forgot_its_return_is_no_stub():
    def without_return(mean, var, eps):
        (var + eps) ** 0.5, mean

    class WithoutReturn(Layer):
        def forward(self, x, training, grad_enabled):
            super().forward(x, training, grad_enabled)

    for exercise, answer in (
        ("math.undo", without_return),
        ("math.running", WithoutReturn),
    ):
        verdict = check(exercise, answer)
        assert (verdict.mistakes, verdict.attempted) == (("returned-nothing",), True)
        assert "Your function returned None." in verdict.messages["english"]


# Answers that misbehave


def _divides_by_zero(x, gamma, beta, eps):
    return x / 0


def _changes_x(x, gamma, beta, eps):
    x -= x.mean(0)
    x /= np.sqrt(x.var(0) + eps)
    return gamma * x + beta


def _changes_gamma(x, gamma, beta, eps):
    gamma /= np.sqrt(x.var(0) + eps)
    return gamma * (x - x.mean(0)) + beta


def _needs_six_rows(x, gamma, beta, eps):
    if len(x) != 6:
        raise KeyError("two\nlines, then " + "a very long story " * 50)
    return forward(x, gamma, beta, eps)


class Hostile:
    """An object that raises whatever it is asked."""

    def _refuse(self, *args, **kwargs):
        raise RuntimeError("no")

    __array__ = __len__ = __iter__ = __eq__ = __bool__ = __repr__ = __str__ = _refuse
    __getattr__ = __getitem__ = __float__ = __format__ = _refuse
    __hash__ = None


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no")


def _raises_hostile(*args):
    raise HostileError


def _exits(*args):
    sys.exit("bye")


class NotALayer:
    def __init__(self, num_features, momentum=0.1, eps=1e-5): ...


class StatelessLayer(NotALayer):
    def forward(self, x, training, grad_enabled): ...


class OldSignature(Layer):
    def forward(self, x, training):
        return x


class NoArguments:
    forward = state_dict = load_state_dict = lambda *args, **kwargs: None


class StateIsAList(Layer):
    def state_dict(self):
        return [self.mean, self.var]


def _keeps_the_dimension(*given):
    return tuple(g[None] if g.ndim == 1 else g for g in backward(*given))


ODD = [
    ("math.forward", _divides_by_zero, "not-finite", "inf"),
    ("math.forward", _changes_x, "changed-input", "eps 0.5: x)"),
    ("math.forward", _changes_gamma, "changed-input", "eps 0.5: gamma)"),
    ("math.forward", _needs_six_rows, "raised", "KeyError: 'two"),
    ("math.forward", _raises_hostile, "raised", "HostileError"),
    ("math.forward", _exits, "raised", "SystemExit: bye"),
    ("math.forward", lambda x, g, b, eps: x + np.zeros(7), "raised", "ValueError"),
    ("math.forward", lambda x, g, b: x, "wrong-signature", "batch_norm(x, g, b)"),
    ("math.forward", lambda x, g, b, *, eps: x, "wrong-signature", "*, eps"),
    ("math.forward", np.ones((6, 3)), "wrong-type", "ndarray"),
    ("math.forward", Hostile(), "wrong-type", "Hostile"),
    ("math.forward", lambda *args: Hostile(), "wrong-type", "Hostile"),
    ("math.forward", lambda *args: "y", "wrong-type", "str"),
    ("math.forward", lambda x, *rest: x + 1j, "wrong-type", "complex128"),
    ("math.forward", lambda *args: [[1, 2], [3]], "wrong-type", "list"),
    ("math.forward", lambda x, *rest: (x, {"cache": x}), "wrong-type", "tuple"),
    (
        "math.forward",
        lambda x, *rest: x.mean(0),
        "wrong-shape",
        "expected (4, 4), got (4,)",
    ),
    ("math.forward", max, "raised", "Error"),
    ("math.undo", lambda mean, var, eps: mean, "wrong-type", "expected (gamma, beta)"),
    ("math.undo", lambda mean, var, eps: (var,), "wrong-type", "tuple of length 1"),
    ("math.undo", lambda *given: {"gamma": 1, "beta": 2}, "wrong-type", "got dict"),
    ("backward.full", _keeps_the_dimension, "wrong-shape", "expected (4,), got (1, 4)"),
    ("math.running", Layer(3), "wrong-type", "expected the class MyBatchNorm"),
    ("math.running", NotALayer, "wrong-signature", "got no forward"),
    ("math.running", StatelessLayer, "wrong-signature", "state_dict"),
    ("math.running", OldSignature, "wrong-signature", "forward(self, x, training)"),
    ("math.running", NoArguments, "wrong-signature", "num_features"),
    ("math.running", StateIsAList, "raised", "expected a dict from state_dict()"),
    ("backward.two", Hostile(), "wrong-type", "Hostile"),
    ("backward.two", (Hostile(), Hostile()), "wrong-type", "xhat: expected real numbers"),
    ("backward.two", 3, "wrong-type", "expected (xhat, dx), got int"),
    ("backward.two", ([-1, 1], [0, 0]), "wrong-shape", "expected (2, 1), got (2,)"),
    ("backward.two", ([[np.nan], [1]], [[0], [0]]), "not-finite", "nan"),
]
# pytest would ask a hostile object for its name.
ODD_IDS = [f"{exercise}-{mistake}-{i}" for i, (exercise, _, mistake, _) in enumerate(ODD)]


@pytest.mark.parametrize(("exercise", "answer", "mistake", "detail"), ODD, ids=ODD_IDS)
def test_a_misbehaving_answer_gets_a_verdict(exercise, answer, mistake, detail):
    verdict = check(exercise, answer)
    assert (verdict.mistakes, verdict.attempted) == ((mistake,), True), verdict
    for message in verdict.messages.values():
        assert detail in message
        assert "\n" not in message
        assert len(message) < 330


def test_an_answer_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(watch.Watch.__init__, "__defaults__", (0.1,))

    def never_ends(x, gamma, beta, eps):
        while True:
            try:
                x = x + 1
            except Exception:
                continue

    class NeverEnds(Layer):
        def forward(self, x, training, grad_enabled):
            while True:
                pass

    before = sys.gettrace(), sys.getprofile()
    assert check("math.forward", never_ends).mistakes == ("time-up",)
    assert check("math.running", NeverEnds).mistakes == ("time-up",)
    assert (sys.gettrace(), sys.getprofile()) == before


def test_a_debugger_keeps_tracing():
    seen = []

    def tracer(frame, event, argument):
        seen.append(frame.f_code.co_name)

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        check("math.forward", forward)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert "forward" in seen


def test_an_interrupt_is_not_swallowed():
    def stopped(x, gamma, beta, eps):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("math.forward", stopped)


def test_a_warning_in_an_answer_does_not_leak():
    def noisy(x, gamma, beta, eps):
        warnings.warn("look at me", stacklevel=1)
        return forward(x, gamma, beta, eps)

    assert check("math.forward", noisy).passed


def test_what_an_answer_prints_is_kept_out_of_the_way_and_told(capsys):
    def chatty(x, gamma, beta, eps):
        print("shape", x.shape)
        return forward(x, gamma, beta, eps)

    verdict = check("math.forward", chatty)
    assert capsys.readouterr() == ("", "")
    assert verdict.passed
    assert verdict.printed.startswith("shape (4, 4)\nshape (6, 3)\n")
    assert all("verdict.printed" in message for message in verdict.messages.values())


def test_every_call_gets_the_same_fresh_inputs():
    seen = []

    def spy(x, gamma, beta, eps):
        seen.append(x.copy())
        x[:] = 0
        return forward(x, gamma, beta, eps)

    check("math.forward", spy)
    once = len(seen)
    check("math.forward", spy)
    assert all(map(np.array_equal, seen[:once], seen[once:]))


def test_an_unknown_exercise_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"math\.forward.*math\.undo.*, got 'math\.fwd'"):
        check("math.fwd", None)
    with pytest.raises(ValueError, match="none in this chapter"):
        check("cooking.rice", None)


# The norm of a library

NORMS = {
    "bn_lib": lambda x, g, b, e: functional.batch_norm(x, None, None, g, b, training=True)[
        0
    ],
    "another of bn_lib": lambda x, g, b, e: functional.normalize(x, 0, e)[0] * g + b,
    "torch.nn.functional": lambda x, g, b, e: torch.nn.functional.batch_norm(
        torch.tensor(x), None, None, torch.tensor(g), torch.tensor(b), training=True, eps=e
    ),
    "compiled": lambda x, g, b, e: torch.batch_norm(
        torch.tensor(x), None, None, None, None, True, 0.1, e, False
    ),
    "a layer": lambda x, g, b, e: torch.nn.BatchNorm1d(x.shape[1])(torch.tensor(x).float()),
}


@pytest.mark.parametrize("name", NORMS)
def test_where_a_norm_is_to_be_written_a_librarys_is_told(name):
    verdict = check("math.forward", NORMS[name])
    assert verdict.mistakes == ("library-norm",)
    assert "norm" in verdict.messages["english"].rpartition("(")[2].lower()


def test_a_layer_that_inherits_from_a_librarys_is_told():
    class Inherited(torch.nn.BatchNorm1d):
        def forward(self, x, training, grad_enabled):
            return super().forward(torch.tensor(x).float())

    assert check("math.running", Inherited).mistakes == ("library-norm",)


def test_where_a_norm_is_not_the_point_a_librarys_may_be_used():
    def undo(mean, var, eps):
        functional.normalize(np.stack([mean, var]), 0)
        return np.sqrt(var + eps), mean

    assert check("math.undo", undo).passed


def test_other_things_called_norm_may_be_used():
    def with_lengths(x, gamma, beta, eps):
        d = torch.tensor(x) - torch.tensor(x).mean(0)
        var = torch.linalg.norm(d, dim=0) ** 2 / len(d)
        return torch.tensor(gamma) * d / (var + eps) ** 0.5 + torch.tensor(beta)

    assert check("math.forward", with_lengths).passed


# What the learner gets to see


def test_an_exception_is_told_with_its_line():
    def helper(x):
        return x.means(0)

    def raises(x, gamma, beta, eps):
        return helper(x)

    message = check("math.forward", raises).messages["english"]
    line = helper.__code__.co_firstlineno + 1
    assert message.endswith(f"attribute 'means', line {line}: return x.means(0))")


def test_a_line_is_told_by_its_number_where_the_code_is_nowhere_to_read():
    namespace = {}
    exec("def normalize(x, gamma, beta, eps):\n    return x / none", namespace)
    message = check("math.forward", namespace["normalize"]).messages["english"]
    assert message.endswith("NameError: name 'none' is not defined, line 2)")


def test_any_callable_is_an_answer():
    class Callable:
        def __call__(self, x, gamma, beta, eps):
            return forward(x, gamma, beta, eps)

    for answer in (
        Callable(),
        Callable().__call__,
        partial(lambda f, *xs: f(*xs), forward),
    ):
        assert check("math.forward", answer).passed


def test_the_failing_inputs_can_be_given_to_the_function_again():
    def normalize(values, scale, shift, epsilon=1e-5):
        if epsilon < 0.1:
            return forward(values, scale, shift, epsilon)
        return values

    verdict = check("math.forward", normalize)
    assert normalize(**verdict.inputs) is verdict.inputs["values"]
    assert verdict.inputs["epsilon"] == 0.5
    assert verdict.steps == {}


def test_the_failing_inputs_of_a_class_make_an_object_and_the_steps_follow():
    class NoEps(Layer):
        def __init__(self, n, momentum=0.1, eps=1e-5):
            super().__init__(n, momentum, 0)

    verdict = check("math.running", NoEps)
    layer = NoEps(**verdict.inputs)
    assert verdict.steps["verbs"] == "train, eval"
    y = layer.forward(verdict.steps["x"][0], training=True, grad_enabled=True)
    assert f"got {y[0, 0]:.4g}" in verdict.messages["english"]


def test_a_changed_input_is_told_by_the_learners_name():
    def normalize(values, scale, shift, epsilon):
        scale *= 2
        return forward(values, scale / 2, shift, epsilon)

    verdict = check("math.forward", normalize)
    assert verdict.mistakes == ("changed-input",)
    assert verdict.messages["english"].endswith("(x (4, 4), eps 0.5: scale)")


def test_a_changed_input_is_told_where_an_output_has_its_name():
    def without_bias(bias, mean, var):
        mean -= bias
        return mean, var

    verdict = check("placement.without-bias", without_bias)
    assert verdict.mistakes == ("changed-input",)
    assert verdict.messages["english"].endswith("(3 features: mean)")


def test_the_inputs_are_not_those_that_the_answer_changed():
    verdict = check("math.forward", _changes_x)
    assert abs(verdict.inputs["x"].mean() - 1.5) < 0.5


def test_a_value_or_a_right_answer_has_no_failing_inputs():
    assert check("backward.two", ([[1], [-1]], [[0], [0]])).inputs == {}
    assert check("math.forward", forward).inputs == {}


def test_a_diagnosis_shows_a_value_of_the_output_that_it_is_about():
    def dgamma_is_a_mean(*given):
        dx, dgamma, dbeta = backward(*given)
        return dx, dgamma / len(given[0]), dbeta

    message = check("backward.full", dgamma_is_a_mean).messages["english"]
    assert re.search(r"eps 0.5: dgamma\[0\]: expected ", message)
    assert "dx[" not in message
    assert "dbeta[" not in message


def test_two_mistakes_in_two_outputs_are_told_one_by_one():
    def swapped_and_without_gamma(dout, xhat, rstd, gamma):
        dx, dgamma, dbeta = backward(dout, xhat, rstd, 1)
        return dx, dbeta, dgamma

    verdict = check("backward.full", swapped_and_without_gamma)
    assert set(verdict.mistakes) == {"gamma-forgotten", "gradients-swapped"}
    gamma, swapped = sorted(
        verdict.messages["english"].split(") "), key=lambda s: "dx[" in s
    )
    assert "dgamma[0]: expected" in gamma + swapped
    assert "A term of dx lacks gamma" in swapped
    assert "dx[" in swapped


def test_of_two_mistakes_in_one_output_each_shows_where_it_matters():
    def unbiased_without_eps(x, gamma, beta, eps):
        return gamma * (x - x.mean(0)) / x.std(0, ddof=1) + beta

    verdict = check("math.forward", unbiased_without_eps)
    assert set(verdict.mistakes) == {"unbiased-variance", "eps-forgotten"}


def test_an_output_that_nobody_can_explain_is_told_too():
    def odd(*given):
        dx, dgamma, dbeta = backward(*given)
        return dx, dgamma / len(given[0]), dbeta**2

    verdict = check("backward.full", odd)
    assert set(verdict.mistakes) == {"mean-of-parameters", "unknown"}
    assert "dbeta[0]: expected" in verdict.messages["english"]


def test_an_exception_in_common_names_no_mistake():
    def layer_norm_without_keepdims(x, gamma, beta, eps):
        raise ValueError("operands could not be broadcast together")

    assert check("math.forward", layer_norm_without_keepdims).mistakes == ("raised",)


# What the exercises know


def _apart(exercise, output, one, other):
    """Return whether two variants differ by far more than the tolerance, somewhere."""
    for key in exercise.keys[output]:
        a, b = exercise.returned(key, one), exercise.returned(key, other)
        if isinstance(a, Problem) or isinstance(b, Problem) or a.shape != b.shape:
            if not same(a, b):
                return True
        elif not np.allclose(a, b, rtol=2e-2, atol=2e-2):
            return True
    return False


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_the_right_answer_runs_and_every_wrong_line_matters(exercise):
    keys = [key for keys in exercise.keys.values() for key in keys]
    assert not any(isinstance(exercise.returned(key), Problem) for key in keys)
    for i, variant in enumerate(exercise.variants):
        apart = [_apart(exercise, output, (), (i,)) for output in exercise.keys]
        assert any(apart), variant


# Outputs that two mistakes leave equal: the first is told, and it is true of both.
EQUAL = {
    frozenset({"gradients-swapped", "dgamma-without-xhat"}),
    frozenset({"gradients-swapped", "dbeta-with-xhat"}),
    frozenset({"mode-reversed", "running-statistics-in-training"}),
    frozenset({"mode-reversed", "batch-statistics-in-eval"}),
    frozenset({"gradients-swapped", "relu-forgotten"}),
    frozenset({"gradients-swapped", "relu-not-there"}),
}


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_no_two_mistakes_can_be_confused(exercise):
    for (i, a), (j, b) in combinations(enumerate(exercise.variants), 2):
        if a.mistakes == b.mistakes or frozenset(a.mistakes + b.mistakes) in EQUAL:
            continue
        for output in exercise.keys:
            changed = _apart(exercise, output, (), (i,)) and _apart(
                exercise, output, (), (j,)
            )
            assert not changed or _apart(exercise, output, (i,), (j,)), (output, a, b)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_known_wrong_answer_is_diagnosed_as_itself(name):
    exercise = EXERCISES[name]
    answer, made, variants = with_wrong_lines(exercise.answer, exercise.mistakes)
    for i, variant in enumerate(variants):
        made.clear()
        made.add(i)
        given = answer if inspect.signature(answer).parameters else answer()
        told = set(judge(name, exercise, given, TEXTS).mistakes)
        raises = told == {"raised"}
        equal = any(pair <= told | set(variant.mistakes) for pair in EQUAL)
        assert told == set(variant.mistakes) or raises or equal, (variant, told)


# What is told

WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
SYMBOLS = re.findall(
    r"\S+",
    """
    N−1 E[x²] xhat gamma beta eps rstd dx dout dgamma dbeta N x NaN g m y 1/m n
    state_dict grad_enabled keepdims reshape float32 num_features momentum
    verdict.printed
    """,
)


@pytest.mark.parametrize("mistake", TEXTS)
def test_both_languages_tell_the_same(mistake):
    hinglish, english = TEXTS[mistake]
    assert hinglish != english
    for text in (hinglish, english):
        assert text[-1] in ".?"
        assert len(text) <= 92
    assert sorted(NUMBER.findall(hinglish)) == sorted(NUMBER.findall(english))
    for symbol in SYMBOLS:
        pattern = rf"(?<!\w){re.escape(symbol)}(?!\w)"
        found = [bool(re.search(pattern, text)) for text in (hinglish, english)]
        assert found[0] == found[1], symbol


@pytest.mark.parametrize("mistake", TEXTS)
def test_hinglish_is_spelled_and_spoken_as_the_book_does(mistake):
    hinglish, _ = TEXTS[mistake]
    assert list(book_rules.misspelled(WORD.findall(hinglish))) == []
    assert list(book_rules.unsaid(hinglish)) == []
    assert not re.search(r"\buse\b(?! hua| hue| karo)", hinglish)
    assert max(len(s.split()) for s in re.split(r"[.?:;] ", hinglish)) <= 20


@pytest.mark.parametrize("exercise", EXERCISES)
def test_hints_say_the_same_in_both_languages_step_by_step(exercise):
    told = hints(exercise)
    assert list(told) == ["hinglish", "english"]
    assert len(told["hinglish"]) == len(told["english"]) >= 2
    for hinglish, english in zip(*told.values(), strict=True):
        assert sorted(NUMBER.findall(hinglish)) == sorted(NUMBER.findall(english))
        assert set(re.findall("`.+?`", hinglish)) == set(re.findall("`.+?`", english))
        assert max(len(hinglish.split()), len(english.split())) <= 32
        prose = re.sub("`.+?`", "", hinglish)
        assert list(book_rules.misspelled(WORD.findall(prose))) == []
        assert list(book_rules.unsaid(prose)) == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_hints_are_for_exercises_that_exist(chapter):
    names = [exercise.partition(".")[2] for exercise in exercises(chapter)]
    path = Path(chapters.__path__[0], chapter, "hints.toml")
    known = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    assert sorted(known) == sorted(names)


def test_text_is_two_lines_with_a_mark_and_a_word():
    marks = {
        "✔": ("backward.two", ([[-1], [1]], [[0], [0]])),
        "✘": ("backward.two", 3),
        "○": ("backward.two", ...),
    }
    words = {"✔": "Correct.", "✘": "Not right yet.", "○": "Still open."}
    for mark, case in marks.items():
        hinglish, english = repr(check(*case)).splitlines()
        assert hinglish.startswith(mark + " backward.two: ")
        assert words[mark] in english


class Page(HTMLParser):
    """The paragraphs, the styles and the balance of a fragment of HTML."""

    def __init__(self, html):
        super().__init__()
        self.paragraphs, self.styles, self.tags, self.depth = {}, [], set(), 0
        self.inside = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        self.depth += 1
        self.styles.append(attrs.get("style", ""))
        if tag == "p":
            self.inside = attrs["class"], attrs["lang"]
            self.paragraphs.setdefault(self.inside, [""]).append("")
        elif tag == "summary":
            self.inside = "summary"
            self.paragraphs.setdefault(self.inside, [""]).append("")

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.paragraphs[self.inside][-1] += data


def test_html_has_a_paragraph_for_each_language():
    verdict = check("math.forward", lambda x, *rest: x * 0.0)
    page = Page(replace(verdict, hints={})._repr_html_())
    assert page.depth == 0
    assert set(page.paragraphs) == {("lang-hinglish", "hi-Latn"), ("lang-english", "en")}
    (_, hinglish), (_, english) = page.paragraphs.values()
    assert verdict.messages["hinglish"] in hinglish
    assert verdict.messages["english"] in english
    assert all("✘" in text for text in (hinglish, english))


def test_html_has_hints_that_wait_until_they_are_asked_for():
    page = Page(check("math.forward", ...)._repr_html_())
    assert page.depth == 0
    told = hints("math.forward")
    assert page.paragraphs["summary"][1:] == ["Hint 1", "Hint 2", "Hint 3"]
    for language, code in (("hinglish", "hi-Latn"), ("english", "en")):
        shown = page.paragraphs[f"lang-{language}", code][2:]
        assert shown == [hint.replace("`", "") for hint in told[language]]
    assert "<code>axis=0</code>" in check("math.forward", ...)._repr_html_()


def test_who_is_right_gets_no_hints():
    assert check("backward.two", ([[-1], [1]], [[0], [0]])).hints == {}
    assert check("backward.two", 3).hints == hints("backward.two")


def test_html_escapes_what_the_learner_brings():
    def attack(*args):
        raise ValueError('<script>alert(1)</script> & "quotes"')

    verdict = check("math.forward", attack)
    assert "<script>" in verdict.messages["english"]
    page = Page(verdict._repr_html_())
    assert page.tags == {"div", "p", "strong", "span", "details", "summary", "code"}
    english = page.paragraphs["lang-english", "en"][1]
    assert '<script>alert(1)</script> & "quotes"' in english


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def _contrast(one, other):
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("answer", [([[-1], [1]], [[0], [0]]), 3, ...])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [("#000000", "#ffffff"), ("#16202a", "#ffffff"), ("#e0e0e0", "#111111")],
)
def test_html_is_readable_on_white_and_near_black_pages(answer, ink, ground):
    page = Page(check("backward.two", answer)._repr_html_())
    box = dict(part.split(":") for part in page.styles[0].split(";"))
    # Text is the host's, on the host's ground with a thin tint.
    assert not any(re.search(r"(?<![-\w])color:", style) for style in page.styles)
    tint = [float(part) for part in re.findall(r"[\d.]+", box["background"])]
    parts = [int(ground[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = [x + tint[3] * (t - x) for x, t in zip(parts, tint[:3], strict=True)]
    tinted = "#" + "".join(f"{round(part):02x}" for part in mixed)
    assert _contrast(ink, tinted) >= 7
    edge = box["border"].split()[-1]
    for around in (tinted, ground):
        assert _contrast(edge, around) >= 3, around


def test_a_verdict_is_hashable_and_frozen():
    messages = {"hinglish": "a", "english": "b"}
    verdict = Verdict(
        "backward.two", False, True, ("unknown",), messages, {"x": np.ones(2)}
    )
    assert hash(verdict)
    assert verdict == Verdict("backward.two", False, True, ("unknown",), messages)
    with pytest.raises(AttributeError):
        verdict.passed = True


def test_a_check_needs_no_more_than_numpy():
    code = (
        "import sys; sys.modules |= dict.fromkeys(['torch', 'matplotlib', 'IPython']); "
        "from bn_lib.course.exercise import check; "
        "print(check('math.undo', lambda mean, var, eps: (var, mean)).mistakes)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "('gamma-is-variance',)\n"
