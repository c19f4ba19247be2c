"""The exercise on running statistics: which numbers a layer keeps, and when."""

import numpy as np

from bn_lib import functional
from bn_lib.course.exercise import Case, Exercise, Mistake

__all__ = ["RUNNING"]

_STATE = ("running_mean", "running_var")
_FLAGS = {  # verb: (training, grad_enabled)
    "train": (True, True),
    "recalibrate": (True, False),
    "frozen": (False, True),
    "eval": (False, False),
}


class MyBatchNorm:
    """Batch norm with running statistics and without gamma and beta."""

    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        self.momentum, self.eps = momentum, eps
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)

    def forward(self, x, training, grad_enabled):
        """Return x normalized, with its own statistics only in training mode."""
        running = self.running_mean, self.running_var
        choices = {"momentum": self.momentum, "eps": self.eps}
        return functional.batch_norm(x, *running, training=training, **choices)[0]

    def state_dict(self):
        """Return copies of the running statistics."""
        state = {"running_mean": self.running_mean, "running_var": self.running_var}
        return {name: value.copy() for name, value in state.items()}

    def load_state_dict(self, state):
        """Take the running statistics over from a state dict."""
        self.running_mean[:] = state["running_mean"]
        self.running_var[:] = state["running_var"]


def _play(cls, num_features, momentum, eps, steps):
    """Put a layer through the steps and return the output of every forward."""
    layer = cls(num_features, momentum=momentum, eps=eps)
    outputs = []
    for verb, x in steps:
        if verb == "save and load":
            state = _save(layer)
            layer = cls(num_features, momentum=momentum, eps=eps)
            layer.load_state_dict(state)
        else:
            training, grad_enabled = _FLAGS[verb]
            flags = {"training": training, "grad_enabled": grad_enabled}
            outputs.append(layer.forward(x, **flags))
    return tuple(outputs)


def _save(layer):
    """Return a copy of the state, as a file would hold it."""
    state = layer.state_dict()
    if state is None or state is ...:
        raise NotImplementedError("state_dict() is empty")
    if not isinstance(state, dict):
        got = type(state).__name__
        raise TypeError(f"expected a dict from state_dict(), got {got}")
    return {name: np.array(value) for name, value in state.items()}


def _story(*verbs):
    """Return a case in which a layer of 3 features goes through the verbs."""

    def inputs(rng):
        steps = [(verb, rng.normal(1.5, 2.5, size=(4, 3))) for verb in verbs]
        return 3, 0.3, 0.01, steps

    forwards = [verb for verb in verbs if verb in _FLAGS]
    names = tuple(f"y{i} ({verb})" for i, verb in enumerate(forwards, start=1))
    return Case(", ".join(verbs), inputs, names)


def _mix(old, new, momentum):
    return (1 - momentum) * old + momentum * new


def _same_value(value):
    return value


def _layer(
    *,
    ddof_used=0,
    ddof_stored=1,
    mix=_mix,
    uses_batch=lambda training, grad_enabled: training,
    updates=lambda training, grad_enabled: training,
    updates_late=False,
    start=(0.0, 1.0),
    copies_first=False,
    saved=_STATE,
    loaded=_STATE,
    store=_same_value,
    recall=_same_value,
):
    """Return a class like `MyBatchNorm` with one choice made wrong."""

    class Wrong:
        def __init__(self, num_features, momentum=0.1, eps=1e-5):
            self.momentum, self.eps, self.fresh = momentum, eps, True
            self.running_mean = np.full(num_features, start[0])
            self.running_var = np.full(num_features, start[1])

        def forward(self, x, training, grad_enabled):
            if updates(training, grad_enabled) and not updates_late:
                self.update(x)
            mean, var = self.running_mean, recall(self.running_var)
            if uses_batch(training, grad_enabled):
                mean, var = x.mean(0), x.var(0, ddof=ddof_used)
            if updates(training, grad_enabled) and updates_late:
                self.update(x)
            return (x - mean) / np.sqrt(var + self.eps)

        def update(self, x):
            mean, var = x.mean(0), store(x.var(0, ddof=ddof_stored))
            momentum = 1.0 if copies_first and self.fresh else self.momentum
            self.running_mean = mix(self.running_mean, mean, momentum)
            self.running_var = mix(self.running_var, var, momentum)
            self.fresh = False

        def state_dict(self):
            return {name: getattr(self, name) for name in saved}

        def load_state_dict(self, state):
            vars(self).update({name: state[name] for name in loaded})

    return Wrong


RUNNING = Exercise(
    id="math.running",
    reference=MyBatchNorm,
    play=_play,
    cases=(
        _story("eval", "eval"),
        _story("train", "train", "train", "eval"),
        _story("train", "eval", "eval", "train", "eval"),
        _story("train", "recalibrate", "eval"),
        _story("train", "frozen", "eval"),
        _story("train", "train", "save and load", "eval", "train", "eval"),
    ),
    mistakes=(
        Mistake(
            "momentum-reversed",
            "momentum ulta laga hai. torch mein momentum naye batch ka hissa hai: "
            "0.1 matlab 10 % naya, 90 % purana.",
            "momentum is the wrong way round. In torch it is the share of the new "
            "batch: 0.1 means 10 % new, 90 % old.",
            wrong=(_layer(mix=lambda old, new, m: m * old + (1 - m) * new),),
        ),
        Mistake(
            "biased-stored",
            "Running variance mein biased variance (N se divide) gaya. "
            "torch wahan unbiased (N−1 se divide) rakhta hai.",
            "The biased variance (divided by N) went into the running variance. "
            "torch keeps the unbiased one there (divided by N−1).",
            wrong=(_layer(ddof_stored=0),),
        ),
        Mistake(
            "unbiased-used",
            "Training mein aapne unbiased variance (N−1) se normalize kiya. "
            "Normalize karne ke liye N hai, N−1 sirf running variance ke liye.",
            "In training you normalized with the unbiased variance (N−1). "
            "N is for normalizing, N−1 only for the running variance.",
            wrong=(_layer(ddof_used=1),),
        ),
        Mistake(
            "mode-from-grad",
            "Aapki layer ka kaam grad_enabled par depend karta hai. Recalibration "
            "gradients ke bina train mode hai, frozen layer gradients ke saath eval mode.",
            "What your layer does depends on grad_enabled. Recalibration is train mode "
            "without gradients, a frozen layer is eval mode with gradients.",
            wrong=(
                _layer(
                    uses_batch=lambda training, grad: grad,
                    updates=lambda training, grad: grad,
                ),
                _layer(
                    uses_batch=lambda training, grad: training and grad,
                    updates=lambda training, grad: training and grad,
                ),
                _layer(
                    uses_batch=lambda training, grad: training or grad,
                    updates=lambda training, grad: training or grad,
                ),
                _layer(updates=lambda training, grad: grad),
                _layer(updates=lambda training, grad: training and grad),
                _layer(uses_batch=lambda training, grad: grad),
            ),
        ),
        Mistake(
            "not-saved",
            "Save aur load ke baad running statistics kho gaye. "
            "state_dict aur load_state_dict dono dekhiye.",
            "After save and load the running statistics are lost. "
            "Look at both state_dict and load_state_dict.",
            wrong=(
                _layer(loaded=()),
                _layer(loaded=("running_mean",)),
                _layer(loaded=("running_var",)),
                _layer(saved=()),
            ),
        ),
        Mistake(
            "never-updated",
            "Training mein running statistics badalte hi nahi. "
            "Har training batch ke baad unka naya average store kijiye.",
            "The running statistics never change in training. "
            "Store their new average after each training batch.",
            wrong=(_layer(updates=lambda training, grad: False),),
        ),
        Mistake(
            "running-statistics-in-training",
            "Training mein aap running statistics se normalize kar rahe hain. "
            "Training mein batch ka apna mean aur variance lagta hai.",
            "In training you normalize with the running statistics. "
            "Training uses the batch's own mean and variance.",
            wrong=(
                _layer(uses_batch=lambda training, grad: False),
                _layer(uses_batch=lambda training, grad: False, updates_late=True),
            ),
        ),
        Mistake(
            "updates-in-eval",
            "Running statistics eval mein bhi badal rahe hain. "
            "Layer ko test data se kuch nahi seekhna chahiye.",
            "The running statistics change in eval too. "
            "A layer should learn nothing from test data.",
            wrong=(
                _layer(updates=lambda training, grad: True),
                _layer(updates=lambda training, grad: True, updates_late=True),
            ),
        ),
        Mistake(
            "batch-statistics-in-eval",
            "Eval mein aap batch ke mean aur variance se normalize kar rahe hain. "
            "Ek sample ke output ko doosre samples par depend nahi karna chahiye.",
            "In eval you normalize with the mean and variance of the batch. "
            "The output of one sample should not depend on the others.",
            wrong=(_layer(uses_batch=lambda training, grad: True),),
        ),
        Mistake(
            "wrong-start",
            "Training se pehle running statistics galat hain. "
            "Sochiye: kis mean aur kis variance se eval mein x waisa hi rahega?",
            "Before training, the running statistics are wrong. "
            "Think: which mean and variance leave x as it is in eval?",
            wrong=(_layer(start=(0.0, 0.0)), _layer(start=(1.0, 1.0))),
        ),
        Mistake(
            "std-stored",
            "Aapne standard deviation ka running average rakha. "
            "torch variance ka average rakhta hai, root baad mein leta hai.",
            "You kept a running average of the standard deviation. "
            "torch averages the variance and takes the root afterwards.",
            wrong=(
                _layer(store=np.sqrt),
                _layer(store=np.sqrt, ddof_stored=0),
                _layer(store=np.sqrt, recall=np.square),
                _layer(store=np.sqrt, recall=np.square, ddof_stored=0),
            ),
        ),
        Mistake(
            "first-batch-copied",
            "Pehle batch ke statistics seedhe copy ho gaye. "
            "Pehla batch bhi start value ke saath average hota hai.",
            "The statistics of the first batch were copied. "
            "The first batch too is averaged with the starting value.",
            wrong=(_layer(copies_first=True),),
        ),
    ),
)
